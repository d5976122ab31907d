# SPDX-License-Identifier: Apache-2.0
"""Every form of line that is known goes to every backend, and comes back field by field.

The lines are the samples of the formats' tables, and some of JSON. One run writes them to a file
and to the backend; what the backend gives back is held against the file, which has everything.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from harness.poll import until
from harness.runner import Runner
from servers import cache, loki as loki_server
from servers.kafka import Kafka
from servers.loki import Loki
from servers.opensearch import OpenSearch
from servers.otelcol import OtelCol

ROOT = Path(__file__).resolve().parents[2]
DAY = "2026-01-02"  # on which nearly all samples were written
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
JSON_LINES = [
    {"ts": 1767323045.678901, "level": "error", "logger": "pay", "caller": "pay/charge.go:41",
     "msg": "failed ä 世 🌍 \"q\" \\ \n", "trace_id": TRACE, "span_id": "00f067aa0ba902b7",
     "request_id": "r-1", "tenant_id": "t-2", "error": "refused",
     "n": {"deep": [1, 2.5, {"x": None}], "exact": 9007199254740993}, "neg": -5, "yes": True},
    {"time": "2026-01-02T03:04:05.678Z", "level": 50, "pid": 7, "hostname": "h", "msg": "stopped",
     "err": {"type": "TypeError", "message": "x is no function", "stack": "TypeError: x\n at y"}},
    {"@t": "2026-01-02T03:04:05.6780000Z", "@mt": "took {Ms} ms", "@m": "took 5 ms",
     "@l": "Warning", "Ms": 5, "SourceContext": "Shop.Cart"},
    {"severity": "NOTICE", "message": "plain", "a.b": 1, "a": {"c": "2"}, "list": ["x", {"y": 1}]},
]


def samples() -> Iterator[str]:
    """The lines of `SAMPLE(LINE, RECORD)`: raw strings, or pieces with escapes."""
    raw = r'R"_\((.*?)\)_"'
    pieces = r'((?:"(?:[^"\\]|\\.)*"\s*)+)'
    for table in sorted((ROOT / "parsers" / "formats" / "tables").glob("*.inc")):
        text = table.read_text(encoding="utf-8")
        for found in re.finditer(rf"SAMPLE\((?:{raw}|{pieces})\s*,", text, re.DOTALL):
            if found[1] is not None:
                yield found[1]
            else:
                yield "".join(json.loads(f'"{piece}"') for piece in
                              re.findall(r'"((?:[^"\\]|\\.)*)"', found[2]))


def lines() -> list[str]:
    """Each with a line behind it that no event goes on with."""
    corpus = list(samples())
    assert len(corpus) > 100
    corpus += [json.dumps(line, ensure_ascii=False) for line in JSON_LINES]
    return [f'{line}\n{{"time":"{DAY}T03:04:05Z","level":"info","msg":"behind {number}"}}\n'
            for number, line in enumerate(corpus)]


Send = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def truth(waybill: Runner, unique: str, tmp_path: Path) -> Send:
    """Sends the lines to an output, and gives the records as a file has them."""
    def send(output: dict[str, Any], corpus: list[str] | None = None) -> list[dict[str, Any]]:
        log, out = tmp_path / "corpus.log", tmp_path / "out.jsonl"
        log.write_text("".join(corpus or lines()))
        ended = waybill.run("run", "--once", config={
            "service": {"name": unique, "version": "1.2"}, "resource": {"team.name": "payments"},
            "inputs": {"app": {"type": "file", "include": [str(log)]}},
            "outputs": {"out": {"type": "file", "path": str(out)}, "backend": output}})
        assert ended.code == 0, ended.err
        records = waybill.written()
        assert len(records) > 150
        return records
    return send


def nanos(text: str) -> int:
    """Of "2026-01-02T03:04:05.678901234Z"."""
    seconds, _, fraction = text.removesuffix("Z").partition(".")
    whole = datetime.strptime(seconds, "%Y-%m-%dT%H:%M:%S").replace(tzinfo=timezone.utc)
    return int(whole.timestamp()) * 10**9 + int(fraction.ljust(9, "0"))


def sorted_by_text(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(records, key=lambda record: json.dumps(record, sort_keys=True))


def test_loki(waybill: Runner, truth: Send, unique: str, loki: Loki) -> None:
    # Loki refuses what is an hour older than the newest entry of a stream.
    corpus = [line for line in lines() if all(
        record["timestamp"].startswith(f"{DAY}T03") for record in waybill.records(line.encode()))]
    assert len(corpus) > 80 and loki.url
    private = loki_server.start(loki_server.build(cache.root()), limits={
        "reject_old_samples": False, "max_query_length": 0})
    try:
        records = truth({"type": "loki", "endpoint": private.url}, corpus)
        selector = f'{{service_name="{unique}"}}'
        begin = nanos(f"{DAY}T00:00:00Z")
        found = until(lambda: (got := private.query(selector, start_ns=begin))
                      and len(got) == len(records) and got,
                      lambda: f"{len(records)} entries, not "
                              f"{len(private.query(selector, start_ns=begin))}")
    finally:
        private.stop()
    assert len(found) == len(records)
    # Records of one time are kept apart by a nanosecond each.
    times = sorted(nanos(record["timestamp"]) for record in records)
    for expected, got in zip(times, sorted(entry.time_ns for entry in found), strict=True):
        assert 0 <= got - expected < len(records)
    given = []
    for entry in found:
        record = json.loads(entry.line)
        metadata = dict(entry.metadata)
        assert metadata.pop("service_version") == "1.2"
        assert metadata.pop("team_name") == "payments" and metadata.pop("host_name")
        metadata.pop("detected_level", None)  # Loki's own guess
        assert not set(metadata) & set(record), (metadata, record)
        given.append(record | metadata | dict(entry.labels))
    known = [{key: value for key, value in record.items()
              if key not in ("timestamp", "resource", "source", "id")} for record in records]
    assert sorted_by_text(given) == sorted_by_text(known)


def test_kafka(truth: Send, unique: str, kafka: Kafka) -> None:
    records = truth({"type": "kafka", "brokers": [kafka.brokers], "topic": unique})
    messages = kafka.read(unique, len(records))
    values = {message.headers["id"]: message for message in messages}
    assert len(values) == len(records)
    for record in records:
        message = values[record["id"]]
        assert message.record == record
        assert message.key == record.get("trace_id", unique)
        assert message.time_ms == nanos(record["timestamp"]) // 10**6


def test_opensearch_flat(truth: Send, unique: str, opensearch: OpenSearch) -> None:
    opensearch.call("PUT", unique, {"mappings": {"properties": {
        "context": {"type": "flat_object"}}}})
    records = truth({"type": "elasticsearch", "endpoints": [opensearch.url], "index": unique,
                     "mapping": "flat"})
    hits = opensearch.wait_for(unique, len(records))
    assert len(hits) == len(records)
    documents = {hit["_id"]: hit["_source"] for hit in hits}
    for record in records:
        document = documents[record["id"]]
        document.pop("@timestamp", None)
        assert document == record


# What the ECS mapping makes of the record's own keys.
ECS = {"message": "message", "timestamp": "@timestamp", "level": "log.level",
       "logger": "log.logger", "thread": "process.thread.name", "trace_id": "trace.id",
       "span_id": "span.id", "request_id": "http.request.id", "tenant_id": "organization.id",
       "service_name": "service.name"}
ECS_ERROR = {"type": "error.type", "code": "error.code", "message": "error.message",
             "stack": "error.stack_trace"}


def field(document: dict[str, Any], path: str) -> Any:
    """A dotted field, however it is nested; None when it is not there."""
    if path in document:
        return document[path]
    head, _, rest = path.partition(".")
    inner = document.get(head)
    return field(inner, rest) if rest and isinstance(inner, dict) else None


def test_opensearch_ecs(truth: Send, unique: str, opensearch: OpenSearch) -> None:
    opensearch.call("PUT", unique, {"mappings": {"properties": {
        "context": {"type": "flat_object"}}}})
    records = truth({"type": "elasticsearch", "endpoints": [opensearch.url], "index": unique})
    hits = opensearch.wait_for(unique, len(records))
    documents = {hit["_id"]: hit["_source"] for hit in hits}
    assert len(documents) == len(hits) == len(records)
    for record in records:
        document = documents[record["id"]]
        for ours, theirs in ECS.items():
            assert field(document, theirs) == record.get(ours), (theirs, record, document)
        for ours, theirs in ECS_ERROR.items():
            expected = record.get("error", {}).get(ours)
            assert field(document, theirs) == expected, (theirs, record, document)
        assert document.get("context") == record.get("context"), (record, document)
        assert field(document, "service.version") == "1.2"


@pytest.mark.parametrize("compression", ["gzip", "none", "zstd"])
def test_otlp(truth: Send, unique: str, otelcol: OtelCol, compression: str) -> None:
    records = truth({"type": "otlp", "endpoint": otelcol.url, "compression": compression})
    found = {str(one.attributes["log.record.uid"]): one
             for one in otelcol.wait_for(unique, len(records))}
    assert len(found) == len(records)
    for record in records:
        got = found[record["id"]]
        context = dict(record.get("context", {}))
        word = context.pop("level_text", None)
        assert got.body == record["message"]
        assert got.severity_text.upper() == (word or record.get("level", "")).upper()
        assert got.time_ns in (0, nanos(record["timestamp"]))
        assert got.resource == {"service.name": record["service_name"], **record["resource"]}
        assert got.scope.get("name", "") == record.get("logger", "")
        assert got.trace_id == record.get("trace_id", "")
        assert got.span_id == record.get("span_id", "")
        attributes = dict(got.attributes)
        assert attributes.get("thread.name") == record.get("thread")
        error = record.get("error", {})
        for ours, theirs in (("type", "exception.type"), ("message", "exception.message"),
                             ("stack", "exception.stacktrace"), ("kind", "error.kind"),
                             ("code", "error.code")):
            assert attributes.get(theirs) == error.get(ours), (theirs, record, attributes)
        for key in ("request_id", "correlation_id", "tenant_id", "trace_origin"):
            assert attributes.get(key) == record.get(key)
        for key, value in context.items():
            assert value in (attributes.get(key), attributes.get(f"{key}_2")), (key, attributes)
