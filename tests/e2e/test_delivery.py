# SPDX-License-Identifier: Apache-2.0
"""Batches, retries, and backends that misbehave. The numbers are those of a list of faults that
bite users of such daemons."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

import pytest
from harness.backend import LokiBackend, Reply
from harness.poll import stays, until
from harness.process import Waybill
from harness.runner import Runner
from harness.sending import append, numbered


def config_for(backend: LokiBackend, **options: Any) -> dict[str, Any]:
    return {"inputs": {"pipe": {"type": "stdin"}},
            "outputs": {"loki": {"type": "loki", "endpoint": backend.url, "line": "message",
                                 "batch": {"delay": "20ms"}, **options}}}


def start(waybill: Runner, backend: LokiBackend, **options: Any) -> Waybill:
    return waybill.start("run", config=config_for(backend, **options)).wait_ready()


def write(process: Waybill, count: int, first: int = 0) -> list[str]:
    lines = numbered(count, first)
    process.write("".join(line + "\n" for line in lines))
    return lines


def end(process: Waybill, by: signal.Signals | None = None) -> int:
    """The end of its input, after a signal if one is given."""
    process.ledger()
    if by is not None:
        process.signal(by)
    process.close_stdin()
    return process.wait()


# ---- batches ----


def test_by_count(waybill: Runner, loki_backend: LokiBackend) -> None:
    process = start(waybill, loki_backend, batch={"records": 10, "delay": "60s"})
    write(process, 35)
    loki_backend.wait_taken(30)
    stays(lambda: len(loki_backend.taken) == 30, "the last 5 wait for company", 0.3)
    assert end(process) == 0
    sizes = [len(loki_backend.decode(request)) for request in loki_backend.requests]
    assert sizes == [10, 10, 10, 5]


def test_by_bytes(waybill: Runner, loki_backend: LokiBackend) -> None:
    process = start(waybill, loki_backend, batch={"bytes": "10KiB", "delay": "60s"})
    process.write("".join(f"{n:04}{'x' * 1000}\n" for n in range(50)))
    loki_backend.wait_requests(3)
    assert end(process) == 0
    assert len(loki_backend.taken) == 50
    assert 5 <= len(loki_backend.requests) <= 8


def test_by_delay(waybill: Runner, loki_backend: LokiBackend) -> None:
    process = start(waybill, loki_backend, batch={"delay": "300ms"})
    write(process, 3)
    stays(lambda: not loki_backend.requests, "not yet", 0.15)
    loki_backend.wait_taken(3)
    assert len(loki_backend.requests) == 1
    assert end(process) == 0


def test_one_connection_is_used_again(waybill: Runner, loki_backend: LokiBackend) -> None:
    process = start(waybill, loki_backend)
    for number in range(5):
        write(process, 1, number)
        loki_backend.wait_taken(number + 1)
    assert end(process) == 0
    assert {request.connection for request in loki_backend.requests} == {1}


# ---- backends that refuse ----


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_busy_backend_is_asked_again(
    waybill: Runner, loki_backend: LokiBackend, status: int
) -> None:
    loki_backend.then(status, status, status)
    process = start(waybill, loki_backend)
    lines = write(process, 20)
    loki_backend.wait_taken(20)
    assert [entry.line for entry in loki_backend.taken] == lines
    process.wait_delivered("loki", 20)
    # The third 500 may be about one of the records: halves are other requests.
    again = 2 if status == 500 else 3
    assert process.metrics().value("waybill_output_retries_total", output="loki") == again
    assert end(process) == 0
    process.err.wait_for(str(status))
    process.err.wait_for("delivering again")


@pytest.mark.parametrize(
    ("status", "by"), [(401, signal.SIGTERM), (403, signal.SIGTERM), (404, None)]
)
def test_a_wrong_password_is_held_and_reported(
    waybill: Runner, loki_backend: LokiBackend, status: int, by: signal.Signals | None
) -> None:
    loki_backend.always(status)
    process = start(waybill, loki_backend)
    write(process, 20)
    loki_backend.wait_requests(1)
    until(lambda: process.page("/outputs").json()["loki"]["state"] == "misconfigured",
          "the state says so")
    stays(lambda: len(loki_backend.requests) == 1, "it is not hammered", 1.0)
    counts = process.output("loki")
    assert (counts["in_flight"], counts["delivered"]) == (20, 0)
    assert sum(counts["dropped"].values()) + counts["dead_lettered"] == 0
    assert process.page("/healthz").status == 200, "an outage of Loki is not our illness"
    assert process.page("/readyz").status == 200
    process.err.wait_for(str(status))
    loki_backend.recover()
    assert end(process, by) == 0, "the end makes one more attempt"
    assert len(loki_backend.taken) == 20


def test_11_retry_after_is_obeyed(waybill: Runner, loki_backend: LokiBackend) -> None:
    """A backend that asks for a pause gets it in full; the jitter comes on top."""
    loki_backend.then(Reply(429, b"slow down", {"Retry-After": "20"}))
    process = start(waybill, loki_backend)
    write(process, 1)
    first, second = loki_backend.wait_requests(2, limit=40)[:2]
    assert 20 <= second.at - first.at < 23
    assert end(process) == 0


def test_retries_back_off(waybill: Runner, loki_backend: LokiBackend) -> None:
    loki_backend.always(503)
    process = start(waybill, loki_backend)
    write(process, 1)
    loki_backend.wait_requests(2)
    stays(lambda: len(loki_backend.requests) < 40, "not in a tight loop", 4.0)
    loki_backend.recover()
    loki_backend.wait_taken(1, limit=40)
    assert end(process) == 0


def test_a_backend_that_comes_late(waybill: Runner, absent_backend: LokiBackend) -> None:
    process = start(waybill, absent_backend)
    lines = write(process, 100)
    process.err.wait_for("refused")
    process.err.wait_for(f"127.0.0.1:{absent_backend.port}")
    assert process.output("loki")["in_flight"] == 100
    absent_backend.listen()
    taken = absent_backend.wait_taken(100, limit=40)
    assert [entry.line for entry in taken] == lines
    assert end(process) == 0


def test_a_connection_closed_without_a_word(waybill: Runner, loki_backend: LokiBackend) -> None:
    """It may have been stored or not: it goes again, byte for byte, and Loki drops the repeat."""
    loki_backend.then(Reply(204, how="close"))
    process = start(waybill, loki_backend)
    write(process, 10)
    first, second = loki_backend.wait_requests(2)[:2]
    assert first.body == second.body
    assert end(process) == 0


@pytest.mark.parametrize("how", ["hang", pytest.param("drip", id="48_drip")])
def test_a_backend_that_hangs_runs_out_of_time(
    waybill: Runner, loki_backend: LokiBackend, how: str
) -> None:
    """A deadline for the whole: a byte now and then does not hold the request open."""
    loki_backend.then(Reply(200, how=how))
    process = start(waybill, loki_backend, timeout="1s")
    write(process, 5)
    first, second = loki_backend.wait_requests(2)[:2]
    assert 0.9 <= second.at - first.at < 10
    assert len(loki_backend.wait_taken(5)) == 5
    assert end(process) == 0


def test_51_a_redirect_is_not_followed(
    waybill: Runner, loki_backend: LokiBackend, elastic_backend: Any
) -> None:
    """Whoever can answer in the backend's name must not have the logs sent elsewhere."""
    loki_backend.then(Reply(307, b"", {"Location": f"{elastic_backend.url}/loki/api/v1/push"}))
    process = start(waybill, loki_backend)
    write(process, 1)
    process.err.wait_for("307")
    loki_backend.recover()
    assert end(process, signal.SIGTERM) == 0
    assert elastic_backend.requests == []


