# SPDX-License-Identifier: Apache-2.0
"""What waits on disk while a backend is away. The numbers are those of a list of faults that bite
users of such daemons."""

from __future__ import annotations

import contextlib
import re
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from harness.backend import LokiBackend, Reply
from harness.poll import stays, until
from harness.process import Waybill
from harness.runner import Runner
from harness.sending import append, numbered, send_unix_stream

PADDING = "x" * 300


def lines_of(count: int, first: int = 0) -> list[str]:
    return [f"{line} {PADDING}" for line in numbered(count, first)]


def config_for(backend: LokiBackend, folder: Path, **options: Any) -> dict[str, Any]:
    """A socket, which cannot be read again, and little memory."""
    return {
        "memory": "2MiB",
        "parse": {"max_line": "16KiB"},
        "inputs": {"app": {"type": "unix", "path": str(folder / "log.sock"),
                           "mode": "stream"}},
        "outputs": {"loki": {"type": "loki", "endpoint": backend.url, "line": "message",
                             "batch": {"delay": "20ms"}, "timeout": "2s", **options}},
        "shutdown": {"grace": "2s"},
    }


def send(folder: Path, lines: list[str]) -> None:
    send_unix_stream(folder / "log.sock", "".join(line + "\n" for line in lines).encode())


def wait_records(process: Waybill, count: int, name: str = "loki") -> None:
    until(lambda: process.output(name)["records"] >= count,
          lambda: f"{count} records\n{process.story()}")


def wait_spooled(process: Waybill, count: int = 1, name: str = "loki") -> None:
    """Until so many records are on disk."""
    until(lambda: spooled(process, name) >= count, lambda: f"{count} spooled\n{process.story()}")


def spooled(process: Waybill, name: str = "loki") -> int:
    return int(process.metrics().value("waybill_spool_records", output=name))


def taken(backend: LokiBackend) -> list[str]:
    return [entry.line for entry in backend.taken]


def segments(waybill: Runner, name: str = "loki.loki") -> list[Path]:
    return sorted((waybill.state_dir / "spool" / name).glob("*.seg"))


def disk_bytes(waybill: Runner) -> int:
    """What the segments take, some of which may just be going."""
    size = 0
    for path in segments(waybill):
        with contextlib.suppress(FileNotFoundError):
            size += path.stat().st_size
    return size


# ---- one run ----


