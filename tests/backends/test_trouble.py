# SPDX-License-Identifier: Apache-2.0
"""Real servers that go away, cannot keep up, or refuse: what was read is there in the end, once.

(What the collector and Kafka do in trouble is tested beside their other tests.)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from harness.poll import until
from harness.process import Waybill
from harness.runner import Runner
from servers import cache, loki as loki_server, opensearch as opensearch_server
from servers.loki import Loki
from servers.opensearch import OpenSearch

LINES = 2000  # in each part


def numbered(begin: int, count: int) -> list[str]:
    return [f"line {n:06}" for n in range(begin, begin + count)]


def config_for(log: Path, service: str, output: dict[str, Any]) -> dict[str, Any]:
    return {"service": {"name": service},
            "inputs": {"app": {"type": "file", "include": [str(log)], "start_at": "beginning"}},
            "outputs": {"out": {"batch": {"delay": "50ms"}, **output}}}


def through_a_restart(daemon: Waybill, log: Path, end: Callable[[], None],
                      again: Callable[[], None]) -> list[str]:
    """Lines before the end, while the server is away, and after it is there again."""
    lines = numbered(0, 3 * LINES)
    for part in range(3):
        with open(log, "a", encoding="ascii") as file:
            file.writelines(f"{line}\n" for line in lines[part * LINES:(part + 1) * LINES])
        if part == 1:
            daemon.err.wait_for("cannot reach")
            again()
        daemon.wait_delivered("out", (part + 1) * LINES, limit=120)
        if part == 0:
            end()
    assert daemon.stop() == 0
    return lines


@pytest.fixture
def own_loki(loki: Loki) -> Iterator[Loki]:
    """One that nobody else needs."""
    assert loki.url  # it is built
    server = loki_server.start(loki_server.build(cache.root()), private=True)
    yield server
    server.stop()


def test_a_loki_that_is_restarted(
    waybill: Runner, own_loki: Loki, unique: str, tmp_path: Path
) -> None:
    log = tmp_path / "a.log"
    daemon = waybill.daemon(config_for(log, unique, {
        "type": "loki", "endpoint": own_loki.url, "line": "message"}))
    lines = through_a_restart(daemon, log, own_loki.end, own_loki.again)
    found = own_loki.wait_for(f'{{service_name="{unique}"}}', len(lines), limit=60)
    assert [entry.line for entry in found] == lines


@pytest.mark.parametrize("protocol", ["loki", "otlp"])
def test_a_loki_that_takes_so_much_a_second(
    waybill: Runner, loki: Loki, unique: str, tmp_path: Path, protocol: str
) -> None:
    assert loki.url
    slow = loki_server.start(loki_server.build(cache.root()), limits={
        "ingestion_rate_mb": 0.3, "ingestion_burst_size_mb": 0.3})
    try:
        log = tmp_path / "a.log"
        lines = [f"{line} {'x' * 400}" for line in numbered(0, LINES)]
        log.write_text("".join(line + "\n" for line in lines))
        to = {"loki": {"type": "loki", "endpoint": slow.url, "line": "message"},
              "otlp": {"type": "otlp", "endpoint": slow.url + "/otlp", "compression": "none"}}
        ended = waybill.run("run", "--once", config=config_for(log, unique, {
            **to[protocol], "batch": {"bytes": "64KiB", "delay": "50ms"}}), limit=120)
        assert ended.code == 0, ended.err
        assert "429" in ended.err
        found = slow.wait_for(f'{{service_name="{unique}"}}', len(lines), limit=60)
        assert [entry.line for entry in found] == lines
    finally:
        slow.stop()


def test_an_opensearch_that_is_restarted(
    waybill: Runner, opensearch: OpenSearch, unique: str, tmp_path: Path
) -> None:
    assert opensearch.url
    node = opensearch_server.start(opensearch_server.build(cache.root()), private=True)
    try:
        log = tmp_path / "a.log"
        daemon = waybill.daemon(config_for(log, "shop", {
            "type": "elasticsearch", "endpoints": [node.url], "index": unique}))
        lines = through_a_restart(daemon, log, node.end, node.again)
        hits = node.wait_for(unique, len(lines), limit=60)
        assert sorted(hit["_source"]["message"] for hit in hits) == lines
    finally:
        node.stop()


def test_an_index_that_may_not_be_written_to_for_a_while(
    waybill: Runner, opensearch: OpenSearch, unique: str, tmp_path: Path
) -> None:
    opensearch.call("PUT", unique, {"settings": {"index.blocks.write": True}})
    log = tmp_path / "a.log"
    lines = numbered(0, LINES)
    log.write_text("".join(line + "\n" for line in lines))
    daemon = waybill.daemon(config_for(log, "shop", {
        "type": "elasticsearch", "endpoints": [opensearch.url], "index": unique}))
    until(lambda: "block" in daemon.err.text, daemon.story)
    assert daemon.output("out")["dead_lettered"] == 0
    opensearch.call("PUT", f"{unique}/_settings", {"index.blocks.write": False})
    daemon.wait_delivered("out", len(lines), limit=120)
    hits = opensearch.wait_for(unique, len(lines), limit=60)
    assert sorted(hit["_source"]["message"] for hit in hits) == lines
    assert daemon.stop() == 0


def test_an_opensearch_that_is_busy_for_a_while(
    waybill: Runner, opensearch: OpenSearch, unique: str, tmp_path: Path
) -> None:
    """Its breaker answers 429 to whatever is larger than so much."""
    limit = "network.breaker.inflight_requests.limit"
    log = tmp_path / "a.log"
    lines = numbered(0, LINES)
    log.write_text("".join(line + "\n" for line in lines))
    opensearch.call("PUT", "_cluster/settings", {"transient": {limit: "8kb"}})
    try:
        daemon = waybill.daemon(config_for(log, "shop", {
            "type": "elasticsearch", "endpoints": [opensearch.url], "index": unique}))
        until(lambda: "429" in daemon.err.text, daemon.story)
        assert daemon.output("out")["dead_lettered"] == 0
    finally:
        opensearch.call("PUT", "_cluster/settings", {"transient": {limit: None}})
    daemon.wait_delivered("out", len(lines), limit=120)
    hits = opensearch.wait_for(unique, len(lines), limit=60)
    assert sorted(hit["_source"]["message"] for hit in hits) == lines
    assert daemon.stop() == 0
