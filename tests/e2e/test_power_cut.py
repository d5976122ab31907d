# SPDX-License-Identifier: Apache-2.0
"""The power is cut: whatever was not synced is gone. (Fault 25 of a list of faults that bite users
of such daemons.)"""

from __future__ import annotations

import json
import random
import shutil
from collections import Counter
from pathlib import Path
from typing import BinaryIO

import pytest
from harness.backend import ElasticBackend
from harness.poll import until
from harness.programs import compile_preload
from harness.runner import Runner
from test_kill import KILLS, Moods, Store, Writer, chance, elastic, lifetime, numbered_line, settled
from test_system_faults import preloaded

__all__ = ["chance"]  # a fixture


# Open files of what was remembered: while it is open, its inode number is nobody else's.
HELD: list[BinaryIO] = []


def remember(folder: Path, shadow: Path) -> None:
    """All that is in `folder` is on disk: harness/preload/durable.c adds to it."""
    names = [f"{path.stat().st_ino} {path.name}\n" for path in folder.iterdir()]
    (shadow / f"{folder.stat().st_ino}.folder").write_text("".join(names), encoding="utf-8")
    for path in folder.iterdir():
        if path.is_dir():
            remember(path, shadow)
        else:
            HELD.append(path.open("rb"))
            shutil.copyfile(path, shadow / f"{path.stat().st_ino}.file")


def restore(inode: str, was: Path, target: Path, shadow: Path) -> None:
    """Makes `target` what is left of the folder `was`. What was never synced is empty."""
    target.mkdir(mode=0o700)
    listed = shadow / f"{inode}.folder"
    for line in listed.read_text(encoding="utf-8").splitlines() if listed.exists() else []:
        number, name = line.split(" ", 1)
        path, kept = target / name, shadow / f"{number}.file"
        if (shadow / f"{number}.folder").exists() or (was / name).is_dir():
            restore(number, was / name, path, shadow)
        elif (was / name).is_socket():
            continue
        else:
            path.write_bytes(kept.read_bytes() if kept.exists() else b"")
            path.chmod(0o600)


def cut_power(state: Path, shadow: Path) -> None:
    """The state directory as the next start finds it."""
    after = state.with_name("after")
    restore(str(state.stat().st_ino), state, after, shadow)
    while HELD:
        HELD.pop().close()
    shutil.rmtree(state)
    shutil.rmtree(shadow)
    shadow.mkdir()
    after.rename(state)
    remember(state, shadow)


@pytest.mark.parametrize(("sync", "cuts"), [("always", KILLS // 2), ("interval", KILLS // 4)])
def test_25_what_was_said_to_be_safe_survives_a_power_cut(
    waybill: Runner, elastic_backend: ElasticBackend, tmp_path: Path, chance: random.Random,
    sync: str, cuts: int,
) -> None:
    """A checkpoint moves past what is on disk and no further: every line arrives, each once."""
    store = Store()
    elastic_backend.statuses = store.create
    moods = Moods(chance, elastic_backend.accept)
    elastic_backend.always(moods)
    writer = Writer(chance, tmp_path / "a.log", numbered_line)
    # Soon enough for the shortest of these lives: before it is sent, or a moment later.
    after = "20ms" if sync == "always" else 0
    config = elastic(elastic_backend, tmp_path,
                     spool={"files": "always", "after": after, "size": "2MiB", "sync": sync})
    shadow = tmp_path / "shadow"
    shadow.mkdir()
    waybill.state_dir.mkdir(mode=0o700)
    remember(waybill.state_dir, shadow)
    env = preloaded(waybill, compile_preload("durable", tmp_path), WAYBILL_TEST_DURABLE=str(shadow))
    spooled = damaged = 0
    for _ in range(max(1, cuts)):
        process = waybill.start("run", config=config, env=env)
        writer.write(lifetime(chance))
        moods.away = chance.random() < 0.4
        process.kill()
        process.close_stdin()
        cut_power(waybill.state_dir, shadow)
        spooled += len(list(waybill.state_dir.rglob("*.seg")))
        damaged += len(list(waybill.state_dir.rglob("*.damaged")))
    assert damaged == 0, "nothing that was synced is damaged"
    elastic_backend.recover()
    process = waybill.daemon(config)
    expected = Counter(writer.lines)
    until(lambda: len(store.messages) >= len(expected),
          lambda: f"{len(expected)} lines; {len(expected - store.messages)} are missing, first "
                  f"{sorted(expected - store.messages)[:3]}\n{process.story()}", 60)
    until(lambda: settled(process), process.story, 60)
    assert store.messages == expected, "each under one id"
    assert spooled > 0, "the spool was in use"
    assert process.stop() == 0


def test_dead_letters_survive_a_power_cut(
    waybill: Runner, elastic_backend: ElasticBackend, tmp_path: Path
) -> None:
    """What is counted as a dead letter has its bytes and its name on disk, after a rotation too."""
    elastic_backend.statuses = lambda documents: [400] * len(documents)
    folder, shadow = tmp_path / "letters", tmp_path / "shadow"
    for path in (folder, shadow):
        path.mkdir()
    config = {"inputs": {"pipe": {"type": "stdin"}},
              "outputs": {"es": {"type": "elasticsearch", "endpoints": [elastic_backend.url],
                                 "data_stream": "logs-shop-default", "batch": {"delay": "10ms"}}},
              "dead_letters": {"path": str(folder / "dead.ndjson"), "size": "16KiB"}}
    env = preloaded(waybill, compile_preload("durable", tmp_path), WAYBILL_TEST_DURABLE=str(shadow))
    expected: set[str] = set()
    remember(folder, shadow)
    for turn in range(4):
        process = waybill.start("run", config=config, env=env).wait_ready()
        expected.add(f"turn {turn} " + "x" * 1000)  # a letter is more than half a file
        process.write(f"turn {turn} " + "x" * 1000 + "\n")
        until(lambda p=process: p.output("es")["dead_lettered"] == 1, process.story)
        process.kill()
        cut_power(folder, shadow)
        kept = [json.loads(line)["original"] for path in folder.iterdir()
                for line in path.read_text("utf-8").splitlines()]
        assert sorted(kept) == sorted(expected), turn
    assert (folder / "dead.ndjson.1").exists(), "it was rotated"
