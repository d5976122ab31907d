# SPDX-License-Identifier: Apache-2.0
"""`waybill schema`: validate, check, show."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from harness.runner import Runner

PAY = {"type": "object", "required": ["amount"],
       "properties": {"amount": {"type": "integer", "minimum": 1}, "to": {"format": "ipv4"}}}


def put(folder: Path, name: str, value: Any) -> str:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(value if isinstance(value, str) else json.dumps(value), encoding="utf-8")
    return str(path)


def test_validate_of_files(waybill: Runner, tmp_path: Path) -> None:
    schema = put(tmp_path, "pay.json", PAY)
    good = put(tmp_path, "good.json", '{\n  "amount": 1.0\n}\n')
    bad = put(tmp_path, "bad.json", {"amount": 0.5})
    ended = waybill.run("schema", "validate", schema, good)
    assert (ended.code, ended.out, ended.err) == (0, "valid\n", "")
    ended = waybill.run("schema", "validate", schema, good, bad)
    assert ended.code == 1
    assert ended.out == "valid\ninvalid /amount type expected integer, got 0.5\n"
    ended = waybill.run("schema", "validate", "--all", schema, bad)
    assert [line.split(" ")[:3] for line in ended.out.splitlines()] == [
        ["invalid", "/amount", "type"], ["invalid", "/amount", "minimum"]]


def test_all_of_several_instances_says_of_which(waybill: Runner, tmp_path: Path) -> None:
    schema = put(tmp_path, "pay.json", PAY)
    bad = put(tmp_path, "bad.json", {"amount": 0.5})
    good = put(tmp_path, "good.json", {"amount": 1})
    ended = waybill.run("schema", "validate", "--all", schema, bad, good)
    assert [line.split(" ")[:4] for line in ended.out.splitlines()] == [
        [f"{bad}:", "invalid", "/amount", "type"], [f"{bad}:", "invalid", "/amount", "minimum"],
        [f"{good}:", "valid"]]
    ended = waybill.run("schema", "validate", "--all", "--lines", schema, "-",
                        stdin=b'{"amount":1}\n\n{"amount":0.5}\n')
    assert [line.split(" ")[:3] for line in ended.out.splitlines()] == [
        ["stdin:1:", "valid"], ["stdin:3:", "invalid", "/amount"],
        ["stdin:3:", "invalid", "/amount"]]


def test_a_pointer_is_one_word(waybill: Runner, tmp_path: Path) -> None:
    schema = put(tmp_path, "x.json", {"additionalProperties": {"type": "null"}})
    ended = waybill.run("schema", "validate", schema, "-", stdin=b'{"a b/\\"c\\u0001":1}')
    assert ended.out.split(" ")[1:3] == ['/a\\u0020b~1\\"c\\u0001', "type"]
    pointer = json.loads('"' + ended.out.split(" ")[1] + '"')
    assert pointer == '/a b~1"c\x01'


def test_a_pipe_is_no_schema_unless_it_was_given_open(waybill: Runner, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.json")
    for command in (["check"], ["validate"]):
        more = [] if command == ["check"] else ["-"]
        ended = waybill.run("schema", *command, str(tmp_path / "pipe.json"), *more, stdin=b"1")
        assert ended.code != 0 and "a pipe or a device" in ended.err
    ended = waybill.run("schema", "check", "/dev/stdin", stdin=b'{"type":"string"}')
    assert (ended.code, ended.out) == (0, "/dev/stdin: ok\n")


def test_validate_of_lines_from_stdin(waybill: Runner, tmp_path: Path) -> None:
    schema = put(tmp_path, "pay.json", PAY)
    lines = b'{"amount":1}\n\n{}\nno json\n{"amount":2,"to":"x"}\n"\xff"\n[1] 2\n1,"x":2\n'
    ended = waybill.run("schema", "validate", "--lines", schema, "-", stdin=lines)
    assert ended.code == 1
    said = [line.split(" ")[:3] for line in ended.out.splitlines()]
    assert said == [["valid"], ["invalid", "", "required"], ["invalid", "", "json"], ["valid"],
                    ["invalid", "", "json"], ["invalid", "", "json"], ["invalid", "", "json"]]
    ended = waybill.run("schema", "validate", "--lines", "--format-assert", schema, "-",
                        stdin=b'{"amount":2,"to":"x"}\n')
    assert ended.code == 1 and ended.out.startswith("invalid /to format ")


def test_validate_never_prints_a_line_more(waybill: Runner, tmp_path: Path) -> None:
    schema = put(tmp_path, "x.json", {"additionalProperties": False})
    ended = waybill.run("schema", "validate", schema, "-", stdin=b'{"a\\nb":"c\\nd"}')
    assert ended.out.count("\n") == 1


def test_references_to_neighbours_and_mapped_folders(waybill: Runner, tmp_path: Path) -> None:
    put(tmp_path, "near/int.json", {"type": "integer"})
    put(tmp_path, "far/str.json", {"type": "string"})
    schema = put(tmp_path, "near/a.json", {
        "prefixItems": [{"$ref": "int.json"}, {"$ref": "https://far.example/s/str.json"}]})
    ended = waybill.run("schema", "validate", schema, "-", stdin=b'[1,"a"]')
    assert ended.code == 2 and ended.out == ""
    assert f"{schema}:1:" in ended.err and "network" in ended.err
    mapped = ("--map", f"https://far.example/s={tmp_path}/far")
    for text, code in ((b'[1,"a"]', 0), (b'["a","a"]', 1), (b"[1,1]", 1)):
        assert waybill.run("schema", "validate", *mapped, schema, "-", stdin=text).code == code
    assert waybill.run("schema", "check", *mapped, schema).code == 0


@pytest.mark.parametrize("text", [
    '{"type":"strng"}', '{"$ref":"#/nowhere"}', '{"$ref":"#"}', '{"pattern":"(?=a)"}', "{", "[]",
    '{"$schema":"http://json-schema.org/draft-04/schema#"}',
])
def test_a_broken_schema(waybill: Runner, tmp_path: Path, text: str) -> None:
    schema = put(tmp_path, "x.json", text)
    ended = waybill.run("schema", "validate", schema, "-", stdin=b"1")
    assert ended.code == 2 and ended.out == "" and f"{schema}:1:" in ended.err
    ended = waybill.run("schema", "check", schema)
    assert ended.code == 1 and f"{schema}:1:" in ended.err


def test_what_cannot_be_read(waybill: Runner, tmp_path: Path) -> None:
    schema = put(tmp_path, "x.json", PAY)
    assert waybill.run("schema", "validate", str(tmp_path / "no"), "-", stdin=b"1").code == 2
    assert waybill.run("schema", "validate", schema, str(tmp_path / "no")).code == 2
    assert waybill.run("schema", "validate", schema, str(tmp_path)).code == 2
    for mapping in ("x", "https://x=/no/such/folder", "x=/"):
        ended = waybill.run("schema", "validate", "--map", mapping, schema, "-", stdin=b"1")
        assert ended.code == 2 and "--map" in ended.err
    assert waybill.run("schema").code == 2
    assert waybill.run("schema", "validate", schema).code == 2


def test_the_built_in_schema_is_right_by_itself(waybill: Runner, tmp_path: Path) -> None:
    shown = waybill.run("schema", "show")
    assert shown.code == 0
    schema = put(tmp_path, "shown.json", shown.out)
    assert waybill.run("schema", "check", schema).code == 0
    record = {"timestamp": "2026-01-02T03:04:05.678Z", "level": "INFO", "service_name": "pay",
              "message": "m", "context": {"a": 1}}
    asked = ("schema", "validate", "--format-assert", schema, "-")
    assert waybill.run(*asked, stdin=json.dumps(record).encode()).out == "valid\n"
    for key, value in (("timestamp", "2026-01-02 03:04:05"), ("level", "info"), ("trace_id", "0"),
                       ("trace_id", "0" * 32), ("span_id", "0" * 16), ("context", [])):
        ended = waybill.run(*asked, stdin=json.dumps({**record, key: value}).encode())
        assert ended.out.startswith(f"invalid /{key} "), ended.out


def test_hostile_values_are_refused_and_not_waited_for(waybill: Runner, tmp_path: Path) -> None:
    twice = {"properties": {"x": {"$ref": "#"}}, "required": ["no"]}
    schema = put(tmp_path, "x.json", {"anyOf": [twice, twice]})
    deep = b'{"x":' * 80 + b"1" + b"}" * 80
    ended = waybill.run("schema", "validate", schema, "-", stdin=deep)
    assert ended.code == 1 and ended.out.startswith("invalid  anyOf expected one of 2")
    many = put(tmp_path, "many.json", {"items": {"anyOf": [{"required": ["no"]}] * 3000 + [True]}})
    ended = waybill.run("schema", "validate", many, "-", stdin=json.dumps([{}] * 1000).encode())
    assert ended.code == 1 and ended.out.startswith("invalid  limit given up")
    ended = waybill.run("schema", "validate", schema, "-", stdin=b"[" * 100_000)
    assert ended.code == 1 and ended.out.startswith("invalid  json nested deeper than")


def test_check_goes_on_behind_a_fault(waybill: Runner, tmp_path: Path) -> None:
    schema = put(tmp_path, "x.json", '{\n"type": "strng",\n"properties": {"a": {"pattern": "("},\n'
                                     '"b": {"$ref": "#/no"},\n"c": {"minimum": "x"}}}\n')
    ended = waybill.run("schema", "check", schema)
    assert ended.code == 1
    # Each place once, though both the meta-schema and the compiler have a word about it.
    places = [int(line.split(":")[1]) for line in ended.err.splitlines()]
    assert sorted(places) == [2, 3, 4, 5], ended.err
    many = put(tmp_path, "many.json", {"properties": {
        f"p{i}": {"$ref": f"#/no{i}"} for i in range(40)}})
    ended = waybill.run("schema", "check", many)
    assert ended.code == 1 and ended.err.count("\n") == 16
    assert "16" in waybill.run("schema", "check", "--help").out
