# SPDX-License-Identifier: Apache-2.0
"""A clock that is set, and file systems that come back as others. The numbers are those of a list
of faults that bite users of such daemons."""

from __future__ import annotations

import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from harness.backend import LokiBackend, Reply
from harness.poll import stays, until
from harness.programs import compile_preload
from harness.runner import Runner
from harness.sending import append, messages, numbered

HOUR_S = 3600


def preloaded(waybill: Runner, library: Path, **variables: str) -> dict[str, str]:
    """The environment of a run with this library in front of libc."""
    asan = waybill.env.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"
    return {"LD_PRELOAD": str(library), "ASAN_OPTIONS": asan, **variables}


def config_for(folder: Path) -> dict[str, Any]:
    app = {"type": "file", "include": [str(folder / "logs" / "*.log")], "start_at": "beginning"}
    out = {"type": "file", "path": str(folder / "out.jsonl"), "batch": {"delay": "20ms"}}
    return {"inputs": {"app": app}, "outputs": {"out": out}}


# ---- the clock ----


@pytest.mark.parametrize("step", [HOUR_S, -HOUR_S], ids=["forward", "back"])
def test_54_the_clock_is_set_while_a_backend_is_waited_for(
    waybill: Runner, loki_backend: LokiBackend, tmp_path: Path, step: int
) -> None:
    """Waiting goes by a clock that nobody sets, times of lines are their own, and no checkpoint is
    too old or too new for the next run."""
    clock = tmp_path / "clock"
    clock.write_bytes(struct.pack("q", 0))
    env = preloaded(waybill, compile_preload("clock", tmp_path), WAYBILL_TEST_CLOCK=str(clock))
    config = config_for(tmp_path)
    config["outputs"] = {"loki": {"type": "loki", "endpoint": loki_backend.url,
                                  "line": "message", "batch": {"delay": "1s"}}}
    (tmp_path / "logs").mkdir()
    log = tmp_path / "logs" / "a.log"
    loki_backend.then(Reply(429, b"slow down", {"Retry-After": "3"}))
    daemon = waybill.daemon(config, env=env)
    append(log, '{"ts":1767323045.5,"msg":"dated"}')
    (first,) = loki_backend.wait_requests(1)
    with open(clock, "r+b", buffering=0) as file:
        file.write(struct.pack("q", step))
    second = loki_backend.wait_requests(2)[1]
    assert 3 <= second.at - first.at < 6
    daemon.wait_delivered("loki", 1)
    append(log, *numbered(50))
    daemon.wait_delivered("loki", 51)
    times = {entry.line: entry.time_ns for entry in loki_backend.taken}
    assert times.pop("dated") == 1767323045_500000000
    shown = {time // 10**9 - int(tmp_path.stat().st_mtime) for time in times.values()}
    assert all(abs(seconds - step) < 300 for seconds in shown), "the clock was set"
    assert daemon.stop() == 0
    daemon = waybill.daemon(config)  # the clock is right again
    append(log, "last")
    daemon.wait_delivered("loki", 1)
    assert [entry.line for entry in loki_backend.taken] == ["dated", *numbered(50), "last"]
    assert daemon.stop() == 0


# ---- file systems ----


def test_57_the_server_of_a_network_file_system_has_come_back(
    waybill: Runner, tmp_path: Path
) -> None:
    """Every descriptor is stale (ESTALE): the files are opened again, and go on where they were."""
    turns = tmp_path / "turns"
    turns.touch()
    env = preloaded(waybill, compile_preload("stale", tmp_path), WAYBILL_TEST_STALE=str(turns))
    (tmp_path / "logs").mkdir()
    logs = [tmp_path / "logs" / name for name in ("a.log", "b.log")]
    daemon = waybill.daemon(config_for(tmp_path), env=env)
    lines: list[str] = []
    for turn in range(3):
        for log in logs:
            more = [f"{log.name} {turn} {line}" for line in numbered(100)]
            append(log, *more)
            lines += more
        until(lambda: set(messages(waybill.written())) == set(lines),
              lambda: f"{len(lines)} lines; {len(waybill.written())}\n{daemon.story()}")
        turns.write_bytes(b"x" * (turn + 1))
    stays(lambda: daemon.running, "it goes on", 1.5)
    assert sorted(messages(waybill.written())) == sorted(lines), "each once"
    assert daemon.input("app")["missed"]["rotation"] == 0
    assert daemon.stop() == 0


@pytest.fixture
def two_disks(tmp_path: Path) -> Iterator[list[Path]]:
    """Two file systems of their own; the folder `logs` shows the first one."""
    disks = [tmp_path / "disk0", tmp_path / "disk1"]
    (tmp_path / "logs").mkdir()
    for disk in disks:
        disk.mkdir()
        made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)],
                              capture_output=True, text=True, check=False)
        if made.returncode != 0:
            pytest.skip(f"no tmpfs can be mounted here: {made.stderr.strip()}")
    subprocess.run(["mount", "--bind", disks[0], tmp_path / "logs"], check=True)
    yield disks
    for place in (tmp_path / "logs", *disks):
        subprocess.run(["umount", "-l", place], check=True)


