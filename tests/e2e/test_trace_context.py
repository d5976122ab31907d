# SPDX-License-Identifier: Apache-2.0
"""Trace context in every form in which lines have it, and what becomes of it in every output."""

from __future__ import annotations

import json
from typing import Any

import pytest
from harness.runner import Runner

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
SPAN = "00f067aa0ba902b7"
PARENT = f"00-{TRACE}-{SPAN}-01"
XRAY = f"Root=1-{TRACE[:8]}-{TRACE[8:]};Parent={SPAN};Sampled=1"

# What a request has that comes with each carrier.
CARRIERS: dict[str, dict[str, str]] = {
    "W3C": {"traceparent": PARENT},
    "B3 in one header": {"b3": f"{TRACE}-{SPAN}-1"},
    "B3 in several": {"X-B3-TraceId": TRACE, "X-B3-SpanId": SPAN, "X-B3-Sampled": "1"},
    "Jaeger": {"uber-trace-id": f"{TRACE}:{SPAN}:0:1"},
    "X-Ray": {"X-Amzn-Trace-Id": XRAY},
    "Google": {"X-Cloud-Trace-Context": f"{TRACE}/{int(SPAN, 16)};o=1"},
    "Datadog": {
        "x-datadog-trace-id": str(int(TRACE[16:], 16)),
        "x-datadog-parent-id": str(int(SPAN, 16)),
        "x-datadog-sampling-priority": "1",
        "x-datadog-tags": f"_dd.p.dm=-1,_dd.p.tid={TRACE[:16]}",
    },
}


def dumps(headers: dict[str, str]) -> dict[str, str]:
    """Lines as programs print these headers."""
    everything = {"Accept": "*/*", **headers, "User-Agent": "test"}
    go = " ".join(f"{name}:[{value}]" for name, value in everything.items())
    http = "".join(f"{name}: {value}\r\n" for name, value in everything.items())
    return {
        "fields": json.dumps({"msg": "m", **headers}),
        "an object": json.dumps({"msg": "m", "req": {"headers": everything}}),
        "lists": json.dumps({"msg": "m", "headers": {k: [v] for k, v in everything.items()}}),
        "pairs": json.dumps({"msg": "m", "headers": list(map(list, everything.items()))}),
        "keys and values": json.dumps(
            {"msg": "m", "headers": [{"key": k, "value": v} for k, v in everything.items()]}),
        "HTTP in a field": json.dumps({"msg": "m", "headers": http}),
        "HTTP in the message": json.dumps({"msg": "GET / HTTP/1.1\r\n" + http}),
        "Go": f"2026-01-02T03:04:05Z INFO request headers=map[{go}]",
        "Python": f"2026-01-02 03:04:05,678 INFO consumed {everything}",
        "Kafka in Python": "consumed headers=" + str([(k, v.encode()) for k, v in headers.items()]),
        "text": "handled " + ", ".join(f"{k}: {v}" for k, v in headers.items()) + " in 3 ms",
        "JSON in text": f"2026-01-02 03:04:05 INFO got {json.dumps(everything)} from a queue",
    }


@pytest.mark.parametrize("carrier", CARRIERS)
def test_every_carrier_in_every_dump(waybill: Runner, carrier: str) -> None:
    lines = dumps(CARRIERS[carrier])
    records = waybill.records("".join(line + "\n" for line in lines.values()).encode())
    for name, record in zip(lines, records, strict=True):
        got = record.get("trace_id"), record.get("span_id"), record.get("trace_flags")
        assert got == (TRACE, SPAN, "01"), (name, lines[name], record)
        assert record["trace_origin"] in ("field", "text")


def test_parent_span_and_tracestate(waybill: Runner) -> None:
    parent = "53995c3f42cd8ad8"
    record = waybill.record(json.dumps({"msg": "m", "b3": f"{TRACE}-{SPAN}-0-{parent}"}))
    assert (record["parent_span_id"], record["trace_flags"]) == (parent, "00")
    line = {"msg": "m", "headers": [["traceparent", PARENT], ["tracestate", "a=1"],
                                    ["TraceState", "b=2"]]}
    assert waybill.record(json.dumps(line))["tracestate"] == "a=1,b=2"
    text = f"2026-01-02T03:04:05Z INFO got traceparent={PARENT} tracestate=a=1,b=2"
    assert waybill.record(text)["tracestate"] == "a=1,b=2"


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "traceparent": ({"traceparent": f"00-{TRACE}-{SPAN}-01-x"}, "traceparent"),
    "tracestate": ({"traceparent": PARENT, "tracestate": "Foo=1"}, "tracestate"),
    "too many members": ({"traceparent": PARENT, "tracestate": ",".join(
        f"k{i}=1" for i in range(33))}, "tracestate"),
    "64 KiB of tracestate": ({"traceparent": PARENT, "tracestate": "k=" + "x" * 65_536},
                            "tracestate"),
    "B3": ({"b3": f"{TRACE}-{SPAN}-"}, "b3"),
    "Jaeger": ({"uber-trace-id": f"{TRACE}:{SPAN}"}, "uber-trace-id"),
    "X-Ray": ({"X-Amzn-Trace-Id": "Root=1-abc"}, "xray"),
    "Google": ({"X-Cloud-Trace-Context": f"{TRACE}/x"}, "google"),
    "Datadog": ({"x-datadog-trace-id": "abc"}, "datadog"),
    "a trace id": ({"trace_id": "banana"}, "trace_id"),
    "a span id": ({"trace_id": TRACE, "span_id": "banana"}, "span_id"),
    "flags": ({"trace_id": TRACE, "trace_flags": "banana"}, "trace_flags"),
}


