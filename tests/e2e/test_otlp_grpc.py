# SPDX-License-Identifier: Apache-2.0
"""`protocol: grpc`: the frames, the head and the trailers of a call, and what each status means."""

from __future__ import annotations

import time
from typing import Any

import pytest
from harness.backend import OtlpBackend, Reply
from harness.certificates import Authority
from harness.cpu import cpu_seconds
from harness.grpc import PATH, RESOURCE_EXHAUSTED, UNAVAILABLE, GrpcBackend, status, success
from harness.poll import stays
from harness.runner import Runner
from harness.sending import numbered

PARTIAL = bytes([0x0A, 0x09, 0x08, 0x02, 0x12, 0x05]) + b"sorry"  # 2 rejected, "sorry"
TOO_LARGE = "grpc: received message larger than max (5000000 vs. 4194304)"


def config_for(backend: GrpcBackend, **options: Any) -> dict[str, Any]:
    return {"service": {"name": "shop"}, "inputs": {"pipe": {"type": "stdin"}},
            "outputs": {"otlp": {"type": "otlp", "endpoint": backend.url, "protocol": "grpc",
                                 **options}}}


@pytest.mark.parametrize("compression", ["gzip", "none", "zstd"])
def test_the_call(waybill: Runner, grpc_backend: GrpcBackend, compression: str) -> None:
    config = config_for(grpc_backend, compression=compression, timeout="2500ms",
                        headers={"X-Team": "a"}, auth={"token": "secret"})
    data = ("\n".join(numbered(200)) + "\n").encode()
    ended = waybill.run("run", config=config, stdin=data)
    assert (ended.code, ended.err) == (0, "")
    (request,) = grpc_backend.requests
    assert (request.method, request.path) == ("POST", PATH)
    assert request.headers["content-type"] == "application/grpc"
    assert request.headers["te"] == "trailers"
    assert request.headers["grpc-timeout"] == "2500m"
    assert request.headers.get("grpc-encoding") == (None if compression == "none" else compression)
    assert "content-encoding" not in request.headers
    assert request.headers["x-team"] == "a"
    assert request.headers["authorization"] == "Bearer secret"
    assert request.raw[0] == (compression != "none")
    assert [record.body for record in grpc_backend.taken] == numbered(200)


def test_many_calls_one_behind_the_other(waybill: Runner, grpc_backend: GrpcBackend) -> None:
    config = config_for(grpc_backend, batch={"records": 50})
    data = ("\n".join(numbered(2000)) + "\n").encode()
    ended = waybill.run("run", config=config, stdin=data)
    assert (ended.code, ended.err) == (0, "")
    assert [record.body for record in grpc_backend.taken] == numbered(2000)


def test_messages_larger_than_a_window(waybill: Runner, grpc_backend: GrpcBackend) -> None:
    lines = [f"{n:06} " + "x" * 900 for n in range(3000)]
    config = config_for(grpc_backend, compression="none")
    ended = waybill.run("run", config=config, stdin=("\n".join(lines) + "\n").encode())
    assert (ended.code, ended.err) == (0, "")
    assert [record.body for record in grpc_backend.taken] == lines
    assert max(len(request.raw) for request in grpc_backend.requests) > 900_000


def test_a_receiver_that_reads_slowly_costs_no_processor_time(
    waybill: Runner, grpc_backend: GrpcBackend
) -> None:
    """libcurl 7.88 would spin for as long as HTTP/2's window is used up."""
    grpc_backend.pause = 2.0
    config = config_for(grpc_backend, compression="none", batch={"delay": "100ms"})
    process = waybill.start("run", config=config).wait_ready()
    process.write("".join(f"{n:06} {'x' * 1000}\n" for n in range(500)))
    process.wait_delivered("otlp", 500)
    assert sum(len(request.body) for request in grpc_backend.requests) > 500_000
    assert cpu_seconds(process.pid) < 1.0
    process.close_stdin()
    assert process.wait() == 0


