# SPDX-License-Identifier: Apache-2.0
"""SIGKILL at any moment, again and again, while lines are written and the backend has its moods:
what was read is in the file, on disk or delivered, whatever the instant.

WAYBILL_KILLS says how often (60), WAYBILL_SEED repeats a run's choices; its own is printed."""

from __future__ import annotations

import json
import os
import random
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from harness.backend import ElasticBackend, LokiBackend, OtlpBackend, Reply, Request
from harness.elastic import Document
from harness.loki import decode_push
from harness.poll import until
from harness.process import Waybill
from harness.runner import Runner
from harness.sending import append

KILLS = int(os.environ.get("WAYBILL_KILLS", "60"))
# A checkpoint is written about once a second; a busy machine may take longer to come round.
CHECKPOINT_S = 3.0
LINE_BYTES = 300


@pytest.fixture
def chance() -> random.Random:
    """Whatever a test draws, drawn from a seed that a failure shows."""
    seed = int(os.environ.get("WAYBILL_SEED") or random.SystemRandom().randrange(10**6))
    print(f"WAYBILL_SEED={seed} WAYBILL_KILLS={KILLS}")
    return random.Random(seed)


class Store:
    """What an Elasticsearch holds: the first document of an id; another one is a conflict."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._messages: dict[str, str] = {}  # by _id
        self.repeats = 0

    def create(self, documents: Any) -> list[int]:
        """The status of each."""
        return [self._create(document) for document in documents]

    def _create(self, document: Document) -> int:
        assert document.action == "create"
        message = str(document.source["message"])
        with self._lock:
            kept = self._messages.setdefault(document.id, "")
            if not kept:
                self._messages[document.id] = message
                return 201
            assert kept == message, f"{document.id} names two lines: {kept!r} and {message!r}"
            self.repeats += 1
            return 409

    @property
    def messages(self) -> Counter[str]:
        with self._lock:
            return Counter(self._messages.values())


@dataclass(frozen=True)
class Taken:
    """A request that was stored. `told`: and its sender was, if it still lived."""

    at: float  # monotonic seconds
    body: bytes
    told: bool


class Moods:
    """A backend that is slow, busy, away, or forgets to answer, each now and then."""

    def __init__(self, chance: random.Random, accept: Callable[[Request], Reply]) -> None:
        self._chance = random.Random(chance.random())
        self._accept = accept
        self._lock = threading.Lock()
        self.away = False
        self.taken: list[Taken] = []

    def __call__(self, request: Request) -> Reply:
        with self._lock:
            draw, pause = self._chance.random(), self._chance.uniform(0, 0.15)
        if self.away or draw < 0.05:
            return Reply(503, b"away")
        if draw < 0.10:
            return Reply(429, b"busy")
        if draw < 0.30:
            time.sleep(pause)  # its own pace
        reply = self._accept(request)
        told = draw < 0.95
        with self._lock:
            self.taken.append(Taken(request.at, request.body, told))
        return reply if told else Reply(reply.status, reply.body, reply.headers, how="close")


@dataclass
class Writer:
    """An application that writes lines, and rotates its file once in a while."""

    chance: random.Random
    log: Path
    line: Callable[[int], str]
    lines: list[str] = field(default_factory=list)
    rotations: int = 0

    def write(self, seconds: float) -> None:
        """Some lines now and then, for so long."""
        deadline = time.monotonic() + seconds
        while True:
            count = self.chance.randrange(30)
            more = [self.line(number) for number in range(len(self.lines), len(self.lines) + count)]
            append(self.log, *more)
            self.lines += more
            if self.chance.random() < 0.01:
                self.rotations += 1
                self.log.rename(self.log.with_name(f"{self.log.name}.{self.rotations}"))
            left = deadline - time.monotonic()
            if left <= 0:
                return
            time.sleep(min(left, self.chance.uniform(0, 0.03)))  # its own pace


def numbered_line(number: int) -> str:
    return f"line {number:06} of the test ".ljust(LINE_BYTES, "x")


def config_for(folder: Path, **output: Any) -> dict[str, Any]:
    return {
        "memory": "2MiB",
        "parse": {"max_line": "16KiB"},
        "inputs": {"app": {"type": "file", "include": [f"{folder}/*.log*"],
                           "start_at": "beginning"}},
        "outputs": {"out": {"batch": {"delay": "20ms", "records": 200}, **output}},
    }


def elastic(backend: ElasticBackend, folder: Path, **options: Any) -> dict[str, Any]:
    return config_for(folder, type="elasticsearch", endpoints=[backend.url],
                      data_stream="logs-test-default", **options)


def lifetime(chance: random.Random) -> float:
    """Seconds until the end: mostly while it starts, at times behind a checkpoint."""
    draw = chance.random()
    if draw < 0.3:
        return chance.uniform(0, 0.06)
    if draw < 0.85:
        return chance.uniform(0, 0.4)
    return chance.uniform(0.4, 2) if draw < 0.95 else chance.uniform(2, CHECKPOINT_S + 2)


def killed_runs(
    waybill: Runner, config: dict[str, Any], chance: random.Random, writers: list[Writer],
    kills: int = KILLS,
) -> Iterator[Waybill]:
    """Runs that were killed at a random moment, after it."""
    for _ in range(kills):
        process = waybill.start("run", config=config)
        if chance.random() < 0.5:
            process.wait_ready()
            process.ledger()
        for writer in writers:
            writer.write(lifetime(chance) / len(writers))
        process.kill()
        process.close_stdin()
        yield process


def settled(process: Waybill, name: str = "out") -> bool:
    counts = process.output(name)
    return bool(counts["in_flight"] == 0)


# ---- Elasticsearch ----


@pytest.mark.parametrize("spool", [
    {"files": "always", "after": 0}, {"files": "always"}, {"files": "overflow"},
], ids=["at once", "always", "overflow"])
def test_24_killed_at_random_elasticsearch_has_every_line_once(
    waybill: Runner, elastic_backend: ElasticBackend, tmp_path: Path, chance: random.Random,
    spool: dict[str, Any],
) -> None:
    """`always`: through the spool, in many small segments, at once or what waits. (The number is
    that of a list of faults that bite users of such daemons.)"""
    store = Store()
    elastic_backend.statuses = store.create
    moods = Moods(chance, elastic_backend.accept)
    elastic_backend.always(moods)
    writer = Writer(chance, tmp_path / "a.log", numbered_line)
    config = elastic(elastic_backend, tmp_path, spool={**spool, "size": "8MiB"})
    spooled = 0
    for _ in killed_runs(waybill, config, chance, [writer]):
        moods.away = chance.random() < 0.3
        spooled += len(list(waybill.state_dir.rglob("*.seg")))
    assert (spooled > 0) == (spool["files"] == "always")
    elastic_backend.recover()
    process = waybill.daemon(config)
    expected = Counter(writer.lines)
    until(lambda: len(store.messages) >= len(expected),
          lambda: f"{len(expected)} lines; {len(expected - store.messages)} are missing, first "
                  f"{sorted(expected - store.messages)[:3]}\n{process.story()}", 60)
    until(lambda: settled(process), process.story, 60)
    assert store.messages == expected, "each under one id"
    assert process.stop() == 0
    print(f"{KILLS} kills, {len(expected)} lines, {writer.rotations} rotations, "
          f"{store.repeats} repeats refused by their ids")


# ---- Loki ----


def dated_line(number: int) -> str:
    return f'{{"ts":{1767323045 + number}.5,"msg":"dated {numbered_line(number)}"}}'


def message_of(line: str) -> str:
    return str(json.loads(line)["msg"]) if line.startswith("{") else line


def unexplained(times: list[Taken], kills: list[float]) -> bool:
    """Whether a line came again without a lost answer, or a crash soon after it came."""
    for earlier, later in zip(times, times[1:]):
        crashed = any(earlier.at - 1 <= kill <= min(later.at, earlier.at + CHECKPOINT_S)
                      for kill in kills)
        if earlier.told and not crashed:
            return True
    return False


def test_killed_at_random_loki_misses_no_line_and_repeats_have_a_reason(
    waybill: Runner, loki_backend: LokiBackend, tmp_path: Path, chance: random.Random
) -> None:
    """At least once: what was settled since the last checkpoint comes again after a crash, and a
    batch after a lost answer. With a time of its own a line is then the same entry to Loki."""
    moods = Moods(chance, loki_backend.accept)
    loki_backend.always(moods)
    dated = Writer(chance, tmp_path / "dated.log", dated_line)
    undated = Writer(chance, tmp_path / "undated.log", numbered_line)
    config = config_for(tmp_path, type="loki", endpoint=loki_backend.url, line="message")
    kills = []
    for _ in killed_runs(waybill, config, chance, [dated, undated]):
        kills.append(time.monotonic())
        moods.away = chance.random() < 0.2
    moods.away = False
    process = waybill.daemon(config)
    expected = {message_of(line) for line in dated.lines + undated.lines}
    until(lambda: len({entry.line for entry in loki_backend.taken}) >= len(expected),
          lambda: f"{len(expected)} lines\n{process.story()}", 60)
    until(lambda: settled(process), process.story, 60)
    assert process.stop() == 0

    came: dict[str, list[Taken]] = {}
    entries = set()
    for taken in sorted(moods.taken, key=lambda one: one.at):
        for entry in decode_push(taken.body):
            came.setdefault(entry.line, []).append(taken)
            entries.add((entry.time_ns, entry.line))
    assert set(came) == expected, "no line is missing, and none is invented"
    repeated = {line: times for line, times in came.items() if len(times) > 1}
    odd = {line: times for line, times in repeated.items() if unexplained(times, kills)}
    assert not odd, (f"{len(odd)} lines, first {min(odd)[:30]}: "
                     f"{[(one.at, one.told) for one in odd[min(odd)]]}; kills {kills}")
    held = Counter(line.startswith("dated") for _, line in entries)
    assert held[True] == len(dated.lines), "repeats are the same entries"
    print(f"{KILLS} kills, {len(expected)} lines, {len(repeated)} of them sent more than once; "
          f"Loki holds {held[False] - len(undated.lines)} of {len(undated.lines)} without a time "
          f"twice, and none of {len(dated.lines)} with one")


# ---- OTLP ----


def test_killed_at_random_otlp_misses_no_line_and_repeats_have_the_same_uid(
    waybill: Runner, otlp_backend: OtlpBackend, tmp_path: Path, chance: random.Random
) -> None:
    """A receiver keeps what comes twice; `log.record.uid` says that it is the same."""
    otlp_backend.always(Moods(chance, otlp_backend.accept))
    writer = Writer(chance, tmp_path / "a.log", numbered_line)
    config = config_for(tmp_path, type="otlp", endpoint=otlp_backend.url)
    for _ in killed_runs(waybill, config, chance, [writer], KILLS // 3):
        pass
    otlp_backend.recover()
    process = waybill.daemon(config)
    uids: dict[str, set[str]] = {}

    def bodies() -> set[str]:
        return {str(record.body) for record in otlp_backend.taken}

    until(lambda: len(bodies()) >= len(writer.lines),
          lambda: f"{len(writer.lines)} lines, {len(bodies())} came\n{process.story()}", 60)
    until(lambda: settled(process), process.story, 60)
    assert process.stop() == 0
    for record in otlp_backend.taken:
        uids.setdefault(str(record.body), set()).add(str(record.attributes["log.record.uid"]))
    assert set(uids) == set(writer.lines), "no line is missing, and none is invented"
    assert [line for line, known in uids.items() if len(known) != 1] == []
    assert len(set.union(*uids.values())) == len(writer.lines)
    print(f"{KILLS // 3} kills, {len(writer.lines)} lines, "
          f"{len(otlp_backend.taken) - len(writer.lines)} repeats")


# ---- damage ----

AROUND = 6 * LINE_BYTES  # more than a record takes in a segment


@dataclass(frozen=True)
class Damage:
    """What was done to a segment, the lines that it may cost, and how many of them."""

    what: str
    near: set[str]
    at_most: int


def lines_in(data: bytes) -> set[str]:
    return {match.decode() for match in re.findall(rb"line \d{6} of the test x+", data)}


def damage(chance: random.Random, segments: list[Path]) -> Damage:
    """Cuts the newest one, or turns a bit of any."""
    if chance.random() < 0.5:
        path = segments[-1]
        data = path.read_bytes()
        size = chance.randrange(1, min(len(data), 8 * LINE_BYTES))
        path.write_bytes(data[:-size])
        return Damage(f"{size} bytes cut off {path.name}",
                      lines_in(data[-size - AROUND:]), 1 + size // LINE_BYTES)
    path = chance.choice(segments)
    data = bytearray(path.read_bytes())
    at = chance.randrange(len(data))
    near = lines_in(data[max(0, at - AROUND) : at + AROUND])
    data[at] ^= 1 << chance.randrange(8)
    path.write_bytes(data)
    return Damage(f"a bit of byte {at} of {path.name}", near, 1)


def test_killed_and_damaged_only_what_was_hit_is_lost_and_it_is_said(
    waybill: Runner, elastic_backend: ElasticBackend, tmp_path: Path, chance: random.Random
) -> None:
    """A torn end or a turned bit in the spool of a run that was killed."""
    store = Store()
    elastic_backend.statuses = store.create
    writer = Writer(chance, tmp_path / "a.log", numbered_line)
    config = elastic(elastic_backend, tmp_path, spool={"files": "always", "size": "1MiB"})
    lost: Counter[str] = Counter()
    counted = 0
    for _ in range(max(1, KILLS // 4)):
        elastic_backend.always(503)
        process = waybill.start("run", config=config)
        writer.write(chance.uniform(0.1, 1.5))
        segments = until(lambda: sorted(waybill.state_dir.rglob("*.seg")), process.story)
        until(lambda: segments[-1].stat().st_size > LINE_BYTES, process.story)
        process.kill()
        process.close_stdin()
        done = damage(chance, sorted(waybill.state_dir.rglob("*.seg")))
        elastic_backend.recover()
        process = waybill.daemon(config)
        expected = Counter(writer.lines) - lost
        # The spool may be sent before the file is looked at: then nothing lags yet.
        until(lambda: settled(process) and process.input("app")["lag_bytes"] == 0
              and (expected - store.messages).total() <= done.at_most,
              lambda: f"{done.what}: {len(expected - store.messages)} lines are missing\n"
                      f"{process.story()}", 60)
        missing = expected - store.messages
        dropped = process.output("out")["dropped"].get("spool_damaged", 0)
        story = f"{done.what}: {sorted(missing)} of {sorted(done.near)}\n{process.story()}"
        assert store.messages - Counter(writer.lines) == Counter(), story
        assert set(missing) <= done.near and len(missing) <= done.at_most, story
        assert not missing or dropped > 0 or "cut off" in process.err.text, story
        assert process.stop() == (3 if dropped else 0), story
        process.close_stdin()
        counted += dropped
        lost += missing
    print(f"{KILLS // 4} kills with damage, {len(writer.lines)} lines, {len(lost)} lost, "
          f"{counted} counted as damaged")
