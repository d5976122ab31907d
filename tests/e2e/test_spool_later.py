# SPDX-License-Identifier: Apache-2.0
"""`spool: {files: always}`: what a backend takes soon costs no disk, and everything else outlives
the files that it came from, whatever the backend does and whenever the daemon is killed."""

from __future__ import annotations

import os
import random
import time
from pathlib import Path
from typing import Any

import pytest
from harness.backend import LokiBackend, Reply, Request
from harness.poll import stays, until
from harness.process import Waybill
from harness.runner import Runner
from harness.sending import append
from test_spool import config_for, lines_of, segments, spooled, taken, wait_records, wait_spooled


def always(backend: LokiBackend, folder: Path, **spool: Any) -> dict[str, Any]:
    config = config_for(backend, folder, spool={"files": "always", **spool}, timeout="60s")
    config["inputs"] = {"app": {"type": "file", "include": [str(folder / "*.log")],
                                "start_at": "beginning"}}
    return config


def safe(process: Waybill) -> bool:
    """Whether all that is in flight is on disk."""
    counts = process.output("loki")
    return int(counts["in_flight"]) <= spooled(process)


def kill_and_remove(process: Waybill, folder: Path) -> None:
    process.kill()
    process.close_stdin()
    for log in folder.glob("*.log"):
        log.unlink()


def test_a_backend_that_keeps_up_costs_no_disk(
    waybill: Runner, loki_backend: LokiBackend, tmp_path: Path
) -> None:
    process = waybill.daemon(always(loki_backend, tmp_path, after="30s"))
    lines = lines_of(2000)
    for begin in range(0, len(lines), 200):
        append(tmp_path / "a.log", *lines[begin : begin + 200])
        loki_backend.wait_taken(begin + 200)
    assert taken(loki_backend) == lines
    assert spooled(process) == 0 and segments(waybill) == []
    assert process.stop() == 0


def test_with_after_0_everything_goes_through_the_disk(
    waybill: Runner, loki_backend: LokiBackend, tmp_path: Path
) -> None:
    process = waybill.daemon(always(loki_backend, tmp_path, after=0))
    held = Reply(how="hang")
    loki_backend.then(held)
    lines = lines_of(100)
    append(tmp_path / "a.log", *lines)
    loki_backend.wait_requests(1)
    assert spooled(process) > 0, "it is on disk before it is sent"
    loki_backend.release()
    until(lambda: set(taken(loki_backend)) == set(lines), process.story)
    assert process.stop() == 0


@pytest.mark.parametrize("mood", ["dead", "refuses", "hangs"])
def test_34_lines_outlive_their_file_whatever_the_backend_does(
    waybill: Runner, loki_backend: LokiBackend, absent_backend: LokiBackend, tmp_path: Path,
    mood: str,
) -> None:
    """What is being sent just then included."""
    backend = absent_backend if mood == "dead" else loki_backend
    if mood != "dead":
        backend.always(503 if mood == "refuses" else Reply(how="hang"))
    config = always(backend, tmp_path)
    process = waybill.daemon(config)
    lines = lines_of(500)
    append(tmp_path / "a.log", *lines[:100])
    if mood == "hangs":
        backend.wait_requests(1)
    append(tmp_path / "a.log", *lines[100:])
    wait_spooled(process, 500)
    kill_and_remove(process, tmp_path)
    if mood == "dead":
        backend.listen()
    else:
        backend.release()
        backend.recover()
    process = waybill.daemon(config)
    until(lambda: set(taken(backend)) == set(lines), process.story)
    until(lambda: process.output("loki")["in_flight"] == 0, process.story)
    came = taken(backend)
    assert came[-500:] == lines, "in order, and once in this run"
    until(lambda: spooled(process) == 0 and segments(waybill) == [], process.story)
    assert process.stop() == 0