@pytest.mark.parametrize("status", [200, 500])
def test_50_an_endless_reply_is_cut(
    waybill: Runner, loki_backend: LokiBackend, status: int
) -> None:
    """300 MB in answer to one line do not become memory of ours."""
    loki_backend.then(Reply(status, b"x" * 1_000_000, times=300))
    process = start(waybill, loki_backend)
    write(process, 1)
    loki_backend.wait_taken(1)
    process.wait_delivered("loki", 1)
    assert process.peak_memory() < 60 << 20 or waybill.sanitized
    assert end(process) == 0
    assert len(process.err.text) < 5000


# ---- two outputs ----


@pytest.mark.parametrize("spool", ["512MiB", 0])
@pytest.mark.parametrize("memory", ["2MiB", "8MiB"])
def test_a_dead_output_does_not_slow_the_other(
    waybill: Runner, loki_backend: LokiBackend, absent_backend: LokiBackend, tmp_path: Path,
    memory: str, spool: str | int,
) -> None:
    config = config_for(loki_backend)
    dead = {**config["outputs"]["loki"], "endpoint": absent_backend.url, "spool": {"size": spool}}
    config |= {
        "memory": memory,
        "parse": {"max_line": "16KiB"},
        "inputs": {"app": {"type": "file", "include": [str(tmp_path / "*.log")]}},
        "outputs": {"dead": dead, **config["outputs"]},
        "shutdown": {"grace": "3s"},
    }
    process = waybill.daemon(config)
    lines = [f"{line} {'x' * 200}" for line in numbered(20_000)]
    for part in range(0, 20_000, 1000):
        append(tmp_path / "a.log", *lines[part : part + 1000])
    loki_backend.wait_taken(20_000)
    counts = process.output("dead")
    assert counts["records"] == 20_000
    assert sum(process.output("loki")["dropped"].values()) == 0
    assert [entry.line for entry in loki_backend.taken] == lines
    if spool == 0:
        assert counts["dropped"]["queue_full"] > 0, "its memory is used up, and it says so"
        assert process.stop() == 3
        process.err.wait_for("dropped")
        return
    assert sum(counts["dropped"].values()) == 0
    assert process.stop() == 3
    process.err.wait_for("20000 records not delivered")
    absent_backend.listen()
    process = waybill.daemon(config)
    absent_backend.wait_taken(20_000, limit=60)
    assert sorted(entry.line for entry in absent_backend.taken) == lines
    assert process.stop() == 0


def test_a_lone_output_holds_files_up_instead_of_dropping(
    waybill: Runner, absent_backend: LokiBackend, tmp_path: Path
) -> None:
    config = config_for(absent_backend) | {
        "memory": "2MiB",
        "parse": {"max_line": "16KiB"},
        "inputs": {"app": {"type": "file", "include": [str(tmp_path / "*.log")],
                           "start_at": "beginning"}},
    }
    lines = [f"{line} {'x' * 200}" for line in numbered(20_000)]
    append(tmp_path / "a.log", *lines)
    process = waybill.daemon(config)
    process.err.wait_for("refused")
    stays(lambda: sum(process.output("loki")["dropped"].values()) == 0, "nothing is dropped", 2.5)
    assert process.output("loki")["in_flight"] < 20_000
    absent_backend.listen()
    taken = absent_backend.wait_taken(20_000, limit=60)
    assert [entry.line for entry in taken] == lines
    assert process.stop() == 0
    assert json.dumps(lines[0]) not in process.err.text
