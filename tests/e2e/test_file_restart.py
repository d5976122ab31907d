# SPDX-License-Identifier: Apache-2.0
"""Going on after a stop: checkpoints."""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path

from harness.backend import ElasticBackend, LokiBackend
from harness.poll import until
from harness.runner import Runner
from harness.sending import append, append_bytes, messages, numbered
from test_file_input import config_for


def test_a_restart_goes_on_where_it_stopped(waybill: Runner, tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    config = config_for(tmp_path)
    lines = numbered(300)
    for part in range(3):
        append(log, *lines[part * 100 : part * 100 + 100])
        daemon = waybill.daemon(config)
        waybill.wait_written(part * 100 + 100)
        assert daemon.stop() == 0
    records = waybill.written()
    assert messages(records) == lines
    assert len({record["id"] for record in records}) == len(lines)


def test_ids_are_the_same_for_the_same_line(waybill: Runner, tmp_path: Path) -> None:
    """What was not acknowledged before a kill comes again, with the same ids."""
    config = config_for(tmp_path)
    append(tmp_path / "a.log", *numbered(10))
    daemon = waybill.daemon(config)
    first = waybill.wait_written(10)
    daemon.kill()
    (tmp_path / "out.jsonl").unlink()
    append(tmp_path / "a.log", *numbered(10, 10))
    daemon = waybill.daemon(config)
    again = waybill.wait_written(10)
    assert messages(again)[-10:] == numbered(10, 10)
    ids = {record["source"]["offset"]: record["id"] for record in first}
    for record in again:
        offset = record["source"]["offset"]
        assert ids.get(offset, record["id"]) == record["id"]
    assert daemon.stop() == 0


def holds_open(pid: int, path: Path) -> bool:
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # closed since
            if descriptor.readlink() == path:
                return True
    return False


def test_ids_are_the_same_for_lines_of_a_file_that_was_empty_when_others_were_read(
    waybill: Runner, tmp_path: Path
) -> None:
    """As after a rotation: the new file is there, and the last lines of the old one come first. All
    that the new one's ids are made of is on disk before its records leave."""
    config = config_for(tmp_path)
    append(tmp_path / "a.log", "a 0")
    daemon = waybill.daemon(config)
    waybill.wait_written(1)
    ids: dict[object, str] = {}
    for turn in range(6):
        append(tmp_path / f"b{turn}.log")  # no line yet
        until(lambda: holds_open(daemon.pid, tmp_path / f"b{turn}.log"), daemon.story)
        append(tmp_path / "a.log", f"a {turn + 1}")
        until(lambda: f"a {turn + 1}" in messages(waybill.written()), daemon.story)
        append(tmp_path / f"b{turn}.log", f"b {turn}")
        until(lambda: f"b {turn}" in messages(waybill.written()), daemon.story)
        daemon.kill()
        for record in waybill.written():
            assert ids.setdefault(record["message"], record["id"]) == record["id"], record
        daemon = waybill.daemon(config)
        append(tmp_path / "a.log", f"end of {turn}")
        until(lambda: f"end of {turn}" in messages(waybill.written()), daemon.story)
    until(lambda: daemon.input("app")["lag_bytes"] == 0, daemon.story)
    assert daemon.stop() == 0
    for record in waybill.written():
        assert ids.setdefault(record["message"], record["id"]) == record["id"], record


def test_rotated_while_stopped(waybill: Runner, tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    config = config_for(tmp_path, include=[f"{tmp_path}/a.log", f"{tmp_path}/a.log.1"])
    append(log, "one")
    daemon = waybill.daemon(config)
    waybill.wait_written(1)
    assert daemon.stop() == 0
    append(log, "two")
    log.rename(tmp_path / "a.log.1")
    append(log, "three")
    daemon = waybill.daemon(config)
    assert sorted(messages(waybill.wait_written(3))) == ["one", "three", "two"]
    assert daemon.stop() == 0
    assert len(waybill.written()) == 3


def test_replaced_while_stopped(waybill: Runner, tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    config = config_for(tmp_path)
    append(log, "the old file")
    daemon = waybill.daemon(config)
    waybill.wait_written(1)
    assert daemon.stop() == 0
    log.unlink()  # its inode may be used again for the new one, or not: no matter
    append(log, "the new file has more", "lines than the old one")
    daemon = waybill.daemon(config)
    assert messages(waybill.wait_written(3))[1:] == ["the new file has more",
                                                     "lines than the old one"]
    assert daemon.stop() == 0


def test_truncated_while_stopped(waybill: Runner, tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    config = config_for(tmp_path)
    append(log, "one", "two")
    daemon = waybill.daemon(config)
    waybill.wait_written(2)
    assert daemon.stop() == 0
    os.truncate(log, 0)
    append(log, "new")
    daemon = waybill.daemon(config)
    assert messages(waybill.wait_written(3)) == ["one", "two", "new"]
    assert daemon.stop() == 0


def test_an_unfinished_line_is_read_whole_after_a_restart(
    waybill: Runner, tmp_path: Path
) -> None:
    log = tmp_path / "a.log"
    config = config_for(tmp_path)
    append_bytes(log, b"one\nhalf a")
    daemon = waybill.daemon(config)
    waybill.wait_written(1)
    assert daemon.stop() == 0
    append_bytes(log, b" line\n")
    daemon = waybill.daemon(config)
    assert messages(waybill.wait_written(2)) == ["one", "half a line"]
    assert daemon.stop() == 0


def test_what_a_dead_backend_did_not_take_comes_after_the_restart(
    waybill: Runner, tmp_path: Path, absent_backend: LokiBackend
) -> None:
    config = config_for(tmp_path)
    config["outputs"] = {"loki": {"type": "loki", "endpoint": absent_backend.url,
                                  "batch": {"delay": "20ms"}}}
    config["shutdown"] = {"grace": "5s"}
    lines = numbered(50)
    append(tmp_path / "a.log", *lines)
    daemon = waybill.daemon(config)
    daemon.err.wait_for("refused")
    assert daemon.stop() == 3
    absent_backend.listen()
    daemon = waybill.daemon(config)
    taken = absent_backend.wait_taken(50)
    assert daemon.stop() == 0
    assert len(taken) == 50


def test_a_kill_loses_nothing(
    waybill: Runner, tmp_path: Path, elastic_backend: ElasticBackend
) -> None:
    """At least once: what is sent again has the same id, so a backend can tell."""
    config = config_for(tmp_path)
    config["outputs"] = {"es": {"type": "elasticsearch", "endpoints": [elastic_backend.url],
                                "index": "logs", "batch": {"delay": "10ms", "records": 50}}}
    lines = numbered(2000)
    for part in range(4):
        append(tmp_path / "a.log", *lines[part * 500 : part * 500 + 500])
        daemon = waybill.daemon(config)
        elastic_backend.wait_taken(part * 500 + 100)
        daemon.kill()
    daemon = waybill.daemon(config)
    until(lambda: {document.source["message"] for document in elastic_backend.taken} == set(lines),
          "every line arrived")
    assert daemon.stop() == 0
    by_message: dict[str, set[str]] = {}
    for document in elastic_backend.taken:
        by_message.setdefault(document.source["message"], set()).add(document.id)
    assert all(len(ids) == 1 for ids in by_message.values())


def test_a_damaged_checkpoint_is_no_reason_not_to_start(waybill: Runner, tmp_path: Path) -> None:
    config = config_for(tmp_path)
    append(tmp_path / "a.log", "one")
    daemon = waybill.daemon(config)
    waybill.wait_written(1)
    assert daemon.stop() == 0
    saved = [path for path in waybill.state_dir.iterdir() if "checkpoint" in path.name]
    assert saved
    for damage in (lambda old: bytes(min(len(old), 4096)) + old[4096:], lambda old: b"",
                   lambda old: old[: len(old) // 2], lambda old: old[:-9] + b"123456789"):
        for path in saved:
            path.write_bytes(damage(path.read_bytes()))
        daemon = waybill.daemon(config)
        append(tmp_path / "a.log", "more")
        until(lambda: "more" in messages(waybill.written()), "it goes on")
        assert daemon.stop() == 0
        daemon.err.wait_for("checkpoint")
        (tmp_path / "out.jsonl").write_text("")
        os.truncate(tmp_path / "a.log", 0)
        append(tmp_path / "a.log", "one")


def test_the_state_dir_is_private(waybill: Runner, tmp_path: Path) -> None:
    daemon = waybill.daemon(config_for(tmp_path))
    assert stat.S_IMODE(waybill.state_dir.stat().st_mode) == 0o700
    assert stat.S_IMODE(daemon.admin_socket.stat().st_mode) == 0o600
    assert daemon.stop() == 0
