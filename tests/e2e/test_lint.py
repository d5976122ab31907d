# SPDX-License-Identifier: Apache-2.0
"""`waybill lint`: existing logs, held to a contract."""

from __future__ import annotations

import gzip
import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from harness.poll import until
from harness.process import Waybill
from harness.runner import Ended, Runner
from harness.terminal import Terminal

PAY = {"properties": {"context": {"properties": {
    "amount": {"type": "integer"}, "items": {"items": {"type": "string"}}}}}}
GOOD = b'{"ts":"2026-01-02T03:04:05Z","level":"info","msg":"paid","amount":3}\n'


def put(folder: Path, name: str, value: Any) -> str:
    path = folder / name
    if isinstance(value, bytes):
        path.write_bytes(value)
    else:
        path.write_text(value if isinstance(value, str) else json.dumps(value), encoding="utf-8")
    return str(path)


def said(ended: Ended) -> dict[str, Any]:
    document = json.loads(ended.out)
    assert isinstance(document, dict)
    return document


def test_a_clean_log_by_the_built_in_schema(waybill: Runner, tmp_path: Path) -> None:
    log = put(tmp_path, "app.log", GOOD * 3)
    ended = waybill.run("lint", log)
    assert (ended.code, ended.err) == (0, "")
    assert ended.out == "3 lines, 3 records: all are clean\n"


def test_kinds_of_violations_with_counts_shares_and_first_examples(
        waybill: Runner, tmp_path: Path) -> None:
    bad = b'{"ts":1767323045,"level":"info","msg":"m","amount":"x","items":[1,"a",2]}\r\n'
    log = put(tmp_path, "app.log", GOOD * 2 + b"\n" + bad + GOOD + bad)
    schema = put(tmp_path, "pay.json", PAY)
    ended = waybill.run("lint", "--schema", schema, log)
    assert (ended.code, ended.err) == (1, "")
    assert ended.out == (
        "type /context/amount: 2 of 5 records (40.0 %)\n"
        f"  {log}:4: /context/amount expected integer, got \"x\"\n"
        "type /context/items/*: 2 of 5 records (40.0 %)\n"
        f"  {log}:4: /context/items/0 expected string, got 1\n"
        "\n"
        "6 lines, 5 records: 3 clean, 2 in violation (40.0 %), 2 kinds of violation\n")
    document = said(waybill.run("lint", "--format", "json", "--schema", schema, log))
    assert document["violations"][0] == {
        "keyword": "type", "path": "/context/amount", "count": 2, "share": 0.4,
        "first": {"file": log, "line": 4, "pointer": "/context/amount",
                  "message": 'expected integer, got "x"'}}
    assert {key: document[key] for key in ("schema", "on", "files", "lines", "records", "clean",
                                           "in_violation", "other_violations")} == {
        "schema": schema, "on": "record", "files": [log], "lines": 6, "records": 5, "clean": 3,
        "in_violation": 2, "other_violations": 0}


def test_what_could_not_be_converted_is_judged_at_its_place(waybill: Runner) -> None:
    lines = (b'{"ts":"2026-01-02T03:04:05Z","severity":"banana","msg":"a"}\n'
             b'{"time":"soon","level":"info","msg":"b","trace_id":"abc"}\n')
    document = said(waybill.run("lint", "--format", "json", "-", stdin=lines))
    kinds = {(one["keyword"], one["path"]): one["first"]["line"]
             for one in document["violations"]}
    assert kinds[("enum", "/level")] == 1
    assert kinds[("pattern", "/timestamp")] == 2
    assert kinds[("pattern", "/trace_id")] == 2


def test_each_missing_member_is_a_kind(waybill: Runner) -> None:
    lines = b'{"msg":"a"}\n' * 2 + b'{"level":"info","msg":"a"}\n'
    document = said(waybill.run("lint", "--format", "json", "-", stdin=lines))
    assert {one["path"]: one["count"] for one in document["violations"]} == {
        "/timestamp": 3, "/level": 2}


