# SPDX-License-Identifier: Apache-2.0
"""`waybill schema infer`: a draft of a schema, from logs."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from harness.runner import Ended, Runner


def zap(random_: random.Random, number: int) -> str:
    record: dict[str, Any] = {
        "level": random_.choice(["info", "warn", "error"]), "ts": 1767323045.25 + number,
        "logger": "http", "caller": f"server/handler.go:{random_.randint(1, 400)}",
        "msg": "request handled", "method": random_.choice(["GET", "POST"]),
        "status": random_.choice([200, 404]), "took": random_.random(),
        "user": {"id": random_.randint(1, 99), "ip": f"10.0.0.{random_.randint(1, 250)}"},
        "tags": [random_.choice("abc") for _ in range(random_.randint(0, 3))],
        "trace_id": f"{random_.getrandbits(128) | 1:032x}"}
    if number % 50 == 0:
        record["retry"] = True
    if number % 97 == 0:
        record["status"] = "aborted"
    return json.dumps(record)


def logfmt(random_: random.Random, number: int) -> str:
    return (f"ts=2026-01-02T03:04:{number % 60:02d}Z level=info msg=\"took it\" "
            f"n={random_.randint(0, 9)} ok={random_.choice(['true', 'false'])}")


def nginx(random_: random.Random, number: int) -> str:
    return (f"10.0.0.{number % 250} - - [02/Jan/2026:03:04:{number % 60:02d} +0000] "
            f"\"GET /users/{random_.randint(1, 9)} HTTP/1.1\" {random_.choice([200, 304])} "
            f"{random_.randint(100, 9999)} \"-\" \"curl/8.0\"")


def text(random_: random.Random, number: int) -> str:
    return f"2026-01-02 03:04:{number % 60:02d} {random_.choice(['INFO', 'WARN'])} job {number} ran"


KINDS = {"zap": zap, "logfmt": logfmt, "nginx": nginx, "text": text}


def log_of(folder: Path, kind: str, count: int = 500) -> str:
    random_ = random.Random(7)
    path = folder / f"{kind}.log"
    path.write_text("".join(KINDS[kind](random_, i) + "\n" for i in range(count)))
    return str(path)


def drafted(ended: Ended) -> dict[str, Any]:
    assert ended.code == 0, ended.err
    schema = json.loads(ended.out)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert isinstance(schema, dict)
    return schema


@pytest.mark.parametrize("kind", [*KINDS, "mixed"])
@pytest.mark.parametrize("on", ["record", "line"])
def test_the_draft_accepts_what_it_was_made_from(
        waybill: Runner, tmp_path: Path, kind: str, on: str) -> None:
    kinds = list(KINDS) if kind == "mixed" else [kind]
    logs = [log_of(tmp_path, one) for one in kinds]
    ended = waybill.run("schema", "infer", "--required", "100", "--on", on, *logs)
    if on == "line" and "zap" not in kinds:
        assert (ended.code, ended.out) == (1, "") and "JSON" in ended.err
        return
    draft = tmp_path / "draft.json"
    draft.write_text(json.dumps(drafted(ended)))
    assert waybill.run("schema", "check", str(draft)).code == 0
    judged = logs if on == "record" else [log_of(tmp_path, "zap")]
    ended = waybill.run("lint", "--format-assert", "--on", on, "--schema", str(draft), *judged)
    assert (ended.code, ended.err) == (0, ""), ended.out


def test_what_the_draft_of_records_says(waybill: Runner, tmp_path: Path) -> None:
    ended = waybill.run("schema", "infer", log_of(tmp_path, "zap"))
    schema = drafted(ended)
    names = schema["properties"]
    assert names["timestamp"]["format"] == "date-time"
    assert names["level"] == {"enum": ["DEBUG", "INFO", "WARN", "ERROR", "FATAL"]}
    assert names["trace_id"]["pattern"] == "^[0-9a-f]{32}$"
    assert {"timestamp", "level", "service_name", "message", "context"} <= set(schema["required"])
    context = names["context"]["properties"]
    assert sorted(context["method"]["enum"]) == ["GET", "POST"]
    assert context["status"]["type"] == ["integer", "string"]
    assert context["took"]["type"] == "number"
    assert context["user"]["properties"]["ip"]["format"] == "ipv4"
    assert sorted(context["tags"]["items"]["enum"]) == ["a", "b", "c"]
    assert context["retry"]["type"] == "boolean"
    assert "retry" not in names["context"]["required"]
    assert len(context["took"]["examples"]) == 3
    assert "500 records of 500 lines" in ended.err
    assert "/context/status: types that mix: number 494 times" in ended.err
    assert "/context/method: 2 different texts in 500: made an enum" in ended.err


def test_on_line_the_names_are_the_lines_own(waybill: Runner, tmp_path: Path) -> None:
    schema = drafted(waybill.run("schema", "infer", "--on", "line", log_of(tmp_path, "zap")))
    assert {"ts", "msg", "level", "status", "user"} <= set(schema["properties"])
    assert sorted(schema["properties"]["level"]["enum"]) == ["error", "info", "warn"]


def test_required_by_share(waybill: Runner, tmp_path: Path) -> None:
    lines = b"".join(b'{"a":1%s}\n' % (b',"b":1' if i < 197 else b"") for i in range(200))
    ended = waybill.run("schema", "infer", "--on", "line", "-", stdin=lines)
    assert drafted(ended)["required"] == ["a"] and "/b: nearly always there: 3 of 200" in ended.err
    ended = waybill.run("schema", "infer", "--on", "line", "--required", "98", "-", stdin=lines)
    schema = drafted(ended)
    assert schema["required"] == ["a", "b"] and "/b: required, though 3 of 200" in ended.err
    draft = tmp_path / "draft.json"
    draft.write_text(json.dumps(schema))
    ended = waybill.run("lint", "--on", "line", "--format", "json", "--schema", str(draft), "-",
                        stdin=lines)
    (kind,) = json.loads(ended.out)["violations"]
    assert (kind["keyword"], kind["path"], kind["count"]) == ("required", "/b", 3)


def test_keys_that_are_ids(waybill: Runner) -> None:
    lines = b"".join(b'{"by_id":{"%08x-0000-4000-8000-000000000000":{"n":%d}}}\n' % (i * 7919, i)
                     for i in range(3000))
    ended = waybill.run("schema", "infer", "--on", "line", "-", stdin=lines)
    by_id = drafted(ended)["properties"]["by_id"]
    assert by_id["additionalProperties"]["properties"]["n"]["type"] == "integer"
    assert "properties" not in by_id and len(ended.out) < 3000
    assert "/by_id: " in ended.err and "ids" in ended.err


def test_no_examples(waybill: Runner, tmp_path: Path) -> None:
    ended = waybill.run("schema", "infer", "--no-examples", log_of(tmp_path, "zap"))
    assert "examples" not in ended.out and "handled" not in ended.out


def test_nothing_to_draft_from_and_bad_usage(waybill: Runner, tmp_path: Path) -> None:
    for stdin in (b"", b"\n\n"):
        ended = waybill.run("schema", "infer", "-", stdin=stdin)
        assert (ended.code, ended.out) == (1, "") and "no record" in ended.err
    for arguments in (("schema", "infer"), ("schema", "infer", str(tmp_path / "missing")),
                      ("schema", "infer", str(tmp_path)),
                      ("schema", "infer", "--required", "101", "-")):
        ended = waybill.run(*arguments)
        assert (ended.code, ended.out) == (2, ""), arguments


@pytest.mark.parametrize("content", [
    b"\x00\xff" * 5000, b'{"a":', b"{" * 5000, b"x" * 3_000_000, b'{"a":' * 120 + b"1" + b"}" * 120,
    b'{"":{"":""},"a/b":1,"~":2,"\\u0000":"\\u0000","\\ud800":1,"\\ud801":"x"}',
    b'{"n":1e999,"m":-0,"k":123456789012345678901234567890}',
    b"{" + b",".join(b'"k%s":%d' % (bytes([97 + i % 26]) * (i // 26 + 1), i)
                     for i in range(2500)) + b"}",
])
def test_any_bytes_are_a_log(waybill: Runner, tmp_path: Path, content: bytes) -> None:
    for on in ("record", "line"):
        ended = waybill.run("schema", "infer", "--on", on, "-", stdin=content + b"\n" + content)
        if ended.code == 1:
            assert on == "line"
            continue
        drafted(ended)
        draft = tmp_path / "draft.json"
        draft.write_text(ended.out)
        ended = waybill.run("lint", "--on", on, "--schema", str(draft), "-",
                            stdin=content + b"\n" + content)
        assert ended.code == 0, ended.out
