# SPDX-License-Identifier: Apache-2.0
"""Lines go in at one end and come back from a real Loki by LogQL."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from harness.poll import until
from harness.programs import events_of_example
from harness.runner import Runner
from servers.loki import Loki

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
SPAN = "00f067aa0ba902b7"


def config_for(loki: Loki, service: str, **options: Any) -> dict[str, Any]:
    return {
        "service": {"name": service, "version": "1.2", "environment": "tests"},
        "resource": {"team.name": "payments"},
        "inputs": {"pipe": {"type": "stdin"}},
        "outputs": {"loki": {"type": "loki", "endpoint": loki.url, **options}},
    }


def now_text() -> tuple[int, str]:
    """A time that Loki takes, and how a printf line says it."""
    seconds = int(time.time()) - 60
    return seconds, time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(seconds))


def test_every_kind_of_line(waybill: Runner, loki: Loki, unique: str) -> None:
    seconds, text = now_text()
    data = (
        f'{{"ts":{seconds}.678901,"level":"error","logger":"pay","caller":"pay.go:41",'
        f'"msg":"failed ä 世 🌍 \\"q\\" \\\\ \\n","trace_id":"{TRACE}","span_id":"{SPAN}",'
        '"request_id":"r-1","tenant_id":"t-2","error":"refused",'
        '"n":{"deep":[1,2.50,{"x":null}],"big":123456789012345678901234567890}}\n'
        f"{text},123 WARN [worker-1] disk 91% full path=/var "
        f"traceparent=00-{TRACE}-{SPAN}-01\n"
        'level=info msg="cache warmed" entries=1204 took=38ms\n'
        "just words, größer\n"
    ).encode()
    ended = waybill.run("run", config=config_for(loki, unique), stdin=data)
    assert (ended.code, ended.err) == (0, "")
    found = loki.wait_for(f'{{service_name="{unique}"}}', 4)
    by_level: dict[str, list[Any]] = {}
    for entry in found:
        by_level.setdefault(entry.labels["level"], []).append(entry)
        assert entry.labels["service_name"] == unique
        assert entry.metadata["service_version"] == "1.2"
        assert entry.metadata["deployment_environment_name"] == "tests"
        assert entry.metadata["team_name"] == "payments"

    (failed,) = by_level["ERROR"]
    assert failed.time_ns == seconds * 10**9 + 678_901_000
    assert (failed.metadata["trace_id"], failed.metadata["span_id"]) == (TRACE, SPAN)
    assert (failed.metadata["request_id"], failed.metadata["tenant_id"]) == ("r-1", "t-2")
    body = json.loads(failed.line)
    assert body["message"] == 'failed ä 世 🌍 "q" \\ \n'
    assert (body["logger"], body["caller"]) == ("pay", "pay.go:41")
    assert body["error"] == {"message": "refused"}
    assert body["context"] == {"n": {"deep": [1, 2.5, {"x": None}],
                                     "big": 123456789012345678901234567890}}
    assert "2.50" in failed.line

    (disk,) = by_level["WARN"]
    assert disk.time_ns == seconds * 10**9 + 123_000_000
    assert disk.metadata["trace_id"] == TRACE
    body = json.loads(disk.line)
    assert body["thread"] == "worker-1" and body["message"].startswith("disk 91% full")
    assert body["context"]["path"] == "/var"

    messages = {json.loads(entry.line)["message"] for entry in by_level["INFO"]}
    assert messages == {"cache warmed", "just words, größer"}


def test_queries_that_people_write(waybill: Runner, loki: Loki, unique: str) -> None:
    data = "".join(f'{{"level":"info","msg":"m{n}","trace_id":"{n + 1:032x}","user":{n}}}\n'
                   for n in range(20)).encode()
    assert waybill.run("run", config=config_for(loki, unique), stdin=data).code == 0
    loki.wait_for(f'{{service_name="{unique}"}}', 20)
    by_trace = loki.query(f'{{service_name="{unique}"}} | trace_id="{8:032x}"')
    assert [json.loads(entry.line)["message"] for entry in by_trace] == ["m7"]
    by_field = loki.query(f'{{service_name="{unique}"}} | json | context_user="3"')
    assert [json.loads(entry.line)["message"] for entry in by_field] == ["m3"]
    assert loki.query(f'{{service_name="{unique}", level="ERROR"}}') == []


def test_many_lines_come_once_and_in_order(waybill: Runner, loki: Loki, unique: str) -> None:
    data = "".join(f"line {n:06}\n" for n in range(20_000)).encode()
    config = config_for(loki, unique, line="message", batch={"records": 700})
    assert waybill.run("run", config=config, stdin=data).code == 0
    found = loki.wait_for(f'{{service_name="{unique}"}}', 20_000, limit=60)
    assert [entry.line for entry in found] == [f"line {n:06}" for n in range(20_000)]


def test_equal_lines_of_one_time_are_all_kept(waybill: Runner, loki: Loki, unique: str) -> None:
    seconds, _ = now_text()
    line = f'{{"ts":{seconds},"level":"info","msg":"same"}}\n'.encode()
    config = config_for(loki, unique, batch={"records": 7})
    assert waybill.run("run", config=config, stdin=line * 50).code == 0
    assert len(loki.wait_for(f'{{service_name="{unique}"}}', 50)) == 50


def test_a_line_of_megabytes_is_cut_and_stored(waybill: Runner, loki: Loki, unique: str) -> None:
    data = b"before\n" + b"x" * 900_000 + b"\nafter\n"
    ended = waybill.run("run", config=config_for(loki, unique), stdin=data)
    assert ended.code == 0, ended.err
    found = loki.wait_for(f'{{service_name="{unique}"}}', 3)
    assert [len(entry.line) > 200_000 for entry in found] == [False, True, False]


def test_a_line_too_old_is_refused_alone(waybill: Runner, loki: Loki, unique: str) -> None:
    old = int(time.time()) - 30 * 24 * 3600
    data = (f'{{"level":"info","msg":"good"}}\n{{"ts":{old},"level":"info","msg":"too old"}}\n'
            '{"level":"info","msg":"good, too"}\n').encode()
    ended = waybill.run("run", config=config_for(loki, unique), stdin=data)
    assert ended.code == 3
    assert "1 record" in ended.err and "old" in ended.err
    found = loki.wait_for(f'{{service_name="{unique}"}}', 2)
    assert [json.loads(entry.line)["message"] for entry in found] == ["good", "good, too"]


def test_services_of_one_stream(waybill: Runner, loki: Loki, unique: str) -> None:
    data = "".join(f'{{"level":"info","msg":"{n}","service_name":"{unique}-{n % 3}"}}\n'
                   for n in range(30)).encode()
    assert waybill.run("run", config=config_for(loki, unique), stdin=data).code == 0
    for part in range(3):
        found = loki.wait_for(f'{{service_name="{unique}-{part}"}}', 10)
        numbers = [int(json.loads(entry.line)["message"]) for entry in found]
        assert numbers == list(range(part, 30, 3))


def test_the_example_program(waybill: Runner, legacy: Path, loki: Loki, unique: str) -> None:
    count = events_of_example(legacy)
    ended = waybill.run("exec", "--quiet", "--service", unique, "--to", f"loki={loki.url}", "--",
                        str(legacy))
    assert ended.code == 0, ended.err
    found = loki.wait_for(f'{{service_name="{unique}"}}', count)
    assert len(found) == count
    traced = loki.query(f'{{service_name="{unique}"}} | trace_id="{TRACE}"')
    assert len(traced) == 3


def test_credentials_and_connection_are_checked(waybill: Runner, loki: Loki, unique: str) -> None:
    ended = waybill.run("check", "--connect", config=config_for(loki, unique))
    assert ended.code == 0, ended.err
    wrong = config_for(loki, unique)
    wrong["outputs"]["loki"]["endpoint"] = f"{loki.url}/elsewhere"
    ended = waybill.run("check", "--connect", config=wrong)
    assert ended.code == 2 and "404" in ended.err


def test_a_restart_sends_nothing_twice(
    waybill: Runner, loki: Loki, unique: str, tmp_path: Path
) -> None:
    log = tmp_path / "a.log"
    config = config_for(loki, unique, line="message")
    config["inputs"] = {"app": {"type": "file", "include": [str(log)]}}
    for part in range(3):
        with open(log, "a", encoding="utf-8") as file:
            file.writelines(f"line {part}-{n}\n" for n in range(10))
        ended = waybill.run("run", "--once", config=config)
        assert ended.code == 0, ended.err
    query = f'{{service_name="{unique}"}}'
    until(lambda: len(loki.query(query)) >= 30, "30 lines")
    assert sorted(entry.line for entry in loki.query(query)) == [
        f"line {part}-{n}" for part in range(3) for n in range(10)]


def test_labels_of_fields_and_one_that_is_demoted(
    waybill: Runner, loki: Loki, unique: str
) -> None:
    """Loki finds the records under either."""
    _, text = now_text()
    lines = "".join(f'{{"time":"{text}Z","level":"info","msg":"m{n}","user":"u{n}"}}\n'
                    for n in range(12))
    options = {"labels": ["user={context.user}", "app={service_name}-x"], "max_label_values": 5}
    config = config_for(loki, unique, **options)
    assert waybill.run("check", "--connect", config=config).code == 0
    ended = waybill.run("run", config=config, stdin=lines.encode())
    assert ended.code == 0
    assert "the label 'user' has more than 5 values" in ended.err
    assert len(loki.wait_for(f'{{service_name="{unique}", app="{unique}-x"}}', 12)) == 12
    labelled = loki.wait_for(f'{{service_name="{unique}", user="u2"}}', 1)
    demoted = loki.wait_for(f'{{service_name="{unique}"}} | user="u11"', 1)
    assert json.loads(labelled[0].line)["message"] == "m2"
    assert json.loads(demoted[0].line)["message"] == "m11"
