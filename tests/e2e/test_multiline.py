# SPDX-License-Identifier: Apache-2.0
"""Events that span several lines, as users see them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import yaml
from harness.poll import until
from harness.runner import Runner
from harness.tree import ROOT

TRACE = """\
2026-01-02T03:04:05Z ERROR [main] shop.Cart - it failed
shop.CartError: empty
\tat shop.Cart.check(Cart.java:7)
Caused by: java.io.IOException: gone
\t... 3 more
"""
PYTHON = "Traceback (most recent call last):\n  File \"x.py\", line 1\nKeyError: 'x'"


def config_of(folder: Path, timeout: str = "300ms") -> dict[str, Any]:
    return {
        "parse": {"multiline": {"timeout": timeout}},
        "inputs": {
            "app": {"type": "file", "include": [str(folder / "app.log")], "start_at": "beginning"}
        },
        "outputs": {"out": {"type": "file", "path": str(folder / "out.jsonl")}},
    }


def test_a_trace_is_one_record_and_the_ledger_says_so(waybill: Runner, tmp_path: Path) -> None:
    ready = "2026-01-02T03:04:04Z INFO ready\n"
    (tmp_path / "app.log").write_text(ready + TRACE)
    daemon = waybill.daemon(config_of(tmp_path))
    first, second = waybill.wait_written(2)
    counts = daemon.input("app")
    assert (counts["lines"], counts["records"], counts["joined"]) == (6, 2, 4)
    assert first["message"] == "ready"
    assert second["message"].startswith("it failed\nshop.CartError: empty\n\tat ")
    assert second["message"].endswith("\t... 3 more")
    assert second["source"]["offset"] == len(ready)
    assert daemon.stop() == 0


def test_empty_lines_of_a_container_count_as_empty(waybill: Runner, tmp_path: Path) -> None:
    lines = ["", TRACE.splitlines()[0], "", *TRACE.splitlines()[1:], "", ""]
    text = "".join(f"2026-01-02T03:04:05.678901234Z stdout F {line}\n" for line in lines)
    (tmp_path / "app.log").write_text(text)
    daemon = waybill.daemon(config_of(tmp_path))
    (record,) = waybill.wait_written(1)
    assert record["message"].startswith("it failed\n\nshop.CartError: empty\n\tat ")
    assert record["message"].endswith("\t... 3 more")
    counts = daemon.input("app")
    assert (counts["lines"], counts["records"]) == (9, 1)
    assert (counts["joined"], counts["empty"]) == (4, 4)
    assert daemon.stop() == 0


def test_a_trace_that_is_written_slowly(waybill: Runner, tmp_path: Path) -> None:
    log = tmp_path / "app.log"
    log.touch()
    daemon = waybill.daemon(config_of(tmp_path, "10s"))
    with log.open("a") as writer:
        for line in [*TRACE.splitlines(keepends=True), "2026-01-02T03:04:06Z INFO next\n"]:
            writer.write(line)
            writer.flush()
            size = log.stat().st_size
            until(lambda size=size: daemon.input("app")["bytes"] == size, f"{line!r} is read")
    records = waybill.wait_written(2)
    assert [record["message"].split("\n")[0] for record in records] == ["it failed", "next"]
    assert daemon.stop() == 0


def test_a_trace_of_json_lines_that_is_written_slowly(waybill: Runner, tmp_path: Path) -> None:
    log = tmp_path / "app.log"
    log.touch()
    daemon = waybill.daemon(config_of(tmp_path, "10s"))
    messages = [*TRACE.splitlines()[1:], "next"]
    with log.open("a") as writer:
        for message in messages:
            writer.write(json.dumps({"level": "error", "msg": message}) + "\n")
            writer.flush()
            size = log.stat().st_size
            until(lambda size=size: daemon.input("app")["bytes"] == size, f"{message!r} is read")
    first, second = waybill.wait_written(2)
    assert first["message"] == "\n".join(messages[:-1])
    assert second["message"] == "next"
    counts = daemon.input("app")
    assert (counts["lines"], counts["records"], counts["joined"]) == (5, 2, 3)
    assert daemon.stop() == 0


def test_what_nothing_follows_is_not_waited_for_long(waybill: Runner, tmp_path: Path) -> None:
    (tmp_path / "app.log").write_text(TRACE.splitlines(keepends=True)[0])
    waybill.daemon(config_of(tmp_path))
    (record,) = waybill.wait_written(1)
    assert record["message"] == "it failed"


def test_stdout_and_stderr_of_a_child_are_kept_apart(waybill: Runner) -> None:
    script = f"""
import os
for _ in range(20):
    for line in {PYTHON.splitlines()}:
        os.write(2, line.encode() + b"\\n")
        os.write(1, b"fine\\n")
