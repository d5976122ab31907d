# SPDX-License-Identifier: Apache-2.0
"""Lines that name no trace: inherited from the same request, derived, generated."""

from __future__ import annotations

import hashlib
import hmac
import json
import random
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from harness.runner import Runner

REQUESTS = 64
LINES = 40  # of each request
START = 1_767_323_045.0  # 2026-01-02T03:04:05Z


@dataclass
class Line:
    """What the program did: which request it was, whether it says so, and on which thread."""

    request: int
    step: int
    trace: str
    at: float  # seconds of event time
    thread: int = 0

    @property
    def mark(self) -> str:
        return f"{self.trace[:12]}/{self.step}"


def interleaved(seed: int, start: float = START, apart: float = 0.002) -> Iterator[Line]:
    """64 requests at once, in no order; the first line of each comes first of its own."""
    chance = random.Random(seed)
    traces = [f"{chance.getrandbits(128) | 1:032x}" for _ in range(REQUESTS)]
    left = {request: iter(range(LINES)) for request in range(REQUESTS)}
    at = start
    while left:
        request = chance.choice(list(left))
        step = next(left[request], None)
        if step is None:
            del left[request]
            continue
        at += apart
        yield Line(request, step, traces[request], at)


def clock(at: float) -> str:
    whole = int(at)
    day = 86400
    hour, minute, second = whole % day // 3600, whole % 3600 // 60, whole % 60
    return f"2026-01-02T{hour:02}:{minute:02}:{second:02}.{int(at * 1000) % 1000:03}Z"


def legacy(line: Line) -> str:
    """As a program prints that knows of traces at its door alone."""
    said = f" trace_id={line.trace}" if line.step == 0 else ""
    return f"{clock(line.at)} INFO request_id=req-{line.request} step {line.mark}{said}"


def judge(records: list[dict[str, Any]], expected: list[Line], least: float = 0.999) -> None:
    """At least so many lines are on the right trace, and none is on a wrong one."""
    traces = {line.mark: line.trace for line in expected}
    assert len(records) == len(expected)
    right = 0
    for record in records:
        mark = record["message"].split("step ")[1].split()[0]
        got = record.get("trace_id")
        if record.get("trace_origin") == "generated":
            got = None
        assert got in (None, traces[mark]), (mark, record)
        right += got is not None
    assert right >= least * len(expected), f"{right} of {len(expected)}"


def text_of(lines: list[Line]) -> bytes:
    return "".join(legacy(line) + "\n" for line in lines).encode()


def test_interleaved_requests_of_one_program(waybill: Runner) -> None:
    lines = list(interleaved(1))
    records = waybill.records(text_of(lines))
    judge(records, lines, least=1.0)
    origins = [record["trace_origin"] for record in records]
    assert origins.count("inherited") == len(lines) - REQUESTS


def test_a_backlog_in_which_ids_are_used_again(waybill: Runner, tmp_path: Path) -> None:
    """Hours of lines, read in seconds: what counts is the time of the lines."""
    log = tmp_path / "app.log"
    lines = [line for round_ in range(6)
             for line in interleaved(round_ + 10, START + 600 * round_)]
    log.write_bytes(text_of(lines))
    config = {"inputs": {"app": {"type": "file", "include": [str(log)]}},
              "outputs": {"out": {"type": "file", "path": str(tmp_path / "out.jsonl")}}}
    assert waybill.run("run", "--once", config=config).code == 0
    judge(waybill.written(), lines, least=1.0)


def test_an_id_that_is_used_again_too_soon_gives_nothing(waybill: Runner) -> None:
    first, second = list(interleaved(20)), list(interleaved(21, START + 10))
    records = waybill.records(text_of(first) + text_of(second))
    judge(records[:len(first)], first)
    judge(records[len(first):], second, least=0)
    later = [record for record in records[len(first):] if "trace_id=" not in record["message"]]
    assert later and not any("trace_id" in record for record in later)


