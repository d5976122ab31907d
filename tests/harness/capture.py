# SPDX-License-Identifier: Apache-2.0
"""What a process writes, while it runs."""

from __future__ import annotations

import json
import os
import threading
from typing import Any

from .poll import LIMIT, until


class Capture:
    """Reads a file descriptor to its end, in a thread of its own; owns the descriptor."""

    def __init__(self, fd: int, name: str) -> None:
        self.name = name
        self._fd = fd
        self._lock = threading.Lock()
        self._bytes = bytearray()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    @property
    def bytes(self) -> bytes:
        """All so far."""
        with self._lock:
            return bytes(self._bytes)

    @property
    def text(self) -> str:
        """All so far; bytes that are no UTF-8 show as escapes."""
        return self.bytes.decode("utf-8", "backslashreplace")

    @property
    def lines(self) -> list[str]:
        """The whole lines so far."""
        return self.text.split("\n")[:-1]

    def records(self) -> list[dict[str, Any]]:
        """The whole lines so far, each a JSON object."""
        return parse_records(self.bytes)

    def wait_for(self, part: str, limit: float = LIMIT) -> str:
        """Polls until `part` was written; gives all so far."""
        until(lambda: part in self.text, lambda: f"{part!r} in {self.name}:\n{self.text}", limit)
        return self.text

    def wait_for_lines(self, count: int, limit: float = LIMIT) -> list[str]:
        """Polls until there are `count` lines or more."""
        return until(
            lambda: self.lines if len(self.lines) >= count else None,
            lambda: f"{count} lines in {self.name}, which has {len(self.lines)}:\n{self.text}",
            limit,
        )

    def wait_for_records(self, count: int, limit: float = LIMIT) -> list[dict[str, Any]]:
        """Polls until there are `count` records or more."""
        self.wait_for_lines(count, limit)
        return self.records()

    def wait_for_end(self, limit: float = LIMIT) -> None:
        """Until the writers have closed it."""
        self._thread.join(limit)
        assert not self._thread.is_alive(), f"{self.name} was not closed within {limit:g} s"

    def _read(self) -> None:
        while True:
            try:
                piece = os.read(self._fd, 1 << 16)
            except OSError:  # a terminal whose other end is closed says EIO
                break
            if not piece:
                break
            with self._lock:
                self._bytes += piece
        os.close(self._fd)


def parse_records(data: bytes) -> list[dict[str, Any]]:
    """The whole lines of NDJSON, strictly: UTF-8, one object a line, no key twice."""
    records = []
    for line in data.decode("utf-8", "strict").split("\n")[:-1]:
        record = json.loads(line, object_pairs_hook=_no_twins, parse_int=_integer)
        assert isinstance(record, dict), f"not an object: {line[:200]}"
        records.append(record)
    return records


def _integer(digits: str) -> int | str:
    """Python itself refuses to convert more than 4300 digits."""
    return int(digits) if len(digits) < 4000 else digits


def _no_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    assert len(made) == len(pairs), f"a key stands twice: {[key for key, _ in pairs]}"
    return made
