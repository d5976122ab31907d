# SPDX-License-Identifier: Apache-2.0
"""The set-up itself: a record pushed by hand comes back through each backend's helper."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest
from servers import cache, loki as loki_server, process
from servers.loki import Loki
from servers.opensearch import OpenSearch
from servers.otelcol import OtelCol
from servers.web import post_json, request


def push(loki: Loki, service: str, *values: list[Any]) -> int:
    """Pushes lines of one stream and gives the status."""
    stream = {"stream": {"service_name": service, "level": "info"}, "values": list(values)}
    return post_json(f"{loki.url}/loki/api/v1/push", {"streams": [stream]}).status


def bulk(opensearch: OpenSearch, *lines: dict[str, Any]) -> dict[str, Any]:
    """Sends action and source lines and gives the answer."""
    body = "".join(json.dumps(line) + "\n" for line in lines).encode()
    headers = {"Content-Type": "application/x-ndjson"}
    reply = request("POST", f"{opensearch.url}/_bulk", body, headers)
    assert reply.status == 200
    return dict(reply.json())


def test_loki_keeps_labels_and_metadata_apart(loki: Loki, unique: str) -> None:
    now = time.time_ns()
    assert push(loki, unique, [str(now), "hello", {"trace_id": "0af7651916cd43dd"}]) == 204

    (entry,) = loki.wait_for(f'{{service_name="{unique}"}}')
    assert (entry.time_ns, entry.line) == (now, "hello")
    assert entry.labels == {"service_name": unique, "level": "info"}
    assert entry.metadata["trace_id"] == "0af7651916cd43dd"


def test_loki_finds_old_lines_and_many(loki: Loki, unique: str) -> None:
    two_days_ago = time.time_ns() - 2 * loki_server.DAY * 10**9
    lines = [[str(two_days_ago + n), f"line {n} {'x' * 300}"] for n in range(20_000)]
    assert push(loki, unique, *lines) == 204

    found = loki.wait_for(f'{{service_name="{unique}"}}', len(lines))
    assert [[str(entry.time_ns), entry.line] for entry in found] == lines


def test_loki_refuses_what_it_refuses_by_default(loki: Loki, unique: str) -> None:
    ten_days_ago = time.time_ns() - 10 * loki_server.DAY * 10**9
    assert push(loki, unique, [str(ten_days_ago), "too old"]) == 400


def test_loki_can_be_had_with_limits_of_ones_own(loki: Loki, unique: str) -> None:
    built = loki_server.build(cache.root())
    strict = loki_server.start(
        built, limits={"ingestion_rate_mb": 0.001, "ingestion_burst_size_mb": 0.001}
    )
    try:
        assert strict.url != loki.url
        assert push(strict, unique, [str(time.time_ns()), "x" * 100_000]) == 429
    finally:
        strict.stop()


def test_opensearch_creates_a_document_once(opensearch: OpenSearch, unique: str) -> None:
    create = {"create": {"_index": unique, "_id": "1"}}
    source = {"@timestamp": "2026-01-02T03:04:05.678Z", "message": "hello"}
    assert bulk(opensearch, create, source)["errors"] is False

    (hit,) = opensearch.wait_for(unique)
    assert (hit["_id"], hit["_source"]) == ("1", source)
    assert bulk(opensearch, create, source)["items"][0]["create"]["status"] == 409


def test_opensearch_makes_a_data_stream(opensearch: OpenSearch, unique: str) -> None:
    opensearch.put_data_stream_template()
    stream = f"logs-{unique}-tests"
    source = {"@timestamp": "2026-01-02T03:04:05.678Z", "message": "hello"}
    assert bulk(opensearch, {"create": {"_index": stream}}, source)["errors"] is False

    (hit,) = opensearch.wait_for(stream)
    assert hit["_index"].startswith(f".ds-{stream}-")
    refused = bulk(opensearch, {"index": {"_index": stream}}, source)
    assert refused["items"][0]["index"]["status"] == 400


def test_opensearch_gives_more_than_one_answer_holds(opensearch: OpenSearch, unique: str) -> None:
    lines = [line for n in range(12_000) for line in ({"create": {"_index": unique}}, {"n": n})]
    assert bulk(opensearch, *lines)["errors"] is False

    hits = opensearch.wait_for(unique, 12_000)
    assert sorted(hit["_source"]["n"] for hit in hits) == list(range(12_000))


def test_opensearch_has_no_hits_where_there_is_no_index(
    opensearch: OpenSearch, unique: str
) -> None:
    assert opensearch.search(unique) == []


def test_otelcol_gives_back_a_record(otelcol: OtelCol, unique: str) -> None:
    record = {
        "timeUnixNano": "1544712660300000000",
        "observedTimeUnixNano": "1544712660400000000",
        "severityNumber": 9,
        "severityText": "INFO",
        "traceId": "0af7651916cd43dd8448eb211c80319c",
        "spanId": "b7ad6b7169203331",
        "flags": 1,
        "body": {"stringValue": "hello"},
        "attributes": [
            {"key": "n", "value": {"intValue": "9007199254740993"}},
            {"key": "list", "value": {"arrayValue": {"values": [{"boolValue": True}]}}},
            {"key": "map", "value": {"kvlistValue": {"values": [
                {"key": "d", "value": {"doubleValue": 0.5}}]}}},
        ],
    }
    resource = {"attributes": [{"key": "service.name", "value": {"stringValue": unique}}]}
    scoped = {"scope": {"name": "by hand"}, "logRecords": [record]}
    sent = {"resourceLogs": [{"resource": resource, "scopeLogs": [scoped]}]}
    assert post_json(f"{otelcol.url}/v1/logs", sent).status == 200

    (got,) = otelcol.wait_for(unique)
    assert (got.time_ns, got.observed_ns) == (1544712660300000000, 1544712660400000000)
    assert (got.severity, got.severity_text, got.body) == (9, "INFO", "hello")
    assert got.attributes == {"n": 9007199254740993, "list": [True], "map": {"d": 0.5}}
    assert (got.resource, got.scope) == ({"service.name": unique}, {"name": "by hand"})
    assert (got.trace_id, got.span_id) == (record["traceId"], record["spanId"])
    assert (got.flags, got.event_name) == (1, "")


@pytest.mark.usefixtures("loki")
def test_a_kept_server_is_found_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    built = loki_server.build(cache.root())
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv(process.KEEP, "1")
    try:
        first = loki_server.start(built)
        assert loki_server.start(built).log == first.log
        first.stop()
        second = loki_server.start(built)
        assert second.log != first.log
    finally:
        ended = process.stop_kept()
    assert ended == [loki_server.RECIPE.title]
    assert not second.log.exists()


def test_a_process_is_known_by_more_than_its_number(tmp_path: Path) -> None:
    me = process.Running("other", os.getpid(), "another boot 1", str(tmp_path / "gone"), {})
    assert not me.alive()
    me.stop()  # must not end this very process


def test_a_missing_tool_is_a_reason_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(cache.Unavailable, match="no go in PATH"):
        loki_server.build(tmp_path)
    assert not [path for path in tmp_path.iterdir() if path.is_dir()]
