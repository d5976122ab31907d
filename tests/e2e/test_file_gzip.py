# SPDX-License-Identifier: Apache-2.0
"""Compressed history, read with --once."""

from __future__ import annotations

import gzip
import os
import time
from pathlib import Path
from typing import Any

import pytest
from harness.backend import ElasticBackend, Reply, Request
from harness.poll import until
from harness.runner import Runner
from harness.sending import append, messages, numbered


def config_for(folder: Path, **options: Any) -> dict[str, Any]:
    app = {"type": "file", "include": [str(folder / "*.log*")], **options}
    out = {"type": "file", "path": str(folder / "out.jsonl"), "batch": {"delay": "20ms"}}
    return {"inputs": {"app": app}, "outputs": {"out": out}}


def pack(path: Path, lines: list[str], hours: float, members: int = 1) -> None:
    """A gzip file of these lines, written so many hours ago."""
    step = -(-len(lines) // members)
    with open(path, "wb") as file:
        for begin in range(0, len(lines), step):
            part = "".join(f"{line}\n" for line in lines[begin:begin + step])
            file.write(gzip.compress(part.encode()))
    then = time.time() - hours * 3600
    os.utime(path, (then, then))


def test_history_comes_before_the_live_file_and_once(waybill: Runner, tmp_path: Path) -> None:
    lines = numbered(9000)
    append(tmp_path / "a.log", *lines[8000:])
    pack(tmp_path / "a.log.1.gz", lines[5000:8000], 1, members=3)
    pack(tmp_path / "a.log.2.gz", lines[:5000], 2)
    config = config_for(tmp_path)
    ended = waybill.run("run", "--once", config=config)
    assert ended.code == 0, ended.err
    assert messages(waybill.written()) == lines
    place = waybill.written()[5001]["source"]
    assert place["path"] == str(tmp_path / "a.log.1.gz")
    assert place["offset"] == len(lines[5000]) + 1

    append(tmp_path / "a.log", "more")
    assert waybill.run("run", "--once", config=config).code == 0
    assert messages(waybill.written()) == [*lines, "more"]


def test_a_log_that_was_read_before_it_was_compressed(waybill: Runner, tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    lines = numbered(500)
    append(log, *lines[:300])
    config = config_for(tmp_path)
    assert waybill.run("run", "--once", config=config).code == 0
    pack(tmp_path / "a.log.1.gz", lines[:400], 0)
    log.unlink()
    append(log, *lines[400:])
    assert waybill.run("run", "--once", config=config).code == 0
    assert messages(waybill.written()) == lines


def test_killed_in_the_middle_of_it(
    waybill: Runner, tmp_path: Path, elastic_backend: ElasticBackend
) -> None:
    """The next run repeats what was not settled, under the same ids, and leaves nothing out."""
    lines = [f"{line} {'x' * 200}" for line in numbered(20_000)]
    pack(tmp_path / "a.log.gz", lines, 1)
    config = config_for(tmp_path)
    config["outputs"] = {"es": {"type": "elasticsearch", "endpoints": [elastic_backend.url],
                                "index": "logs", "batch": {"delay": "10ms", "records": 500}}}
    begun: list[bytes] = []  # the checkpoints before anything was settled

    def checkpoints() -> bytes:
        """Empty between the two renames that replace them."""
        path = waybill.state_dir / "checkpoints"
        try:
            return path.read_bytes()
        except FileNotFoundError:
            return b""

    def take_half(request: Request) -> Reply:
        if request.method == "POST" and not begun:
            begun.append(until(checkpoints, "checkpoints on disk"))
        enough = len(elastic_backend.taken) >= 10_000
        return elastic_backend.reply(503) if enough else elastic_backend.accept(request)

    elastic_backend.always(take_half)
    process = waybill.start("run", "--once", config=config)
    elastic_backend.wait_taken(10_000)
    until(lambda: checkpoints() not in (b"", begun[0]), process.story)
    process.kill()
    first = elastic_backend.taken
    assert len(first) < len(lines)

    elastic_backend.recover()
    assert waybill.run("run", "--once", config=config).code == 0
    again = elastic_backend.taken[len(first):]
    assert 0 < len(again) < len(lines)  # it went on where it was
    ids: dict[object, str] = {}
    for document in [*first, *again]:
        message = document.source["message"]
        assert ids.setdefault(message, document.id) == document.id
    assert list(ids) == lines
    assert len(set(ids.values())) == len(lines)


@pytest.mark.parametrize("cut", [9, 2000])
def test_a_file_that_was_cut(waybill: Runner, tmp_path: Path, cut: int) -> None:
    lines = numbered(5000)
    path = tmp_path / "a.log.gz"
    pack(path, lines, 1)
    whole = path.read_bytes()
    path.write_bytes(whole[:-cut])
    append(tmp_path / "b.log", "the next file")
    ended = waybill.run("run", "--once", config=config_for(tmp_path))
    assert "a.log.gz is damaged at byte" in ended.err
    assert "it ends too early" in ended.err
    *read, last = messages(waybill.written())
    assert last == "the next file"
    assert read[:1000] == lines[:1000]


def test_a_bomb_takes_no_more_memory_than_a_line(waybill: Runner, tmp_path: Path) -> None:
    with gzip.open(tmp_path / "a.log.gz", "wb", 1) as file:
        for _ in range(256):
            file.write(b"x" * (1 << 20))
        file.write(b"\nshort\n")
    config = {**config_for(tmp_path), "memory": "32MiB"}
    config["inputs"]["pipe"] = {"type": "stdin"}  # keeps it there to be looked at
    process = waybill.start("run", "--once", config=config)
    waybill.wait_written(2)
    assert process.peak_memory() < 48 << 20 or waybill.sanitized
    process.close_stdin()
    assert process.wait() == 0, process.story()
    assert messages(waybill.written())[-1] == "short"
    assert waybill.written()[0]["source"]["truncated_bytes"] > 250 << 20


def test_many_files_take_no_more_memory_than_one(waybill: Runner, tmp_path: Path) -> None:
    for number in range(400):  # each would take 70 KiB if all were decompressed at the same time
        pack(tmp_path / f"a.log.{number:03}.gz", [f"line {number}"], 1000 - number)
    config = config_for(tmp_path)
    config["inputs"]["pipe"] = {"type": "stdin"}  # keeps it there to be looked at
    process = waybill.start("run", "--once", config=config)
    waybill.wait_written(400)
    assert process.peak_memory() < 24 << 20 or waybill.sanitized
    process.close_stdin()
    assert process.wait() == 0, process.story()
    assert messages(waybill.written()) == [f"line {number}" for number in range(400)]


def test_those_who_follow_say_how_it_is_read(waybill: Runner, tmp_path: Path) -> None:
    pack(tmp_path / "a.log.gz", numbered(10), 1)
    append(tmp_path / "a.log", "live")
    daemon = waybill.daemon(config_for(tmp_path, start_at="beginning"))
    waybill.wait_written(1)
    daemon.err.wait_for("a.log.gz is compressed and not read")
    daemon.err.wait_for("`--once` reads gzip files")
    assert daemon.stop() == 0
    assert messages(waybill.written()) == ["live"]


def test_other_kinds_are_not_read(waybill: Runner, tmp_path: Path) -> None:
    (tmp_path / "a.log.zst").write_bytes(b"\x28\xb5\x2f\xfd" + bytes(100))
    append(tmp_path / "a.log", "plain")
    ended = waybill.run("run", "--once", config=config_for(tmp_path))
    assert ended.code == 0
    assert "a.log.zst is compressed and not read" in ended.err
    assert messages(waybill.written()) == ["plain"]