"""
    ended = waybill.run("exec", "--quiet", "--to", "json", "--", "/usr/bin/python3", "-c", script)
    assert ended.code == 0
    of_stream: dict[str, list[str]] = {"stdout": [], "stderr": []}
    for record in ended.records:
        of_stream[record["source"]["stream"]].append(record["message"])
    assert of_stream == {"stdout": ["fine"] * 60, "stderr": [PYTHON] * 20}


def test_interleaved_containers_and_wrapped_traces(waybill: Runner) -> None:
    lines = []
    for text, other in zip(PYTHON.split("\n"), ["a", "b", "c"], strict=True):
        lines.append(f"2026-01-02T03:04:05.123456789Z stderr F {text}")
        lines.append(f"2026-01-02T03:04:05.123456789Z stdout P {other}")
    lines.append("2026-01-02T03:04:05.123456789Z stdout F d")
    records = waybill.records("\n".join(lines).encode() + b"\n", "--to", "json")
    assert sorted(record["message"] for record in records) == [PYTHON, "abcd"]
    assert {record["source"]["stream"] for record in records} == {"stdout", "stderr"}


def test_a_run_once_sends_events_whole_and_nothing_twice(waybill: Runner, tmp_path: Path) -> None:
    (tmp_path / "app.log").write_text(TRACE * 3)
    for _ in range(2):
        ended = waybill.run("run", "--once", config=config_of(tmp_path))
        assert (ended.code, ended.err) == (0, "")
    records = waybill.written()
    assert len({record["id"] for record in records}) == len(records) == 3


def test_what_waits_for_its_next_line_survives_a_crash(waybill: Runner, tmp_path: Path) -> None:
    (tmp_path / "app.log").write_text("2026-01-02T03:04:04Z INFO ready\n" + TRACE)
    daemon = waybill.daemon(config_of(tmp_path, "1m"))
    waybill.wait_written(1)
    daemon.kill()
    waybill.daemon(config_of(tmp_path))
    until(lambda: any("it failed" in record["message"] for record in waybill.written()),
          "what waited is there")


def test_off_means_a_line_a_record(waybill: Runner) -> None:
    ended = waybill.run(
        "run", stdin=TRACE.encode(),
        config={"parse": {"multiline": {"mode": "off"}}, "inputs": {"in": {"type": "stdin"}},
                "outputs": {"out": {"type": "console", "style": "json"}}})
    assert ended.code == 0
    assert len(ended.records) == TRACE.count("\n")


def test_an_endless_trace_is_cut_into_records(waybill: Runner) -> None:
    frames = 20_000
    text = "shop.CartError: empty\n" + "\tat shop.Cart.check(Cart.java:7)\n" * frames
    records = waybill.records(text.encode(), "--to", "json")
    lines = [record["message"].count("\n") + 1 for record in records]
    assert sum(lines) == frames + 1
    assert max(lines) == 500


def test_several_objects_on_a_line_and_one_over_several(waybill: Runner) -> None:
    text = '{"msg":"a"}{"msg":"b"} {"msg":"c"}\n{\n  "msg": "pretty",\n  "n": [\n    1\n  ]\n}\n'
    records = waybill.records(text.encode(), "--to", "json")
    assert [record["message"] for record in records] == ["a", "b", "c", "pretty"]
    assert records[-1]["context"] == {"n": [1]}
    assert len({record["id"] for record in records}) == 4


def test_the_rules_that_the_docs_show(waybill: Runner, tmp_path: Path) -> None:
    text = (ROOT / "docs" / "formats.md").read_text(encoding="utf-8")
    (example,) = [block for block in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
                  if "multiline:" in block]
    config = config_of(tmp_path)
    config["parse"]["multiline"]["mode"] = yaml.safe_load(example)["parse"]["multiline"]["mode"]
    (tmp_path / "app.log").write_text(
        "order 17\n  a pear\ntotal 2\n+ paid\nbye\n+ and more\n" + TRACE)
    ended = waybill.run("run", "--once", config=config)
    assert ended.code == 0, ended.err
    messages = [record["message"] for record in waybill.written()]
    assert messages[:2] == ["order 17\n  a pear\ntotal 2\n+ paid", "bye\n+ and more"]
    assert len(messages) == 3 and messages[2].startswith("it failed\nshop.CartError: empty\n")


def test_faulty_rules_are_refused_where_they_stand(waybill: Runner, tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text(
        "inputs: {net: {type: udp, listen: '127.0.0.1:0'}}\n"
        "outputs: {out: {type: console}}\n"
        "parse:\n"
        "  multiline:\n"
        "    mode:\n"
        "      - start: 'a(b'\n"
        "      - begin: x\n"
        "      - atuo\n"
        "      - {start: ''}\n"
    )
    ended = waybill.run("check", "-c", str(tmp_path / "bad.yaml"))
    assert ended.code == 2
    said = [line.split("bad.yaml:", 1)[1] for line in ended.err.splitlines() if "bad.yaml:" in line]
    assert said == [
        "6:9: parse.multiline.mode[0].start: 'a(b' is no regular expression of RE2: "
        "missing ): a(b",
        "7:9: unknown key 'begin' in parse.multiline.mode[1] (known here: start, continue)",
        "7:9: parse.multiline.mode[1]: needs 'start' (a regular expression for the first line of "
        "an event), 'continue' (one for the lines that follow), or both",
        "8:9: parse.multiline.mode: 'atuo' is not one of off, auto, or a list of "
        "{start: REGEX, continue: REGEX} (did you mean 'auto'?)",
        "9:10: parse.multiline.mode[3].start: must not be empty",
    ]
    (tmp_path / "bad.yaml").write_text("parse: {multiline: {mode: []}}\n")
    ended = waybill.run("check", "-c", str(tmp_path / "bad.yaml"))
    assert ended.code == 2 and "1:21: parse.multiline.mode: must not be empty" in ended.err


def test_what_other_engines_have_is_named(waybill: Runner) -> None:
    config = {"inputs": {"pipe": {"type": "stdin"}}, "outputs": {"out": {"type": "console"}},
              "parse": {"multiline": {"mode": [{"start": "x", "continue": "^(?!at )"}]}}}
    ended = waybill.run("check", config=config)
    assert ended.code == 2
    assert "parse.multiline.mode[0].continue: " in ended.err
    assert "invalid perl operator: (?!: it looks around" in ended.err
