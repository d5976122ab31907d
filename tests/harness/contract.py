# SPDX-License-Identifier: Apache-2.0
"""A contract for tests: a schema, a line that keeps it and one that breaks it, a config."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

PAY = {"required": ["context"],
       "properties": {"context": {"required": ["amount"], "properties": {
           "amount": {"type": "integer", "minimum": 1}}}}}
GOOD = '{"ts":"2026-01-02T03:04:05Z","level":"info","msg":"paid","amount":7}'
BAD = '{"ts":"2026-01-02T03:04:05Z","level":"info","msg":"bad","amount":"many"}'
ERRORS = [{"path": "/context/amount", "keyword": "type",
           "message": 'expected integer, got "many"', "expected": "integer", "got": '"many"'}]


def put(folder: Path, schema: Any, name: str = "pay.schema.json") -> str:
    """Writes a schema, as a value or as text; gives its path."""
    path = folder / name
    path.write_text(schema if isinstance(schema, str) else json.dumps(schema), encoding="utf-8")
    return str(path)


def config_for(folder: Path, schema: dict[str, Any], **outputs: Any) -> dict[str, Any]:
    """The service pay, from stdin to out.jsonl or to `outputs`, under this section `schema`."""
    out = {"type": "file", "path": str(folder / "out.jsonl"), "batch": {"delay": "10ms"}}
    return {"service": {"name": "pay"}, "inputs": {"pipe": {"type": "stdin"}},
            "outputs": outputs or {"out": out}, "schema": schema, "shutdown": {"grace": "5s"}}


def text(*lines: str) -> bytes:
    """Lines, as a program prints them."""
    return "".join(line + "\n" for line in lines).encode()
