# SPDX-License-Identifier: Apache-2.0
"""Runs the program over bytes, and says which line each record began on."""

from __future__ import annotations

import bisect
import json
import os
import subprocess
import tempfile
from pathlib import Path

from expect import Record

BINARY = Path(os.environ.get("WAYBILL_BIN", Path(__file__).parents[2] / "build/release/waybill"))
TIMEOUT = 60  # seconds


class Broken(Exception):
    """The program did not survive its input."""


def records_of(data: bytes, zone: str = "UTC") -> list[Record]:
    """What `waybill --to json` makes of `data`; each record with its `line`, 1-based."""
    with tempfile.TemporaryDirectory(prefix="waybill-conformance-") as folder:
        log = Path(folder, "x.log")
        log.write_bytes(data)
        config = Path(folder, "waybill.yaml")
        config.write_text(json.dumps({
            "state_dir": f"{folder}/state",
            "inputs": {"log": {"type": "file", "include": [str(log)]}},
            "outputs": {"out": {"type": "console", "style": "json"}}}))  # which is YAML
        ended = subprocess.run(
            [BINARY, "run", "-c", config, "--once"], capture_output=True, timeout=TIMEOUT,
            check=False, env={"PATH": os.environ["PATH"], "TZ": zone, "HOME": folder})
    if ended.returncode != 0:
        raise Broken(f"exit {ended.returncode}: {ended.stderr.decode(errors='replace')[-500:]}")
    starts = [0]
    while (end := data.find(b"\n", starts[-1])) >= 0:
        starts.append(end + 1)
    records = []
    for text in ended.stdout.splitlines():
        try:
            record = json.loads(text)
        except ValueError as error:
            raise Broken(f"not JSON: {text[:200]!r}") from error
        record["line"] = bisect.bisect_right(starts, record["source"].get("offset", 0))
        records.append(record)
    return records