@pytest.mark.parametrize("running", [False, True], ids=["stopped", "running"])
def test_57_the_file_system_comes_back_with_another_device_number(
    waybill: Runner, tmp_path: Path, two_disks: list[Path], running: bool
) -> None:
    """The same files at the same place are known by what is in them, and not read again."""
    log = tmp_path / "logs" / "a.log"
    append(log, *numbered(100))
    daemon = waybill.daemon(config_for(tmp_path))
    waybill.wait_written(100)
    if not running:
        assert daemon.stop() == 0
    before = log.stat()
    (two_disks[1] / "a.log").write_bytes(log.read_bytes())
    subprocess.run(["umount", "-l", tmp_path / "logs"], check=True)
    subprocess.run(["mount", "--bind", two_disks[1], tmp_path / "logs"], check=True)
    assert log.stat().st_dev != before.st_dev
    if log.stat().st_ino != before.st_ino:
        pytest.skip("this kernel gives no file of a new tmpfs a number of the old one")
    if not running:
        daemon = waybill.daemon(config_for(tmp_path))
    append(log, *numbered(50, 100))
    until(lambda: set(messages(waybill.written())) == set(numbered(150)), daemon.story)
    stays(lambda: messages(waybill.written()) == numbered(150), "each once", 1.5)
    assert daemon.stop() == 0


# ---- no more threads ----


def test_without_a_thread_nothing_starts_and_what_runs_goes_on(
    waybill: Runner, loki_backend: LokiBackend, tmp_path: Path
) -> None:
    """A limit of processes: the start says so; a reload is refused, or does without."""
    limit = tmp_path / "limit"
    preload = compile_preload("threads", tmp_path)
    env = preloaded(waybill, preload, WAYBILL_TEST_NO_THREADS=str(limit))
    (tmp_path / "logs").mkdir()
    config = config_for(tmp_path)
    out = config["outputs"]["out"]
    loki = {"type": "loki", "endpoint": loki_backend.url, "line": "message"}
    limit.touch()
    for outputs in ({"out": out}, {"out": out | {"spool": {"size": 0}}}, {"loki": loki}):
        ended = waybill.run("run", config=config | {"outputs": outputs}, env=env)
        assert ended.code == 1
        assert "ulimit -u, TasksMax" in ended.err
    limit.unlink()
    daemon = waybill.daemon(config | {"inputs": {"pipe": {"type": "stdin"}}}, env=env)
    limit.touch()
    waybill.write_config(config | {"outputs": {"out": out, "loki": loki}})
    assert daemon.reload() == "refused"
    daemon.err.wait_for("ulimit -u, TasksMax")
    # Files need a thread for their checkpoints: without, they are written less often.
    waybill.write_config(config)
    append(tmp_path / "logs" / "a.log", *numbered(10))
    assert daemon.reload() == "applied"
    daemon.wait_delivered("out", 10)
    daemon.err.wait_for("kept less often")
    assert daemon.stop() == 0
    limit.unlink()
    daemon = waybill.daemon(config, env=env)
    append(tmp_path / "logs" / "a.log", "new")
    daemon.wait_delivered("out", 1)
    assert daemon.stop() == 0
    assert messages(waybill.written()) == [*numbered(10), "new"], "each once"
