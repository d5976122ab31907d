# SPDX-License-Identifier: Apache-2.0
"""A client for the admin pages, and the ledger's own arithmetic done again."""

from __future__ import annotations

import http.client
import json
import re
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Page:
    """One answer."""

    status: int
    headers: dict[str, str]
    text: str

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.text)


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=10)
        self._path = str(path)

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def get_unix(path: Path, page: str, method: str = "GET") -> Page:
    """Asks over a Unix socket."""
    return _ask(_UnixConnection(path), page, method)


def get_tcp(address: str, page: str, method: str = "GET", accept: str = "") -> Page:
    """Asks over TCP; `address` is HOST:PORT."""
    host, _, port = address.rpartition(":")
    return _ask(http.client.HTTPConnection(host, int(port), timeout=10), page, method, accept)


def _ask(
    connection: http.client.HTTPConnection, page: str, method: str, accept: str = ""
) -> Page:
    try:
        connection.request(method, page, headers={"Accept": accept} if accept else {})
        reply = connection.getresponse()
        headers = {name.lower(): value for name, value in reply.getheaders()}
        return Page(reply.status, headers, reply.read().decode())
    finally:
        connection.close()


OUTCOMES = ("delivered", "filtered", "sampled", "folded", "dead_lettered", "in_flight")


def assert_balanced(ledger: dict[str, Any]) -> None:
    """Input: lines = records + joined + empty. Output: what came in = what became of it."""
    for name, counts in ledger["inputs"].items():
        made = counts["records"] + counts["joined"] + counts["empty"]
        assert counts["lines"] == made, f"input {name} does not balance: {counts}"
    for name, counts in ledger["outputs"].items():
        came = counts["records"] + counts["recovered"] + counts["synthetic"]
        went = sum(counts[outcome] for outcome in OUTCOMES) + sum(counts["dropped"].values())
        assert came == went, f"output {name} does not balance: {counts}"
    assert ledger["balanced"] is True, ledger


_SAMPLE = re.compile(r"^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$")
_LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"')


class Metrics:
    """Prometheus text, parsed."""

    def __init__(self, text: str) -> None:
        self.types: dict[str, str] = {}
        self.samples: dict[tuple[str, frozenset[tuple[str, str]]], float] = {}
        for line in text.splitlines():
            if line.startswith("# TYPE "):
                _, _, name, kind = line.split(" ")
                self.types[name] = kind
            elif line and not line.startswith("#"):
                self._add(line)

    def value(self, name: str, **labels: str) -> float:
        """One sample."""
        key = (name, frozenset(labels.items()))
        assert key in self.samples, f"no {name} {labels} among {sorted(self.names())}"
        return self.samples[key]

    def names(self) -> set[str]:
        """Of all samples."""
        return {name for name, _ in self.samples}

    def _add(self, line: str) -> None:
        match = _SAMPLE.match(line)
        assert match, f"not a sample: {line!r}"
        name, labels, value = match.groups()
        key = (name, frozenset(_LABEL.findall(labels or "")))
        assert key not in self.samples, f"a sample stands twice: {line}"
        self.samples[key] = float(value)
