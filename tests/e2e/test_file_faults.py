# SPDX-License-Identifier: Apache-2.0
"""What happens to log files. The numbers are those of a list of faults that bite users of such
daemons."""

from __future__ import annotations

import gzip
import os
import shutil
import signal
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from harness.backend import LokiBackend
from harness.poll import stays, until
from harness.runner import Runner
from harness.sending import append, append_bytes, messages, numbered

HEAD = "# " + "h" * 1100  # longer than any fingerprint of a head


def config_for(folder: Path, **options: Any) -> dict[str, Any]:
    """Follows *.log in `folder`, into out.jsonl."""
    app = {"type": "file", "include": [str(folder / "*.log")], "start_at": "beginning", **options}
    out = {"type": "file", "path": str(folder / "out.jsonl"), "batch": {"delay": "20ms"}}
    return {"inputs": {"app": app}, "outputs": {"out": out}}


def wait_for(waybill: Runner, lines: list[str]) -> None:
    """Until exactly these have been written, in any order."""
    until(lambda: Counter(messages(waybill.written())) == Counter(lines),
          lambda: f"{len(lines)} lines; there are {len(waybill.written())}: "
                  f"{Counter(messages(waybill.written())) - Counter(lines)} too many, "
                  f"{list(Counter(lines) - Counter(messages(waybill.written())))[:5]} missing")


# ---- a file that is rotated ----


