# SPDX-License-Identifier: Apache-2.0
"""JSON-Schema-Test-Suite: every instance of every case is judged by `waybill schema validate`."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from program import BINARY, TIMEOUT, Broken

DRAFTS = ("draft7", "draft2020-12")
REMOTES = "http://localhost:1234"


class Number(str):
    """A number as it was written: Python's floats would change it."""


@dataclass
class Case:
    """One schema with its instances."""

    draft: str
    file: str  # below the draft's folder
    what: str
    schema: str  # JSON text
    instances: list[tuple[str, str, bool]]  # what, JSON text, whether it is valid

    @property
    def optional(self) -> bool:
        return self.file.startswith("optional/")


def exact(text: str) -> Any:
    return json.loads(text, parse_float=Number, parse_int=Number)


def text_of(value: Any) -> str:
    """The JSON text of what exact() made, on one line."""
    if isinstance(value, Number):
        return str(value)
    if isinstance(value, dict):
        return "{" + ",".join(json.dumps(k) + ":" + text_of(v) for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(text_of, value)) + "]"
    return json.dumps(value)


def cases(root: Path) -> list[Case]:
    found = []
    for draft in DRAFTS:
        folder = root / "tests" / draft
        for path in sorted(folder.rglob("*.json")):
            for group in exact(path.read_text(encoding="utf-8")):
                found.append(Case(
                    draft, str(path.relative_to(folder)), group["description"],
                    # What says no draft is of the one that its folder is called.
                    with_draft(group["schema"], draft),
                    [(test["description"], text_of(test["data"]), test["valid"])
                     for test in group["tests"]]))
    return found


def with_draft(schema: Any, draft: str) -> str:
    if draft == "draft7" and isinstance(schema, dict) and "$schema" not in schema:
        schema = {"$schema": "http://json-schema.org/draft-07/schema#", **schema}
    return text_of(schema)


def verdicts(case: Case, remotes: Path) -> list[str]:
    """A line for each instance: "valid" or "invalid …"; Broken says why the schema was refused."""
    asks = ["--format-assert"] if case.file.startswith("optional/format/") else []
    with tempfile.TemporaryDirectory(prefix="waybill-schema-") as folder:
        schema = Path(folder, "case.json")
        schema.write_text(case.schema, encoding="utf-8")
        ended = subprocess.run(
            [BINARY, "schema", "validate", "--lines", *asks, "--map", f"{REMOTES}={remotes}",
             schema, "-"],
            input="".join(text + "\n" for _, text, _ in case.instances).encode(),
            capture_output=True, timeout=TIMEOUT, check=False)
    lines = ended.stdout.decode().splitlines()
    if ended.returncode not in (0, 1) or len(lines) != len(case.instances):
        raise Broken(f"exit {ended.returncode}: {ended.stderr.decode()[-300:].strip()}")
    return lines


def json_schema(root: Path, row_of: Callable[[str], Any]) -> list[str]:
    """Fills a row for each draft; returns the state of each file of optional cases."""
    states: dict[str, list[int]] = {}
    why: dict[str, str] = {}
    for case in cases(root):
        row = row_of(f"json schema {case.draft}")
        row.logs += 1
        where = f"{case.draft}/{case.file}"
        try:
            lines = verdicts(case, root / "remotes")
        except Broken as error:
            lines = [str(error)] * len(case.instances)
        for (what, text, valid), line in zip(case.instances, lines, strict=True):
            # "invalid POINTER KEYWORD …": what was given up, or could not be read, is no verdict.
            judged = line.split(" ")[2:3] not in (["limit"], ["json"])
            right = judged and line.split(" ")[0] == ("valid" if valid else "invalid")
            row.judge("optional" if case.optional else "cases", right,
                      f"{where}: {case.what}: {what}: {text[:120]}: {line}")
            if case.optional:
                state = states.setdefault(where, [0, 0])
                state[0] += right
                state[1] += 1
                if not right:
                    why.setdefault(where, f"{case.what}: {what}")
    return [f"{where}: {right} of {judged}" + (f" (not: {why[where]})" if where in why else "")
            for where, (right, judged) in states.items()]
