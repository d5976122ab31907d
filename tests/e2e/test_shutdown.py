# SPDX-License-Identifier: Apache-2.0
"""The orderly end: within its grace, with nothing lost in silence."""

from __future__ import annotations

import re
import signal
import time
from pathlib import Path
from typing import Any

import pytest
from harness.backend import LokiBackend, Reply
from harness.poll import until
from harness.runner import Runner
from harness.sending import append, numbered


def config_for(backend: LokiBackend, grace: str = "5s") -> dict[str, Any]:
    return {"inputs": {"pipe": {"type": "stdin"}},
            "outputs": {"loki": {"type": "loki", "endpoint": backend.url, "line": "message",
                                 "batch": {"delay": "30s"}}},
            "shutdown": {"grace": grace}}


def lines(count: int) -> str:
    return "".join(line + "\n" for line in numbered(count))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_what_waits_for_its_batch_is_sent(
    waybill: Runner, loki_backend: LokiBackend, number: signal.Signals
) -> None:
    process = waybill.start("run", config=config_for(loki_backend)).wait_ready()
    process.write(lines(100))
    process.signal(number)
    process.close_stdin()
    assert process.wait(5) == 0
    assert [entry.line for entry in loki_backend.taken] == numbered(100)
    assert process.err.text == "", "nothing is printed when nothing is left"


def test_the_end_of_the_input_sends_what_waits(waybill: Runner, loki_backend: LokiBackend) -> None:
    ended = waybill.run("run", config=config_for(loki_backend), stdin=lines(100).encode(), limit=5)
    assert (ended.code, ended.err) == (0, "")
    assert len(loki_backend.taken) == 100


def test_files_are_read_until_they_are_quiet(
    waybill: Runner, loki_backend: LokiBackend, tmp_path: Path
) -> None:
    """An application that ends at the same moment writes its last lines after our SIGTERM."""
    config = config_for(loki_backend) | {
        "inputs": {"app": {"type": "file", "include": [str(tmp_path / "*.log")],
                           "start_at": "beginning"}}}
    append(tmp_path / "a.log", "before")
    process = waybill.daemon(config)
    process.signal(signal.SIGTERM)
    for number in range(5):
        append(tmp_path / "a.log", f"after {number}")
        time.sleep(0.2)  # the writer's own pace
    assert process.wait() == 0
    assert [entry.line for entry in loki_backend.taken] == [
        "before", *[f"after {number}" for number in range(5)]]


def test_an_unreachable_backend_gets_one_attempt(
    waybill: Runner, absent_backend: LokiBackend
) -> None:
    process = waybill.start("run", config=config_for(absent_backend, "20s")).wait_ready()
    process.write(lines(7))
    process.close_stdin()
    process.signal(signal.SIGTERM)
    began = time.monotonic()
    assert process.wait() == 3
    assert time.monotonic() - began < 10, "not the whole grace"
    assert re.search(r"\b7 records", process.err.text), process.err.text
    process.err.wait_for("loki")


def test_a_refusing_backend_gets_one_attempt(waybill: Runner, loki_backend: LokiBackend) -> None:
    loki_backend.always(401)
    process = waybill.start("run", config=config_for(loki_backend, "20s")).wait_ready()
    process.write(lines(7))
    process.close_stdin()
    process.signal(signal.SIGTERM)
    assert process.wait(10) == 3
    assert len(loki_backend.requests) <= 2
    assert re.search(r"\b7 records", process.err.text), process.err.text


@pytest.mark.parametrize("how", ["hang", "drip"])
def test_a_hanging_backend_cannot_outlast_the_grace(
    waybill: Runner, loki_backend: LokiBackend, how: str
) -> None:
    loki_backend.always(Reply(200, how=how))
    config = config_for(loki_backend, "2s")
    config["outputs"]["loki"]["batch"] = {"delay": "10ms"}
    process = waybill.start("run", config=config).wait_ready()
    process.write(lines(7))
    loki_backend.wait_requests(1)
    process.signal(signal.SIGTERM)
    assert process.wait(4) == 3
    assert re.search(r"\b7 records", process.err.text), process.err.text


def test_a_second_signal_ends_at_once(waybill: Runner, loki_backend: LokiBackend) -> None:
    loki_backend.always(Reply(200, how="hang"))
    config = config_for(loki_backend, "60s")
    config["outputs"]["loki"]["batch"] = {"delay": "10ms"}
    process = waybill.start("run", config=config).wait_ready()
    process.write(lines(7))
    loki_backend.wait_requests(1)
    process.signal(signal.SIGTERM)
    # Two signals at the same instant would be one.
    until(lambda: process.page("/readyz").status == 503, "the first one is noticed")
    process.signal(signal.SIGTERM)
    assert process.wait(3) == 3


def test_a_pipe_that_never_ends_is_left_in_time(
    waybill: Runner, loki_backend: LokiBackend
) -> None:
    """Its writer holds it open: half of the grace is for reading, the rest for delivering."""
    process = waybill.start("run", config=config_for(loki_backend, "2s")).wait_ready()
    process.write(lines(7) + "no line end")
    process.signal(signal.SIGTERM)
    assert process.wait(4) == 0
    assert [entry.line for entry in loki_backend.taken] == [*numbered(7), "no line end"]


def test_at_the_end_of_the_input_retries_may_use_the_grace(
    waybill: Runner, loki_backend: LokiBackend
) -> None:
    loki_backend.then(503, 503, 503)
    ended = waybill.run("run", config=config_for(loki_backend, "20s"), stdin=lines(7).encode())
    assert ended.code == 0
    assert len(loki_backend.taken) == 7


def test_once_with_a_dead_backend(
    waybill: Runner, absent_backend: LokiBackend, tmp_path: Path
) -> None:
    append(tmp_path / "a.log", *numbered(5))
    config = config_for(absent_backend, "1s") | {
        "inputs": {"app": {"type": "file", "include": [str(tmp_path / "*.log")]}}}
    ended = waybill.run("run", "--once", config=config)
    assert ended.code == 3
    assert "5 records" in ended.err
    absent_backend.listen()
    assert waybill.run("run", "--once", config=config).code == 0
    assert [entry.line for entry in absent_backend.taken] == numbered(5), "from the checkpoint"
