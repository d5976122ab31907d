# SPDX-License-Identifier: Apache-2.0
"""Lines that nobody should write: understood, repaired, cut or passed on, and always counted. The
numbers are those of a list of faults that bite users of such daemons."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import Any

import pytest
from harness.process import Waybill
from harness.runner import Runner
from harness.sending import messages

MIB = 1024 * 1024
CONFIG: dict[str, Any] = {
    "inputs": {"pipe": {"type": "stdin"}},
    "outputs": {"out": {"type": "console", "style": "json"}},
}


class Session:
    """One run with its lines in and its records out."""

    def __init__(self, process: Waybill) -> None:
        self.process = process
        self.sent = 0

    def records_of(self, data: bytes, count: int) -> list[dict[str, Any]]:
        """Feeds lines and gives the `count` records that come of them."""
        self.process.write(data)
        before, self.sent = self.sent, self.sent + count
        return self.process.out.wait_for_records(self.sent, limit=30)[before:]

    def record_of(self, line: bytes) -> dict[str, Any]:
        """The one record of a line between two good ones, which must not suffer."""
        first, record, last = self.records_of(b"before\n" + line + b"\nafter\n", 3)
        assert (first["message"], last["message"]) == ("before", "after")
        return record

    def counts(self) -> dict[str, Any]:
        return self.process.input("pipe")


@pytest.fixture
def session(waybill: Runner) -> Iterator[Session]:
    process = waybill.start("run", config=CONFIG).wait_ready()
    yield Session(process)
    process.ledger()
    process.close_stdin()
    assert process.wait() == 0
    assert process.err.text == "", "bad lines are the application's affair: no noise"


@pytest.mark.parametrize(
    "line",
    [
        '{"level":"info","msg":"cut off',
        '{"a":1,}',
        '{"a" 1}',
        "{'a':1}",
        '{"a":01}',
        '{"a":1x2}',
        '{"a":trux}',
        '{"a":"\\q"}',
        '{"a":[1 2]}',
        '{"a":1} trailing',
        '{"a":1}{b}',
        '{"a":NaN}',
        '{"a":"\\ud800"}x',
        "{",
        "}",
        "{}}",
        '{"a":.5}',
        '{"a":+1}',
        '{"":}',
    ],
)
def test_broken_json_is_text(session: Session, line: str) -> None:
    record = session.record_of(line.encode())
    assert record["message"] == line
    assert record["source"]["format"] == "text"


@pytest.mark.parametrize(
    "line",
    ["[1,2,3]", "42", "3.14e10", '"a string"', "true", "null", '[{"msg":"x"}]', "[]"],
)
def test_json_that_is_no_object_is_text(session: Session, line: str) -> None:
    assert session.record_of(line.encode())["message"] == line


@pytest.mark.parametrize("line", ["{}", '{"a":{}}', '{"a":[]}', '  {"msg":"x"}  ', '{"":1}'])
def test_odd_but_valid_json(session: Session, line: str) -> None:
    record = session.record_of(line.encode())
    assert record["source"]["format"] == "json"


@pytest.mark.parametrize("pair", ["\\ud800", "\\udc00x", "\\ud800\\u0041"])
def test_half_a_surrogate(session: Session, pair: str) -> None:
    """Valid by RFC 8259's grammar, but no character: whatever is made of it must be UTF-8."""
    record = session.record_of(f'{{"msg":"a{pair}b","n":1}}'.encode())
    json.dumps(record, ensure_ascii=False).encode("utf-8", "surrogatepass")
    assert "a" in record["message"]


def test_42_invalid_utf8_nul_and_escape_in_one_line(session: Session) -> None:
    """What is printed is JSON in UTF-8; bytes that are none become U+FFFD, the rest is kept. Off
    plain text, terminal escapes are taken."""
    bad = b"\xff\xfe\xc3( \0 \x1b end"
    good = "\ufffd\ufffd\ufffd( \0 \x1b end"
    plain = good.replace("\x1b", "")
    for line, expected in ((bad, plain), (b'{"msg":"' + bad + b'","n":1}', good),
                           (b'level=info msg="' + bad + b'"', good)):
        record = session.record_of(line)
        assert (record["message"], record["source"]["repaired"]) == (expected, True), line


