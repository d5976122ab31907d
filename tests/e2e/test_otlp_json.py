# SPDX-License-Identifier: Apache-2.0
"""`protocol: http/json`: the same records, as OTLP/JSON has them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from harness.backend import OtlpBackend, Reply
from harness.runner import Runner
from harness.sending import numbered

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
SPAN = "00f067aa0ba902b7"
JSON = {"Content-Type": "application/json"}
LINES = (
    f'{{"ts":1767323045.678901,"level":"warning","msg":"boom \\"q\\"\\n","trace_id":"{TRACE}",'
    f'"span_id":"{SPAN}","trace_flags":"01","logger":"d\\u0062","thread":"w-1","error":"refused",'
    '"n":9007199254740993,"f":0.50,"s":"ä\\ud83d\\ude00","t":true,"z":null,'
    '"a":[1,"b",[],{"c":1e3}],"o":{"p":{"q":-1},"r":{}},'
    '"huge":123456789012345678901234567890,"k\\"ey":"\\u0000",'
    '"caller":"a/b.go:42","log.record.uid":"mine"}\n'
    "level=info msg=\"a b\" took=38ms service_name=other\n"
    "no structure, \t größer\n"
    '{"msg":"half of \\ud800 one","k\\udfff":"\\udbff","service_name":"s\\"x"}\n'
).encode()


def config_for(backend: OtlpBackend, **options: Any) -> dict[str, Any]:
    return {"service": {"name": "shop", "version": "1.2"}, "resource": {"te\"am": "pay\\"},
            "outputs": {"otlp": {"type": "otlp", "endpoint": backend.url, **options}}}


def test_both_forms_say_the_same(waybill: Runner, otlp_backend: OtlpBackend) -> None:
    taken = []
    for protocol in ("http/protobuf", "http/json"):
        config = config_for(otlp_backend, protocol=protocol)
        ended = waybill.run("run", config=config, stdin=LINES)
        assert (ended.code, ended.err) == (0, "")
        taken.append(otlp_backend.taken[len(taken) * 4:])
        assert len(taken[-1]) == 4
    for record in taken[0] + taken[1]:
        record.observed_ns = 0
        assert len(record.attributes.pop("log.record.uid")) == 32
    assert taken[0] == taken[1]
    first = taken[1][0]
    assert (first.trace_id, first.span_id, first.flags) == (TRACE, SPAN, 1)
    assert first.attributes["n"] == 9007199254740993
    assert first.attributes["log.record.uid_2"] == "mine"


@pytest.mark.parametrize(("compression", "encoding"),
                         [("gzip", "gzip"), ("none", None), ("zstd", "zstd")])
def test_the_request(
    waybill: Runner, otlp_backend: OtlpBackend, compression: str, encoding: str | None
) -> None:
    config = config_for(otlp_backend, protocol="http/json", compression=compression)
    data = ("\n".join(numbered(200)) + "\n").encode()
    assert waybill.run("run", config=config, stdin=data).code == 0
    (request,) = otlp_backend.requests
    assert (request.method, request.path) == ("POST", "/v1/logs")
    assert request.headers["content-type"] == "application/json"
    assert request.headers.get("content-encoding") == encoding
    assert [record.body for record in otlp_backend.taken] == numbered(200)


def test_services_are_resources_and_loggers_scopes(
    waybill: Runner, otlp_backend: OtlpBackend
) -> None:
    data = b"".join(b'{"msg":"%d","service_name":"%s","logger":"%s"}\n'
                    % (n, [b"a", b"b"][n % 2], [b"x", b"", b"y"][n % 3]) for n in range(60))
    config = config_for(otlp_backend, protocol="http/json", compression="none")
    assert waybill.run("run", config=config, stdin=data).code == 0
    (request,) = otlp_backend.requests
    groups = json.loads(request.body)["resourceLogs"]
    assert [len(group["scopeLogs"]) for group in groups] == [3, 3]
    for record in otlp_backend.taken:
        number = int(record.body)
        assert record.resource["service.name"] == "ab"[number % 2]
        assert record.scope == ["x", "", "y"][number % 3]


@pytest.mark.parametrize("count", ['"2"', "2"])
def test_partial_success(waybill: Runner, otlp_backend: OtlpBackend, count: str) -> None:
    body = f'{{"partialSuccess":{{"rejectedLogRecords":{count},"errorMessage":"sorry"}}}}'
    otlp_backend.then(Reply(200, body.encode(), JSON))
    process = waybill.start("run", config={
        **config_for(otlp_backend, protocol="http/json", batch={"delay": "300ms"}),
        "inputs": {"pipe": {"type": "stdin"}}}).wait_ready()
    process.write("\n".join(numbered(5)) + "\n")
    process.wait_delivered("otlp", 3)
    counts = process.output("otlp")
    assert (counts["delivered"], counts["dropped"]["rejected"]) == (3, 2)
    process.close_stdin()
    assert process.wait() == 3
    process.err.wait_for("sorry")
    assert len(otlp_backend.requests) == 1


def test_the_message_of_a_refusal(waybill: Runner, otlp_backend: OtlpBackend) -> None:
    otlp_backend.always(Reply(400, b'{"code":3,"message":"no good","details":[]}', JSON))
    ended = waybill.run("run", config=config_for(otlp_backend, protocol="http/json"), stdin=b"a\n")
    assert ended.code == 3
    assert "answers HTTP 400: no good" in ended.err and "details" not in ended.err


def test_the_connection_is_checked(waybill: Runner, otlp_backend: OtlpBackend) -> None:
    config = config_for(otlp_backend, protocol="http/json", compression="none")
    ended = waybill.run("check", "--connect", config=config)
    assert (ended.code, ended.err) == (0, "")
    (request,) = otlp_backend.requests
    assert request.body == b"{}"


def test_explain_shows_the_request(waybill: Runner) -> None:
    config = {"outputs": {"o": {"type": "otlp", "endpoint": "http://otel.invalid:4318",
                                "protocol": "http/json"}}}
    ended = waybill.run("explain", "hello there", config=config)
    assert (ended.code, ended.err) == (0, "")
    sent = json.loads(next(text for text in ended.out.split("\n") if '"scopeLogs"' in text))
    (record,) = sent["resourceLogs"][0]["scopeLogs"][0]["logRecords"]
    assert record["body"] == {"stringValue": "hello there"}


@pytest.mark.parametrize(("endpoint", "path"), [
    ("/v1/logs", "/v1/logs"), ("/base/v1/logs", "/base/v1/logs"), ("/elsewhere", "/elsewhere"),
    ("", "/"), ("/x?tenant=1", "/x?tenant=1")])
def test_the_logs_own_endpoint_is_used_as_it_is(
    waybill: Runner, otlp_backend: OtlpBackend, endpoint: str, path: str
) -> None:
    otlp_backend.decode = lambda request: []  # type: ignore[method-assign]
    env = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9/never",
           "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT": otlp_backend.url + endpoint,
           "OTEL_EXPORTER_OTLP_LOGS_PROTOCOL": "http/json"}
    assert waybill.run("run", stdin=b"x\n", env=env).code == 0
    (request,) = otlp_backend.requests
    assert request.path == path
    assert request.headers["content-type"] == "application/json"


@pytest.mark.parametrize(("before", "after"), [("http/json", "http/protobuf"),
                                               ("http/protobuf", "http/json")])
def test_what_is_spooled_in_the_other_form_is_sent_all_the_same(
    waybill: Runner, otlp_backend: OtlpBackend, before: str, after: str
) -> None:
    def config(protocol: str) -> dict[str, Any]:
        return config_for(otlp_backend, protocol=protocol, spool={"files": "always"})

    otlp_backend.always(503)
    ended = waybill.run("run", config=config(before), stdin=b'{"msg":"a","service_name":"s"}\nb\n')
    assert ended.code == 3, "left in the spool"
    otlp_backend.recover()
    assert waybill.run("run", config=config(after), stdin=b"c\n").code == 0
    assert sorted(record.body for record in otlp_backend.taken) == ["a", "b", "c"]
    by_body = {record.body: record.resource["service.name"] for record in otlp_backend.taken}
    assert by_body == {"a": "s", "b": "shop", "c": "shop"}