def test_what_is_refused_stays_as_it_came_and_is_counted(waybill: Runner) -> None:
    config = {"inputs": {"in": {"type": "stdin"}},
              "outputs": {"out": {"type": "file", "path": str(waybill.folder / "out.jsonl")}}}
    process = waybill.daemon(config)
    for fields, _ in REFUSED.values():
        process.write(json.dumps({"msg": "m", **fields}).encode() + b"\n")
    process.write(b'{"msg":"m","trace_id":"0","span_id":"-"}\n')
    for (name, (fields, carrier)), record in zip(
            REFUSED.items(), waybill.wait_written(len(REFUSED) + 1)):
        key = list(fields)[-1]
        assert record["context"][key] == fields[key], name
        assert ("trace_id" in record) == (carrier in ("tracestate", "span_id", "trace_flags"))
    metrics = process.metrics()
    counted = {carrier: 0 for _, carrier in REFUSED.values()}
    for _, carrier in REFUSED.values():
        counted[carrier] += 1
    for carrier, count in counted.items():
        assert metrics.value("waybill_trace_refused_total", carrier=carrier) == count


def test_a_request_id_is_never_a_trace(waybill: Runner) -> None:
    for line in (f"X-Request-ID: {TRACE}", f"headers: {{'x-request-id': '{TRACE}'}}",
                 json.dumps({"msg": "m", "headers": {"X-Request-Id": [TRACE]}})):
        record = waybill.record(line)
        assert record["request_id"] == TRACE and "trace_id" not in record, record


def test_baggage(waybill: Runner) -> None:
    line = json.dumps({"msg": "m", "k": 1, "baggage": "tenant_id=acme,tier=gold%20plus;p=1,x=y"})
    assert waybill.record(line)["tenant_id"] == "acme"
    ended = waybill.run("run", "--to", "json", config={"trace": {"baggage": ["tier", "absent"]}},
                        stdin=line.encode() + b"\n")
    (record,) = ended.records
    assert record["context"]["baggage.tier"] == "gold plus"
    assert "baggage.absent" not in record["context"]
    assert waybill.record("got baggage: a=1,tenant_id=t-1")["tenant_id"] == "t-1"


def test_hostile_ids_are_escaped(waybill: Runner) -> None:
    """Whatever an id holds, a line of output is a line of JSON."""
    evil = 'r"\\\x1b[31m\u2028\r\n\x00x'
    lines = [json.dumps({"msg": "m", key: evil})
             for key in ("request_id", "correlation_id", "tenant_id", "trace_id", "traceparent")]
    lines.append(json.dumps({"msg": "m", "baggage": "tenant_id=%1b%5b31m%22%5c"}))
    lines.append(json.dumps({"msg": "m", "headers": {"x-request-id": evil}}))
    records = waybill.records("".join(line + "\n" for line in lines).encode())
    assert [r.get("request_id") for r in records] == [evil] + [None] * 5 + [evil]
    assert records[5]["tenant_id"] == '\x1b[31m"\\'
    shown = waybill.run("run", "--to", "pretty", stdin=(lines[0] + "\n").encode())
    assert "\x1b" not in shown.out.replace("\x1b[0m", "")


def test_explain_says_where_each_id_came_from(waybill: Runner) -> None:
    line = json.dumps({"msg": "m", "headers": {"x-request-id": "r-1", "traceparent": PARENT},
                       "correlationId": "c-1", "baggage": "tenant_id=acme", "service_name": "own"})
    out = waybill.run("explain", line).out
    assert f"trace {TRACE} (from a field, traceparent)" in out
    assert "request r-1 (from the field x-request-id)" in out
    assert "correlation c-1 (from the field correlationId)" in out
    assert "tenant acme (from the field baggage)" in out
    assert "service own (from the field service_name)" in out
    out = waybill.run("explain", f"GET / X-Amzn-Trace-Id: {XRAY} request_id=r-2").out
    assert f"trace {TRACE} (from the text, X-Amzn-Trace-Id)" in out
    out = waybill.run("explain", '{"msg":"m","traceparent":"00-bad"}').out
    assert "refused: traceparent breaks its rules, and stays as it came" in out
    assert "no trace: what the line names is no valid trace id" in out
    two = f"trace_id={TRACE} request_id=r-3\nrequest_id=r-3\n".encode()
    out = waybill.run("explain", stdin=two).out
    assert f"trace {TRACE} (inherited: an earlier line of the same request_id has it)" in out
