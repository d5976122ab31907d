# SPDX-License-Identifier: Apache-2.0
"""What is made of a line: the usual log libraries, printf, logfmt, and everything else."""

from __future__ import annotations

import json
from typing import Any

import pytest
from harness.runner import Runner
from harness.sending import messages

# line -> what its record has; `time` None: the read time.
LIBRARIES: dict[str, tuple[str, dict[str, Any]]] = {
    "zap": (
        '{"level":"info","ts":1767323045.678,"logger":"http","caller":"srv/main.go:42",'
        '"msg":"started","port":8080,"stacktrace":"goroutine 1"}',
        {"timestamp": "2026-01-02T03:04:05.678Z", "level": "INFO", "message": "started",
         "logger": "http", "caller": "srv/main.go:42", "context": {"port": 8080},
         "error": {"stack": "goroutine 1"}},
    ),
    "logrus": (
        '{"level":"warning","msg":"slow","time":"2026-01-02T03:04:05+01:00","user":"bob"}',
        {"timestamp": "2026-01-02T02:04:05.000Z", "level": "WARN", "message": "slow",
         "context": {"user": "bob", "level_text": "warning"}},
    ),
    "slog": (
        '{"time":"2026-01-02T03:04:05.678901234Z","level":"ERROR","msg":"no","err":"EOF",'
        '"req":{"method":"GET"}}',
        {"timestamp": "2026-01-02T03:04:05.678901234Z", "level": "ERROR", "message": "no",
         "error": {"message": "EOF"}, "context": {"req": {"method": "GET"}}},
    ),
    "zerolog": (
        '{"level":"debug","time":1767323045,"message":"tick","n":1}',
        {"timestamp": "2026-01-02T03:04:05.000Z", "level": "DEBUG", "message": "tick",
         "context": {"n": 1}},
    ),
    "pino": (
        '{"level":50,"time":1767323045678,"pid":657,"hostname":"h","name":"api","msg":"bad",'
        '"err":{"type":"TypeError","message":"x is undefined","stack":"at f"}}',
        {"timestamp": "2026-01-02T03:04:05.678Z", "level": "ERROR", "message": "bad",
         "logger": "api", "context": {"pid": 657, "hostname": "h", "level_text": "50"},
         "error": {"kind": "app", "type": "TypeError", "message": "x is undefined",
                   "stack": "at f"}},
    ),
    "bunyan": (
        '{"name":"myapp","hostname":"h","pid":1,"level":30,"msg":"hi",'
        '"time":"2026-01-02T03:04:05.678Z","v":0}',
        {"timestamp": "2026-01-02T03:04:05.678Z", "level": "INFO", "message": "hi",
         "logger": "myapp",
         "context": {"hostname": "h", "pid": 1, "v": 0, "level_text": "30"}},
    ),
    "log4j2": (
        '{"instant":{"epochSecond":1767323045,"nanoOfSecond":678000001},"thread":"main",'
        '"level":"FATAL","loggerName":"shop.Main","message":"down",'
        '"thrown":{"name":"java.io.IOException","message":"disk"}}',
        {"timestamp": "2026-01-02T03:04:05.678000001Z", "level": "FATAL", "message": "down",
         "logger": "shop.Main", "thread": "main",
         "error": {"kind": "app", "type": "java.io.IOException", "message": "disk"}},
    ),
    "ecs": (
        '{"@timestamp":"2026-01-02T03:04:05.678Z","log.level":"WARN","message":"hm",'
        '"service.name":"shop","log.logger":"a.B","process.thread.name":"t-1",'
        '"ecs.version":"1.2.0","trace.id":"4bf92f3577b34da6a3ce929d0e0e4736"}',
        {"timestamp": "2026-01-02T03:04:05.678Z", "level": "WARN", "message": "hm",
         "service_name": "shop", "logger": "a.B", "thread": "t-1",
         "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736", "context": {"ecs.version": "1.2.0"}},
    ),
    "nested ecs": (
        '{"@timestamp":"2026-01-02T03:04:05.678Z","log":{"level":"error","logger":"x",'
        '"origin":{"file":{"name":"a.py","line":7}}},"message":"m","service":{"name":"s"}}',
        {"timestamp": "2026-01-02T03:04:05.678Z", "level": "ERROR", "message": "m",
         "logger": "x", "caller": "a.py:7", "service_name": "s"},
    ),
}

