# SPDX-License-Identifier: Apache-2.0
"""A protobuf reader, written by hand: no generated code, nothing shared with the program."""

from __future__ import annotations

import struct
from collections.abc import Iterator

Value = int | bytes


def varint(data: bytes, at: int) -> tuple[int, int]:
    """The number at `at`, and where the next byte is."""
    number = shift = 0
    while True:
        byte = data[at]
        number |= (byte & 0x7F) << shift
        at += 1
        shift += 7
        if byte < 0x80:
            assert number < 1 << 64, "a varint of more than 64 bits"
            return number, at


def fields(data: bytes) -> Iterator[tuple[int, Value]]:
    """(field number, value) in order; fixed-size values stay bytes."""
    at = 0
    while at < len(data):
        tag, at = varint(data, at)
        number, kind = tag >> 3, tag & 7
        assert number > 0, "field number 0"
        if kind == 0:
            value, at = varint(data, at)
            yield number, value
            continue
        size = {1: 8, 5: 4}.get(kind)
        if kind == 2:
            size, at = varint(data, at)
        assert size is not None, f"wire type {kind}"
        assert at + size <= len(data), "a field runs over the end"
        yield number, data[at : at + size]
        at += size


def text(value: Value) -> str:
    """A string field, which must be UTF-8."""
    assert isinstance(value, bytes)
    return value.decode("utf-8", "strict")


def message(value: Value) -> bytes:
    """An embedded message."""
    assert isinstance(value, bytes)
    return value


def number(value: Value) -> int:
    """A varint field."""
    assert isinstance(value, int)
    return value


def signed(value: Value) -> int:
    """A varint field of type int64."""
    bits = number(value)
    return bits - (1 << 64) if bits >= 1 << 63 else bits


def fixed64(value: Value) -> int:
    """A fixed64 field."""
    return int(struct.unpack("<Q", message(value))[0])


def fixed32(value: Value) -> int:
    """A fixed32 field."""
    return int(struct.unpack("<I", message(value))[0])


def double(value: Value) -> float:
    """A double field."""
    return float(struct.unpack("<d", message(value))[0])
