# SPDX-License-Identifier: Apache-2.0
"""Errors, JSON inside of JSON, and clocks that are off, from the line to the output."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from harness.poll import until
from harness.runner import Runner

ERRORS: dict[str, tuple[str, dict[str, Any]]] = {
    "Java": ("2026-01-02 03:04:05 ERROR [main] a.b.Pay - shop.CardException: declined",
             {"kind": "app", "type": "shop.CardException", "message": "declined"}),
    "Go": ("error: dial tcp 10.0.0.1:80: connect: connection refused",
           {"kind": "network", "message": "dial tcp 10.0.0.1:80: connect: connection refused"}),
    "Python": ("ERROR:root:[Errno 13] Permission denied: '/srv/x'",
               {"kind": "fs", "code": "13", "message": "[Errno 13] Permission denied: '/srv/x'"}),
    "logfmt": ('level=error msg=no err="context deadline exceeded"',
               {"kind": "timeout", "message": "context deadline exceeded"}),
    "JSON": ('{"level":"error","msg":"no","error":{"type":"*net.OpError","message":"m"}}',
             {"kind": "network", "type": "*net.OpError", "message": "m"}),
    "code": ('{"level":"error","msg":"no","error":{"code":"CARD_17","message":"m"}}',
             {"kind": "app", "code": "CARD_17", "message": "m"}),
    "CLEF": ('{"@t":"2026-01-02T03:04:05Z","@m":"m","@l":"Error",'
             '"@x":"System.IO.FileNotFoundException: no\\n   at A.B()"}',
             {"kind": "fs", "type": "System.IO.FileNotFoundException", "message": "no",
              "stack": "System.IO.FileNotFoundException: no\n   at A.B()"}),
}


@pytest.mark.parametrize("name", ERRORS)
def test_an_error_is_told(waybill: Runner, name: str) -> None:
    line, error = ERRORS[name]
    record = waybill.record(line)
    assert record["error"] == error
    assert record["level"] == "ERROR"


def test_what_is_no_error_has_none(waybill: Runner) -> None:
    for line in ("connection refused by policy", '{"level":"info","msg":"no error: at all"}',
                 "level=info msg=done err=nil", "WARN the disk is slow"):
        assert "error" not in waybill.record(line), line


def test_json_inside_of_json(waybill: Runner) -> None:
    inner = json.dumps({"level": "warn", "msg": 'a "b"', "ts": 1767323045.5, "n": 1})
    line = json.dumps({"log": inner + "\n", "stream": "stdout", "n": 2, "pod": {"name": "p"}})
    record = waybill.record(line)
    assert record["timestamp"] == "2026-01-02T03:04:05.500Z"
    assert (record["level"], record["message"]) == ("WARN", 'a "b"')
    assert record["context"] == {"n": 1, "stream": "stdout", "n_2": 2, "pod": {"name": "p"}}


def test_json_inside_of_text(waybill: Runner) -> None:
    record = waybill.record(
        '2026-01-02T03:04:05Z INFO {"user":1,"msg":"x","big":12345678901234567890}')
    assert (record["level"], record["message"]) == ("INFO", "x")
    assert record["context"] == {"user": 1, "big": 12345678901234567890}
    record = waybill.record('2026-01-02T03:04:05.678Z\tINFO\tmain.go:9\tmsg\t{"k": {"a": [1]}}')
    assert (record["message"], record["context"]) == ("msg", {"k": {"a": [1]}})


def test_a_clock_that_is_ahead_is_noted(waybill: Runner) -> None:
    ahead = datetime.now(timezone.utc) + timedelta(hours=3)
    record = waybill.record(f"{ahead:%Y-%m-%dT%H:%M:%S}Z INFO from the future")
    assert 3 * 3600 - 60 < record["source"]["clock_skew"] <= 3 * 3600
    assert "clock_skew" not in waybill.record("2020-01-02T03:04:05Z INFO old")["source"]


def test_times_in_another_zone_are_told_once(waybill: Runner) -> None:
    running = waybill.start("run", env={"TZ": "UTC"})

    def write_until_told() -> bool:
        local = datetime.now(timezone.utc) + timedelta(hours=5, minutes=30)
        running.write(f"{local:%Y-%m-%d %H:%M:%S} INFO here\n".encode())
        return "default_zone" in running.err.text

    until(write_until_told, "advice about the zone")
    running.write(b"2026-01-02 03:04:05 INFO the last one\n")
    running.close_stdin()
    assert running.wait() == 0
    told = [line for line in running.err.text.splitlines() if "default_zone" in line]
    assert len(told) == 1
    assert "5h 30min ahead of the clock" in told[0] and "Asia/Kolkata" in told[0]