def test_nul_bytes(session: Session) -> None:
    record = session.record_of(b"a\0b\0\0c")
    assert record["message"] in ("a\0b\0\0c", "a\ufffdb\ufffd\ufffdc")
    record = session.record_of(b'{"msg":"a\0b","n":1}')
    assert (record["source"]["format"], record["source"]["repaired"]) == ("json", True)
    assert record["message"] == "a\0b"
    assert session.record_of(b'{"msg":"a\\u0000b"}')["message"] == "a\0b"
    record = session.record_of(b"\0" * 5000)
    assert len(record["message"]) == 5000
    assert session.counts()["repaired_lines"] >= 1


def test_raw_control_characters(session: Session) -> None:
    record = session.record_of(b'{"msg":"a\tb\x1b[0m\x7f","n":1}')
    assert record["message"] == "a\tb\x1b[0m\x7f"
    assert record["source"]["repaired"] is True
    assert session.counts()["repaired_lines"] == 1


@pytest.mark.parametrize(
    ("bad", "good"),
    [
        (b"\xff", "\ufffd"),
        (b"\xc3(", "\ufffd("),
        (b"\xf0\x9f\x98", None),
        (b"\xed\xa0\x80", None),
        (b"\xc0\xaf", None),
        (b"\xf5\x80\x80\x80", None),
        (b"\xe4b\xe4", "\ufffdb\ufffd"),
        (b"\xff\xfe\xc3(", "\ufffd\ufffd\ufffd("),
    ],
)
def test_invalid_utf8(session: Session, bad: bytes, good: str | None) -> None:
    for record in (
        session.record_of(b"x " + bad + b" y"),
        session.record_of(b'{"msg":"x ' + bad + b' y","n":1}'),
        session.record_of(b'level=info msg="x ' + bad + b' y" n=1'),
    ):
        if good is not None:
            assert record["message"] == f"x {good} y"
        assert record["message"].startswith("x \ufffd") and record["message"].endswith(" y")
        assert record["source"]["repaired"] is True
    assert session.counts()["repaired_lines"] == 3


def test_invalid_utf8_in_a_key(session: Session) -> None:
    record = session.record_of(b'{"msg":"m","k\xff":1}')
    assert record["context"] == {"k\ufffd": 1}


def test_a_very_long_line_is_cut_marked_and_counted(session: Session) -> None:
    record = session.record_of(b"x" * 10 * MIB)
    assert record["message"] == "x" * MIB
    assert record["source"]["truncated_bytes"] == 9 * MIB
    counts = session.counts()
    assert (counts["truncated_lines"], counts["truncated_bytes"]) == (1, 9 * MIB)
    peak = session.process.metrics().value("process_resident_memory_bytes")
    assert peak < 64 * MIB or "asan" in str(session.process.folder)


def test_a_very_long_json_line(session: Session) -> None:
    record = session.record_of(b'{"msg":"' + b"y" * 10 * MIB + b'"}')
    assert record["source"]["truncated_bytes"] == 10 * MIB + 10 - MIB
    assert record["message"].startswith('{"msg":"yyy') and len(record["message"]) == MIB


def test_a_line_of_exactly_the_limit(session: Session) -> None:
    assert "truncated_bytes" not in session.record_of(b"x" * MIB)["source"]
    assert session.record_of(b"x" * (MIB + 1))["source"]["truncated_bytes"] == 1
    assert "truncated_bytes" not in session.record_of(b"x" * (MIB - 1) + b"\r")["source"]


