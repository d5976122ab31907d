# SPDX-License-Identifier: Apache-2.0
"""Service, resource and trace of a record."""

from __future__ import annotations

import socket
from typing import Any

import pytest
from harness.runner import Runner

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
SPAN = "00f067aa0ba902b7"
PARENT = f"00-{TRACE}-{SPAN}-01"

VALID = {
    "traceparent field": (f'{{"msg":"m","traceparent":"{PARENT}"}}', "field"),
    "fields": (
        f'{{"msg":"m","trace_id":"{TRACE}","span_id":"{SPAN}","trace_flags":"01"}}', "field"),
    "camel case": (f'{{"msg":"m","traceId":"{TRACE}","spanId":"{SPAN}"}}', "field"),
    "OpenTelemetry's Python": (
        f'{{"msg":"m","otelTraceID":"{TRACE}","otelSpanID":"{SPAN}"}}', "field"),
    "ECS": (f'{{"msg":"m","trace.id":"{TRACE}","span.id":"{SPAN}"}}', "field"),
    "nested ECS": (f'{{"msg":"m","trace":{{"id":"{TRACE}"}},"span":{{"id":"{SPAN}"}}}}', "field"),
    "upper case": (f'{{"msg":"m","trace_id":"{TRACE.upper()}","span_id":"{SPAN}"}}', "field"),
    "traceparent in text": (f"GET / traceparent={PARENT} took 5", "text"),
    "a bare traceparent": (f"handled {PARENT} in 3 ms", "text"),
    "a header in text": (f"request headers: traceparent: {PARENT}", "text"),
    "trace_id in text": (f"done trace_id={TRACE} span_id={SPAN}", "text"),
    "logfmt": (f"level=info msg=m trace_id={TRACE} span_id={SPAN}", None),
}


@pytest.mark.parametrize("name", VALID)
def test_a_trace_is_found(waybill: Runner, name: str) -> None:
    line, origin = VALID[name]
    record = waybill.record(line)
    assert (record["trace_id"], record["span_id"]) == (TRACE, SPAN)
    if origin:
        assert record["trace_origin"] == origin
    if PARENT in line or "trace_flags" in line:
        assert record["trace_flags"] == "01"


@pytest.mark.parametrize(
    "line",
    [
        f'{{"msg":"m","trace_id":"{"0" * 32}"}}',
        '{"msg":"m","trace_id":"abc123"}',
        f'{{"msg":"m","trace_id":"{TRACE[:-1]}"}}',
        f'{{"msg":"m","trace_id":"{TRACE}00"}}',
        f'{{"msg":"m","traceparent":"ff-{TRACE}-{SPAN}-01"}}',
        f'{{"msg":"m","traceparent":"00-{TRACE}-{"0" * 16}-01"}}',
        f'{{"msg":"m","traceparent":"00-{TRACE}-{SPAN}-01-x"}}',
        f'{{"msg":"m","traceparent":"00-{TRACE.upper()}-{SPAN}-01"}}',
        f"text traceparent=00-{TRACE}-{SPAN}-01.",
        f"text trace_id={'0' * 32}",
        f"a hash {TRACE}{TRACE} is no trace",
        "request_id=4bf92f3577b34da6a3ce929d0e0e4736 is none either",
        f'{{"msg":"m","x-request-id":"{TRACE}"}}',
    ],
)
def test_what_is_no_trace_stays_what_it_was(waybill: Runner, line: str) -> None:
    record = waybill.record(line)
    sentence_end = line.endswith("-01.")
    if not sentence_end:  # at the end of a sentence both readings are defensible
        assert "trace_id" not in record and "trace_origin" not in record
    shown = str(record["message"]) + str(record.get("context")) + str(record.get("request_id"))
    assert TRACE[:8].lower() in shown.lower() or "0000" in shown or "abc123" in shown


def test_a_later_version_of_traceparent(waybill: Runner) -> None:
    record = waybill.record(f'{{"msg":"m","traceparent":"cc-{TRACE}-{SPAN}-01-what-the-future"}}')
    assert (record["trace_id"], record["span_id"], record["trace_flags"]) == (TRACE, SPAN, "01")