# ---- TLS ----


def test_over_tls_the_connection_is_kept(
    waybill: Runner, secure_grpc: GrpcBackend, authority: Authority
) -> None:
    config = config_for(secure_grpc, tls={"ca_file": str(authority.own.cert)},
                        batch={"records": 50})
    data = ("\n".join(numbered(1000)) + "\n").encode()
    ended = waybill.run("run", config=config, stdin=data)
    assert (ended.code, ended.err) == (0, "")
    assert [record.body for record in secure_grpc.taken] == numbered(1000)
    assert len(secure_grpc.requests) >= 20
    assert {request.connection for request in secure_grpc.requests} == {1}


def test_a_server_without_http2_is_told_of(waybill: Runner, authority: Authority) -> None:
    backend = OtlpBackend(tls=authority.server(authority.sign("server", server=True)))
    try:
        config = config_for(backend, tls={"ca_file": str(authority.own.cert)})  # type: ignore
        backend.always(Reply(404, b"no such page"))
        ended = waybill.run("check", "--connect", config=config)
        assert ended.code == 2
        assert "speaks HTTP/1.1 alone, and gRPC needs HTTP/2" in ended.err
    finally:
        backend.close()


def test_a_window_that_is_closed_costs_no_processor_time(
    waybill: Runner, secure_grpc: GrpcBackend, authority: Authority
) -> None:
    """Not one byte of the message may go; nothing moves, so response_timeout ends it."""
    secure_grpc.window = 0
    config = config_for(secure_grpc, tls={"ca_file": str(authority.own.cert)},
                        response_timeout="4s", batch={"delay": "20ms"})
    process = waybill.daemon(config)
    process.write("one\n")  # it may be quicker than the settings are
    stays(lambda: process.running, process.story(), 0.5)
    process.write("two\n")
    stays(lambda: process.running, process.story(), 0.5)
    before = cpu_seconds(process.pid)
    stays(lambda: process.running, process.story(), 2.0)
    assert cpu_seconds(process.pid) - before < 0.5
    process.err.wait_for("did not answer within 4s")


# ---- what is answered ----


@pytest.mark.parametrize("code", [1, 4, 10, 11, 14, 15])
def test_what_may_be_retried(waybill: Runner, grpc_backend: GrpcBackend, code: int) -> None:
    grpc_backend.then(status(code, "later"))
    ended = waybill.run("run", config=config_for(grpc_backend), stdin=b"x\n")
    assert ended.code == 0
    assert len(grpc_backend.requests) == 2
    assert len(grpc_backend.taken) == 1


@pytest.mark.parametrize(("code", "name"), [(3, "INVALID_ARGUMENT"), (5, "NOT_FOUND"),
                                            (6, "ALREADY_EXISTS"), (9, "FAILED_PRECONDITION")])
def test_what_must_not_be_retried(
    waybill: Runner, grpc_backend: GrpcBackend, code: int, name: str
) -> None:
    grpc_backend.always(status(code, "größer als 100 %\n"))
    ended = waybill.run("run", config=config_for(grpc_backend), stdin=b"a\n")
    assert ended.code == 3
    assert len(grpc_backend.requests) == 1
    assert f"answers gRPC {name}: größer als 100 %" in ended.err


@pytest.mark.parametrize(("code", "words"), [
    (16, "gRPC UNAUTHENTICATED: no token; are the credentials right?"),
    (7, "gRPC PERMISSION_DENIED: no token; are the credentials right?"),
    (12, "gRPC UNIMPLEMENTED: no token")])
def test_what_somebody_has_to_change_is_held(
    waybill: Runner, grpc_backend: GrpcBackend, code: int, words: str
) -> None:
    grpc_backend.always(status(code, "no token"))
    ended = waybill.run("check", "--connect", config=config_for(grpc_backend))
    assert ended.code == 2 and words in ended.err
    process = waybill.start("run", config=config_for(grpc_backend)).wait_ready()
    process.write("a\n")
    process.err.wait_for(words)
    assert process.page("/outputs").json()["otlp"]["state"] == "misconfigured"
    assert process.output("otlp")["in_flight"] == 1
    process.close_stdin()
    assert process.wait() == 3


