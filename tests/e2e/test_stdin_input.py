# SPDX-License-Identifier: Apache-2.0
"""Lines on standard input."""

from __future__ import annotations

import signal
import threading

import pytest
from harness.backend import LokiBackend
from harness.runner import Runner
from harness.sending import messages, numbered

STDIN = {"inputs": {"pipe": {"type": "stdin"}}, "outputs": {"out": {"type": "console"}}}


def test_a_last_line_without_its_end_counts(waybill: Runner) -> None:
    assert messages(waybill.records(b"one\ntwo")) == ["one", "two"]


def test_empty_lines_are_counted_and_not_sent(waybill: Runner) -> None:
    process = waybill.start("run", config=STDIN).wait_ready()
    process.write("\n\none\n   \t \r\n\ntwo\n")
    process.out.wait_for_records(2)
    counts = process.input("pipe")
    assert (counts["lines"], counts["empty"], counts["records"]) == (6, 4, 2)
    process.close_stdin()
    assert process.wait() == 0


def test_carriage_returns_are_line_ends_too(waybill: Runner) -> None:
    records = waybill.records(b'one\r\n{"msg":"two"}\r\nlevel=info msg=three\r\nfo\rur\r\n')
    assert messages(records) == ["one", "two", "three", "fo\rur"]


def test_a_byte_order_mark_is_no_part_of_a_line(waybill: Runner) -> None:
    text, json_line = waybill.records(b'\xef\xbb\xbfhello\n\xef\xbb\xbf{"msg":"there"}\n')
    assert text["message"] == "hello"
    assert json_line["message"] == "there"
    assert json_line["source"]["format"] == "json"


def test_a_line_in_pieces_is_one_line(waybill: Runner) -> None:
    process = waybill.start("run", config=STDIN).wait_ready()
    for piece in ("first ha", "lf, second", " half\nnext"):
        process.write(piece)
        process.ledger()
    process.out.wait_for_records(1)
    process.close_stdin()
    assert process.wait() == 0
    assert messages(process.out.records()) == ["first half, second half", "next"]


def test_many_lines_keep_their_order(waybill: Runner) -> None:
    lines = numbered(100_000)
    records = waybill.records("\n".join(lines).encode())
    assert messages(records) == lines
    assert len({record["id"] for record in records}) == len(lines)


def test_once_ends_with_the_input(waybill: Runner) -> None:
    ended = waybill.run("run", "--once", config=STDIN, stdin=b"one\ntwo\n")
    assert (ended.code, ended.err) == (0, "")
    assert messages(ended.records) == ["one", "two"]


def test_sigterm_reads_the_pipe_to_its_end(waybill: Runner) -> None:
    process = waybill.start("run", config=STDIN).wait_ready()
    process.write("one\n")
    process.out.wait_for_records(1)
    process.signal(signal.SIGTERM)
    process.write("two\n")
    process.close_stdin()
    assert process.wait() == 0
    assert messages(process.out.records()) == ["one", "two"]


def test_a_reader_that_goes_away_is_not_an_endless_wait(waybill: Runner) -> None:
    """`waybill | head -1`: the rest cannot be delivered any more."""
    shell = waybill.start_command(
        ["bash", "-c", 'yes line | head -50000 | "$0" run | head -1', str(waybill.binary)]
    )
    shell.wait()
    assert len(shell.out.lines) == 1


@pytest.mark.parametrize("on_full", ["drop", "block"])
def test_a_backend_that_hangs_and_a_producer_that_does_not_stop(
    waybill: Runner, loki_backend: LokiBackend, on_full: str
) -> None:
    loki_backend.always(503)
    process = waybill.start(
        "run",
        config={
            "memory": "8MiB",
            "inputs": {"pipe": {"type": "stdin", "on_full": on_full}},
            "outputs": {"loki": {"type": "loki", "endpoint": loki_backend.url,
                                 "batch": {"delay": "50ms"}}},
            "shutdown": {"grace": "5s"},
        },
    ).wait_ready()
    lines = [f"{n:06} {'x' * 500}" for n in range(60_000)]  # several times the memory
    data = "".join(line + "\n" for line in lines).encode()
    writer = threading.Thread(target=process.write, args=(data,), daemon=True)
    writer.start()
    writer.join(60 if on_full == "drop" else 8)  # a dropping one needs its time under a sanitizer
    if on_full == "drop":
        assert not writer.is_alive(), "the producer is not held up for good"
        assert process.output("loki")["dropped"]["queue_full"] > 0
    else:
        assert writer.is_alive(), "the producer waits, as it was told"
        assert sum(process.output("loki")["dropped"].values()) == 0
    assert process.metrics().value("waybill_memory_bytes") <= 8.5 * 1024 * 1024
    loki_backend.recover()
    writer.join(120)  # 30 MB, under a sanitizer, beside others
    assert not writer.is_alive()
    process.close_stdin()
    if on_full == "block":
        assert process.wait() == 0
        assert len(loki_backend.taken) == len(lines)
    else:
        assert process.wait() == 3
        process.err.wait_for("dropped")
