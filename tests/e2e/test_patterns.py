# SPDX-License-Identifier: Apache-2.0
"""Text formats of the user's own: `parse.patterns`."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.runner import Ended, Runner
from harness.sending import append
from harness.tree import ROOT

SHOP = {"name": "shop", "regex": r"^(?<time>\S+) (?P<level>[A-Z]+) (?P<user>\w+): (?P<message>.*)$"}
TILL = {
    "name": "till",
    "dissect": "%{time} [%{level}] %{?skipped} %{user} took %{took}, sent %{sent}: %{message}",
    "types": {"took": "duration", "sent": "bytes"},
}
SHOP_LINE = "2026-01-02T03:04:05.678Z ERROR ada: no such cart"
TILL_LINE = "2026-01-02T03:04:05Z [warn] x ada took 1m30s, sent 1.5KiB: slow"


def config_of(*patterns: dict[str, Any], **parse: Any) -> dict[str, Any]:
    return {"inputs": {"in": {"type": "stdin"}},
            "parse": {"patterns": list(patterns), **parse},
            "outputs": {"out": {"type": "console", "style": "json"}}}


def run(waybill: Runner, config: dict[str, Any], *lines: str) -> list[dict[str, Any]]:
    ended = waybill.run("run", config=config, stdin="".join(f"{line}\n" for line in lines).encode())
    assert ended.code == 0, ended.err
    return ended.records


def faults_of(waybill: Runner, *patterns: dict[str, Any], **parse: Any) -> list[str]:
    """The faults without the file's name, from the column on."""
    ended: Ended = waybill.run("check", config=config_of(*patterns, **parse))
    assert ended.code == 2, ended.err
    lines = ended.err.strip().split("\n")
    assert all(re.match(rf"{re.escape(str(waybill.config_file))}:\d+:\d+: ", line)
               for line in lines), ended.err
    return [line.split(": ", 1)[1] for line in lines]


def test_lines_of_ones_own_between_others(waybill: Runner) -> None:
    records = run(waybill, config_of(SHOP, TILL), SHOP_LINE, '{"level":"info","msg":"json"}',
                  TILL_LINE, "WARN: something else")
    shop, json, till, text = records
    assert [record["source"]["format"] for record in records] == ["shop", "json", "till", "text"]
    assert shop["timestamp"] == "2026-01-02T03:04:05.678Z"
    assert (shop["level"], shop["message"]) == ("ERROR", "no such cart")
    assert shop["context"] == {"user": "ada"}
    assert (json["message"], text["message"]) == ("json", "something else")
    assert (till["level"], till["message"]) == ("WARN", "slow")
    assert till["context"] == {"user": "ada", "took": 90, "sent": 1536}


def test_an_input_of_one_format(waybill: Runner) -> None:
    config = config_of(SHOP, TILL)
    config["inputs"]["in"]["format"] = "till"
    records = run(waybill, config, SHOP_LINE, TILL_LINE)
    assert [record["source"]["format"] for record in records] == ["none", "till"]
    assert records[0]["message"] == SHOP_LINE


def test_formats_name_patterns_too(waybill: Runner) -> None:
    config = config_of(SHOP, TILL, formats=["till", "json"])
    records = run(waybill, config, SHOP_LINE, TILL_LINE, '{"msg":"x"}')
    assert [record["source"]["format"] for record in records] == ["none", "till", "json"]


def test_nothing_of_a_line_is_lost(waybill: Runner) -> None:
    part = {"name": "part", "regex": r"user=(?P<user>\w+) took=(?P<took>\S+)",
            "types": {"took": "duration"}}
    odd = {"name": "odd", "dissect": "<%{time}|%{level}> %{message}"}
    first, second = run(waybill, config_of(part, odd), "x user=ada took=5ms y", "<now|loud> words")
    assert first["message"] == "x user=ada took=5ms y"
    assert first["context"] == {"user": "ada", "took": 0.005}
    assert (second["message"], second["context"]) == ("words", {"time": "now", "level": "loud"})


