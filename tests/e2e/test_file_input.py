# SPDX-License-Identifier: Apache-2.0
"""Following log files."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from harness.runner import Runner
from harness.sending import append, append_bytes, messages, numbered


def config_for(folder: Path, **options: Any) -> dict[str, Any]:
    """Follows *.log in `folder`, into out.jsonl."""
    app = {"type": "file", "include": [str(folder / "*.log")], "start_at": "beginning", **options}
    out = {"type": "file", "path": str(folder / "out.jsonl"), "batch": {"delay": "20ms"}}
    return {"inputs": {"app": app}, "outputs": {"out": out}}


def test_lines_arrive_as_they_are_written(waybill: Runner, tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    append(log, "one")
    daemon = waybill.daemon(config_for(tmp_path))
    waybill.wait_written(1)
    append(log, "two", "three")
    records = waybill.wait_written(3)
    assert messages(records) == ["one", "two", "three"]
    assert [record["source"]["offset"] for record in records] == [0, 4, 8]
    assert {record["source"]["path"] for record in records} == {str(log)}
    assert {record["source"]["input"] for record in records} == {"app"}
    assert daemon.stop() == 0
    assert daemon.err.text == ""


def test_half_a_line_waits_for_its_other_half(waybill: Runner, tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    daemon = waybill.daemon(config_for(tmp_path))
    append(log, "first")
    waybill.wait_written(1)
    append_bytes(log, b"half a li")
    append(tmp_path / "b.log", "by now the half must have been read")
    waybill.wait_written(2)
    append_bytes(log, b"ne\n")
    assert "half a line" in messages(waybill.wait_written(3))
    assert daemon.stop() == 0


def test_start_at_end_counts_what_it_leaves_out(waybill: Runner, tmp_path: Path) -> None:
    append(tmp_path / "old.log", "before", "the start")
    daemon = waybill.daemon(config_for(tmp_path, start_at="end"))
    append(tmp_path / "old.log", "after the start")
    append(tmp_path / "new.log", "a later file is read from its first byte")
    records = waybill.wait_written(2)
    assert sorted(messages(records)) == ["a later file is read from its first byte",
                                         "after the start"]
    assert daemon.input("app")["missed"]["start_at"] == len("before\nthe start\n")
    assert daemon.stop() == 0
    assert len(waybill.written()) == 2


def test_end_is_the_default(waybill: Runner, tmp_path: Path) -> None:
    append(tmp_path / "a.log", "before")
    config = config_for(tmp_path)
    del config["inputs"]["app"]["start_at"]
    waybill.daemon(config)
    append(tmp_path / "a.log", "after")
    assert messages(waybill.wait_written(1)) == ["after"]


def test_includes_and_excludes(waybill: Runner, tmp_path: Path) -> None:
    for name in ("a.log", "b.log", "b.debug.log", "c.txt", "deep/er/d.log", "deep/er/d.log.gz"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        append(path, f"line of {name}")
    config = config_for(tmp_path, exclude=["*.debug.log", "*.gz"],
                        include=[f"{tmp_path}/*.log", f"{tmp_path}/deep/**/*.log*"])
    ended = waybill.run("run", "--once", config=config)
    assert (ended.code, ended.err) == (0, "")
    assert sorted(messages(waybill.written())) == [
        "line of a.log", "line of b.log", "line of deep/er/d.log"
    ]


def test_a_file_matched_twice_is_read_once(waybill: Runner, tmp_path: Path) -> None:
    append(tmp_path / "a.log", "only once")
    os.link(tmp_path / "a.log", tmp_path / "same.log")
    config = config_for(tmp_path, include=[f"{tmp_path}/*.log", f"{tmp_path}/a*"])
    assert waybill.run("run", "--once", config=config).code == 0
    assert messages(waybill.written()) == ["only once"]


def test_rename_and_create(waybill: Runner, tmp_path: Path) -> None:
    """Each file is renamed out of the glob with lines in it that nobody has read yet."""
    log = tmp_path / "a.log"
    daemon = waybill.daemon(config_for(tmp_path))
    lines = numbered(500)
    for part in range(5):
        append(log, lines[part * 100])
        waybill.wait_written(part * 100 + 1)
        append(log, *lines[part * 100 + 1 : part * 100 + 100])
        log.rename(tmp_path / f"a.log.{part}")
        waybill.wait_written(part * 100 + 100)
    assert messages(waybill.written()) == lines
    assert daemon.stop() == 0
    assert len(waybill.written()) == 500


def test_a_writer_that_has_not_noticed_the_rotation(waybill: Runner, tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    daemon = waybill.daemon(config_for(tmp_path))
    with open(log, "ab", buffering=0) as writer:
        writer.write(b"one\n")
        waybill.wait_written(1)
        log.rename(tmp_path / "a.log.1")
        append(log, "two, in the new file")
        waybill.wait_written(2)
        writer.write(b"three, in the old one\n")
        records = waybill.wait_written(3)
    assert messages(records) == ["one", "two, in the new file", "three, in the old one"]
    assert daemon.stop() == 0


def test_rotation_within_the_glob_sends_nothing_twice(waybill: Runner, tmp_path: Path) -> None:
    daemon = waybill.daemon(config_for(tmp_path))
    append(tmp_path / "a.log", "one", "two")
    waybill.wait_written(2)
    (tmp_path / "a.log").rename(tmp_path / "a-1.log")
    append(tmp_path / "a.log", "three")
    assert messages(waybill.wait_written(3)) == ["one", "two", "three"]
    append(tmp_path / "a-1.log", "four")
    assert messages(waybill.wait_written(4))[3] == "four"
    assert daemon.stop() == 0


def test_a_removed_file_is_read_to_its_end(waybill: Runner, tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    daemon = waybill.daemon(config_for(tmp_path))
    with open(log, "ab", buffering=0) as writer:
        writer.write(b"one\n")
        waybill.wait_written(1)
        log.unlink()
        writer.write(b"two\n")
        assert messages(waybill.wait_written(2)) == ["one", "two"]
    assert daemon.stop() == 0


def test_truncation_starts_again(waybill: Runner, tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    daemon = waybill.daemon(config_for(tmp_path))
    append(log, "one", "two")
    waybill.wait_written(2)
    os.truncate(log, 0)
    append(log, "new")
    records = waybill.wait_written(3)
    assert messages(records) == ["one", "two", "new"]
    assert records[2]["source"]["offset"] == 0
    assert len({record["id"] for record in records}) == 3, "the same offset, but another id"
    assert daemon.stop() == 0


def test_twenty_files_at_once(waybill: Runner, tmp_path: Path) -> None:
    daemon = waybill.daemon(config_for(tmp_path))
    for part in range(10):
        for name in range(20):
            append(tmp_path / f"{name}.log", *[f"{name} {part * 10 + n}" for n in range(10)])
    records = waybill.wait_written(2000)
    assert daemon.stop() == 0
    for name in range(20):
        mine = [record["message"] for record in records
                if record["source"]["path"] == str(tmp_path / f"{name}.log")]
        assert mine == [f"{name} {n}" for n in range(100)], "order within a file is kept"


def test_once_takes_the_last_line_without_its_end(waybill: Runner, tmp_path: Path) -> None:
    append_bytes(tmp_path / "a.log", b"one\ntwo")
    ended = waybill.run("run", "--once", config=config_for(tmp_path))
    assert (ended.code, ended.err) == (0, "")
    assert messages(waybill.written()) == ["one", "two"]


def test_once_reads_from_the_beginning_whatever_start_at_says(
    waybill: Runner, tmp_path: Path
) -> None:
    append(tmp_path / "a.log", "one", "two")
    assert waybill.run("run", "--once", config=config_for(tmp_path, start_at="end")).code == 0
    assert messages(waybill.written()) == ["one", "two"]
    append(tmp_path / "a.log", "three")
    assert waybill.run("run", "--once", config=config_for(tmp_path, start_at="end")).code == 0
    assert messages(waybill.written()) == ["one", "two", "three"], "the second from the checkpoint"


def test_once_without_any_file(waybill: Runner, tmp_path: Path) -> None:
    ended = waybill.run("run", "--once", config=config_for(tmp_path))
    assert ended.code == 0
    assert waybill.written() == []


def test_what_is_no_file_is_left_alone(waybill: Runner, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo.log")
    (tmp_path / "folder.log").mkdir()
    append(tmp_path / "a.log", "one")
    ended = waybill.run("run", "--once", config=config_for(tmp_path))
    assert ended.code == 0
    assert messages(waybill.written()) == ["one"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_file_is_named(waybill: Runner, tmp_path: Path) -> None:
    append(tmp_path / "a.log", "one")
    (tmp_path / "a.log").chmod(0)
    daemon = waybill.daemon(config_for(tmp_path))
    daemon.err.wait_for("a.log")
    (tmp_path / "a.log").chmod(0o644)
    assert messages(waybill.wait_written(1)) == ["one"]


def test_nul_bytes_left_by_a_copytruncate_do_no_harm(waybill: Runner, tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    append_bytes(log, b"one\n" + b"\0" * 100_000 + b"two\nthree\n")
    daemon = waybill.daemon(config_for(tmp_path))
    records = waybill.wait_written(3)
    assert records[0]["message"] == "one" and records[2]["message"] == "three"
    assert str(records[1]["message"]).endswith("two")
    assert daemon.stop() == 0