def test_pooled_threads(waybill: Runner) -> None:
    """Requests move between threads; half of the lines name nothing but their thread."""
    chance = random.Random(30)
    lines, output = [], []
    for line in interleaved(31):
        line.thread = chance.randrange(8)
        lines.append(line)
        said = f" trace_id={line.trace}" if line.step == 0 else ""
        output.append(f"{clock(line.at)} INFO [worker-{line.thread}] "
                      f"request_id=req-{line.request} step {line.mark}{said}")
        silent = Line(line.request, LINES + line.step, line.trace, line.at, line.thread)
        lines.append(silent)
        output.append(f"{clock(line.at)} INFO [worker-{line.thread}] step {silent.mark}")
    config = {"trace": {"inherit": {"keys": ["request_id", "thread"]}}}
    ended = waybill.run("run", "--to", "json", config=config,
                        stdin="".join(line + "\n" for line in output).encode())
    judge(ended.records, lines)
    # Not asked for, a thread gives nothing.
    usual = waybill.records("".join(line + "\n" for line in output).encode())
    silent_ones = [r for r in usual if "request_id=" not in r["message"]]
    assert len(silent_ones) == len(lines) // 2
    assert not any("trace_id" in record for record in silent_ones)


CHILD = """
import os, sys
for line in open(sys.argv[1], "rb"):
    fd, text = line.split(b" ", 1)
    os.write(int(fd), text)
"""


@pytest.mark.parametrize("starts_on", ["stdout", "stderr", "either"])
def test_both_streams_of_a_child(waybill: Runner, tmp_path: Path, starts_on: str) -> None:
    chance = random.Random(40)
    lines = list(interleaved(41))
    script, spoken = tmp_path / "child.py", tmp_path / "lines"
    script.write_text(CHILD, encoding="utf-8")
    first = {"stdout": "1", "stderr": "2"}.get(starts_on)
    with open(spoken, "w", encoding="utf-8") as file:
        for line in lines:
            stream = first if line.step == 0 and first else chance.choice("12")
            file.write(f"{stream} {legacy(line)}\n")
    out = tmp_path / "out.jsonl"
    process = waybill.start("exec", "--quiet", "--to", f"file:{out}", "--", sys.executable,
                            str(script), str(spoken), stdin=b"")
    assert process.wait() == 0
    records = waybill.written()
    judge(records, lines)
    # The lines of each stream are in their order.
    for stream in ("stdout", "stderr"):
        times = [r["timestamp"] for r in records if r["source"]["stream"] == stream]
        assert times == sorted(times)
    assert {r["source"]["stream"] for r in records} == {"stdout", "stderr"}


def test_two_files_are_two_sources(waybill: Runner, tmp_path: Path) -> None:
    one, two = list(interleaved(50)), list(interleaved(51))
    (tmp_path / "one.log").write_bytes(text_of(one))
    (tmp_path / "two.log").write_bytes(text_of(two))
    config = {"inputs": {"app": {"type": "file", "include": [str(tmp_path / "*.log")]}},
              "outputs": {"out": {"type": "file", "path": str(tmp_path / "out.jsonl")}}}
    assert waybill.run("run", "--once", config=config).code == 0
    judge(waybill.written(), one + two, least=1.0)


def test_derived_ids_are_the_same_in_every_process(waybill: Runner, tmp_path: Path) -> None:
    lines = b'{"msg":"m","request_id":"r-1"}\nrequest_id=gr\xc3\xb6\xc3\x9fe done\nno id\n'
    wanted = [hashlib.sha256(text.encode()).hexdigest()[:32] for text in ("r-1", "größe")]
    for _ in range(2):
        ended = waybill.run("run", "--to", "json", config={"trace": {"derive": "request_id"}},
                            stdin=lines)
        assert [record.get("trace_id") for record in ended.records] == [*wanted, None]
        assert ended.records[0]["trace_origin"] == "derived"
    key = tmp_path / "trace.key"
    key.write_bytes(b"0123456789abcdef\n")
    key.chmod(0o600)
    keyed = waybill.run("run", "--to", "json", stdin=lines, config={
        "trace": {"derive": "request_id", "derive_key_file": "trace.key"}})
    assert keyed.records[0]["trace_id"] == hmac.new(
        b"0123456789abcdef", b"r-1", hashlib.sha256).hexdigest()[:32]


@pytest.mark.parametrize(("content", "mode"), [
    (None, 0), (b"\n", 0o600), (b"too short\n", 0o600), (b"0123456789abcdef\n", 0o644)])
