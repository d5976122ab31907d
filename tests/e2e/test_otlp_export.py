# SPDX-License-Identifier: Apache-2.0
"""What an OTLP receiver is sent. The numbers are those of a list of faults that bite users of such
daemons."""

from __future__ import annotations

import time
from typing import Any

import pytest
from harness.backend import OtlpBackend, Reply
from harness.runner import Runner
from harness.sending import numbered

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
SPAN = "00f067aa0ba902b7"
PARTIAL = bytes([0x0A, 0x09, 0x08, 0x02, 0x12, 0x05]) + b"sorry"  # 2 rejected, "sorry"


def config_for(backend: OtlpBackend, **options: Any) -> dict[str, Any]:
    return {"service": {"name": "shop", "version": "1.2"},
            "outputs": {"otlp": {"type": "otlp", "endpoint": backend.url, **options}}}


def test_a_record_as_otlp_has_it(waybill: Runner, otlp_backend: OtlpBackend) -> None:
    line = (f'{{"ts":1767323045.678901,"level":"warning","msg":"boom","trace_id":"{TRACE}",'
            f'"span_id":"{SPAN}","trace_flags":"01","logger":"db","thread":"w-1","error":"refused",'
            '"n":9007199254740993,"f":0.5,"s":"ä","t":true,"z":null,"a":[1,"b",[]],'
            '"o":{"p":{"q":-1}},"huge":123456789012345678901234567890}\n')
    before = time.time_ns()
    ended = waybill.run("run", config=config_for(otlp_backend), stdin=line.encode())
    assert (ended.code, ended.out, ended.err) == (0, "", "")
    (record,) = otlp_backend.taken
    assert record.resource["service.name"] == "shop"
    assert record.resource["service.version"] == "1.2"
    assert record.time_ns == 1767323045_678901000
    assert before <= record.observed_ns <= time.time_ns()
    assert (record.severity, record.severity_text) == (13, "warning")
    assert record.body == "boom"
    assert (record.trace_id, record.span_id, record.flags) == (TRACE, SPAN, 1)
    assert record.scope == "db"
    expected = {"thread.name": "w-1", "n": 9007199254740993, "f": 0.5, "s": "ä", "t": True,
                "z": None, "a": [1, "b", []], "o": {"p": {"q": -1}},
                "huge": "123456789012345678901234567890", "exception.message": "refused"}
    assert {key: record.attributes.get(key, "absent") for key in expected} == expected
    assert len(record.attributes["log.record.uid"]) == 32


def test_a_line_without_a_time(waybill: Runner, otlp_backend: OtlpBackend) -> None:
    """OpenTelemetry: the event time stays unknown; when we read it is said apart."""
    assert waybill.run("run", config=config_for(otlp_backend), stdin=b"hello\n").code == 0
    (record,) = otlp_backend.taken
    assert record.time_ns in (0, record.observed_ns)
    assert abs(record.observed_ns - time.time_ns()) < 60 * 10**9


@pytest.mark.parametrize(("compression", "encoding"), [("gzip", "gzip"), ("none", None)])
def test_the_request(
    waybill: Runner, otlp_backend: OtlpBackend, compression: str, encoding: str | None
) -> None:
    config = config_for(otlp_backend, compression=compression)
    data = ("\n".join(numbered(200)) + "\n").encode()
    assert waybill.run("run", config=config, stdin=data).code == 0
    (request,) = otlp_backend.requests
    assert (request.method, request.path) == ("POST", "/v1/logs")
    assert request.headers["content-type"] == "application/x-protobuf"
    assert request.headers.get("content-encoding") == encoding
    assert [record.body for record in otlp_backend.taken] == numbered(200)


def test_services_are_resources(waybill: Runner, otlp_backend: OtlpBackend) -> None:
    data = b"".join(b'{"msg":"%d","service_name":"%s"}\n' % (n, [b"a", b"b"][n % 2])
                    for n in range(100))
    assert waybill.run("run", config=config_for(otlp_backend), stdin=data).code == 0
    for service, parity in (("a", 0), ("b", 1)):
        mine = [int(record.body) for record in otlp_backend.taken
                if record.resource["service.name"] == service]
        assert mine == list(range(parity, 100, 2))


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_what_may_be_retried(waybill: Runner, otlp_backend: OtlpBackend, status: int) -> None:
    otlp_backend.then(status)
    assert waybill.run("run", config=config_for(otlp_backend), stdin=b"x\n").code == 0
    assert len(otlp_backend.requests) == 2
    assert len(otlp_backend.taken) == 1


@pytest.mark.parametrize("status", [400, 408, 422])
def test_what_must_not_be_retried(
    waybill: Runner, otlp_backend: OtlpBackend, status: int
) -> None:
    """OTLP/HTTP, Failures: the same records are never sent again; halving finds the culprit."""
    otlp_backend.always(status)
    ended = waybill.run("run", config=config_for(otlp_backend), stdin=b"a\n")
    assert ended.code == 3
    assert len(otlp_backend.requests) == 1
    assert str(status) in ended.err


def test_a_receiver_that_fails_on_everything_loses_nothing(
    waybill: Runner, otlp_backend: OtlpBackend
) -> None:
    """A 500 must not be sent again as it is, and is no verdict while nothing is taken."""
    otlp_backend.always(500)
    process = waybill.start("run", config={
        **config_for(otlp_backend, batch={"delay": "50ms"}),
        "inputs": {"pipe": {"type": "stdin"}}}).wait_ready()
    lines = numbered(8)
    process.write("\n".join(lines) + "\n")
    bodies = [request.body for request in otlp_backend.wait_requests(4)[:4]]
    assert len(set(bodies)) == 4, "never the same request"
    counts = process.output("otlp")
    assert (counts["in_flight"], counts["dead_lettered"]) == (8, 0)
    otlp_backend.recover()
    process.wait_delivered("otlp", 8)
    assert sorted(str(record.body) for record in otlp_backend.taken) == lines
    process.close_stdin()
    assert process.wait() == 0


def test_13_partial_success_is_counted_and_not_sent_again(
    waybill: Runner, otlp_backend: OtlpBackend
) -> None:
    otlp_backend.then(Reply(200, PARTIAL, {"Content-Type": "application/x-protobuf"}))
    process = waybill.start("run", config={
        **config_for(otlp_backend, batch={"delay": "300ms"}),
        "inputs": {"pipe": {"type": "stdin"}}}).wait_ready()
    process.write("\n".join(numbered(5)) + "\n")
    process.wait_delivered("otlp", 3)
    counts = process.output("otlp")
    assert (counts["delivered"], counts["dropped"]["rejected"]) == (3, 2)
    process.close_stdin()
    assert process.wait() == 3
    process.err.wait_for("sorry")
    assert len(otlp_backend.requests) == 1


def test_the_environment_of_opentelemetry(waybill: Runner, otlp_backend: OtlpBackend) -> None:
    env = {"OTEL_EXPORTER_OTLP_ENDPOINT": otlp_backend.url,
           "OTEL_EXPORTER_OTLP_HEADERS": "x-team=a%20b,x-more=1"}
    ended = waybill.run("run", stdin=b"x\n", env=env)
    assert ended.code == 0
    (request,) = otlp_backend.requests
    assert (request.headers.get("x-team"), request.headers.get("x-more")) == ("a b", "1")
