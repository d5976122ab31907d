# SPDX-License-Identifier: Apache-2.0
"""What an OTLP receiver reads out of an ExportLogsServiceRequest, in protobuf or JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
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


# ---- JSON: names, and what is text, number or hex, have to be as the specification wants them ----


def decode_json(body: bytes) -> list[Record]:
    """As decode_export, of OTLP/JSON."""
    request = json.loads(body.decode(), object_pairs_hook=_unique)
    _only(request, "resourceLogs")
    records = []
    for group in request.get("resourceLogs", []):
        _only(group, "resource", "scopeLogs")
        _only(group["resource"], "attributes")
        resource = _json_attributes(group["resource"]["attributes"])
        for scoped in group["scopeLogs"]:
            _only(scoped, "scope", "logRecords")
            _only(scoped.get("scope", {}), "name")
            scope = scoped.get("scope", {}).get("name", "")
            assert scoped["logRecords"], "an empty envelope"
            records += [_json_record(one, Record(resource, scope)) for one in scoped["logRecords"]]
    return records


def _unique(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    assert len(dict(pairs)) == len(pairs), f"a key stands twice: {pairs}"
    return dict(pairs)


def _only(holder: dict[str, Any], *known: str) -> None:
    assert not set(holder) - set(known), f"unknown: {set(holder) - set(known)}"


def _json_record(data: dict[str, Any], record: Record) -> Record:
    _only(data, "timeUnixNano", "observedTimeUnixNano", "severityNumber", "severityText", "body",
          "attributes", "flags", "traceId", "spanId")
    record.time_ns = _long(data.get("timeUnixNano", "0"))
    record.observed_ns = _long(data.get("observedTimeUnixNano", "0"))
    record.severity = _plain(data.get("severityNumber", 0))
    record.severity_text = data.get("severityText", "")
    record.body = json_value(data.get("body", {}))
    record.attributes = _json_attributes(data.get("attributes", []))
    record.flags = _plain(data.get("flags", 0))
    record.trace_id = data.get("traceId", "")
    record.span_id = data.get("spanId", "")
    assert re.fullmatch(r"([0-9a-f]{32})?", record.trace_id)
    assert re.fullmatch(r"([0-9a-f]{16})?", record.span_id)
    return record


def _long(value: Any) -> int:
    assert isinstance(value, str), f"64 bits stand as text, not as {value!r}"
    return int(value)


def _plain(value: Any) -> int:
    assert type(value) is int, f"an enum or 32 bits stand as a number, not as {value!r}"
    return value


def _json_attributes(pairs: list[dict[str, Any]]) -> dict[str, Any]:
    for pair in pairs:
        _only(pair, "key", "value")
    return _unique([(pair["key"], json_value(pair["value"])) for pair in pairs])


def json_value(value: dict[str, Any]) -> Any:
    """An AnyValue as Python has it."""
    if not value:
        return None
    ((kind, inside),) = value.items()
    if kind == "intValue":
        return _long(inside)
    if kind == "arrayValue":
        _only(inside, "values")
        return [json_value(item) for item in inside["values"]]
    if kind == "kvlistValue":
        _only(inside, "values")
        return _json_attributes(inside["values"])
    types = {"stringValue": str, "boolValue": bool, "doubleValue": (int, float)}
    assert isinstance(inside, types[kind]), value
    return inside
