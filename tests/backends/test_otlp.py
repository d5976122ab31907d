# SPDX-License-Identifier: Apache-2.0
"""Lines go in at one end and come back from a real OpenTelemetry Collector's file."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from harness.programs import events_of_example
from harness.runner import Runner
from servers import cache, otelcol as otelcol_server
from servers.loki import Loki
from servers.otelcol import OtelCol

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
SPAN = "00f067aa0ba902b7"


PROTOCOLS = ("http/protobuf", "http/json", "grpc")


def to(collector: OtelCol, protocol: str) -> dict[str, Any]:
    """Where an output of this protocol sends."""
    url = f"http://{collector.grpc}" if protocol == "grpc" else collector.url
    return {"url": url, "protocol": protocol}


def config_for(url: str, service: str, **options: Any) -> dict[str, Any]:
    return {
        "service": {"name": service, "version": "1.2", "environment": "tests"},
        "resource": {"team": "payments"},
        "inputs": {"pipe": {"type": "stdin"}},
        "outputs": {"otlp": {"type": "otlp", "endpoint": url, **options}},
    }


@pytest.mark.parametrize("compression", ["gzip", "none", "zstd"])
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_every_kind_of_line(
    waybill: Runner, otelcol: OtelCol, unique: str, protocol: str, compression: str
) -> None:
    data = (
        '{"ts":1767323045.678901,"level":"error","logger":"pay","caller":"pay/charge.go:41",'
        f'"msg":"failed ä 世 🌍 \\"q\\" \\n","trace_id":"{TRACE}","span_id":"{SPAN}",'
        '"trace_flags":"01","request_id":"r-1","tenant_id":"t-2","error":"refused",'
        '"n":{"deep":[1,2.5,{"x":null}],"exact":9007199254740993},"f":1e300,"neg":-5,"t":true}\n'
        f"2026-01-02 03:04:05,123 WARNING [worker-1] disk full path=/var "
        f"traceparent=00-{TRACE}-{SPAN}-00\n"
        'level=debug msg="cache warmed" entries=1204 took=38ms\n'
        "just words, größer\n"
    ).encode()
    before = time.time_ns()
    config = config_for(**to(otelcol, protocol), service=unique, compression=compression)
    ended = waybill.run("run", config=config, stdin=data)
    assert (ended.code, ended.err) == (0, "")
    found = otelcol.wait_for(unique, 4)
    assert len(found) == 4
    failed, disk, cache, words = found
    for record in found:
        assert record.resource["service.name"] == unique
        assert record.resource["service.version"] == "1.2"
        assert record.resource["deployment.environment.name"] == "tests"
        assert record.resource["team"] == "payments"
        assert before <= record.observed_ns <= time.time_ns()
        assert len(record.attributes["log.record.uid"]) == 32

    assert failed.time_ns == 1767323045_678901000
    assert (failed.severity, failed.severity_text.upper()) == (17, "ERROR")
    assert failed.body == 'failed ä 世 🌍 "q" \n'
    assert (failed.trace_id, failed.span_id, failed.flags) == (TRACE, SPAN, 1)
    assert failed.scope["name"] == "pay"
    attributes = failed.attributes
    assert attributes["n"] == {"deep": [1, 2.5, {"x": None}], "exact": 9007199254740993}
    assert (attributes["f"], attributes["neg"], attributes["t"]) == (1e300, -5, True)
    assert (attributes["code.file.path"], attributes["code.line.number"]) == ("pay/charge.go", 41)
    assert attributes["exception.message"] == "refused"
    assert "r-1" in attributes.values() and "t-2" in attributes.values()

    assert disk.time_ns == 1767323045_123000000
    assert (disk.severity, disk.severity_text) == (13, "WARNING")
    assert (disk.trace_id, disk.span_id, disk.flags) == (TRACE, SPAN, 0)
    assert disk.attributes["thread.name"] == "worker-1"
    assert disk.attributes["path"] == "/var"
    assert (cache.severity, cache.body) == (5, "cache warmed")
    assert cache.attributes["entries"] == 1204
    assert words.body == "just words, größer"
    assert (words.trace_id, words.span_id) == ("", "")


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_services_of_one_stream(
    waybill: Runner, otelcol: OtelCol, unique: str, protocol: str
) -> None:
    data = "".join(f'{{"level":"info","msg":"{n}","service_name":"{unique}-{n % 3}"}}\n'
                   for n in range(30)).encode()
    config = config_for(**to(otelcol, protocol), service=unique)
    assert waybill.run("run", config=config, stdin=data).code == 0
    for part in range(3):
        found = otelcol.wait_for(f"{unique}-{part}", 10)
        assert [int(record.body) for record in found] == list(range(part, 30, 3))


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_many_lines_come_once_and_in_order(
    waybill: Runner, otelcol: OtelCol, unique: str, protocol: str
) -> None:
    data = "".join(f"line {n:06}\n" for n in range(20_000)).encode()
    config = config_for(**to(otelcol, protocol), service=unique)
    assert waybill.run("run", config=config, stdin=data).code == 0
    found = otelcol.wait_for(unique, 20_000, limit=60)
    assert [record.body for record in found] == [f"line {n:06}" for n in range(20_000)]


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_by_the_environment_alone(
    waybill: Runner, otelcol: OtelCol, unique: str, protocol: str
) -> None:
    env = {"OTEL_EXPORTER_OTLP_ENDPOINT": to(otelcol, protocol)["url"],
           "OTEL_EXPORTER_OTLP_PROTOCOL": protocol, "OTEL_SERVICE_NAME": unique}
    ended = waybill.run("run", stdin=b"hello\n", env=env)
    assert ended.code == 0
    (record,) = otelcol.wait_for(unique)
    assert record.body == "hello"


def test_the_example_program(
    waybill: Runner, legacy: Path, otelcol: OtelCol, unique: str
) -> None:
    count = events_of_example(legacy)
    ended = waybill.run("exec", "--quiet", "--service", unique, "--to", f"otlp={otelcol.url}",
                        "--", str(legacy))
    assert ended.code == 0, ended.err
    found = otelcol.wait_for(unique, count)
    assert len(found) == count
    assert sum(record.trace_id == TRACE for record in found) == 3
    assert {record.attributes["log.iostream"] for record in found} == {"stdout"}


def test_a_restart_sends_nothing_twice(
    waybill: Runner, otelcol: OtelCol, unique: str, tmp_path: Path
) -> None:
    log = tmp_path / "a.log"
    config = config_for(otelcol.url, unique)
    config["inputs"] = {"app": {"type": "file", "include": [str(log)]}}
    for part in range(3):
        with open(log, "a", encoding="utf-8") as file:
            file.writelines(f"line {part}-{n}\n" for n in range(10))
        ended = waybill.run("run", "--once", config=config)
        assert ended.code == 0, ended.err
    found = otelcol.wait_for(unique, 30)
    assert [record.body for record in found] == [
        f"line {part}-{n}" for part in range(3) for n in range(10)]
    assert {record.attributes["log.file.path"] for record in found} == {str(log)}
    assert len({record.attributes["log.record.uid"] for record in found}) == 30


@pytest.mark.parametrize("compression", ["none", "gzip"])
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_the_connection_is_checked(
    waybill: Runner, otelcol: OtelCol, unique: str, protocol: str, compression: str
) -> None:
    config = config_for(**to(otelcol, protocol), service=unique, compression=compression)
    ended = waybill.run("check", "--connect", config=config)
    assert ended.code == 0, ended.err


def test_lokis_own_otlp_endpoint(waybill: Runner, loki: Loki, unique: str) -> None:
    config = config_for(f"{loki.url}/otlp", unique)
    data = f'{{"level":"error","msg":"over otlp","trace_id":"{TRACE}","n":1}}\n'.encode()
    ended = waybill.run("run", config=config, stdin=data)
    assert (ended.code, ended.err) == (0, "")
    (entry,) = loki.wait_for(f'{{service_name="{unique}"}}')
    assert entry.line == "over otlp"
    assert entry.metadata["trace_id"] == TRACE and entry.metadata["n"] == "1"


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_exceptions(waybill: Runner, otelcol: OtelCol, unique: str, protocol: str) -> None:
    stack = [
        "java.lang.IllegalStateException: cart is gone",
        "\tat shop.Cart.load(Cart.java:42)",
        "\tat shop.Main.main(Main.java:7)",
        "Caused by: java.sql.SQLException: timeout",
        "\tat shop.Db.query(Db.java:11)",
        "\t... 2 more",
    ]
    data = (
        "2026-01-02 03:04:05,123 ERROR [main] shop.Cart - cannot load\n" + "\n".join(stack) + "\n"
        '{"level":"error","msg":"charge failed","error":{"type":"CardError",'
        '"message":"declined \\"x\\"",'
        '"stack":"CardError: declined\\n    at charge (/app/pay.js:10:5)"}}\n'
    ).encode()
    config = config_for(**to(otelcol, protocol), service=unique)
    ended = waybill.run("run", config=config, stdin=data)
    assert (ended.code, ended.err) == (0, "")
    java, card = otelcol.wait_for(unique, 2)
    assert java.attributes["exception.type"] == "java.lang.IllegalStateException"
    assert java.attributes["exception.message"] == "cart is gone"
    assert java.attributes["exception.stacktrace"] == "\n".join(stack)
    assert java.attributes["error.type"] == "java.lang.IllegalStateException"
    assert (java.severity, java.body) == (17, "\n".join(["cannot load", *stack]))
    assert card.attributes["exception.type"] == "CardError"
    assert card.attributes["exception.message"] == 'declined "x"'
    assert card.attributes["exception.stacktrace"] == (
        "CardError: declined\n    at charge (/app/pay.js:10:5)")
    assert (card.severity, card.body) == (17, "charge failed")


def test_messages_that_are_too_large_for_the_collector(
    waybill: Runner, otelcol: OtelCol, unique: str, tmp_path: Path
) -> None:
    """4 MiB is what it takes over gRPC. It ends the stream before it has such a message."""
    log = tmp_path / "a.log"
    lines = [f"{n:06} " + "x" * 1000 for n in range(12_000)]
    log.write_text("\n".join(lines) + "\n", encoding="ascii")
    config = config_for(**to(otelcol, "grpc"), service=unique, compression="none",
                        batch={"bytes": "12MiB", "records": 100_000, "delay": "5s"})
    config["memory"] = "256MiB"
    config["inputs"] = {"app": {"type": "file", "include": [str(log)], "start_at": "beginning"}}
    ended = waybill.run("run", "--once", config=config)
    assert ended.code == 0, ended.err
    found = otelcol.wait_for(unique, len(lines), limit=60)
    assert sorted(str(record.body) for record in found) == lines


@pytest.mark.parametrize("protocol", ["http/protobuf", "grpc"])
def test_a_collector_that_is_restarted(
    waybill: Runner, otelcol: OtelCol, unique: str, tmp_path: Path, protocol: str
) -> None:
    assert otelcol  # it is built
    collector = otelcol_server.start(otelcol_server.build(cache.root()), private=True)
    try:
        log = tmp_path / "a.log"
        config = config_for(**to(collector, protocol), service=unique, batch={"delay": "50ms"})
        config["inputs"] = {"app": {"type": "file", "include": [str(log)]}}
        daemon = waybill.daemon(config)
        total = 0
        for part in range(3):
            with open(log, "a", encoding="ascii") as file:
                file.writelines(f"line {n:06}\n" for n in range(total, total + 2000))
            total += 2000
            if part == 1:
                daemon.err.wait_for("cannot reach")
                collector.again()
            daemon.wait_delivered("otlp", total, limit=60)
            if part == 0:
                collector.end()
        found = {str(record.body) for record in collector.wait_for(unique, total)}
        assert found == {f"line {n:06}" for n in range(total)}
        assert daemon.stop() == 0
    finally:
        collector.stop()