def test_a_checkpoint_moves_while_a_request_hangs(
    waybill: Runner, loki_backend: LokiBackend, tmp_path: Path
) -> None:
    """So the same lines are not read again by the next run, only delivered from the disk."""
    loki_backend.always(Reply(how="hang"))
    config = always(loki_backend, tmp_path, after="100ms")
    process = waybill.daemon(config)
    lines = lines_of(50)
    append(tmp_path / "a.log", *lines)
    wait_spooled(process, 50)
    until(lambda: process.metrics().value("waybill_input_lag_bytes", input="app") == 0,
          process.story)
    checkpoint_s = 2.0
    stays(lambda: spooled(process) == 50, "it waits", checkpoint_s)
    process.kill()
    process.close_stdin()
    loki_backend.release()
    loki_backend.recover()
    process = waybill.daemon(config)
    until(lambda: set(taken(loki_backend)) == set(lines), process.story)
    assert process.output("loki")["recovered"] == 50
    append(tmp_path / "a.log", *lines_of(1, 50))
    until(lambda: taken(loki_backend)[-1] == lines_of(1, 50)[0], process.story)
    assert process.output("loki")["records"] == 1
    assert process.stop() == 0


def test_a_slow_backend_gets_everything_once_and_in_order(
    waybill: Runner, loki_backend: LokiBackend, tmp_path: Path
) -> None:
    def slow(request: Request) -> Reply:
        time.sleep(0.2)  # its own pace
        return loki_backend.accept(request)

    loki_backend.always(slow)
    config = always(loki_backend, tmp_path, after="50ms")
    config["outputs"]["loki"]["batch"] = {"delay": "20ms", "records": 500}
    process = waybill.daemon(config)
    lines = lines_of(10_000)
    append(tmp_path / "a.log", *lines)
    wait_spooled(process)
    loki_backend.wait_taken(len(lines), limit=60)
    assert taken(loki_backend) == lines
    until(lambda: spooled(process) == 0 and segments(waybill) == [], process.story)
    assert process.output("loki")["in_flight"] == 0
    assert process.stop() == 0


def test_a_stop_while_a_request_hangs_leaves_every_record_once(
    waybill: Runner, loki_backend: LokiBackend, tmp_path: Path
) -> None:
    loki_backend.always(Reply(how="hang"))
    config = always(loki_backend, tmp_path, after="50ms")
    process = waybill.daemon(config)
    lines = lines_of(300)
    append(tmp_path / "a.log", *lines)
    wait_spooled(process, 300)
    assert process.stop() == 3
    process.err.wait_for("300 records not delivered")
    loki_backend.release()
    loki_backend.recover()
    before = len(taken(loki_backend))
    process = waybill.daemon(config)
    assert process.output("loki")["recovered"] == 300
    until(lambda: process.output("loki")["in_flight"] == 0, process.story)
    assert sorted(taken(loki_backend)[before:]) == lines
    assert process.stop() == 0


def test_killed_with_its_files_gone_nothing_that_was_safe_is_missing(
    waybill: Runner, loki_backend: LokiBackend, tmp_path: Path
) -> None:
    """Again and again, with a backend of many moods; WAYBILL_KILLS and WAYBILL_SEED as in
    test_kill.py."""
    seed = int(os.environ.get("WAYBILL_SEED") or random.SystemRandom().randrange(10**6))
    rounds = max(3, int(os.environ.get("WAYBILL_KILLS", "60")) // 6)
    print(f"WAYBILL_SEED={seed}")
    chance = random.Random(seed)
    moods = random.Random(chance.random())

    def moody(request: Request) -> Reply:
        draw = moods.random()
        if draw < 0.2:
            return Reply(how="hang")
        if draw < 0.4:
            return Reply(503, b"away")
        if draw < 0.6:
            time.sleep(0.1)  # its own pace
        return loki_backend.accept(request)

    loki_backend.always(moody)
    config = always(loki_backend, tmp_path, after="100ms")
    config["outputs"]["loki"] |= {"concurrency": 3}
    config["outputs"]["loki"]["batch"] = {"delay": "20ms", "records": 40}
    written: list[str] = []
    for number in range(rounds):
        process = waybill.daemon(config)
        more = lines_of(chance.randrange(1, 600), len(written))
        append(tmp_path / f"{number}.log", *more)
        written += more
        wait_records(process, len(more))
        # What was delivered is counted in the spool for a moment yet: only when the last record is
        # older than `after` do the counts speak of all of them.
        old_enough = time.monotonic() + 0.5
        until(lambda: time.monotonic() > old_enough and safe(process),  # noqa: B023
              process.story)
        kill_and_remove(process, tmp_path)
    loki_backend.release()
    loki_backend.recover()
    process = waybill.daemon(config)
    until(lambda: process.output("loki")["in_flight"] == 0, process.story, 60)
    assert set(taken(loki_backend)) == set(written)
    assert process.stop() == 0
