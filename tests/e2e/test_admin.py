# SPDX-License-Identifier: Apache-2.0
"""The admin pages, over the socket and over TCP."""

from __future__ import annotations

import re
import signal
import socket
from typing import Any

import pytest
from harness import admin
from harness.backend import LokiBackend
from harness.poll import until
from harness.process import Waybill
from harness.runner import Runner

CONFIG: dict[str, Any] = {
    "service": {"name": "shop"},
    "inputs": {"pipe": {"type": "stdin"}},
    "outputs": {"out": {"type": "console", "style": "json"}},
    "admin": {"listen": "127.0.0.1:0"},
}
LINES = b"""plain
WARN careful
{"level":"error","msg":"boom","trace_id":"4bf92f3577b34da6a3ce929d0e0e4736"}
level=info msg=fine
{"a":1,"a":2}
\xff

"""


def start(waybill: Runner, config: dict[str, Any] | None = None) -> Waybill:
    return waybill.start("run", config=config or CONFIG).wait_ready()


def tcp_address(process: Waybill) -> str:
    text = process.err.wait_for("http://")
    found = re.search(r"http://(\S+:\d+)", text)
    assert found
    return found.group(1)


def test_the_same_over_tcp_and_socket(waybill: Runner) -> None:
    process = start(waybill)
    address = tcp_address(process)
    for page in ("/metrics", "/ledger", "/outputs", "/healthz", "/readyz"):
        over_tcp = admin.get_tcp(address, page)
        over_socket = process.page(page)
        assert over_tcp.status == over_socket.status == 200
        assert over_tcp.headers["content-type"] == over_socket.headers["content-type"]
    assert admin.get_tcp(address, "/nothing").status == 404
    assert admin.get_tcp(address, "/metrics?x=1").status == 200
    assert admin.get_tcp(address, "/ledger", "POST").status == 405
    assert admin.get_tcp(address, "/ledger", "HEAD").text == ""


def test_tcp_is_off_unless_configured(waybill: Runner) -> None:
    config = {key: value for key, value in CONFIG.items() if key != "admin"}
    process = start(waybill, config)
    assert "http://" not in process.err.text
    assert process.page("/healthz").status == 200


def test_a_bad_client_does_no_harm(waybill: Runner) -> None:
    process = start(waybill)
    host, _, port = tcp_address(process).rpartition(":")
    for data in (b"\0\xff" * 100, b"GET /" + b"x" * 100_000 + b" HTTP/1.1\r\n\r\n", b"GET"):
        with socket.create_connection((host, int(port)), timeout=5) as client:
            try:
                client.sendall(data)
                client.shutdown(socket.SHUT_WR)
                assert b" 200 " not in client.recv(4096)
            except OSError:
                pass  # a connection that is closed at once is as good an answer as any
    slow = [socket.create_connection((host, int(port)), timeout=5) for _ in range(50)]
    assert process.page("/healthz").status == 200
    for client in slow:
        client.close()


def test_the_ledger(waybill: Runner) -> None:
    process = start(waybill)
    process.write(LINES)
    process.out.wait_for_records(6)
    process.wait_delivered("out", 6)
    counts = process.input("pipe")
    assert (counts["lines"], counts["records"], counts["empty"]) == (7, 6, 1)
    assert counts["bytes"] == len(LINES)
    assert counts["duplicate_keys"] == 1 and counts["repaired_lines"] == 1
    assert counts["formats"] == {"json": 2, "logfmt": 1, "text": 3}
    assert process.output("out")["delivered"] == 6


