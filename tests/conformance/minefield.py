# SPDX-License-Identifier: Apache-2.0
"""JSONTestSuite: what must parse is parsed, what must not is kept whole as text."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from program import Broken, records_of


def minefield(root: Path, row: Any) -> None:
    """A line is a record if it is an object, so each text is judged as a member's value."""
    for path in sorted((root / "test_parsing").glob("*.json")):
        text = path.read_bytes()
        if b"\n" in text or b"\r" in text:
            continue
        line = b'{"level":"info","msg":"m","probe":' + text + b"}"
        row.logs += 1
        try:
            records = records_of(line + b"\n")
        except Broken as error:
            row.broken += 1
            row.wrong.append(f"broken: {path.name}: {error}")
            continue
        whole = line.decode("utf-8", "replace")
        parsed = bool(records) and records[0].get("message") == "m"
        kept = len(records) == 1 and (parsed or len(records[0]["message"]) >= len(whole) // 2)
        truth = path.name[0]
        # Raw control characters in a string are escaped, and the record says so.
        raw = any(byte < 0x20 for byte in text)
        mended = raw and bool(records) and bool(records[0]["source"].get("repaired"))
        right = kept and (truth == "i" or parsed == (truth == "y") or (parsed and mended))
        row.judge("message", right, f"{path.name}: {json.dumps(whole[:200])}: "
                  + ("parsed" if parsed else "text"))
