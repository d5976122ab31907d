# SPDX-License-Identifier: Apache-2.0
"""Headers of trace context: the ids of what is sound are the record's, what is not gives none."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from expect import Record
from loaders import jsonl
from program import Broken, records_of


@dataclass
class Case:
    name: str
    headers: list[list[str]]
    valid: bool
    wanted: dict[str, str] = field(default_factory=dict)
    unwanted: list[str] = field(default_factory=list)  # what no id may be


def harness(root: Path) -> Iterator[Case]:
    """What the W3C's test harness wants to see passed on."""
    for case in jsonl(root / "w3c_harness.jsonl"):
        wanted, unwanted = {}, []
        state = ",".join(v.strip() for k, v in case["headers"] if k.lower() == "tracestate")
        for expect in case["expect"]:
            if expect["field"] == "out.trace_id" and expect["op"] == "==":
                wanted["trace_id"] = expect["value"]
            if expect["field"] == "out.trace_id" and expect["op"] == "!=":
                unwanted.append(expect["value"])
            if expect["field"] == "out.tracestate":
                kept = expect["op"] != "lacks_key"
                wanted["tracestate"] = state if kept else ""
        yield Case(case["id"], case["headers"], not unwanted, wanted, unwanted)


def parsers(root: Path) -> Iterator[Case]:
    for case in jsonl(root / "w3c_parser.jsonl"):
        parent = case["traceparent"]
        # These look at the syntax alone, or at one version.
        strict = case["parser"] == "v00_strict" and not parent.startswith("00")
        if strict or (case["parser"] == "syntax_only" and "-0000000000000000-" in parent):
            continue
        yield Case(parent, [["traceparent", parent]], case["accept"])
    for case in jsonl(root / "otel_go_traceparent.jsonl"):
        if case.get("implementation_choice"):
            continue
        wanted = {key: case[key] for key in ("trace_id", "span_id", "tracestate") if key in case}
        if case["valid"] and "flags" in case:
            wanted["trace_flags"] = f"{case['flags']:02x}"
        headers = [["traceparent", case["traceparent"]]]
        if "tracestate" in case:
            headers.append(["tracestate", case["tracestate"]])
        yield Case(case["name"], headers, case["valid"], wanted)


def b3(root: Path) -> Iterator[Case]:
    for case in jsonl(root / "b3.jsonl"):
        ids = case["valid"] and not case.get("no_ids")
        keys = ("trace_id", "span_id", "parent_span_id") if ids else ()
        wanted = {key: case[key] for key in keys if key in case}
        if ids and "sampled" in case and not case.get("deferred"):
            wanted["trace_flags"] = "01" if case["sampled"] else "00"
        yield Case(case.get("name", json.dumps(case["headers"])),
                   [list(pair) for pair in case["headers"].items()], ids, wanted)


def lines(case: Case) -> dict[str, str]:
    """The forms in which a program may print the headers. Text has no blanks around a value."""
    forms = {"pairs": json.dumps({"msg": "m", "headers": case.headers})}
    names = [name for name, _ in case.headers]
    if len(set(names)) == len(names):
        forms["fields"] = json.dumps({"msg": "m", **dict(case.headers)})
        forms["object"] = json.dumps({"msg": "m", "req": {"headers": dict(case.headers)}})
    text = "".join(f"{name}: {value}\r\n" for name, value in case.headers)
    forms["message"] = json.dumps({"msg": "GET / HTTP/1.1\r\n" + text})
    return forms


def is_right(case: Case, record: Record) -> bool:
    if not case.valid:
        return "trace_id" not in record
    if not case.wanted and case.headers:
        return "trace_id" in record
    return all(record.get(key, "") == value for key, value in case.wanted.items()) and \
        record.get("trace_id") not in case.unwanted


def trace_context(root: Path, row: Any) -> None:
    cases = [case for kind in (harness, parsers, b3) for case in kind(root) if case.headers]
    told = [(case, form, line) for case in cases for form, line in lines(case).items()]
    row.logs += len(told)
    try:
        records = records_of("".join(line + "\n" for _, _, line in told).encode())
    except Broken as error:
        row.broken += 1
        row.wrong.append(f"broken: {error}")
        return
    for (case, form, line), record in zip(told, records, strict=True):
        row.judge("cases", is_right(case, record), f"{case.name}: {form}: {line[:300]}\n    want "
                  f"{case.valid} {case.wanted}\n    got {record}")
