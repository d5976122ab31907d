# SPDX-License-Identifier: Apache-2.0
"""`waybill schema diff`: what a change of a schema breaks for producers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from harness.runner import Runner

BASE: dict[str, Any] = {
    "type": "object", "required": ["id"],
    "properties": {"id": {"type": "string", "minLength": 1}, "n": {"type": ["integer", "string"]},
                   "kind": {"enum": ["a", "b"]}, "at": {"pattern": "^x"}}}


def changed(**keywords: Any) -> dict[str, Any]:
    return {**BASE, **keywords}


def with_property(name: str, schema: Any) -> dict[str, Any]:
    return changed(properties={**BASE["properties"], name: schema})


def put(folder: Path, name: str, schema: Any) -> str:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(schema if isinstance(schema, str) else json.dumps(schema, indent=1))
    return str(path)


BREAKING = {
    "new required": (changed(required=["id", "n"]), "/required/1"),
    "narrower type": (with_property("n", {"type": "integer"}), "/properties/n/type"),
    "removed enum value": (with_property("kind", {"enum": ["a"]}), "/properties/kind/enum"),
    "tighter bound": (with_property("id", {"type": "string", "minLength": 2}),
                      "/properties/id/minLength"),
    "closed": (changed(additionalProperties=False), "/additionalProperties"),
    "new pattern": (with_property("id", {"type": "string", "minLength": 1, "pattern": "^a"}),
                    "/properties/id/pattern"),
}
COMPATIBLE = {
    "required no more": (changed(required=[]), "/required/0"),
    "wider type": (with_property("id", {"type": ["string", "null"], "minLength": 1}),
                   "/properties/id/type"),
    "new enum value": (with_property("kind", {"enum": ["b", "c", "a"]}), "/properties/kind/enum"),
    "looser bound": (with_property("id", {"type": "string"}), "/properties/id/minLength"),
}
UNKNOWN = {
    "another pattern": (with_property("at", {"pattern": "^y"}), "/properties/at/pattern"),
    "new property": (with_property("new", {"type": "string"}), "/properties/new"),
}


@pytest.mark.parametrize(("word", "name"), [
    (word, name) for word, table in (("breaking", BREAKING), ("compatible", COMPATIBLE),
                                     ("unknown", UNKNOWN)) for name in table])
def test_words_and_status(waybill: Runner, tmp_path: Path, word: str, name: str) -> None:
    schema, pointer = {**BREAKING, **COMPATIBLE, **UNKNOWN}[name]
    old, new = put(tmp_path, "old.json", BASE), put(tmp_path, "new.json", schema)
    ended = waybill.run("schema", "diff", old, new)
    (first, summary) = ended.out.splitlines()
    assert first.startswith(f"{word} #{pointer} ") and first.endswith(")"), first
    assert f"1 {word}" in summary
    assert (ended.code, ended.err) == (1 if word == "breaking" else 0, "")
    strict = waybill.run("schema", "diff", "--strict", old, new)
    assert strict.code == (0 if word == "compatible" else 1)


def test_no_difference_in_meaning(waybill: Runner, tmp_path: Path) -> None:
    old = put(tmp_path, "old.json", BASE)
    new = put(tmp_path, "new.json", {"title": "x", "$defs": {"id": BASE["properties"]["id"]},
                                     **with_property("id", {"$ref": "#/$defs/id"})})
    for pair in ((old, old), (old, new), (new, old)):
        ended = waybill.run("schema", "diff", *pair)
        assert (ended.code, ended.out) == (0, "no difference\n")


def test_json_with_places(waybill: Runner, tmp_path: Path) -> None:
    old = put(tmp_path, "old.json", '{"required": ["a"]}')
    new = put(tmp_path, "new.json", '{\n "required": [\n  "b"]}')
    ended = waybill.run("schema", "diff", "--format", "json", old, new)
    assert ended.code == 1
    document = json.loads(ended.out)
    assert {key: document[key] for key in ("old", "new", "breaking", "unknown", "compatible")} == {
        "old": old, "new": new, "breaking": 1, "unknown": 0, "compatible": 1}
    assert document["changes"] == [
        {"impact": "breaking", "pointer": "/required/0", "what": '"b" is required now',
         "in": "new", "file": new, "line": 3, "column": 3},
        {"impact": "compatible", "pointer": "/required/0", "what": '"a" is no longer required',
         "in": "old", "file": old, "line": 1, "column": 15}]


def test_references_into_other_files(waybill: Runner, tmp_path: Path) -> None:
    for version, kind in (("v1", "number"), ("v2", "integer")):
        put(tmp_path, f"{version}/s.json", {"properties": {"a": {"$ref": "a.json"}}})
        put(tmp_path, f"{version}/a.json", {"type": kind})
    ended = waybill.run("schema", "diff", f"{tmp_path}/v1/s.json", f"{tmp_path}/v2/s.json")
    assert ended.code == 1 and ended.out.startswith("breaking #/type ")
    assert f"{tmp_path}/v2/a.json:2:" in ended.out
    old = put(tmp_path, "old.json", {"$ref": "https://far.example/s/a.json"})
    ended = waybill.run("schema", "diff", old, old)
    assert ended.code == 2 and "network" in ended.err
    mapped = ("--map", f"https://far.example/s={tmp_path}/v1")
    assert waybill.run("schema", "diff", *mapped, old, old).code == 0


def test_formats_count_where_they_are_asserted(waybill: Runner, tmp_path: Path) -> None:
    old = put(tmp_path, "old.json", {})
    new = put(tmp_path, "new.json", {"format": "ipv4"})
    assert waybill.run("schema", "diff", old, new).out.startswith("unknown #/format ")
    ended = waybill.run("schema", "diff", "--format-assert", old, new)
    assert ended.code == 1 and ended.out.startswith("breaking #/format ")


def test_faulty_schemas_and_bad_usage(waybill: Runner, tmp_path: Path) -> None:
    good, bad = put(tmp_path, "good.json", BASE), put(tmp_path, "bad.json", '{"type":1}')
    for arguments in ((good,), (good, good, good), (good, bad), (bad, good),
                      (good, str(tmp_path / "missing")), (good, str(tmp_path)),
                      ("--format", "xml", good, good)):
        ended = waybill.run("schema", "diff", *arguments)
        assert (ended.code, ended.out) == (2, ""), arguments
        assert ended.err


def test_recursive_and_hostile_schemas_end(waybill: Runner, tmp_path: Path) -> None:
    tree = {"properties": {"n": {"$ref": "#"}, "x": {"maximum": 1}}}
    old = put(tmp_path, "old.json", tree)
    new = put(tmp_path, "new.json", {"properties": {"n": {"$ref": "#"}, "x": {"maximum": 0}}})
    ended = waybill.run("schema", "diff", old, new)
    assert ended.code == 1 and ended.out.count("breaking") == 2
    before: Any = {"maximum": 1}
    after: Any = {"maximum": 0}
    for i in range(9):
        before = {"oneOf": [before, {"minimum": i}, before]}
        after = {"oneOf": [{"minimum": i}, after, after]}
    old, new = put(tmp_path, "old.json", before), put(tmp_path, "new.json", after)
    ended = waybill.run("schema", "diff", "--strict", old, new)
    assert ended.code == 1 and "unknown" in ended.out