PRINTF: dict[str, tuple[str, dict[str, Any]]] = {
    "log4j": (
        "2026-01-02 03:04:05,678 ERROR [worker-1] disk full",
        {"timestamp": "2026-01-02T03:04:05.678Z", "level": "ERROR", "thread": "worker-1",
         "message": "disk full"},
    ),
    "RFC 3339": (
        "2026-01-02T03:04:05.678901+02:00 INFO started",
        {"timestamp": "2026-01-02T01:04:05.678901Z", "level": "INFO", "message": "started"},
    ),
    "brackets": (
        "[2026-01-02 03:04:05] [warn] careful",
        {"timestamp": "2026-01-02T03:04:05.000Z", "level": "WARN", "message": "careful"},
    ),
    "Go": (
        "2026/01/02 03:04:05 listening on :80",
        {"timestamp": "2026-01-02T03:04:05.000Z", "level": "INFO",
         "message": "listening on :80"},
    ),
    "level alone": ("ERROR: out of memory", {"level": "ERROR", "message": "out of memory"}),
    "first words": ("error: no such file", {"level": "ERROR", "message": "error: no such file"}),
    "panic": ("panic: nil map", {"level": "FATAL", "message": "panic: nil map"}),
    "warning": ("warning: 91% full", {"level": "WARN", "message": "warning: 91% full"}),
    "bare": ("just words", {"level": "INFO", "message": "just words"}),
    "pairs": (
        "2026-01-02 03:04:05 INFO done status=200 took=1.5 ok=true name=\"a b\" id=x7",
        {"level": "INFO", "message": "done status=200 took=1.5 ok=true name=\"a b\" id=x7",
         "context": {"status": 200, "took": 1.5, "ok": True, "name": "a b", "id": "x7"}},
    ),
    "request id": (
        "GET / request_id=r-1 correlation_id=c-2 tenant_id=t-3",
        {"request_id": "r-1", "correlation_id": "c-2", "tenant_id": "t-3",
         "message": "GET / request_id=r-1 correlation_id=c-2 tenant_id=t-3"},
    ),
    "colours": ("\x1b[31mERROR\x1b[0m \x1b[1mred\x1b[0m", {"level": "ERROR", "message": "red"}),
}

LOGFMT: dict[str, tuple[str, dict[str, Any]]] = {
    "usual": (
        'time=2026-01-02T03:04:05.678Z level=warn msg="a \\"b\\"" n=5 f=1.50 ok=true s=x',
        {"timestamp": "2026-01-02T03:04:05.678Z", "level": "WARN", "message": 'a "b"',
         "context": {"n": 5, "f": 1.5, "ok": True, "s": "x"}},
    ),
    "errors": (
        'level=error msg=failed err="connection refused" component=db',
        {"level": "ERROR", "error": {"kind": "network", "message": "connection refused"},
         "context": {"component": "db"}},
    ),
}


def assert_record(record: dict[str, Any], expected: dict[str, Any]) -> None:
    found = {key: record.get(key) for key in expected}
    assert found == expected


@pytest.mark.parametrize("name", LIBRARIES)
def test_json_of(waybill: Runner, name: str) -> None:
    line, expected = LIBRARIES[name]
    record = waybill.record(line)
    assert record["source"]["format"] == "json"
    assert_record(record, expected)
    if "context" not in expected:
        assert "context" not in record


@pytest.mark.parametrize("name", PRINTF)
def test_printf(waybill: Runner, name: str) -> None:
    line, expected = PRINTF[name]
    record = waybill.record(line)
    assert record["source"]["format"] == "text"
    assert_record(record, expected)


@pytest.mark.parametrize("name", LOGFMT)
def test_logfmt(waybill: Runner, name: str) -> None:
    line, expected = LOGFMT[name]
    record = waybill.record(line)
    assert record["source"]["format"] == "logfmt"
    assert_record(record, expected)


def test_everything_mixed_on_one_stream(waybill: Runner) -> None:
    table = [*LIBRARIES.values(), *PRINTF.values(), *LOGFMT.values()]
    mixed = [each for pair in zip(table, reversed(table)) for each in pair] * 20
    data = "".join(line + "\n" for line, _ in mixed).encode()
    records = waybill.records(data)
    assert len(records) == len(mixed)
    for record, (_, expected) in zip(records, mixed, strict=True):
        assert_record(record, expected)