def test_an_outage_is_waited_out_on_disk_and_order_holds(
    waybill: Runner, absent_backend: LokiBackend, tmp_path: Path
) -> None:
    process = waybill.daemon(config_for(absent_backend, tmp_path))
    lines = lines_of(20_000)
    send(tmp_path, lines)
    wait_records(process, len(lines))
    wait_spooled(process, len(lines) // 2)
    absent_backend.listen()
    absent_backend.wait_taken(len(lines), limit=60)
    assert taken(absent_backend) == lines
    until(lambda: spooled(process) == 0 and not segments(waybill), "nothing is left on disk")
    more = lines_of(10, len(lines))
    send(tmp_path, more)
    absent_backend.wait_taken(len(lines) + 10)
    assert process.stop() == 0


def test_a_reload_keeps_the_spool(
    waybill: Runner, absent_backend: LokiBackend, loki_backend: LokiBackend, tmp_path: Path
) -> None:
    process = waybill.daemon(config_for(absent_backend, tmp_path))
    lines = lines_of(10_000)
    send(tmp_path, lines)
    wait_records(process, len(lines))
    wait_spooled(process)
    waybill.write_config(config_for(loki_backend, tmp_path))
    assert process.reload() == "applied"
    more = lines_of(10, len(lines))
    send(tmp_path, more)
    loki_backend.wait_taken(len(more), limit=30)
    until(lambda: set(taken(loki_backend)) == {*lines, *more},
          lambda: f"{len(taken(loki_backend))} of {len(lines) + len(more)}\n{process.story()}")
    assert process.stop() == 0


def test_a_reload_drops_nothing_of_a_spool_that_blocks(
    waybill: Runner, absent_backend: LokiBackend, tmp_path: Path
) -> None:
    spool = {"size": "1MiB", "when_full": "block"}
    process = waybill.daemon(config_for(absent_backend, tmp_path, spool=spool))
    lines = lines_of(20_000)
    sender = threading.Thread(target=send, args=(tmp_path, lines), daemon=True)
    sender.start()
    process.err.wait_for("is full")
    waybill.write_config(config_for(absent_backend, tmp_path, spool=spool) | {
        "service": {"name": "another"}})
    assert process.reload() == "applied"
    absent_backend.listen()
    absent_backend.wait_taken(len(lines), limit=60)
    assert sorted(taken(absent_backend)) == lines
    assert sum(process.output("loki")["dropped"].values()) == 0
    assert process.stop() == 0


# ---- 35: a producer on a pipe, and no backend ----


def test_35_a_pipe_is_not_held_up_while_there_is_disk(
    waybill: Runner, loki_backend: LokiBackend
) -> None:
    loki_backend.always(503)
    config = config_for(loki_backend, waybill.folder)
    config["inputs"] = {"pipe": {"type": "stdin"}}
    config["shutdown"] = {"grace": "60s"}  # the end of stdin is the end; all is to be delivered
    process = waybill.start("run", config=config).wait_ready()
    lines = lines_of(30_000)
    process.write("".join(line + "\n" for line in lines))  # returns: it went somewhere
    wait_records(process, len(lines))
    assert sum(process.output("loki")["dropped"].values()) == 0
    memory = process.metrics().value("process_resident_memory_bytes")
    assert memory < 40 * 1024 * 1024 or waybill.sanitized
    loki_backend.recover()
    process.close_stdin()
    loki_backend.wait_taken(len(lines), limit=60)
    assert process.wait() == 0
    assert taken(loki_backend) == lines


# ---- 8: the daemon ends while the backend is away ----


@pytest.mark.parametrize("fault", ["refuses", "hangs"])
def test_8_and_9_an_orderly_stop_leaves_everything_on_disk(
    waybill: Runner, absent_backend: LokiBackend, loki_backend: LokiBackend, tmp_path: Path,
    fault: str,
) -> None:
    backend = absent_backend if fault == "refuses" else loki_backend
    if fault == "hangs":
        backend.always(Reply(how="hang"))
    process = waybill.daemon(config_for(backend, tmp_path))
    lines = lines_of(3000)
    send(tmp_path, lines)
    wait_records(process, len(lines))
    began = time.monotonic()
    assert process.stop() == 3
    assert time.monotonic() - began < 2 + 3, "within the grace"
    process.err.wait_for("3000 records not delivered")
    process.err.wait_for(f"the next run delivers them from {waybill.state_dir}/spool")
    if fault == "refuses":
        backend.listen()
    else:
        backend.release()
        backend.recover()
    process = waybill.daemon(config_for(backend, tmp_path))
    backend.wait_taken(len(lines))
    process.err.wait_for("3000 records of an earlier run")
    assert sorted(taken(backend)) == lines
    assert process.output("loki")["recovered"] == len(lines)
    assert process.stop() == 0


def test_a_pipe_that_waits_in_memory_is_left_on_disk(
    waybill: Runner, absent_backend: LokiBackend, tmp_path: Path
) -> None:
    """`on_full: block` keeps what was read off the disk, until there is no tomorrow in memory."""
    config = config_for(absent_backend, tmp_path) | {
        "memory": "16MiB", "inputs": {"pipe": {"type": "stdin", "on_full": "block"}}}
    process = waybill.start("run", config=config).wait_ready()
    lines = lines_of(3000)
    process.write("".join(line + "\n" for line in lines))
    wait_records(process, len(lines))
    assert spooled(process) == 0
    process.close_stdin()
    assert process.stop() == 3
    process.err.wait_for("3000 records not delivered")
    process.err.wait_for(f"the next run delivers them from {waybill.state_dir}/spool")
    assert "lost" not in process.err.text
    absent_backend.listen()
    process = waybill.start("run", config=config).wait_ready()
    absent_backend.wait_taken(len(lines))
    assert taken(absent_backend) == lines
    process.close_stdin()
    assert process.wait() == 0


def test_what_a_stop_says_is_left_is_what_the_next_run_delivers(
    waybill: Runner, absent_backend: LokiBackend, tmp_path: Path
) -> None:
    """Also of records that were read back when the oldest had to go."""
    config = config_for(absent_backend, tmp_path, spool={"size": "1MiB"})
    process = waybill.daemon(config)
    lines = lines_of(12_000)
    send(tmp_path, lines[:800])
    wait_records(process, 800)
    assert process.stop() == 3
    process.err.wait_for("800 records not delivered")
    process = waybill.daemon(config)
    until(lambda: process.metrics().value("waybill_output_queue_records", output="loki") > 0,
          "some of it is read back")
    send(tmp_path, lines[800:])
    wait_records(process, len(lines) - 800)
    until(lambda: process.output("loki")["dropped"]["spool_full"] > 0, process.story)
    assert process.stop() == 3
    said = re.search(r"(\d+) records not delivered.*the next run delivers", process.err.text)
    gone = re.search(r"(\d+) records dropped \(spool_full\)\n", process.err.text)
    assert said and gone, process.story()
    assert int(said.group(1)) + int(gone.group(1)) == len(lines)
    absent_backend.listen()
    process = waybill.daemon(config)
    assert process.output("loki")["recovered"] == int(said.group(1))
    until(lambda: process.output("loki")["in_flight"] == 0, process.story)
    assert len(set(taken(absent_backend))) == len(taken(absent_backend)) == int(said.group(1))
    assert process.stop() == 0


# ---- 34: kill -9 ----


def test_34_lines_outlive_their_file_where_that_was_asked_for(
    waybill: Runner, absent_backend: LokiBackend, tmp_path: Path
) -> None:
    config = config_for(absent_backend, tmp_path, spool={"files": "always"})
    config["inputs"] = {"app": {"type": "file", "include": [str(tmp_path / "*.log")]}}
    process = waybill.daemon(config)
    lines = lines_of(500)
    append(tmp_path / "a.log", *lines)
    wait_spooled(process, 500)
    process.kill()
    (tmp_path / "a.log").unlink()
    absent_backend.listen()
    process = waybill.daemon(config)
    absent_backend.wait_taken(500)
    # Its checkpoint may be a second old, and the file is gone: nothing comes twice.
    assert taken(absent_backend) == lines
    assert process.stop() == 0


# ---- full ----


@pytest.mark.parametrize("when_full", ["drop_oldest", "drop_newest", "block"])
def test_a_full_spool(
    waybill: Runner, absent_backend: LokiBackend, tmp_path: Path, when_full: str
) -> None:
    spool = {"size": "1MiB", "when_full": when_full}
    process = waybill.daemon(config_for(absent_backend, tmp_path, spool=spool))
    lines = lines_of(20_000)
    sender = subprocess.Popen(
        ["/usr/bin/python3", "-c",
         "import socket, sys\n"
         "s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1])\n"
         "s.sendall(sys.stdin.buffer.read())", str(tmp_path / "log.sock")],
        stdin=subprocess.PIPE)
    assert sender.stdin is not None
    sender.stdin.write("".join(line + "\n" for line in lines).encode())
    sender.stdin.close()
    if when_full == "block":
        process.err.wait_for("is full")
        stays(lambda: sender.poll() is None, "it waits", 1.0)
        assert sum(process.output("loki")["dropped"].values()) == 0
    else:
        assert sender.wait(30) == 0
        wait_records(process, len(lines))
        until(lambda: process.output("loki")["dropped"]["spool_full"] > 0,
              lambda: process.story())
    assert disk_bytes(waybill) <= 1024 * 1024
    absent_backend.listen()
    assert sender.wait(60) == 0
    wait_records(process, len(lines))
    until(lambda: process.output("loki")["in_flight"] == 0, lambda: process.story(), 60)
    got = taken(absent_backend)
    assert got == sorted(got), "in order"
    lost = sum(process.output("loki")["dropped"].values())
    assert len(got) + lost == len(lines)
    if when_full == "block":
        assert lost == 0
    if when_full == "drop_oldest":
        assert got[-1] == lines[-1]
    assert process.stop() == (0 if when_full == "block" else 3)


# ---- 26: the disk is full ----


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 8 MiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m,mode=0700", "tmpfs", folder],
                          capture_output=True, text=True, check=False)
    if made.returncode != 0:
        pytest.skip(f"no tmpfs can be mounted here: {made.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def test_26_a_state_disk_of_8_mib_and_20_mb_from_a_file(
    waybill: Runner, absent_backend: LokiBackend, small_disk: Path, tmp_path: Path
) -> None:
    config = config_for(absent_backend, tmp_path, spool={"files": "always"})
    config |= {
        "state_dir": str(small_disk / "state"),
        "inputs": {"app": {"type": "file", "include": [str(tmp_path / "*.log")]}},
    }
    waybill.state_dir = small_disk / "state"
    process = waybill.daemon(config)
    lines = lines_of(60_000)
    append(tmp_path / "a.log", *lines)
    process.err.wait_for("cannot spool")
    stays(lambda: process.running, "it goes on", 1.0)
    assert sum(process.output("loki")["dropped"].values()) == 0
    absent_backend.listen()
    absent_backend.wait_taken(len(lines), limit=90)
    assert taken(absent_backend) == lines
    assert process.stop() == 0
