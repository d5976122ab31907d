# SPDX-License-Identifier: Apache-2.0
"""What is pushed to Loki. The numbers are those of a list of faults that bite users of such
daemons."""

from __future__ import annotations

import json
from typing import Any

import pytest
from harness.backend import LokiBackend, Reply
from harness.runner import Runner
from harness.sending import numbered

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
SPAN = "00f067aa0ba902b7"


def config_for(backend: LokiBackend, **options: Any) -> dict[str, Any]:
    return {"service": {"name": "shop", "version": "1.2"},
            "outputs": {"loki": {"type": "loki", "endpoint": backend.url, **options}}}


def test_a_record_as_loki_gets_it(waybill: Runner, loki_backend: LokiBackend) -> None:
    line = (f'{{"ts":1767323045.678901,"level":"error","msg":"boom","trace_id":"{TRACE}",'
            f'"span_id":"{SPAN}","request_id":"r-1","tenant_id":"t-2","logger":"db",'
            '"error":"refused","n":{"deep":[1,2.50]}}\n').encode()
    ended = waybill.run("run", config=config_for(loki_backend), stdin=line)
    assert (ended.code, ended.out, ended.err) == (0, "", "")
    (entry,) = loki_backend.taken
    assert entry.time_ns == 1767323045_678901000
    assert entry.labels == {"service_name": "shop", "level": "ERROR"}
    meta = entry.metadata
    assert (meta["trace_id"], meta["span_id"]) == (TRACE, SPAN)
    assert (meta["request_id"], meta["tenant_id"]) == ("r-1", "t-2")
    assert meta["service_version"] == "1.2"
    body = json.loads(entry.line)
    assert body == {"message": "boom", "logger": "db", "error": {"message": "refused"},
                    "context": {"n": {"deep": [1, 2.5]}}}
    assert list(body) == ["message", "logger", "error", "context"]
    assert "2.50" in entry.line, "numbers are copied as they came"


def test_the_request(waybill: Runner, loki_backend: LokiBackend) -> None:
    config = config_for(loki_backend, tenant="acme", headers={"X-Mine": "yes"})
    assert waybill.run("run", config=config, stdin=b"x\n").code == 0
    (request,) = loki_backend.requests
    assert (request.method, request.path) == ("POST", "/loki/api/v1/push")
    assert request.headers["content-type"] == "application/x-protobuf"
    assert request.headers["x-scope-orgid"] == "acme"
    assert request.headers["x-mine"] == "yes"
    assert "waybill" in request.headers["user-agent"].lower()
    assert "expect" not in request.headers


@pytest.mark.parametrize(
    ("kind", "expected"), [("message", "hello n=1"), ("original", "INFO hello n=1")])
def test_other_lines(
    waybill: Runner, loki_backend: LokiBackend, kind: str, expected: str
) -> None:
    config = config_for(loki_backend, line=kind)
    assert waybill.run("run", config=config, stdin=b"INFO hello n=1\n").code == 0
    assert [entry.line for entry in loki_backend.taken] == [expected]


def test_labels_by_choice(waybill: Runner, loki_backend: LokiBackend) -> None:
    config = config_for(loki_backend, labels=["service_name", "service.version"])
    assert waybill.run("run", config=config, stdin=b"WARN x\n").code == 0
    (entry,) = loki_backend.taken
    assert entry.labels == {"service_name": "shop", "service_version": "1.2"}
    assert json.loads(entry.line)["level"] == "WARN", "what is no label stays in the line"


def test_streams_by_service_and_level(waybill: Runner, loki_backend: LokiBackend) -> None:
    services, levels = ("a", 'b"\\ ä'), ("info", "warn", "error")
    lines = "".join(json.dumps({"level": levels[n % 3], "msg": str(n),
                                "service_name": services[n % 2]}) + "\n" for n in range(600))
    assert waybill.run("run", config=config_for(loki_backend), stdin=lines.encode()).code == 0
    streams: dict[tuple[str, str], list[int]] = {}
    for entry in loki_backend.taken:
        key = (entry.labels["service_name"], entry.labels["level"])
        streams.setdefault(key, []).append(int(json.loads(entry.line)["message"]))
    assert set(streams) == {(s, v) for s in ("a", 'b"\\ ä') for v in ("INFO", "WARN", "ERROR")}
    assert all(numbers == sorted(numbers) for numbers in streams.values())
    assert sum(map(len, streams.values())) == 600


def test_equal_times_are_told_apart(waybill: Runner, loki_backend: LokiBackend) -> None:
    """Loki drops an entry with the same time, line and metadata as another."""
    line = b'{"ts":1767323045.678,"level":"info","msg":"same"}\n'
    assert waybill.run("run", config=config_for(loki_backend), stdin=line * 50).code == 0
    times = [entry.time_ns for entry in loki_backend.taken]
    assert len(set(times)) == 50
    assert max(times) - min(times) < 1000


def test_a_line_beyond_the_servers_limit_is_cut(waybill: Runner, loki_backend: LokiBackend) -> None:
    data = b'{"level":"info","msg":"before"}\n' + b"x" * 600_000 + b"\nafter\n"
    ended = waybill.run("run", config=config_for(loki_backend), stdin=data)
    assert ended.code == 0
    assert len(loki_backend.taken) == 3
    assert max(len(entry.line) for entry in loki_backend.taken) <= 256 * 1024


def test_12_an_entry_that_is_refused_is_set_aside_alone(
    waybill: Runner, loki_backend: LokiBackend
) -> None:
    """Loki keeps the other entries of a push and says 400 all the same: nothing is sent again."""
    reason = ("entry with timestamp 2020-01-01 00:00:00 +0000 UTC ignored, reason: 'entry too far "
              "behind',\nuser 'fake', total ignored: 1 out of 5 for stream: "
              '{level="INFO", service_name="shop"}\n')
    loki_backend.then(Reply(400, reason.encode(), {"Content-Type": "text/plain"}))
    process = waybill.start("run", config={
        **config_for(loki_backend, batch={"delay": "300ms"}),
        "inputs": {"pipe": {"type": "stdin"}}}).wait_ready()
    process.write("\n".join(numbered(5)) + "\n")
    loki_backend.wait_requests(1)
    process.write("later\n")
    loki_backend.wait_taken(1)
    counts = process.output("loki")
    assert counts["dropped"]["rejected"] == 1
    assert counts["delivered"] == 5
    assert len(loki_backend.requests) == 2
    process.close_stdin()
    assert process.wait() == 3
    process.err.wait_for("too far behind")


def test_260_is_a_loss_and_is_said_to_be(waybill: Runner, loki_backend: LokiBackend) -> None:
    loki_backend.then(Reply(260, b"ingestion blocked\n"))
    ended = waybill.run("run", config=config_for(loki_backend), stdin=b"a\nb\n")
    assert ended.code == 3
    assert "blocked" in ended.err


def test_too_large_is_split(waybill: Runner, loki_backend: LokiBackend) -> None:
    def at_most(request: Any) -> Reply:
        return Reply(204) if len(loki_backend.decode(request)) <= 3 else Reply(413, b"too large")

    loki_backend.always(at_most)
    ended = waybill.run("run", config=config_for(loki_backend),
                        stdin=("\n".join(numbered(20)) + "\n").encode())
    assert ended.code == 0, ended.err
    assert sorted(json.loads(entry.line)["message"] for entry in loki_backend.taken) == numbered(20)