def test_on_line_the_lines_own_json_is_judged(waybill: Runner, tmp_path: Path) -> None:
    schema = put(tmp_path, "s.json", {"required": ["lvl"], "additionalProperties": False,
                                      "properties": {"lvl": {"enum": ["warn"]}}})
    lines = b'{"lvl":"warn"}\n{"lvl":"WARN"}\nno json\n{"lvl":"warn","id":1}\n[1]\n'
    ended = waybill.run("lint", "--on", "line", "--format", "json", "--schema", schema, "-",
                        stdin=lines)
    assert ended.code == 1
    document = said(ended)
    assert {(one["keyword"], one["path"]): (one["count"], one["first"]["line"])
            for one in document["violations"]} == {
        ("enum", "/lvl"): (1, 2), ("json", ""): (2, 3), ("additionalProperties", "/id"): (1, 4)}
    assert document["files"] == ["-"] and document["clean"] == 1


def test_events_of_several_lines_are_one_record(waybill: Runner, tmp_path: Path) -> None:
    trace = (b"2026-01-02 03:04:05 ERROR failed\njava.lang.Error: x\n"
             b"\tat a.B.c(B.java:1)\n\tat a.B.d(B.java:2)\n")
    schema = put(tmp_path, "s.json", {"properties": {"message": {"maxLength": 10}}})
    log = put(tmp_path, "app.log", GOOD + trace + b'{"msg":"' + b"y" * 20 + b'"}')
    document = said(waybill.run("lint", "--format", "json", "--schema", schema, log))
    assert (document["lines"], document["records"]) == (6, 3)
    assert document["violations"][0]["first"]["line"] == 2
    assert document["in_violation"] == 2


def check_sarif(document: dict[str, Any]) -> list[dict[str, Any]]:
    """What SARIF 2.1.0 and GitHub's code scanning ask for."""
    assert document["version"] == "2.1.0" and "sarif-2.1.0" in document["$schema"]
    (run,) = document["runs"]
    driver = run["tool"]["driver"]
    assert driver["name"] == "waybill" and re.fullmatch(r"[\d.]+", driver["version"])
    ids = [rule["id"] for rule in driver["rules"]]
    assert len(set(ids)) == len(ids)
    for rule in driver["rules"]:
        assert 0 < len(rule["id"]) <= 255
        assert rule["shortDescription"]["text"] and rule["fullDescription"]["text"]
    for result in run["results"]:
        assert ids[result["ruleIndex"]] == result["ruleId"]
        assert result["level"] == "error" and result["message"]["text"]
        (location,) = result["locations"]
        physical = location["physicalLocation"]
        assert re.fullmatch(r"[\w%./~:-]+", physical["artifactLocation"]["uri"])
        assert physical["region"]["startLine"] >= 1
        (print_,) = result["partialFingerprints"].values()
        assert re.fullmatch(r"[0-9a-f]{16}", print_)
    results = run["results"]
    assert len(results) <= 5000
    assert run["properties"]["resultsShown"] == len(results)
    assert isinstance(results, list)
    return results