def test_patterns_of_a_reloaded_config(waybill: Runner, tmp_path: Path) -> None:
    config = config_of()
    app = {"type": "file", "include": [str(tmp_path / "*.log")], "start_at": "beginning"}
    config |= {"inputs": {"app": app}}
    daemon = waybill.daemon(config)

    def format_of(line: str, count: int) -> str:
        append(tmp_path / "a.log", line)
        return str(daemon.out.wait_for_records(count)[-1]["source"]["format"])

    assert format_of(SHOP_LINE, 1) == "text"
    waybill.write_config({**config, "parse": {"patterns": [SHOP]}})
    assert daemon.reload() == "applied"
    assert format_of(SHOP_LINE, 2) == "shop"
    waybill.write_config({**config, "parse": {"patterns": [{**SHOP, "regex": "(?P<time>"}]}})
    assert daemon.reload() != "applied"
    daemon.err.wait_for("missing )")
    assert format_of(SHOP_LINE, 3) == "shop"
    assert daemon.stop() == 0


# ---- check ----


def test_check_runs_the_samples(waybill: Runner) -> None:
    good = {**SHOP, "samples": [SHOP_LINE, {"line": SHOP_LINE, "record": {
        "time": "2026-01-02T03:04:05.678Z", "level": "ERROR", "user": "ada",
        "context": {"user": "ada"}, "message": "no such cart"}}]}
    typed = {**TILL, "samples": [{"line": TILL_LINE, "record": {
        "took": 90.0, "sent": 1536, "timestamp": "2026-01-02T03:04:05Z"}}]}
    ended = waybill.run("check", config=config_of(good, typed))
    assert (ended.code, ended.err) == (0, "")


def test_check_says_which_sample_fails_and_where_it_stopped(waybill: Runner) -> None:
    faults = faults_of(
        waybill,
        {**SHOP, "samples": [SHOP_LINE, "12:00 error ada: x",
                             {"line": SHOP_LINE, "record": {"user": "bob", "level": "WARN"}}]},
        {**TILL, "samples": ["12:00 [info] x ada spent 5s, sent 1: y",
                             {"line": TILL_LINE, "record": {"took": "1m30s", "gone": 1}}]})
    assert [fault.split(": ", 1)[0] for fault in faults] == [
        *["parse.patterns[0].samples"] * 3, *["parse.patterns[1].samples"] * 3]
    assert faults[0].endswith(
        r"pattern 'shop': does not match '12:00 error ada: x': no match: '^(?<time>\S+) ' matches "
        r"'12:00 '; '(?P<level>[A-Z]+)' is wanted behind it, and 'error ada: x' is not that")
    assert "context.user is 'ada', not 'bob'" in faults[1]
    assert "level is 'ERROR', not 'WARN'" in faults[2]
    assert "no ' took ' behind %{user}, in 'ada spent 5s, sent 1: y'" in faults[3]
    assert "context.took is 90, not the text '1m30s'" in faults[4]
    assert "gone is absent, not 1" in faults[5]


@pytest.mark.parametrize("change, words", [
    ({"regex": "(?P<a>x"}, ".regex: pattern 'shop': no regular expression of RE2's: missing )"),
    ({"regex": "(?P<a>x)(?=y)"}, "it looks around without taking anything"),
    ({"regex": r"(?P<a>x)\1"}, "it refers back to a group"),
    ({"regex": "(?P<a>x)++"}, "it has a possessive quantifier"),
    ({"regex": "(?>x)"}, "it has an atomic group"),
    ({"regex": ""}, ".regex: must not be empty"),
    ({"dissect": "%{a}"}, ".dissect: there is a regex as well"),
    ({"name": "json"}, ".name: 'json' is a format that is built in"),
    ({"name": "glog"}, ".name: 'glog' is a format that is built in"),
    ({"name": "a b"}, ".name: 'a b' is not a name"),
    ({"types": {"usr": "int"}}, ".types.usr: pattern 'shop' has no group of this name "
                                "(did you mean 'user'?)"),
    ({"types": {"user": "integer"}}, ".types.user: 'integer' is not one of int, float, bool, "
                                     "duration, bytes"),
    ({"regexp": "x"}, "unknown key 'regexp' in parse.patterns[0] (did you mean 'regex'?)"),
    ({"samples": [{"lines": "x"}]}, "unknown key 'lines'"),
    ({"samples": {"line": "x"}}, "must be a list, not a mapping"),
])
def test_faults_of_patterns(waybill: Runner, change: dict[str, Any], words: str) -> None:
    faults = faults_of(waybill, {**SHOP, **change})
    assert any(words in fault for fault in faults), faults