def test_numbers_and_types_come_through_exactly(waybill: Runner) -> None:
    context = (
        '{"big":123456789012345678901234567890,"exact":0.10,"exp":1E+2,"neg":-0,'
        '"deep":{"a":[1,[2,{"b":null}],true],"empty":{},"none":[]},'
        '"text":"\\u00e4\\n\\ud83d\\ude00"}'
    )
    ended = waybill.run("run", stdin=f'{{"msg":"m",{context[1:]}\n'.encode())
    start = ended.out.index('"context":') + len('"context":')
    assert ended.out[start : start + len(context)] == context, "copied as bytes"


def test_a_clash_loses_nothing(waybill: Runner) -> None:
    record = waybill.record('{"msg":"a","message":"b","context":{"x":1},"x":2,"id":"mine",'
                            '"source":"s","resource":"r","level":"info","severity":"odd"}')
    assert record["message"] == "a"
    context = record["context"]
    assert context["message"] == "b"
    assert {context["x"], context["x_2"]} == {1, 2}
    assert (context["id"], context["source"], context["resource"]) == ("mine", "s", "r")
    assert context["severity"] == "odd"


def test_a_value_of_the_wrong_kind_stays(waybill: Runner) -> None:
    record = waybill.record('{"msg":{"a":1},"level":"banana","time":"yesterday","trace_id":"xyz"}')
    assert "level" not in record and "trace_id" not in record
    assert record["context"] == {"msg": {"a": 1}, "level": "banana", "time": "yesterday",
                                 "trace_id": "xyz"}


def test_json_without_level_or_time(waybill: Runner) -> None:
    record = waybill.record('{"a":1}')
    assert "level" not in record
    assert len(record["timestamp"]) == len("2026-01-02T03:04:05.678901234Z")
    assert record["context"] == {"a": 1}


def test_a_record_passes_through_unchanged(waybill: Runner) -> None:
    first = waybill.run("run", "--service", "shop", stdin=(
        LIBRARIES["slog"][0] + "\n" + PRINTF["pairs"][0] + "\n" + '{"a":{"b":1},"id":"x"}\n'
    ).encode())
    second = waybill.run("run", "--service", "other", stdin=first.out.encode())
    assert second.out == first.out


def test_the_default_level(waybill: Runner) -> None:
    config = {"parse": {"default_level": "WARN"}}
    ended = waybill.run("run", "--to", "json", config=config, stdin=b"plain\nDEBUG said\n")
    assert [record["level"] for record in ended.records] == ["WARN", "DEBUG"]


def test_the_zone_of_times_without_one(waybill: Runner) -> None:
    line = b"2026-07-02 03:04:05 INFO summer\n"
    (record,) = waybill.records(line, env={"TZ": "Europe/Berlin"})
    assert record["timestamp"] == "2026-07-02T01:04:05.000Z"
    config = {"parse": {"time": {"default_zone": "America/New_York"}}}
    ended = waybill.run("run", "--to", "json", config=config, stdin=line)
    assert ended.records[0]["timestamp"] == "2026-07-02T07:04:05.000Z"


@pytest.mark.parametrize(
    ("formats", "expected"),
    [(["text"], ["text", "text"]), (["json"], ["json", "none"]), (["auto"], ["json", "logfmt"])],
)
def test_formats_can_be_limited(
    waybill: Runner, formats: list[str], expected: list[str]
) -> None:
    config = {"parse": {"formats": formats}}
    ended = waybill.run("run", "--to", "json", config=config,
                        stdin=b'{"msg":"m"}\nlevel=info msg=x\n')
    assert [record["source"]["format"] for record in ended.records] == expected
    assert len(messages(ended.records)) == 2


def test_an_inputs_own_format(waybill: Runner) -> None:
    config = {"inputs": {"pipe": {"type": "stdin", "format": "text"}}}
    ended = waybill.run("run", "--to", "json", config=config, stdin=b'{"msg":"m"}\n')
    assert ended.records[0]["message"] == '{"msg":"m"}'


def test_unicode(waybill: Runner) -> None:
    words = "Grüße, 世界 🌍 \u202e نص e\u0301 \ufeff"
    assert waybill.record(f"{words}!")["message"] == f"{words}!"
    assert waybill.record(json.dumps({"msg": words}))["message"] == words
    assert waybill.record(json.dumps({"msg": words}, ensure_ascii=False))["message"] == words
