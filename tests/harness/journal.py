# SPDX-License-Identifier: Apache-2.0
"""Writes systemd journals, with systemd's own tool."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

REMOTE = Path("/lib/systemd/systemd-journal-remote")
BOOT = "0" * 31 + "1"
Fields = Mapping[str, str | bytes]


def entry(message: str | bytes, number: int, **fields: str | bytes) -> dict[str, str | bytes]:
    """One of the unit app.service, `number` milliseconds after a fixed moment."""
    return {
        "__REALTIME_TIMESTAMP": str(1_767_323_045_000_000 + number * 1000),
        "__MONOTONIC_TIMESTAMP": str(number * 1000),
        "_BOOT_ID": BOOT,
        "_SYSTEMD_UNIT": "app.service",
        "SYSLOG_IDENTIFIER": "app",
        "PRIORITY": "6",
        "MESSAGE": message,
        **fields,
    }


def write(journal: Path, entries: Sequence[Fields]) -> None:
    """Appends the entries, in the journal export format (systemd.io, JOURNAL_EXPORT_FORMATS)."""
    export = b"".join(b"".join(_field(*each) for each in fields.items()) + b"\n"
                      for fields in entries)
    done = subprocess.run([REMOTE, "--output", journal, "-"], input=export, capture_output=True,
                          timeout=60, check=False)
    assert done.returncode == 0, done.stderr.decode()


def _field(name: str, value: str | bytes) -> bytes:
    data = value.encode() if isinstance(value, str) else value
    if b"\n" in data or any(byte < 32 for byte in data):
        return name.encode() + b"\n" + len(data).to_bytes(8, "little") + data + b"\n"
    return name.encode() + b"=" + data + b"\n"
