# SPDX-License-Identifier: Apache-2.0
"""Outputs that want some of the records, and say which."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from harness.backend import LokiBackend
from harness.poll import until
from harness.runner import Runner

LINES = b"".join(
    json.dumps({"level": level, "msg": f"{level} {n}", "logger": "poll" if n % 2 else "db"})
    .encode() + b"\n" for n in range(50) for level in ("debug", "info", "error"))


def two_outputs(backend: LokiBackend, path: Path, when: str) -> dict[str, Any]:
    return {
        "service": {"name": "shop"},
        "inputs": {"pipe": {"type": "stdin"}},
        "outputs": {"loki": {"type": "loki", "endpoint": backend.url, "when": when},
                    "all": {"type": "file", "path": str(path)}},
    }


def test_each_output_gets_what_it_wants(
    waybill: Runner, loki_backend: LokiBackend, tmp_path: Path
) -> None:
    config = two_outputs(loki_backend, tmp_path / "out.jsonl",
                         "level >= INFO and not logger =~ '^po+ll$'")
    process = waybill.start("run", config=config).wait_ready()
    process.write(LINES)
    process.wait_delivered("all", 150)
    process.wait_delivered("loki", 50)
    counts = process.output("loki")  # which balances
    assert (counts["records"], counts["filtered"], counts["delivered"]) == (150, 100, 50)
    assert process.output("all")["filtered"] == 0
    name = "waybill_output_records_total"
    assert process.metrics().value(name, output="loki", result="filtered") == 100
    process.close_stdin()
    assert process.wait() == 0
    assert len(waybill.written()) == 150
    words = {json.loads(entry.line)["message"].split()[0] for entry in loki_backend.taken}
    assert words == {"info", "error"}
    assert all(json.loads(entry.line)["logger"] == "db" for entry in loki_backend.taken)


def test_what_no_output_wants_is_done_with(
    waybill: Runner, loki_backend: LokiBackend, tmp_path: Path
) -> None:
    """The checkpoint moves over records that were filtered, and a restart reads nothing again."""
    log = tmp_path / "app.log"
    log.write_bytes(LINES)
    config = {
        "inputs": {"app": {"type": "file", "include": [str(log)], "start_at": "beginning"}},
        "outputs": {"loki": {"type": "loki", "endpoint": loki_backend.url,
                             "when": "level == FATAL"}}}
    ended = waybill.run("run", "--once", config=config)
    assert (ended.code, ended.err) == (0, "")
    with log.open("ab") as file:
        file.write(b'{"level":"fatal","msg":"the end"}\n')
    daemon = waybill.daemon(config)
    daemon.wait_delivered("loki", 1)
    assert daemon.output("loki")["records"] == 1
    assert daemon.stop() == 0
    assert [json.loads(entry.line)["message"] for entry in loki_backend.taken] == ["the end"]


def test_a_reload_changes_what_an_output_wants(
    waybill: Runner, loki_backend: LokiBackend, tmp_path: Path
) -> None:
    config = two_outputs(loki_backend, tmp_path / "out.jsonl", "level == DEBUG")
    process = waybill.start("run", config=config).wait_ready()
    process.write(b'{"level":"debug","msg":"1"}\n{"level":"info","msg":"2"}\n')
    process.wait_delivered("loki", 1)
    config["outputs"]["loki"]["when"] = "level == INFO"
    waybill.write_config(config)
    assert process.reload() == "applied"
    process.write(b'{"level":"debug","msg":"3"}\n{"level":"info","msg":"4"}\n')
    process.wait_delivered("loki", 2)
    assert process.output("loki")["filtered"] == 2
    process.close_stdin()
    assert process.wait() == 0
    assert [json.loads(entry.line)["message"] for entry in loki_backend.taken] == ["1", "4"]


def test_records_that_stand_for_others_are_filtered_alike(
    waybill: Runner, loki_backend: LokiBackend, tmp_path: Path
) -> None:
    config = two_outputs(loki_backend, tmp_path / "out.jsonl", "level != ERROR")
    config["sample"] = {"rules": [{"dedupe": {"window": "50ms"}}]}
    process = waybill.start("run", config=config).wait_ready()
    process.write(b'{"level":"error","msg":"same"}\n' * 20)
    until(lambda: process.output("all")["synthetic"] > 0 and len(waybill.written()) >= 2,
          process.story)
    counts = process.output("loki")
    assert counts["filtered"] == process.output("all")["delivered"] >= 2
    assert counts["delivered"] == 0
    process.close_stdin()
    assert process.wait() == 0


@pytest.mark.parametrize(("when", "words"), [
    ("level = INFO", "outputs.o.when: column 7: write == to compare"),
    ("route == 'x'", "outputs.o.when: column 1: 'route' is no field of a record"),
    ("message =~ '('", "outputs.o.when: column 12: no regular expression of RE2: missing )"),
    ("", "outputs.o.when: column 1: expected the path of a field"),
])
def test_a_faulty_condition_is_refused_where_it_stands(
    waybill: Runner, when: str, words: str
) -> None:
    text = ('outputs:\n  o:\n    type: file\n    path: /tmp/x\n'
            f'    when: "{when}"\n')
    ended = waybill.run("check", config=text)
    assert ended.code == 2
    assert ended.err.startswith(f"{waybill.config_file}:5:5: {words}"), ended.err


def test_a_condition_that_never_holds_is_warned_of(waybill: Runner) -> None:
    config = {"outputs": {"o": {"type": "console", "when": "level > FATAL"}}}
    ended = waybill.run("check", config=config)
    assert ended.code == 0
    assert "outputs.o.when: warning: no record is as it wants" in ended.err


def test_explain_says_why_an_output_gets_nothing(waybill: Runner, tmp_path: Path) -> None:
    config = {"outputs": {"o": {"type": "console", "when": "level >= ERROR"},
                          "p": {"type": "console", "when": "level < ERROR"}}}
    shown = waybill.run("explain", '{"level":"info","msg":"x"}', config=config).out
    assert "output   o (" in shown
    assert "not sent there, as `when: level >= ERROR` does not hold" in shown
    assert shown.count("does not hold") == 1