def test_more_faults_of_patterns(waybill: Runner) -> None:
    faults = faults_of(waybill, {"name": "one", "dissect": "%{x}%{y}"}, {"name": "two"},
                       {"name": "one", "dissect": "%{x}"}, {"regex": "x"},
                       formats=["one", "two", "three"])
    for words in ("parse.formats: 'three' is not a format", "nothing stands between %{x}",
                  "parse.patterns[1]: needs 'regex'", "another pattern is called 'one' already",
                  "parse.patterns[3]: needs 'name'"):
        assert any(words in fault for fault in faults), (words, faults)
    assert len(faults) == 5, faults


def test_a_fault_names_its_place(waybill: Runner) -> None:
    text = """\
parse:
  patterns:
    - name: shop
      regex: '['
    - {name: till, dissect: x}
"""
    ended = waybill.run("check", config=text)
    assert ended.code == 2
    assert [re.findall(r":(\d+:\d+): ", line)[0] for line in ended.err.strip().split("\n")] == [
        "4:7", "5:20"]


def test_run_and_explain_refuse_what_check_refuses(waybill: Runner) -> None:
    broken = config_of({**SHOP, "samples": ["no"]})
    for command in ("run", "explain"):
        ended = waybill.run(command, config=broken, stdin=b"")
        assert ended.code == 2 and "does not match 'no'" in ended.err


def test_check_warns_of_a_slow_one(waybill: Runner) -> None:
    slow = {"name": "slow", "regex": r"(?P<user>\w+)\s(?P<n>\d+)"}
    ended = waybill.run("check", config=config_of(slow))
    assert ended.code == 0
    assert "warning: parse.patterns[0].regex: pattern 'slow' is slow" in ended.err
    assert "begin it with ^" in ended.err


# ---- explain ----


def test_explain_says_which_pattern_matched_and_why_others_did_not(waybill: Runner) -> None:
    shown = waybill.run("explain", TILL_LINE, config=config_of(SHOP, TILL)).out
    assert "parse    till\n" in shown
    assert "pattern shop: no match: '^(?<time>\\S+) ' matches '2026-01-02T03:04:05Z '" in shown
    assert "pattern till: matches\n" in shown
    other = waybill.run("explain", "12:00 [info] x", config=config_of(SHOP, TILL)).out
    assert "(not patterns, json" in other
    assert "pattern till: no ' ' behind %{?skipped}, in 'x'" in other


# ---- speed ----


def test_52_a_hostile_pattern_costs_linear_time(waybill: Runner) -> None:
    hostile = {"name": "hostile", "regex": "^(x+x+)+y$"}
    count, size = 500, 2000
    line = "x" * size + "z"
    begin = time.monotonic()
    records = run(waybill, config_of(hostile), *[line] * count)
    took = time.monotonic() - begin
    assert len(records) == count and {record["message"] for record in records} == {line}
    assert took < 0.010 * count + 5, f"{took / count * 1000:.1f} ms a line"


# ---- docs ----


def test_the_example_of_the_docs(waybill: Runner) -> None:
    text = (ROOT / "docs" / "formats.md").read_text(encoding="utf-8")
    chapter = text[text.index("## Patterns of your own"):]
    example = re.search(r"```yaml\n(.*?)```", chapter, re.DOTALL)
    assert example
    config = yaml.safe_load(example.group(1))
    assert waybill.run("check", config=example.group(1)).code == 0
    config = {**config, **{key: config_of()[key] for key in ("inputs", "outputs")}}
    for pattern in config["parse"]["patterns"]:
        for sample in pattern["samples"]:
            line = sample["line"] if isinstance(sample, dict) else sample
            (record,) = run(waybill, config, line)
            assert record["source"]["format"] == pattern["name"]
