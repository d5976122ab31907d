# SPDX-License-Identifier: Apache-2.0
"""What an OTLP receiver reads out of an ExportLogsServiceRequest in protobuf."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from . import wire


@dataclass
class Record:
    """One log record, with the resource and scope it came under. Ids are hex, "" when absent."""

    resource: dict[str, Any]
    scope: str
    time_ns: int = 0
    observed_ns: int = 0
    severity: int = 0
    severity_text: str = ""
    body: Any = None
    attributes: dict[str, Any] = field(default_factory=dict)
    flags: int = 0
    trace_id: str = ""
    span_id: str = ""


def decode_export(body: bytes) -> list[Record]:
    """The records of a request, in order."""
    records: list[Record] = []
    for number, group in wire.fields(body):
        assert number == 1, f"field {number} of a request"
        records += _resource_logs(wire.message(group))
    return records


def _resource_logs(data: bytes) -> list[Record]:
    resource: dict[str, Any] = {}
    scopes = []
    for number, value in wire.fields(data):
        if number == 1:
            resource = _attributes(wire.message(value), 1)
        elif number == 2:
            scopes.append(wire.message(value))
        else:
            assert number == 3, f"field {number} of ResourceLogs"
    return [record for scope in scopes for record in _scope_logs(scope, resource)]


def _scope_logs(data: bytes, resource: dict[str, Any]) -> list[Record]:
    scope = ""
    found = []
    for number, value in wire.fields(data):
        if number == 1:
            scope = wire.text(dict(wire.fields(wire.message(value))).get(1, b""))
        elif number == 2:
            found.append(wire.message(value))
        else:
            assert number == 3, f"field {number} of ScopeLogs"
    return [_record(record, Record(resource, scope)) for record in found]


def _record(data: bytes, record: Record) -> Record:
    for number, value in wire.fields(data):
        if number == 1:
            record.time_ns = wire.fixed64(value)
        elif number == 2:
            record.severity = wire.number(value)
        elif number == 3:
            record.severity_text = wire.text(value)
        elif number == 5:
            record.body = any_value(wire.message(value))
        elif number == 6:
            key, made = _key_value(wire.message(value))
            assert key not in record.attributes, f"attribute {key} stands twice"
            record.attributes[key] = made
        elif number == 8:
            record.flags = wire.fixed32(value)
        elif number == 9:
            assert len(wire.message(value)) == 16
            record.trace_id = wire.message(value).hex()
        elif number == 10:
            assert len(wire.message(value)) == 8
            record.span_id = wire.message(value).hex()
        else:
            assert number == 11, f"field {number} of a LogRecord"
            record.observed_ns = wire.fixed64(value)
    return record


def _attributes(data: bytes, wanted: int) -> dict[str, Any]:
    pairs = [_key_value(wire.message(value)) for number, value in wire.fields(data)
             if number == wanted]
    made = dict(pairs)
    assert len(made) == len(pairs), f"an attribute stands twice: {[key for key, _ in pairs]}"
    return made


def _key_value(data: bytes) -> tuple[str, Any]:
    parts = dict(wire.fields(data))
    return wire.text(parts.get(1, b"")), any_value(wire.message(parts.get(2, b"")))


def any_value(data: bytes) -> Any:
    """An AnyValue as Python has it; None for one that holds nothing."""
    found = list(wire.fields(data))
    if not found:
        return None
    assert len(found) == 1, "an AnyValue with several values"
    number, value = found[0]
    if number == 1:
        return wire.text(value)
    if number == 2:
        return bool(wire.number(value))
    if number == 3:
        return wire.signed(value)
    if number == 4:
        return wire.double(value)
    if number == 5:
        return [any_value(wire.message(item)) for _, item in wire.fields(wire.message(value))]
    if number == 6:
        return _attributes(wire.message(value), 1)
    assert number == 7, f"field {number} of an AnyValue"
    return wire.message(value)