@pytest.mark.parametrize("code", [2, 13, 99, RESOURCE_EXHAUSTED])
def test_a_receiver_that_fails_on_everything_loses_nothing(
    waybill: Runner, grpc_backend: GrpcBackend, code: int
) -> None:
    """Not to be sent again as it is, and no verdict while nothing is taken."""
    grpc_backend.always(status(code))
    process = waybill.start("run", config=config_for(
        grpc_backend, batch={"delay": "50ms"})).wait_ready()
    lines = numbered(8)
    process.write("\n".join(lines) + "\n")
    bodies = [request.body for request in grpc_backend.wait_requests(4)[:4]]
    assert len(set(bodies)) == 4, "never the same request"
    counts = process.output("otlp")
    assert (counts["in_flight"], counts["dead_lettered"]) == (8, 0)
    grpc_backend.recover()
    process.wait_delivered("otlp", 8)
    assert sorted(str(record.body) for record in grpc_backend.taken) == lines
    process.close_stdin()
    assert process.wait() == 0


@pytest.mark.parametrize("code", [RESOURCE_EXHAUSTED, UNAVAILABLE])
def test_retry_info_is_waited_out(waybill: Runner, grpc_backend: GrpcBackend, code: int) -> None:
    grpc_backend.then(status(code, "slow down", retry_seconds=2))
    process = waybill.start("run", config=config_for(
        grpc_backend, batch={"delay": "10ms"})).wait_ready()
    process.write("a\nb\n")
    process.wait_delivered("otlp", 2)
    first, second = grpc_backend.requests
    assert first.body == second.body, "as it was"
    assert 1.9 <= second.at - first.at < 10
    process.close_stdin()
    assert process.wait() == 0


@pytest.mark.parametrize("packed", [False, True])
def test_partial_success_is_counted_and_not_sent_again(
    waybill: Runner, grpc_backend: GrpcBackend, packed: bool
) -> None:
    """Servers pack answers as requests are, whatever the client has said to take."""
    grpc_backend.then(success(PARTIAL, packed))
    process = waybill.start("run", config=config_for(
        grpc_backend, batch={"delay": "300ms"})).wait_ready()
    process.write("\n".join(numbered(5)) + "\n")
    process.wait_delivered("otlp", 3)
    counts = process.output("otlp")
    assert (counts["delivered"], counts["dropped"]["rejected"]) == (3, 2)
    process.close_stdin()
    assert process.wait() == 3
    process.err.wait_for("sorry")
    assert len(grpc_backend.requests) == 1


def test_a_message_that_is_too_large_is_halved(
    waybill: Runner, grpc_backend: GrpcBackend
) -> None:
    def answer(request: Any) -> Reply:
        size = len(request.body)
        return success() if size < 3000 else status(RESOURCE_EXHAUSTED, TOO_LARGE)

    grpc_backend.always(answer)
    data = ("\n".join([*numbered(40), "x" * 4000]) + "\n").encode()
    ended = waybill.run("run", config=config_for(grpc_backend), stdin=data)
    assert ended.code == 3
    assert "larger than max" in ended.err
    assert sorted(str(record.body) for record in grpc_backend.taken) == numbered(40)


def test_an_upload_that_is_cut_short_is_halved(
    waybill: Runner, grpc_backend: GrpcBackend
) -> None:
    """Servers end the stream of what is too large before they have all of it."""
    grpc_backend.early = 2
    grpc_backend.then(*[status(RESOURCE_EXHAUSTED, TOO_LARGE)] * 2)
    config = config_for(grpc_backend, compression="none", batch={"delay": "500ms"})
    process = waybill.start("run", config=config).wait_ready()
    lines = [f"{n:06} " + "x" * 900 for n in range(600)]
    process.write("\n".join(lines) + "\n")
    process.wait_delivered("otlp", 600)
    assert sorted(str(record.body) for record in grpc_backend.taken) == lines
    sizes = [len(request.body) for request in grpc_backend.requests[2:]]
    assert all(200_000 < size < 500_000 for size in sizes), sizes
    process.close_stdin()
    assert process.wait() == 0


