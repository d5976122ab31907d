# SPDX-License-Identifier: Apache-2.0
"""The orderly end: within its grace, with nothing lost in silence."""

from __future__ import annotations

import os
import re
import signal
import time
from pathlib import Path
from typing import Any

import pytest
from harness.backend import LokiBackend, Reply, Request
from harness.poll import stays, until
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
    noticed = time.monotonic()
    process.signal(signal.SIGTERM)
    stays(lambda: process.running, "who kills a process and its group means it once", 0.5)
    until(lambda: time.monotonic() - noticed > 1, "a second has gone by")
    process.signal(signal.SIGTERM)
    assert process.wait(3) == 3
    process.err.wait_for("second signal: stopping at once")


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


def test_at_the_end_of_the_input_a_slow_backend_is_waited_for(
    waybill: Runner, loki_backend: LokiBackend
) -> None:
    """For as long as it takes anything: far longer than the grace."""

    def slowly(_request: Request) -> Reply:
        time.sleep(0.3)
        return Reply(204)

    loki_backend.always(slowly)
    config = config_for(loki_backend, "1s")
    config["outputs"]["loki"]["batch"] = {"records": 1}
    began = time.monotonic()
    ended = waybill.run("run", config=config, stdin=lines(12).encode())
    assert ended.code == 0, ended.err
    assert len(loki_backend.taken) == 12
    assert time.monotonic() - began > 3, "it was slow"


# ---- the ledger at the end ----


def sums(text: str, of: str) -> tuple[dict[str, int], dict[str, int]]:
    """Both sides of what the end says of an input or output."""
    line = re.search(rf"\b{of}: (\d.*) = ([^;\n]*)", text)
    assert line, text
    left, right = ({what: int(number) for number, what in re.findall(r"(\d+) ([a-z ]*[a-z])", side)}
                   for side in line.groups())
    assert sum(left.values()) == sum(right.values()), line.group(0)
    return left, right


def test_the_ledger_is_printed_when_something_is_left_and_it_balances(
    waybill: Runner, absent_backend: LokiBackend
) -> None:
    for run in (1, 2):
        process = waybill.start("run", config=config_for(absent_backend)).wait_ready()
        process.write(lines(7))
        process.close_stdin()
        assert process.stop() == 3
        assert sums(process.err.text, "input pipe")[0] == {"lines": 7}
        came, went = sums(process.err.text, "output loki")
        assert came == {"records": 7, "recovered": 7 * (run - 1), "synthetic": 0}
        assert went["left"] == 7 * run


def test_what_was_never_read_stands_in_the_ledger(waybill: Runner, tmp_path: Path) -> None:
    append(tmp_path / "a.log", "old")
    config = {"inputs": {"app": {"type": "file", "include": [str(tmp_path / "*.log")]}},
              "outputs": {"out": {"type": "file", "path": str(tmp_path / "out")}}}
    process = waybill.start("run", "-v", config=config).wait_ready()
    assert process.stop() == 0
    assert "never read: 4 bytes (start_at)" in process.err.text
    sums(process.err.text, "output out")


def test_on_a_terminal_the_ledger_is_printed(waybill: Runner) -> None:
    ours, theirs = os.openpty()
    try:
        shell = waybill.start_command(
            ["bash", "-c", 'printf "one\\ntwo\\n" | "$0" run --to json 2>"$1"',
             str(waybill.binary), os.ttyname(theirs)])
        assert shell.wait() == 0
        text = os.read(ours, 65536).decode()
    finally:
        os.close(ours)
        os.close(theirs)
    assert sums(text.replace("\r", ""), "input stdin")[0] == {"lines": 2}


def test_lines_of_files_are_not_lost_because_a_pipe_is(
    waybill: Runner, absent_backend: LokiBackend, tmp_path: Path
) -> None:
    append(tmp_path / "a.log", *numbered(5))
    config = config_for(absent_backend)
    config["inputs"]["app"] = {"type": "file", "include": [str(tmp_path / "*.log")],
                               "start_at": "beginning"}
    config["outputs"]["loki"] |= {"spool": {"size": 0}, "batch": {"delay": "10ms"}}
    process = waybill.start("run", config=config).wait_ready()
    until(lambda: process.output("loki")["records"] == 5, process.story)
    process.err.wait_for("refused")  # so what comes now is of another batch
    process.write(lines(7))
    process.close_stdin()
    until(lambda: process.output("loki")["records"] == 12, process.story)
    assert process.stop() == 3
    process.err.wait_for("5 records not delivered")
    assert re.search(r"5 records not delivered.*the next run reads them again", process.err.text)
    assert re.search(r"7 records not delivered.*they are lost", process.err.text)


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


def test_the_end_names_the_last_verdict_and_what_is_lost(
    waybill: Runner, loki_backend: LokiBackend
) -> None:
    """A backend that has answered something else before it hangs; and no place to keep anything."""
    loki_backend.then(503)
    loki_backend.always(Reply(200, how="hang"))
    process = waybill.start("run", "--to", f"loki={loki_backend.url}")
    process.write(lines(7))
    loki_backend.wait_requests(2)
    process.signal(signal.SIGTERM)
    process.close_stdin()
    assert process.wait() == 3
    (line,) = (line for line in process.err.text.splitlines() if "7 records not delivered" in line)
    assert "no answer from" in line and "before that: " in line and "HTTP 503" in line
    assert line.endswith("they are lost: there is no state directory to keep them in")
    assert "+ 7 lost" in process.err.text