def test_sarif(waybill: Runner, tmp_path: Path) -> None:
    put(tmp_path, "an app.log", GOOD + b'{"msg":"a"}\n')
    ended = waybill.run("lint", "--format", "sarif", str(tmp_path / "an app.log"), "-",
                        stdin=b'{"msg":"b"}\n')
    assert ended.code == 1
    results = check_sarif(said(ended))
    places = [(one["ruleId"],
               one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"],
               one["locations"][0]["physicalLocation"]["region"]["startLine"])
              for one in results]
    uri = f"file://{tmp_path}/an%20app.log"
    assert places == [("required:/timestamp", uri, 2), ("required:/timestamp", "stdin", 1),
                      ("required:/level", uri, 2), ("required:/level", "stdin", 1)]
    relative = waybill.start_command(
        ["sh", "-c", f"cd {tmp_path} && {waybill.binary} lint --format sarif './an app.log'"])
    assert relative.wait(30) == 1
    (first, _) = check_sarif(json.loads(relative.out.text))
    assert first["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "an%20app.log"


def test_sarif_shows_some_of_many_and_counts_the_rest(waybill: Runner) -> None:
    ended = waybill.run("lint", "--format", "sarif", "-", stdin=b'{"msg":"a"}\n' * 3000)
    document = said(ended)
    assert len(check_sarif(document)) == 200
    assert document["runs"][0]["properties"]["resultsNotShown"] == 5800
    many = b"".join(b'{"k%d":1}\n' % i for i in range(6000))
    schema = put(waybill.folder, "s.json", {"additionalProperties": False})
    ended = waybill.run("lint", "--on", "line", "--schema", schema, "--format", "sarif", "-",
                        stdin=many)
    document = said(ended)
    assert len(check_sarif(document)) == 1000
    assert document["runs"][0]["properties"]["resultsNotShown"] == 5000


def test_bad_usage_and_what_cannot_be_read(waybill: Runner, tmp_path: Path) -> None:
    log = put(tmp_path, "app.log", GOOD)
    missing = str(tmp_path / "missing.log")
    bad = put(tmp_path, "bad.json", '{"type":"strng"}')
    for arguments, words in (
            (("lint",), "LOG"),
            (("lint", "--format", "xml", log), "--format"),
            (("lint", "--on", "tree", log), "--on"),
            (("lint", missing), missing),
            (("lint", log, missing), missing),
            (("lint", str(tmp_path)), "folder"),
            (("lint", "-", "-"), "once"),
            (("lint", "--schema", missing, log), missing),
            (("lint", "--schema", bad, log), "bad.json:1:"),
            (("lint", "--map", "x", log), "--map"),
            (("lint", "-c", missing, log), missing),
            (("lint", put(tmp_path, "a.zst", b"\x28\xb5\x2f\xfd" + bytes(20))), "gzip")):
        ended = waybill.run(*arguments)
        assert (ended.code, ended.out) == (2, ""), arguments
        assert words in ended.err, ended.err


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read(waybill: Runner, tmp_path: Path) -> None:
    log = put(tmp_path, "app.log", GOOD)
    Path(log).chmod(0)
    ended = waybill.run("lint", log)
    assert ended.code == 2 and log in ended.err


@pytest.mark.parametrize("content", [
    b"", b"\n\n\n", b"\x00\xff\xfe" * 5000, bytes(range(256)) * 300, b'{"a":', b"{" * 5000,
    b'{"msg":"\xff\xc3"}', b"x" * 3_000_000, b'{"msg":"' + b"y" * 3_000_000 + b'"}\n' + GOOD,
    b'{"a":' * 300 + b"1" + b"}" * 300, GOOD.strip(), "\ufeff".encode() + GOOD,
])
def test_any_bytes_are_a_log(waybill: Runner, tmp_path: Path, content: bytes) -> None:
    log = put(tmp_path, "x.log", content)
    for on in ("record", "line"):
        ended = waybill.run("lint", "--on", on, "--format", "json", log)
        assert ended.code in (0, 1) and ended.err == ""
        document = said(ended)
        lines = content.count(b"\n") + (content[-1:] not in (b"", b"\n"))
        assert document["lines"] == lines
        for one in document["violations"]:
            assert 1 <= one["first"]["line"] <= lines


def test_lines_are_counted_over_cuts_and_batches(waybill: Runner, tmp_path: Path) -> None:
    lines = []
    for i in range(4000):
        lines.append(b"" if i % 7 == 0 else b'{"n":%d,"pad":"%s"}' % (i, b"z" * (i % 300)))
    lines[1000] = b'{"pad":"' + b"z" * 2_500_000 + b'"}'
    lines[3990] = b'{"wrong":1}'
    log = put(tmp_path, "x.log", b"\n".join(lines))
    schema = put(tmp_path, "s.json", {"properties": {"context": {"properties": {"wrong": False}}}})
    document = said(waybill.run("lint", "--format", "json", "--schema", schema, log))
    assert document["lines"] == 4000
    (kind,) = document["violations"]
    assert kind["first"]["line"] == 3991


def test_gzip_by_name_and_not_in_a_pipe(waybill: Runner, tmp_path: Path) -> None:
    packed = gzip.compress(GOOD * 5000 + b'{"msg":"x"}\n')
    ended = waybill.run("lint", "--format", "json", put(tmp_path, "app.log.gz", packed))
    document = said(ended)
    assert (ended.code, document["lines"]) == (1, 5001)
    assert document["violations"][0]["first"]["line"] == 5001
    ended = waybill.run("lint", put(tmp_path, "cut.gz", packed[:-20]))
    assert ended.code == 2 and "cut.gz" in ended.err
    piped = waybill.start_command(
        ["sh", "-c", f"cat {tmp_path}/app.log.gz | {waybill.binary} lint -"])
    assert piped.wait(30) == 2 and "zcat" in piped.err.text


def test_parsers_of_a_config(waybill: Runner, tmp_path: Path) -> None:
    log = put(tmp_path, "app.log", "took=12 who=ann\n" * 3)
    schema = put(tmp_path, "s.json", {"properties": {"message": {"const": "no"}}})
    config = {"parse": {"formats": ["shop"], "patterns": [
        {"name": "shop", "regex": r"^took=(?P<took>\d+) (?P<message>.*)$"}]}}
    document = said(waybill.run("lint", "--format", "json", "--schema", schema, log, config=config))
    assert document["violations"][0]["first"]["message"] == 'expected "no", got "who=ann"'


def test_output_that_cannot_be_written_is_no_verdict(waybill: Runner, tmp_path: Path) -> None:
    log = put(tmp_path, "app.log", GOOD)
    full = waybill.start_command(["sh", "-c", f"{waybill.binary} lint {log} >/dev/full"])
    assert full.wait(30) == 2 and "standard output" in full.err.text


def on_a_terminal(waybill: Runner, command: str) -> tuple[Waybill, Terminal]:
    """A shell command, and what it prints, its stderr as well."""
    terminal = Terminal()
    process = waybill.start_command(["sh", "-c", f"({command}) 2>&1"], terminal=terminal.end)
    terminal.given()
    return process, terminal


def test_the_bar_is_for_terminals_and_long_work(waybill: Runner, tmp_path: Path) -> None:
    log = put(tmp_path, "app.log", GOOD * 1000)
    process, quick = on_a_terminal(waybill, f"{waybill.binary} lint {log}")
    assert process.wait(30) == 0
    until(lambda: "all are clean" in quick.plain, lambda: f"a report, not {quick.plain!r}")
    assert "MB/s" not in quick.plain
    # Two that read the same lines for as long: one has a terminal.
    for name in ("shown", "hidden"):
        os.mkfifo(tmp_path / name)
    seen, terminal = on_a_terminal(waybill, f"cat {tmp_path}/shown | {waybill.binary} lint -")
    hidden = waybill.start_command(
        ["sh", "-c", f"cat {tmp_path}/hidden | {waybill.binary} lint -"])
    with open(tmp_path / "shown", "wb", 0) as first, open(tmp_path / "hidden", "wb", 0) as second:

        def fed() -> bool:
            first.write(GOOD)
            second.write(GOOD)
            return "MB/s" in terminal.plain

        until(fed, lambda: f"a bar, not {terminal.plain!r}")
    assert seen.wait(30) == 0
    until(lambda: "all are clean" in terminal.plain, lambda: f"a report, not {terminal.plain!r}")
    assert (hidden.wait(30), hidden.err.text) == (0, "")


def test_the_help_has_examples(waybill: Runner) -> None:
    for command in (("lint",), ("schema", "infer"), ("schema", "diff"), ("schema", "check")):
        ended = waybill.run(*command, "--help")
        assert ended.code == 0 and f"waybill {' '.join(command)} " in ended.out.split("Example")[1]