@pytest.mark.parametrize(("reply", "words"), [
    (Reply(200, b"<html>hello</html>", {"content-type": "text/html"}),
     "HTTP 200 without a gRPC status: what answers there is no gRPC server: is the port right?"),
    (Reply(200, b"\0\0\0\0\0", {"content-type": "application/grpc"}),
     "HTTP 200 without a gRPC status: does a proxy in between take trailers away?"),
    (Reply(415, b"no such type", {}), "HTTP 415: no such type")])
def test_what_is_no_grpc(
    waybill: Runner, grpc_backend: GrpcBackend, reply: Reply, words: str
) -> None:
    grpc_backend.always(reply)
    process = waybill.start("run", config=config_for(grpc_backend)).wait_ready()
    process.write("a\n")
    process.err.wait_for(words)
    assert process.page("/outputs").json()["otlp"]["state"] == "misconfigured"
    grpc_backend.recover()
    process.close_stdin()
    assert process.wait() == 0


def test_a_proxy_that_is_busy_is_asked_again(waybill: Runner, grpc_backend: GrpcBackend) -> None:
    grpc_backend.then(Reply(503, b"upstream", {}), Reply(200, how="close"))
    assert waybill.run("run", config=config_for(grpc_backend), stdin=b"a\n").code == 0
    assert len(grpc_backend.taken) == 1
    assert len(grpc_backend.requests) == 3


def test_json_in_the_spool_is_sent_as_protobuf(
    waybill: Runner, otlp_backend: OtlpBackend, grpc_backend: GrpcBackend
) -> None:
    line = (b'{"msg":"a","service_name":"s","logger":"l","level":"warn","ts":1767323045.678901,'
            b'"trace_id":"4bf92f3577b34da6a3ce929d0e0e4736","span_id":"00f067aa0ba902b7",'
            b'"trace_flags":"01","n":-7,"f":0.5,"g":1.0,"t":true,"z":null,"o":{"a":[1,"x",{}]}}\n')

    def output(url: str, protocol: str) -> dict[str, Any]:
        return {"service": {"name": "shop"}, "outputs": {"otlp": {
            "type": "otlp", "endpoint": url, "protocol": protocol, "spool": {"files": "always"}}}}

    otlp_backend.always(503)
    ended = waybill.run("run", config=output(otlp_backend.url, "http/json"), stdin=line + b"b\n")
    assert ended.code == 3, "left in the spool"
    ended = waybill.run("run", config=output(grpc_backend.url, "grpc"), stdin=line)
    assert ended.code == 0, ended.err
    records = [record for record in grpc_backend.taken if record.body == "a"]
    assert sorted(str(record.body) for record in grpc_backend.taken) == ["a", "a", "b"]
    for record in records:
        record.observed_ns = 0
        del record.attributes["log.record.uid"]
    assert records[0] == records[1]
    assert records[0].attributes["o"] == {"a": [1, "x", {}]}


def test_a_collector_that_is_away_for_a_while(waybill: Runner, grpc_backend: GrpcBackend) -> None:
    grpc_backend.vanish()
    config = config_for(grpc_backend, timeout="500ms", batch={"delay": "10ms"})
    process = waybill.start("run", config=config).wait_ready()
    process.write("\n".join(numbered(10)) + "\n")
    process.err.wait_for("cannot reach")
    began = time.monotonic()
    grpc_backend.return_()
    process.wait_delivered("otlp", 10)
    assert time.monotonic() - began < 30
    process.close_stdin()
    assert process.wait() == 0