def test_14_late_lines_under_a_new_name(waybill: Runner, tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    daemon = waybill.daemon(config_for(tmp_path))
    lines = numbered(150)
    with open(log, "ab", buffering=0) as writer:
        writer.write("".join(f"{line}\n" for line in lines[:50]).encode())
        waybill.wait_written(50)
        log.rename(tmp_path / "a.log.1")
        append(log, *lines[50:100])
        for line in lines[100:]:
            writer.write(f"{line}\n".encode())
        wait_for(waybill, lines)
    assert daemon.stop() == 0


def copytruncate(log: Path, copy: Path) -> None:
    shutil.copyfile(log, copy)
    os.truncate(log, 0)


@pytest.mark.parametrize("head", [[], [HEAD]], ids=["15", "16_same_head"])
def test_copytruncate(waybill: Runner, tmp_path: Path, head: list[str]) -> None:
    log = tmp_path / "a.log"
    daemon = waybill.daemon(config_for(tmp_path))
    lines: list[str] = []
    for turn in range(3):
        more = [*head, *(f"turn {turn}: {line}" for line in numbered(100))]
        append(log, *more)
        lines += more
        wait_for(waybill, lines)
        copytruncate(log, tmp_path / f"a.copy{turn}")
    assert daemon.input("app")["missed"]["rotation"] == 0
    assert daemon.stop() == 0


def test_17_truncated_and_grown_past_the_old_end(waybill: Runner, tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    daemon = waybill.daemon(config_for(tmp_path))
    first = [HEAD, *(f"first {line}" for line in numbered(100))]
    append(log, *first)
    wait_for(waybill, first)
    second = [HEAD, *(f"second {line}" for line in numbered(300))]
    with open(log, "r+b", buffering=0) as writer:  # both between two looks at it
        writer.truncate(0)
        writer.write("".join(f"{line}\n" for line in second).encode())
    wait_for(waybill, first + second)
    assert daemon.stop() == 0


def test_18_files_with_the_same_head(waybill: Runner, tmp_path: Path) -> None:
    daemon = waybill.daemon(config_for(tmp_path))
    lines: list[str] = []
    for name in ("messages.log", "syslog.log"):
        more = [HEAD, *(f"{name} {line}" for line in numbered(50))]
        append(tmp_path / name, *more)
        lines += more
    wait_for(waybill, lines)
    assert daemon.stop() == 0


def test_19_sixty_rotations_out_of_the_glob(waybill: Runner, tmp_path: Path) -> None:
    """Each is counted if it is not read: three are kept, as a fast rotation does."""
    log = tmp_path / "a.log"
    daemon = waybill.daemon(config_for(tmp_path))
    append(log, "before")
    waybill.wait_written(1)
    lines = numbered(6000)
    for turn in range(60):
        append(log, *lines[turn * 100 : turn * 100 + 100])
        (tmp_path / "a.3").unlink(missing_ok=True)
        for old in (2, 1):
            if (tmp_path / f"a.{old}").exists():
                (tmp_path / f"a.{old}").rename(tmp_path / f"a.{old + 1}")
        log.rename(tmp_path / "a.1")
        until(lambda: daemon.input("app")["lines"]
              >= (turn - 1) * 100, lambda: f"rotation {turn} is seen\n{daemon.story()}")
    wait_for(waybill, ["before", *lines])
    assert daemon.stop() == 0


def test_20_a_link_is_turned_while_the_old_target_is_written(
    waybill: Runner, tmp_path: Path
) -> None:
    (tmp_path / "targets").mkdir()
    old, new = tmp_path / "targets" / "0", tmp_path / "targets" / "1"
    append(old, "old 0")
    link = tmp_path / "current.log"
    link.symlink_to(old)
    daemon = waybill.daemon(config_for(tmp_path))
    waybill.wait_written(1)
    append(new, "new 0")
    (tmp_path / "next").symlink_to(new)
    (tmp_path / "next").rename(link)
    waybill.wait_written(2)
    append(old, *(f"old {number}" for number in range(1, 11)))
    wait_for(waybill, ["new 0", *(f"old {number}" for number in range(11))])
    assert daemon.stop() == 0


def test_44_rotated_and_then_compressed_inside_the_glob(waybill: Runner, tmp_path: Path) -> None:
    config = config_for(tmp_path, include=[str(tmp_path / "a.log*")])
    log = tmp_path / "a.log"
    daemon = waybill.daemon(config)
    append(log, *numbered(50))
    waybill.wait_written(50)
    log.rename(tmp_path / "a.log.1")
    with open(tmp_path / "a.log.1", "rb") as plain, gzip.open(tmp_path / "a.log.1.gz", "wb") as out:
        shutil.copyfileobj(plain, out)
    (tmp_path / "a.log.1").unlink()
    append(log, *numbered(50, 50))
    wait_for(waybill, numbered(100))
    daemon.err.wait_for("a.log.1.gz is compressed")
    assert daemon.stop() == 0
    assert len(waybill.written()) == 100


# ---- while we are away ----


def read_and_stop(waybill: Runner, config: dict[str, Any], log: Path, lines: list[str]) -> None:
    """The first run: these lines are written, read, and remembered as read."""
    daemon = waybill.daemon(config)
    append(log, *lines)
    wait_for(waybill, lines)
    assert daemon.stop() == 0


def test_21_rotated_while_stopped(waybill: Runner, tmp_path: Path) -> None:
    config = config_for(tmp_path, include=[str(tmp_path / "a.log*")])
    log = tmp_path / "a.log"
    read_and_stop(waybill, config, log, numbered(50))
    append(log, *numbered(50, 50))
    log.rename(tmp_path / "a.log.1")
    append(log, *numbered(50, 100))
    daemon = waybill.daemon(config)
    wait_for(waybill, numbered(150))
    assert daemon.stop() == 0


def test_22_the_inode_is_used_again(waybill: Runner, tmp_path: Path) -> None:
    """A file system need not do so: the same inode by writing another content to it."""
    log = tmp_path / "a.log"
    config = config_for(tmp_path)
    first = [f"first {line}" for line in numbered(100)]
    read_and_stop(waybill, config, log, first)
    inode = log.stat().st_ino
    second = [f"second {line}" for line in numbered(300)]
    with open(log, "r+b", buffering=0) as writer:
        writer.truncate(0)
        writer.write("".join(f"{line}\n" for line in second).encode())
    assert log.stat().st_ino == inode
    daemon = waybill.daemon(config)
    wait_for(waybill, first + second)
    assert daemon.stop() == 0


@pytest.mark.parametrize("head", [[], [HEAD]], ids=["another_head", "same_head"])
def test_23_rewritten_to_the_same_size(waybill: Runner, tmp_path: Path, head: list[str]) -> None:
    log = tmp_path / "a.log"
    config = config_for(tmp_path)
    first = [*head, *(f"aaa {line}" for line in numbered(100))]
    read_and_stop(waybill, config, log, first)
    size = log.stat().st_size
    second = [*head, *(f"bbb {line}" for line in numbered(100))]
    log.write_text("".join(f"{line}\n" for line in second), encoding="utf-8")
    assert log.stat().st_size == size
    daemon = waybill.daemon(config)
    wait_for(waybill, first + second)
    assert daemon.stop() == 0


def checkpoint_files(waybill: Runner) -> list[Path]:
    return [path for path in waybill.state_dir.rglob("*")
            if path.is_file() and "checkpoint" in path.name]


@pytest.mark.parametrize("damage", ["27_zeroed", "28_empty"])
def test_a_damaged_checkpoint_is_read_again_and_told(
    waybill: Runner, tmp_path: Path, damage: str
) -> None:
    log = tmp_path / "a.log"
    config = config_for(tmp_path)
    read_and_stop(waybill, config, log, numbered(100))
    files = checkpoint_files(waybill)
    assert files
    for path in files:
        if damage == "28_empty":
            os.truncate(path, 0)
        else:
            with open(path, "r+b") as file:
                file.write(b"\0" * min(4096, path.stat().st_size))
    daemon = waybill.daemon(config)
    append(log, "after")
    until(lambda: "after" in messages(waybill.written()), daemon.story)
    assert set(messages(waybill.written())) == {*numbered(100), "after"}, "again rather than not"
    daemon.err.wait_for("checkpoint")
    assert daemon.stop() == 0


# ---- files that go ----


def test_33_removed_while_the_backend_hangs(
    waybill: Runner, loki_backend: LokiBackend, tmp_path: Path
) -> None:
    loki_backend.always(503)
    config = config_for(tmp_path)
    config["outputs"] = {"loki": {"type": "loki", "endpoint": loki_backend.url,
                                  "line": "message", "batch": {"delay": "20ms"}}}
    config["memory"] = "2MiB"
    daemon = waybill.daemon(config)
    log = tmp_path / "a.log"
    lines = [f"{line} {'x' * 200}" for line in numbered(20_000)]
    append(log, *lines)
    until(lambda: loki_backend.requests, "the first request")
    log.unlink()
    loki_backend.recover()
    loki_backend.wait_taken(len(lines), limit=60)
    assert [entry.line for entry in loki_backend.taken] == lines
    assert daemon.stop() == 0


# ---- lines ----


@pytest.mark.parametrize("size", [20_000, 2 << 30], ids=["small", "2_gib"])
def test_41_a_hole_under_a_writer_who_does_not_append(
    waybill: Runner, tmp_path: Path, size: int
) -> None:
    """copytruncate beneath a descriptor that keeps its place: NULs up to there are no data."""
    log = tmp_path / "a.log"
    daemon = waybill.daemon(config_for(tmp_path))
    lines = numbered(200)
    with open(log, "wb", buffering=0) as writer:
        writer.write("".join(f"{line}\n" for line in lines[:100]).encode())
        wait_for(waybill, lines[:100])
        copytruncate(log, tmp_path / "a.copy")
        writer.seek(size)
        writer.write("".join(f"{line}\n" for line in lines[100:]).encode())
        wait_for(waybill, lines)
    assert daemon.peak_memory() < 60 << 20 or waybill.sanitized
    assert daemon.stop() == 0


def test_37_a_line_of_10_mb_among_others(waybill: Runner, tmp_path: Path) -> None:
    daemon = waybill.daemon(config_for(tmp_path))
    append(tmp_path / "a.log", "before", "x" * 10_000_000, "after")
    before, huge, after = waybill.wait_written(3)
    assert (before["message"], after["message"]) == ("before", "after")
    assert huge["source"]["truncated_bytes"] + len(str(huge["message"])) == 10_000_000
    assert daemon.input("app")["truncated_lines"] == 1
    assert daemon.stop() == 0


def test_39_half_a_line_and_a_crash(waybill: Runner, tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    config = config_for(tmp_path)
    daemon = waybill.daemon(config)
    append(log, "first")
    waybill.wait_written(1)
    append_bytes(log, b"half a li")
    until(lambda: daemon.input("app")["lag_bytes"] == 9 or daemon.input("app")["bytes"] >= 6,
          daemon.story)
    daemon.kill()
    append_bytes(log, b"ne\n")
    daemon = waybill.daemon(config)
    until(lambda: "half a line" in messages(waybill.written()), daemon.story)
    assert set(messages(waybill.written())) == {"first", "half a line"}
    assert daemon.stop() == 0


@pytest.mark.parametrize("wait", ["10s", "300ms"], ids=["38_half", "40_never_ended"])
def test_a_line_without_its_end(waybill: Runner, tmp_path: Path, wait: str) -> None:
    log = tmp_path / "a.log"
    daemon = waybill.daemon(config_for(tmp_path, line_wait=wait))
    append(log, "first")
    waybill.wait_written(1)
    append_bytes(log, b"half a li")
    if wait == "10s":
        stays(lambda: len(waybill.written()) == 1, "half a line waits", 3)
        append_bytes(log, b"ne\n")
        wait_for(waybill, ["first", "half a line"])
    else:
        wait_for(waybill, ["first", "half a li"])
        append_bytes(log, b"ne\nlast\n")
        wait_for(waybill, ["first", "half a li", "ne", "last"])
    assert daemon.stop() == 0


def test_43_small_files_are_read_at_once(waybill: Runner, tmp_path: Path) -> None:
    daemon = waybill.daemon(config_for(tmp_path))
    lines = []
    for size in (11, 255, 256, 1023, 1024):
        lines.append("s" * (size - 1))
        append(tmp_path / f"{size}.log", lines[-1])
    wait_for(waybill, lines)
    assert daemon.stop() == 0


def test_59_a_checkpoint_that_is_a_link_is_not_followed(waybill: Runner, tmp_path: Path) -> None:
    """Nor is what it leads to read or written: the logs are read again, which is said."""
    log = tmp_path / "a.log"
    config = config_for(tmp_path)
    read_and_stop(waybill, config, log, numbered(50))
    elsewhere = tmp_path / "elsewhere"
    for path in checkpoint_files(waybill):
        if not elsewhere.exists():
            path.rename(elsewhere)
        path.unlink(missing_ok=True)
        path.symlink_to(elsewhere)
    before = elsewhere.read_bytes()
    daemon = waybill.daemon(config)
    daemon.err.wait_for("it is a symbolic link, which is not followed")
    append(log, "last")
    wait_for(waybill, [*numbered(50) * 2, "last"])
    assert daemon.stop() == 0
    assert elsewhere.read_bytes() == before
    assert not any(path.is_symlink() for path in checkpoint_files(waybill)
                   if path.name == "checkpoints")


# ---- limits of the system ----


def test_55_more_events_than_the_kernel_keeps(waybill: Runner, tmp_path: Path) -> None:
    """fs.inotify.max_queued_events is 16384; equal ones in a row count as one."""
    names = [f"{number:03}.log" for number in range(200)]
    for name in names:
        append(tmp_path / name, f"{name} before")
    daemon = waybill.daemon(config_for(tmp_path))
    lines = [f"{name} before" for name in names]
    wait_for(waybill, lines)
    daemon.signal(signal.SIGSTOP)
    for turn in range(100):
        for name in names:
            append(tmp_path / name, f"{name} {turn}")
            lines.append(f"{name} {turn}")
    append(tmp_path / "late.log", "late")
    daemon.signal(signal.SIGCONT)
    wait_for(waybill, [*lines, "late"])
    assert daemon.stop() == 0