def test_a_cut_never_splits_a_character(session: Session) -> None:
    record = session.record_of("ä".encode() * MIB)
    assert record["message"].rstrip("\ufffd") == "ä" * (MIB // 2)
    record = session.record_of(b"x" + "ä".encode() * MIB)
    assert record["message"].rstrip("\ufffd").startswith("xää")


@pytest.mark.parametrize("kind", ["[]", "{}"])
@pytest.mark.parametrize("depth", [64, 1000, 90_000])
def test_53_deep_nesting(session: Session, kind: str, depth: int) -> None:
    """Brackets by the ten thousand: no stack of ours grows with them, and the line is kept."""
    opening, closing = kind if kind == "[]" else ('{"a":', "}")
    line = '{"msg":"m","x":' + opening * depth + "1" + closing * depth + "}"
    record = session.record_of(line.encode())
    if record["source"]["format"] == "text":
        assert record["message"] == line, "too deep to take apart, but nothing is lost"
        assert depth > 64
    else:
        assert record["message"] == "m"
    session.record_of(("[" * depth).encode())


def test_duplicate_keys(session: Session) -> None:
    record = session.record_of(b'{"msg":"one","a":1,"msg":"two","a":2,"o":{"b":1,"b":2},"a":3}')
    assert record["message"] == "two"
    assert record["context"] == {"a": 3, "o": {"b": 2}}
    assert record["source"]["duplicate_keys"] == 4
    record = session.record_of(b'{"\\u0061":1,"a":2}')
    assert record["context"] == {"a": 2}, "the same key, written differently"
    assert session.counts()["duplicate_keys"] == 5


def test_ten_thousand_keys_and_twins(session: Session) -> None:
    pairs = ",".join(f'"k{n}":{n}' for n in range(10_000))
    record = session.record_of(f'{{"msg":"m",{pairs},"k7":"last"}}'.encode())
    assert len(record["context"]) == 10_000
    assert record["context"]["k7"] == "last"


def test_huge_numbers_are_copied_exactly(session: Session) -> None:
    digits = "1234567890" * 500
    session.record_of(f'{{"n":{digits},"f":0.{digits},"e":1e99999}}'.encode())
    text = session.process.out.text
    assert f'"n":{digits}' in text and f'"f":0.{digits}' in text and '"e":1e99999' in text


def test_huge_numbers_where_a_time_or_level_is_expected(session: Session) -> None:
    digits = "9" * 5000
    record = session.record_of(f'{{"ts":{digits},"level":{digits},"msg":"m"}}'.encode())
    assert record["message"] == "m"
    assert set(record["context"]) == {"ts", "level"}


@pytest.mark.parametrize(
    "line",
    [
        "2026-13-45 99:99:99 ERROR impossible date",
        "0000-00-00 00:00:00 x",
        "9999-12-31T23:59:59Z x",
        "1000000000000000000000 x",
        "2026-02-30T00:00:00Z x",
        "=====",
        "= =",
        "a=",
        '=b c="unterminated',
        "[[[[[[[[[",
        "<<<>>>",
        "ERROR",
        "2026-01-02 03:04:05",
        "[]",
        "\\",
        '"',
        "\x1b[",
        "\x1b[31m",
        "traceparent=",
        "trace_id=\u00e4",
    ],
)
def test_odd_text(session: Session, line: str) -> None:
    record = session.record_of(line.encode())
    assert record["message"] or line.startswith("\x1b[")
    words = line.replace("\x1b[31m", "").split()
    assert not words or words[-1] in json.dumps(record, ensure_ascii=False) or "\x1b" in line \
        or words[-1] in record["message"] or record["timestamp"].startswith(words[0][:10])


def test_random_bytes(session: Session) -> None:
    noise = random.Random(7)
    lines = [bytes(noise.choice([10, 13, 34, 92, 123, 125, *range(256)]) for _ in range(300))
             .replace(b"\n", b"") or b"x" for _ in range(500)]
    lines = [line if line.strip(b" \t\r") else b"x" for line in lines]
    session.records_of(b"".join(line + b"\n" for line in lines), len(lines))
    assert session.counts()["records"] == 500


def test_mutated_json(session: Session) -> None:
    noise = random.Random(11)
    good = (b'{"level":"info","ts":1767323045.678,"msg":"\\u00e4 \xc3\xa4","a":[1,{"b":null}],'
            b'"trace_id":"4bf92f3577b34da6a3ce929d0e0e4736"}')
    lines = []
    for _ in range(3000):
        line = bytearray(good)
        for _ in range(noise.randint(1, 4)):
            line[noise.randrange(len(line))] = noise.choice(b'{}[]":,\\0ue-+.\x00\x1f\xff\x80 x')
        lines.append(bytes(line))
    records = session.records_of(b"".join(line + b"\n" for line in lines), len(lines))
    for record, line in zip(records, lines, strict=True):
        try:
            value = json.loads(line.decode("utf-8"), strict=True)
        except ValueError:
            continue
        assert record["source"]["format"] == ("json" if isinstance(value, dict) else "text"), line


def test_memory_stays_within_its_budget(waybill: Runner, session: Session) -> None:
    """Whatever is thrown at it; measured as the kernel counts it, after the exec."""
    data = b"".join(b'{"k%d":"%s"}\n' % (n, b"x" * 100_000) for n in range(300))
    records = session.records_of(data, 300)
    assert len(messages(records)) == 300
    assert session.process.peak_memory() < 120 * MIB or waybill.sanitized
