# SPDX-License-Identifier: Apache-2.0
"""The contract of a running daemon: records that break their schema are tagged, repaired, dropped
or kept as dead letters, and counted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from harness.backend import ElasticBackend, LokiBackend, OtlpBackend
from harness.contract import BAD, ERRORS, GOOD, PAY, config_for, put, text
from harness.poll import until
from harness.process import Waybill
from harness.runner import Runner


def violations(process: Waybill, **labels: str) -> float:
    return process.metrics().value("waybill_schema_violations_total", **labels)


def letters(waybill: Runner) -> list[dict[str, Any]]:
    path = waybill.state_dir / "dead_letters.ndjson"
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_without_a_section_nothing_is_judged(waybill: Runner) -> None:
    assert "schema_errors" not in waybill.record('{"level":"banana"}')


def test_the_flag_judges_by_the_builtin_schema(waybill: Runner) -> None:
    ended = waybill.run("run", "--schema", "builtin", stdin=text(
        '{"ts":"2026-01-02T03:04:05Z","level":"banana","msg":"a"}',
        '{"ts":"2026-01-02T03:04:05Z","level":"info","msg":"b"}'))
    assert ended.code == 0
    bad, good = ended.records
    (error,) = bad["schema_errors"]
    assert (error["path"], error["keyword"]) == ("/level", "enum")
    assert '"banana"' in error["message"] and "DEBUG" in error["message"]
    assert "schema_errors" not in good


def test_what_was_filled_in_is_not_judged(waybill: Runner) -> None:
    ended = waybill.run("run", "--schema", "builtin", stdin=text('{"level":"info","msg":"b"}'))
    (error,) = ended.records[0]["schema_errors"]
    assert (error["path"], error["keyword"]) == ("", "required")
    assert "timestamp" in error["message"]


def test_tagged_in_every_output(
    waybill: Runner, tmp_path: Path, loki_backend: LokiBackend, elastic_backend: ElasticBackend,
    otlp_backend: OtlpBackend,
) -> None:
    put(tmp_path, PAY)
    quick = {"batch": {"delay": "10ms"}}
    es = {"type": "elasticsearch", "endpoints": [elastic_backend.url], **quick}
    process = waybill.start("run", config=config_for(
        tmp_path, {"file": "pay.schema.json"},
        out={"type": "file", "path": str(tmp_path / "out.jsonl"), **quick},
        con={"type": "console", "style": "json"},
        loki={"type": "loki", "endpoint": loki_backend.url, **quick},
        ecs={**es, "data_stream": "logs-ecs-default"},
        flat={**es, "data_stream": "logs-flat-default", "mapping": "flat"},
        otlp={"type": "otlp", "endpoint": otlp_backend.url, **quick})).wait_ready()
    process.write(text(GOOD, BAD))
    for output in ("out", "con", "loki", "ecs", "flat", "otlp"):
        process.wait_delivered(output, 2)
    assert violations(process, service="pay", keyword="type", path="/context/amount") == 1
    process.close_stdin()
    assert process.wait() == 0

    for records in (waybill.written(), process.out.records()):
        assert [record.get("schema_errors") for record in records] == [None, ERRORS]
        assert list(records[1])[-2:] == ["schema_errors", "id"]
    tagged = [json.loads(entry.line).get("schema_errors") for entry in loki_backend.taken]
    assert tagged == [None, ERRORS]
    by_stream: dict[str, list[Any]] = {}
    for document in elastic_backend.taken:
        source = document.source
        errors = source.get("schema_errors", source.get("waybill.schema_errors"))
        by_stream.setdefault("flat" if "level" in source else "ecs", []).append(errors)
    assert all(errors == [None, ERRORS] for errors in by_stream.values()), by_stream
    assert len(by_stream) == 2
    assert [record.attributes.get("schema_errors") for record in otlp_backend.taken] \
        == [None, ERRORS]


def test_pretty_shows_what_is_wrong(waybill: Runner, tmp_path: Path) -> None:
    schema = put(tmp_path, PAY)
    ended = waybill.run("run", "--to", "pretty", "--schema", schema, stdin=text(BAD))
    assert 'schema_errors=[{"path":"/context/amount"' in ended.out


def test_the_first_of_a_kind_is_told_once(waybill: Runner, tmp_path: Path) -> None:
    schema = put(tmp_path, PAY)
    ended = waybill.run("run", "--schema", schema, "--service", "pay", stdin=text(
        BAD, BAD, BAD, BAD.replace('"many"', "0")))
    assert ended.code == 0 and len(ended.records) == 4
    told = [line for line in ended.err.splitlines() if "contract:" in line]
    assert len(told) == 2, ended.err
    assert "service pay" in told[0] and "/context/amount type: expected integer" in told[0]
    assert "many" in told[0] and "minimum" in told[1]


def test_dropped(
    waybill: Runner, tmp_path: Path, loki_backend: LokiBackend, elastic_backend: ElasticBackend
) -> None:
    put(tmp_path, PAY)
    quick = {"batch": {"delay": "10ms"}}
    process = waybill.start("run", config=config_for(
        tmp_path, {"file": "pay.schema.json", "on_violation": "drop"},
        out={"type": "file", "path": str(tmp_path / "out.jsonl"), **quick},
        loki={"type": "loki", "endpoint": loki_backend.url, **quick},
        es={"type": "elasticsearch", "endpoints": [elastic_backend.url],
            "data_stream": "logs-pay-default", **quick})).wait_ready()
    process.write(text(BAD, GOOD, BAD, BAD))
    for output in ("out", "loki", "es"):
        process.wait_delivered(output, 1)
        counts = process.output(output)
        assert (counts["records"], counts["delivered"]) == (4, 1)
        assert counts["dropped"]["schema_violation"] == 3
        assert process.metrics().value(
            "waybill_dropped_total", output=output, reason="schema_violation") == 3
    process.close_stdin()
    assert process.wait() == 0, "what was to be dropped is not left"
    assert [record["message"] for record in waybill.written()] == ["paid"]
    assert len(loki_backend.taken) == len(elastic_backend.taken) == 1


def test_quarantined_and_replayed(
    waybill: Runner, tmp_path: Path, loki_backend: LokiBackend, elastic_backend: ElasticBackend
) -> None:
    schema = put(tmp_path, PAY)
    quick = {"batch": {"delay": "10ms"}}
    config = config_for(
        tmp_path, {"file": schema, "on_violation": "quarantine"},
        out={"type": "file", "path": str(tmp_path / "out.jsonl"), **quick},
        loki={"type": "loki", "endpoint": loki_backend.url, **quick},
        es={"type": "elasticsearch", "endpoints": [elastic_backend.url],
            "data_stream": "logs-pay-default", **quick})
    process = waybill.start("run", config=config).wait_ready()
    process.write(text(BAD, GOOD, BAD))
    for output in ("out", "loki", "es"):
        process.wait_delivered(output, 1)
        counts = process.output(output)
        assert (counts["records"], counts["delivered"], counts["dead_lettered"]) == (3, 1, 2)
    process.close_stdin()
    assert process.wait() == 3
    assert "2 records quarantined or refused, kept in" in process.err.text
    kept = letters(waybill)
    assert len(kept) == 2, "one letter, however many outputs there are"
    for letter in kept:
        assert (letter["stage"], letter["reason"]) == ("contract", "schema_violation")
        assert letter["detail"] == '/context/amount type: expected integer, got "many"'
        assert letter["original"] == BAD
        assert letter["record"]["context"] == {"amount": "many"}
        assert "schema_errors" not in letter["record"] and "time" in letter
    assert "output" not in kept[0]

    # Judged again: kept again, or sent to all once the schema allows it.
    file = tmp_path / "letters"
    (waybill.state_dir / "dead_letters.ndjson").rename(file)
    ended = waybill.run("replay", str(file), config=config)
    assert ended.code == 3 and len(letters(waybill)) == 2
    put(tmp_path, {})
    ended = waybill.run("replay", str(file), config=config)
    assert ended.code == 0, ended.err
    assert [record["message"] for record in waybill.written()] == ["paid", "bad", "bad"]
    assert {record["id"] for record in waybill.written()[1:]} \
        == {letter["record"]["id"] for letter in kept}
    assert len(loki_backend.taken) == len(elastic_backend.taken) == 3


def test_quarantine_needs_a_place(waybill: Runner, tmp_path: Path) -> None:
    schema = {"file": put(tmp_path, PAY), "on_violation": "quarantine"}
    config = config_for(tmp_path, schema) | {"dead_letters": {"size": 0}}
    ended = waybill.run("check", config=config)
    assert ended.code == 2 and "quarantine needs dead letters" in ended.err
    blocked = tmp_path / "blocked"
    blocked.write_text("")
    ended = waybill.run("run", config=config_for(tmp_path, schema) | {"state_dir": str(blocked)})
    assert ended.code == 1 and str(blocked) in ended.err


def test_no_letter_can_be_written(waybill: Runner, tmp_path: Path) -> None:
    """What cannot be kept goes on, tagged: nothing is lost."""
    schema = {"file": put(tmp_path, PAY), "on_violation": "quarantine"}
    config = config_for(tmp_path, schema) | {"dead_letters": {"size": 100}}
    ended = waybill.run("run", config=config, stdin=text(BAD, GOOD))
    assert ended.code == 0, ended.err
    assert [record.get("schema_errors") for record in waybill.written()] == [ERRORS, None]
    assert "so the outputs get it, tagged" in ended.err


def test_repaired(
    waybill: Runner, tmp_path: Path, loki_backend: LokiBackend, elastic_backend: ElasticBackend,
    otlp_backend: OtlpBackend,
) -> None:
    put(tmp_path, {
        "required": ["level", "tenant_id"],
        "properties": {
            "level": {"default": "warning"}, "tenant_id": {"default": "none"},
            "context": {"required": ["region"], "properties": {
                "amount": {"type": "integer"}, "ok": {"type": "boolean"}, "tag": {"enum": ["red"]},
                "at": {"format": "date-time"}, "region": {"default": "eu"},
                "deep": {"properties": {"n": {"items": {"type": "number"}}}},
                "log": {"properties": {"severity": {"enum": ["warn", "error"]}}}}}}})
    quick = {"batch": {"delay": "10ms"}}
    process = waybill.start("run", config=config_for(
        tmp_path, {"file": "pay.schema.json", "on_violation": "repair", "format": "assert"},
        out={"type": "file", "path": str(tmp_path / "out.jsonl"), **quick},
        loki={"type": "loki", "endpoint": loki_backend.url, **quick},
        es={"type": "elasticsearch", "endpoints": [elastic_backend.url],
            "data_stream": "logs-pay-default", **quick},
        otlp={"type": "otlp", "endpoint": otlp_backend.url, **quick})).wait_ready()
    process.write(text(
        '{"msg":"a","amount":" 12 ","ok":"TRUE","tag":"red ","at":"2026/01/02 03:04:05",'
        '"deep":{"m":[1],"n":[1,"2.50",3],"o":{}},"log":{"severity":"Warning"},"x":"7"}',
        '{"msg":"b","level":"info","tenant":"t","tenant_id":"t","region":"us","amount":"many",'
        '"ok":"false"}'))
    for output in ("out", "loki", "es", "otlp"):
        process.wait_delivered(output, 2)
    repaired = process.metrics().value("waybill_schema_repairs_total", service="pay",
                                       keyword="type", path="/context/deep/n/*")
    assert repaired == 1
    assert violations(process, service="pay", keyword="type", path="/context/amount") == 1
    process.close_stdin()
    assert process.wait() == 0

    first, second = waybill.written()
    context = {"amount": 12, "ok": True, "tag": "red", "at": "2026-01-02T03:04:05.000Z",
               "deep": {"m": [1], "n": [1, 2.5, 3], "o": {}}, "log": {"severity": "warn"},
               "x": "7", "region": "eu"}
    assert first["context"] == context
    assert (first["level"], first["tenant_id"]) == ("WARN", "none")
    assert "schema_errors" not in first
    repairs = first["source"]["schema_repairs"]
    assert [repair["path"] for repair in repairs if repair["keyword"] == "type"] == [
        "/context/amount", "/context/ok", "/context/deep/n/1"]
    assert repairs[0]["message"].endswith("made 12")
    # What cannot be mended is tagged, and the rest is mended all the same.
    assert second["schema_errors"] == ERRORS
    assert second["context"]["ok"] is False and second["context"]["amount"] == "many"
    assert json.loads(loki_backend.taken[0].line)["context"] == context
    assert elastic_backend.taken[0].source["context"] == context
    assert otlp_backend.taken[0].attributes["amount"] == 12
    assert otlp_backend.taken[0].attributes["deep"]["n"] == [1, 2.5, 3]


def test_what_cannot_be_repaired(waybill: Runner, tmp_path: Path) -> None:
    put(tmp_path, PAY)
    lines = text(BAD, BAD.replace('"many"', '"7"'), BAD.replace('"many"', "0"))
    config = config_for(tmp_path, {"file": "pay.schema.json", "on_violation": "repair",
                                   "unrepaired": "quarantine"})
    ended = waybill.run("run", config=config, stdin=lines)
    assert ended.code == 3 and "such records are kept as dead letters" in ended.err
    assert [record["context"]["amount"] for record in waybill.written()] == [7]
    assert [letter["stage"] for letter in letters(waybill)] == ["contract"] * 2
    config["schema"]["unrepaired"] = "drop"
    assert waybill.run("run", config=config, stdin=lines).code == 0
    assert [record["context"]["amount"] for record in waybill.written()] == [7, 7]
    shown = waybill.run("explain", BAD, config=config).out
    assert "repair: no output gets it" in shown


def test_the_flag_holds_for_all_services(waybill: Runner, tmp_path: Path) -> None:
    put(tmp_path, PAY)
    config = config_for(tmp_path, {
        "file": "pay.schema.json", "on_violation": "drop",
        "by_service": {"shop": {"on_violation": "quarantine"}, "web": {"on_violation": "off"}}})
    ended = waybill.run("run", "--on-violation", "tag", config=config, stdin=text(*(
        BAD.replace("{", f'{{"service_name":"{name}",', 1) for name in ("pay", "shop", "web"))))
    assert ended.code == 0
    assert [record["schema_errors"][0]["path"] for record in waybill.written()] \
        == ["/context/amount"] * 3


def test_numbers_that_count_a_time_are_repaired(waybill: Runner, tmp_path: Path) -> None:
    put(tmp_path, {"properties": {"context": {"required": ["tags"], "properties": {
        "at": {"type": "array", "items": {"type": "string", "format": "date-time"}},
        "tags": {"type": "array", "default": ["new", {"by": None}]}}}}})
    ended = waybill.run("run", config=config_for(
        tmp_path, {"file": "pay.schema.json", "on_violation": "repair"}), stdin=text(
        '{"msg":"a","at":[1767323045,1767323045678,1767323045678901,1767323045678901234,1.7e9,7]}',
        "plain words n=1"))
    assert ended.code == 0
    first, second = waybill.written()
    assert first["context"] == {"at": [
        "2026-01-02T03:04:05.000Z", "2026-01-02T03:04:05.678Z", "2026-01-02T03:04:05.678901Z",
        "2026-01-02T03:04:05.678901234Z", "2023-11-14T22:13:20.000Z", 7],
        "tags": ["new", {"by": None}]}
    assert [error["path"] for error in first["schema_errors"]] == ["/context/at/5"]
    assert second["context"] == {"n": 1, "tags": ["new", {"by": None}]}


def test_services_have_rules_of_their_own(waybill: Runner, tmp_path: Path) -> None:
    put(tmp_path, PAY)
    put(tmp_path, {"properties": {"context": {"required": ["user"]}}}, "shop.json")
    config = config_for(tmp_path, {
        "file": "pay.schema.json",
        "by_service": {"shop": {"file": "shop.json", "on_violation": "drop"},
                       "poll.er": {"on_violation": "off"},
                       "web": {"file": "builtin"}}})
    ended = waybill.run("run", config=config, stdin=text(*(
        json.dumps({"level": "info", "msg": name, "service_name": name, "a": 1})
        for name in ("pay", "shop", "poll.er", "web"))))
    assert ended.code == 0
    errors = {record["service_name"]: [error["message"] for error in record["schema_errors"]]
              if "schema_errors" in record else None for record in waybill.written()}
    assert list(errors) == ["pay", "poll.er", "web"]
    assert errors["poll.er"] is None
    assert "amount" in errors["pay"][0] and "timestamp" in errors["web"][0]


def test_the_line_itself_is_judged(waybill: Runner, tmp_path: Path) -> None:
    put(tmp_path, {"required": ["lvl"], "properties": {"lvl": {"enum": ["info"]}, "user": {
        "properties": {"id": {"type": "integer"}}}}, "additionalProperties": False})
    config = config_for(tmp_path, {"file": "pay.schema.json", "on": "line"})
    ended = waybill.run("run", config=config, stdin=text(
        '{"lvl":"info","user":{"id":1}}', '{"lvl":"INFO","user":{"id":"x"},"z":1}', "no json"))
    assert ended.code == 0
    told = [[(error["path"], error["keyword"]) for error in record.get("schema_errors", [])]
            for record in waybill.written()]
    assert told[0] == [] and told[2] == [("", "json")]
    assert {path for path, _ in told[1]} == {"/lvl", "/user/id", "/z"}


def test_format_is_asserted_on_request(waybill: Runner, tmp_path: Path) -> None:
    put(tmp_path, {"properties": {"context": {"properties": {"ip": {"format": "ipv4"}}}}})
    line = text('{"msg":"a","ip":"x"}')
    for form, count in (("annotate", 0), ("assert", 1)):
        config = config_for(tmp_path, {"file": "pay.schema.json", "format": form})
        assert waybill.run("run", config=config, stdin=line).code == 0
        assert len(waybill.written()[-1].get("schema_errors", [])) == count


def test_references_into_a_mapped_folder(waybill: Runner, tmp_path: Path) -> None:
    (tmp_path / "far").mkdir()
    put(tmp_path / "far", {"type": "integer"}, "int.json")
    put(tmp_path, {"properties": {"context": {"properties": {
        "amount": {"$ref": "https://example.org/s/int.json"}}}}})
    config = config_for(tmp_path, {"file": "pay.schema.json",
                                   "map": {"https://example.org/s/": "far"}})
    ended = waybill.run("run", config=config, stdin=text(GOOD, BAD))
    assert ended.code == 0
    assert [len(record.get("schema_errors", [])) for record in waybill.written()] == [0, 1]


def test_a_record_that_passes_is_not_judged(waybill: Runner, tmp_path: Path) -> None:
    first = waybill.run("run", "--schema", put(tmp_path, PAY), stdin=text(BAD)).out
    again = waybill.run("run", "--schema", "builtin", stdin=first.encode()).out
    assert json.loads(again) == json.loads(first)


def test_kinds_are_bounded(waybill: Runner, tmp_path: Path) -> None:
    put(tmp_path, {"properties": {"context": {"additionalProperties": {"type": "integer"}}}})
    daemon = waybill.daemon(config_for(tmp_path, {"file": "pay.schema.json"}))
    daemon.write(text(*(f'{{"msg":"a","key{number}":"x"}}' for number in range(200))))
    daemon.write(text('{"msg":"a","12":"x","13":"y"}'))
    daemon.wait_delivered("out", 201)
    until(lambda: violations(daemon, service="pay", keyword="other", path="other") == 152,
          lambda: daemon.page("/metrics").text)
    assert daemon.page("/metrics").text.count("waybill_schema_violations_total{") == 51
    daemon.close_stdin()
    assert daemon.wait() == 0


def test_explained(waybill: Runner, tmp_path: Path) -> None:
    put(tmp_path, PAY)
    config = config_for(tmp_path, {"file": "pay.schema.json"})
    shown = waybill.run("explain", BAD, config=config).out
    assert "pay.schema.json, on the record: broken" in shown
    assert '/context/amount type: expected integer, got "many"' in shown
    assert "tag: tagged" in shown and '"schema_errors":[' in shown and "output   out" in shown
    assert "on the record: valid" in waybill.run("explain", GOOD, config=config).out
    config["schema"]["on_violation"] = "drop"
    shown = waybill.run("explain", BAD, config=config).out
    assert "drop: no output gets it" in shown and "output   out" not in shown