def test_a_key_that_cannot_be_used(
        waybill: Runner, tmp_path: Path, content: bytes | None, mode: int) -> None:
    if content is not None:
        (tmp_path / "trace.key").write_bytes(content)
        (tmp_path / "trace.key").chmod(mode)
    ended = waybill.run("check", config={
        "trace": {"derive": "request_id", "derive_key_file": "trace.key"}})
    assert ended.code == 2 and "trace.key" in ended.err


def test_generated_ids(waybill: Runner) -> None:
    lines = b"request_id=a x\nrequest_id=b x\nrequest_id=a y\nnone\n"
    ended = waybill.run("run", "--to", "json", config={"trace": {"generate": "request"}},
                        stdin=lines)
    ids = [record.get("trace_id") for record in ended.records]
    assert ids[0] == ids[2] != ids[1] and ids[3] is None
    assert {r["trace_origin"] for r in ended.records[:3]} == {"generated"}
    ended = waybill.run("run", "--to", "json", config={"trace": {"generate": "run"}}, stdin=lines)
    run = {record["trace_id"] for record in ended.records}
    assert len(run) == 1 and run.isdisjoint(ids)


def test_exec_gives_the_run_a_trace(waybill: Runner) -> None:
    ended = waybill.run("exec", "--propagate", "--to", "json", "--", "/bin/sh", "-c",
                        'echo "parent $TRACEPARENT"; echo plain')
    said, plain = ended.records
    trace, origin = plain["trace_id"], plain["trace_origin"]
    assert origin == "generated"
    assert said["trace_origin"] == "text" and said["trace_id"] == trace
    assert said["message"] == f"parent 00-{trace}-{said['span_id']}-01"
    ended = waybill.run("exec", "--to", "json", "--", "/bin/sh", "-c", 'echo "[$TRACEPARENT]"',
                        env={"TRACEPARENT": "its own"})
    assert ended.records[0]["message"] == "[its own]"
    off = waybill.run("exec", "--to", "json", "--", "/bin/echo", "x",
                      config={"trace": {"generate": "off"}})
    assert "trace_id" not in off.records[0]


def test_a_reload_forgets_nothing_that_it_leaves_as_it_is(waybill: Runner) -> None:
    config = {"inputs": {"in": {"type": "stdin"}},
              "outputs": {"out": {"type": "file", "path": str(waybill.folder / "out.jsonl")}}}
    process = waybill.daemon(config)
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    process.write(f"request_id=r trace_id={trace}\n".encode())
    waybill.wait_written(1)
    assert process.reload() == "applied"
    process.write(b"request_id=r\n")
    assert waybill.wait_written(2)[1]["trace_id"] == trace
    metrics = process.metrics()
    assert metrics.value("waybill_trace_origin_total", origin="inherited") == 1
    assert metrics.value("waybill_trace_keys") == 1


def test_a_flood_of_request_ids_takes_bounded_memory(waybill: Runner) -> None:
    """10,000 distinct ones a second: what is remembered is bounded, and what is lost is counted."""
    config = {"inputs": {"in": {"type": "stdin"}},
              "trace": {"inherit": {"max_keys": 4096}},
              "outputs": {"out": {"type": "file", "path": str(waybill.folder / "out.jsonl")}}}
    process = waybill.daemon(config)
    count = 30_000
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    lines = [json.dumps({"time": clock(START + i / 10_000), "msg": "m", "request_id": f"r-{i}",
                         "trace_id": trace}) for i in range(count)]
    for request in (count - 1, 0):  # the last one, and one that is long forgotten
        lines.append(json.dumps(
            {"time": clock(START + 3), "msg": "m", "request_id": f"r-{request}"}))
    process.write("".join(line + "\n" for line in lines).encode())
    records = waybill.wait_written(count + 2)
    assert records[-2]["trace_origin"] == "inherited" and "trace_id" not in records[-1]
    metrics = process.metrics()
    assert metrics.value("waybill_trace_keys") <= 4096
    assert metrics.value("waybill_trace_memory_bytes") < 1 << 20
    assert metrics.value("waybill_trace_keys_evicted_total") >= count - 4096