def test_fields_win_over_text(waybill: Runner) -> None:
    other = "0af7651916cd43dd8448eb211c80319c"
    record = waybill.record(f'{{"msg":"see trace_id={other}","trace_id":"{TRACE}"}}')
    assert (record["trace_id"], record["trace_origin"]) == (TRACE, "field")


def test_tracestate_and_parent(waybill: Runner) -> None:
    record = waybill.record(
        f'{{"msg":"m","traceparent":"{PARENT}","tracestate":"a=1,b=2",'
        f'"parent_span_id":"{SPAN[::-1]}"}}')
    assert record["tracestate"] == "a=1,b=2"
    assert record["parent_span_id"] == SPAN[::-1]


@pytest.mark.parametrize(
    "key", ["request_id", "requestId", "req_id", "X-Request-ID", "x-request-id"])
def test_request_ids_by_their_names(waybill: Runner, key: str) -> None:
    assert waybill.record(f'{{"msg":"m","{key}":"r-1"}}')["request_id"] == "r-1"


@pytest.mark.parametrize(
    "key", ["service_name", "service.name", "serviceName", "otelServiceName", "dd.service"])
def test_a_line_may_name_its_service(waybill: Runner, key: str) -> None:
    record = waybill.record(f'{{"msg":"m","{key}":"own"}}', "--service", "configured")
    assert record["service_name"] == "own"


FULL: dict[str, Any] = {
    "service": {"name": "file", "version": "1.4.2", "namespace": "shop",
                "environment": "production"},
    "resource": {"team": "payments", "host.name": "fixed"},
}


def test_resource_attributes_are_text_as_it_is_written(waybill: Runner) -> None:
    config = f"state_dir: {waybill.state_dir}\nresource: {{team: yes, n: 012, f: 1.0, b: true}}\n"
    ended = waybill.run("run", "--to", "json", config=config, stdin=b"x\n")
    expected = {"team": "yes", "n": "012", "f": "1.0", "b": "true"}
    assert {key: ended.records[0]["resource"].get(key) for key in expected} == expected


def test_service_and_resource_of_the_config(waybill: Runner) -> None:
    ended = waybill.run("run", "--to", "json", config=FULL, stdin=b"x\n")
    (record,) = ended.records
    assert record["service_name"] == "file"
    expected = {"service.version": "1.4.2", "service.namespace": "shop",
                "deployment.environment.name": "production", "team": "payments",
                "host.name": "fixed"}
    assert {key: record["resource"].get(key) for key in expected} == expected


def test_flag_beats_file_beats_environment_beats_detection(waybill: Runner) -> None:
    env = {"OTEL_SERVICE_NAME": "env", "POD_NAME": "pod-1",
           "OTEL_RESOURCE_ATTRIBUTES": "team=env,service.version=9,host.name=env,zone=env"}
    ended = waybill.run("run", "--to", "json", config=FULL, stdin=b"x\n", env=env)
    (record,) = ended.records
    assert record["service_name"] == "file"
    resource = record["resource"]
    assert (resource["team"], resource["service.version"]) == ("payments", "1.4.2")
    assert (resource["host.name"], resource["zone"]) == ("fixed", "env")
    assert resource["k8s.pod.name"] == "pod-1"
    ended = waybill.run("run", "--to", "json", "--service", "flag", config=FULL, stdin=b"x\n",
                        env=env)
    assert ended.records[0]["service_name"] == "flag"
    (record,) = waybill.records(b"x\n", env=env)
    assert record["service_name"] == "env" and record["resource"]["host.name"] == "env"


def test_broken_resource_attributes_are_left_out_and_named(waybill: Runner) -> None:
    ended = waybill.run("run", stdin=b"x\n", env={"OTEL_RESOURCE_ATTRIBUTES": "a=1,b"})
    assert ended.code == 0
    assert "a" not in ended.records[0].get("resource", {})
    assert "OTEL_RESOURCE_ATTRIBUTES" in ended.err


def test_the_host_is_detected(waybill: Runner) -> None:
    assert waybill.record("x")["resource"]["host.name"] == socket.gethostname()