def test_the_metrics(waybill: Runner) -> None:
    process = start(waybill)
    process.write(LINES)
    process.wait_delivered("out", 6)
    page = process.page("/metrics")
    assert page.headers["content-type"].startswith("text/plain; version=0.0.4")
    metrics = admin.Metrics(page.text)
    expected = [
        ("waybill_input_lines_total", {"input": "pipe"}, 7),
        ("waybill_input_bytes_total", {"input": "pipe"}, len(LINES)),
        ("waybill_input_lag_bytes", {"input": "pipe"}, 0),
        ("waybill_parsed_total", {"input": "pipe", "format": "json"}, 2),
        ("waybill_trace_origin_total", {"origin": "field"}, 1),
        ("waybill_output_records_total", {"output": "out", "result": "delivered"}, 6),
        ("waybill_output_records_total", {"output": "out", "result": "dropped"}, 0),
        ("waybill_output_retries_total", {"output": "out"}, 0),
        ("waybill_config_reloads_total", {"result": "applied"}, 0),
        ("waybill_log_records_total", {"service": "shop", "level": "ERROR"}, 1),
        ("waybill_log_records_total", {"service": "shop", "level": "WARN"}, 1),
    ]
    for name, labels, value in expected:
        assert metrics.value(name, **labels) == value, (name, labels)
    for reason in ("kernel", "rotation", "start_at"):
        assert metrics.value("waybill_input_missed_total", input="pipe", reason=reason) == 0
    assert metrics.types["waybill_output_request_seconds"] == "histogram"
    for name in ("waybill_output_queue_records", "waybill_oldest_undelivered_seconds",
                 "waybill_memory_bytes", "waybill_build_info", "process_cpu_seconds_total",
                 "process_resident_memory_bytes"):
        assert any(sample == name for sample in metrics.names()), name
    for name, kind in metrics.types.items():
        assert (kind == "counter") == name.endswith("_total"), name
    assert "4bf92f35" not in page.text, "ids are never labels"


def test_labels_are_bounded(waybill: Runner) -> None:
    process = start(waybill)
    process.write("".join(f'{{"msg":"x","service_name":"s{n}"}}\n' for n in range(1000)))
    process.wait_delivered("out", 1000)
    metrics = process.metrics()
    services = {dict(labels)["service"] for name, labels in metrics.samples
                if name == "waybill_log_records_total"}
    assert "other" in services and len(services) <= 101


def test_the_outputs_page(waybill: Runner, loki_backend: LokiBackend) -> None:
    loki_backend.then(503)
    config = CONFIG | {"outputs": {"loki": {"type": "loki", "batch": {"delay": "10ms"},
                                            "endpoint": loki_backend.url.replace("//", "//u:pw@")}}}
    process = start(waybill, config)
    one = process.page("/outputs").json()["loki"]
    assert one["state"] == "ok" and loki_backend.url in one["target"]
    assert "pw" not in process.page("/outputs").text
    process.write("x\n")
    process.wait_delivered("loki", 1)
    one = process.page("/outputs").json()["loki"]
    assert (one["state"], one["requests"], one["retries"]) == ("ok", 2, 1)
    histogram = process.metrics()
    assert histogram.value("waybill_output_request_seconds_count", output="loki") == 2


def test_a_broken_output_has_its_reason_on_the_page(
    waybill: Runner, absent_backend: LokiBackend
) -> None:
    config = CONFIG | {"outputs": {"loki": {"type": "loki", "endpoint": absent_backend.url,
                                            "batch": {"delay": "10ms"}}},
                       "shutdown": {"grace": "1s"}}
    process = start(waybill, config)
    process.write("x\n")
    one = until(lambda: _problem(process), "a problem")
    assert one["state"] == "retrying" and "refused" in one["problem"]
    assert process.page("/healthz").status == 200
    age = "waybill_oldest_undelivered_seconds"
    until(lambda: process.metrics().value(age, output="loki") > 0.3, "the oldest record ages")


def _problem(process: Waybill) -> dict[str, Any] | None:
    one = dict(process.page("/outputs").json()["loki"])
    return one if "problem" in one else None


def test_not_ready_while_it_ends(waybill: Runner) -> None:
    process = start(waybill, CONFIG | {"shutdown": {"grace": "10s"}})
    process.signal(signal.SIGTERM)  # its pipe stays open
    until(lambda: process.page("/readyz").status == 503, "not ready")
    assert process.page("/healthz").status == 200
    ended = waybill.run("health", "--ready", "-c", str(waybill.config_file))
    assert ended.code == 1 and "stopping" in ended.err
    process.close_stdin()
    assert process.wait() == 0


@pytest.mark.parametrize("address", ["127.0.0.1", "127.0.0.1:x", "127.0.0.1:70000"])
def test_an_impossible_address(waybill: Runner, address: str) -> None:
    ended = waybill.run("check", config=CONFIG | {"admin": {"listen": address}})
    assert ended.code == 2 and address in ended.err


def test_a_port_in_use(waybill: Runner) -> None:
    with socket.create_server(("127.0.0.1", 0)) as owner:
        address = f"127.0.0.1:{owner.getsockname()[1]}"
        ended = waybill.run("run", config=CONFIG | {"admin": {"listen": address}})
        assert ended.code == 1
        assert address in ended.err and "in use" in ended.err
