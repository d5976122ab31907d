# SPDX-License-Identifier: Apache-2.0
"""What Loki reads out of a push: snappy, protobuf, label text."""

from __future__ import annotations

import re
from dataclasses import dataclass

import snappy

from . import wire

_LABEL = re.compile(r'\s*([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"\s*(?:,|$)')
_ESCAPE = re.compile(r'\\(x[0-9a-f]{2}|.)')


@dataclass(frozen=True)
class Entry:
    """One line of a push."""

    time_ns: int
    line: str
    labels: dict[str, str]
    metadata: dict[str, str]


def decode_push(body: bytes) -> list[Entry]:
    """The entries of a push, stream by stream."""
    entries = []
    for number, stream in wire.fields(snappy.uncompress(body)):
        assert number == 1, f"field {number} of a push"
        entries += _stream(wire.message(stream))
    return entries


def _stream(data: bytes) -> list[Entry]:
    labels: dict[str, str] = {}
    found = []
    for number, value in wire.fields(data):
        if number == 1:
            labels = parse_labels(wire.text(value))
        else:
            assert number == 2, f"field {number} of a stream"
            found.append(wire.message(value))
    return [_entry(entry, labels) for entry in found]


def _entry(data: bytes, labels: dict[str, str]) -> Entry:
    time_ns = 0
    line = ""
    metadata: dict[str, str] = {}
    for number, value in wire.fields(data):
        if number == 1:
            parts = dict(wire.fields(wire.message(value)))
            nanos = wire.number(parts.get(2, 0))
            assert 0 <= nanos < 10**9
            time_ns = wire.signed(parts.get(1, 0)) * 10**9 + nanos
        elif number == 2:
            line = wire.text(value)
        else:
            assert number == 3, f"field {number} of an entry"
            pair = dict(wire.fields(wire.message(value)))
            name = wire.text(pair.get(1, b""))
            assert name not in metadata, f"metadata {name} stands twice"
            metadata[name] = wire.text(pair.get(2, b""))
    return Entry(time_ns, line, labels, metadata)


def parse_labels(text: str) -> dict[str, str]:
    """`{a="b", c="d"}` with the escapes of Go."""
    assert text.startswith("{") and text.endswith("}"), text
    labels: dict[str, str] = {}
    inside, at = text[1:-1], 0
    while at < len(inside):
        match = _LABEL.match(inside, at)
        assert match, f"not labels: {text}"
        name, value = match.groups()
        assert name not in labels, f"label {name} stands twice"
        labels[name] = _ESCAPE.sub(lambda found: _unescape(found.group(1)), value)
        at = match.end()
    return labels


def _unescape(escape: str) -> str:
    simple = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "\\": "\\"}
    return chr(int(escape[1:], 16)) if escape[0] == "x" else simple[escape]
