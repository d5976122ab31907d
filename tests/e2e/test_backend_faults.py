# SPDX-License-Identifier: Apache-2.0
"""Backends that are away, refuse, hang or vanish, held to the config's defaults. The numbers are
those of a list of faults that bite users of such daemons; more of them stand in test_delivery.py,
test_elastic_bulk.py, test_loki_push.py and test_otlp_export.py."""

from __future__ import annotations

import json
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from harness.backend import Backend, ElasticBackend, LokiBackend, OtlpBackend, Reply, Request
from harness.elastic import Document
from harness.loki import Entry
from harness.otlp import Record
from harness.poll import stays, until
from harness.runner import Runner
from harness.sending import append, numbered

OUTAGE_S = 30.0  # longer than peers with a limit of retries hold out

LOKI: dict[str, Any] = {"type": "loki", "line": "message"}
ELASTIC: dict[str, Any] = {"type": "elasticsearch", "data_stream": "logs-test-default"}
OTLP: dict[str, Any] = {"type": "otlp"}


def config_for(folder: Path, **outputs: dict[str, Any]) -> dict[str, Any]:
    """Follows *.log, and leaves all else as it comes."""
    app = {"type": "file", "include": [str(folder / "*.log")], "start_at": "beginning"}
    return {"inputs": {"app": app}, "outputs": outputs}


def to(options: dict[str, Any], backend: Backend[Any]) -> dict[str, Any]:
    where = {"endpoints": [backend.url]} if options is ELASTIC else {"endpoint": backend.url}
    return {**options, **where}


def message(item: Entry | Record | Document) -> str:
    if isinstance(item, Entry):
        return item.line
    return str(item.body if isinstance(item, Record) else item.source["message"])


def bodies(backend: Backend[Any]) -> Counter[str]:
    """The messages that a backend has stored, and how often."""
    return Counter(message(item) for item in backend.taken)


def wait_all(backend: Backend[Any], lines: list[str], limit: float = 45) -> None:
    """Until each line has been stored; then: once."""
    until(lambda: set(bodies(backend)) == set(lines),
          lambda: f"{len(lines)} lines; there are {len(bodies(backend))}", limit)
    assert bodies(backend) == Counter(lines)


def test_1_a_backend_that_refuses_connections_for_a_while(
    waybill: Runner, absent_backend: LokiBackend, tmp_path: Path
) -> None:
    """There is no number of attempts after which anything is given up."""
    lines = numbered(500)
    append(tmp_path / "a.log", *lines)
    daemon = waybill.daemon(config_for(tmp_path, loki=to(LOKI, absent_backend)))
    stays(lambda: daemon.output("loki")["delivered"] == 0, "it refuses", OUTAGE_S)
    assert daemon.output("loki")["in_flight"] == len(lines)
    absent_backend.listen()
    wait_all(absent_backend, lines)
    assert daemon.stop() == 0


def test_2_a_backend_that_answers_503_for_a_while(
    waybill: Runner, elastic_backend: ElasticBackend, tmp_path: Path
) -> None:
    """All arrives once, and meanwhile it is asked less than once a second."""
    elastic_backend.always(503)
    lines = numbered(500)
    append(tmp_path / "a.log", *lines)
    daemon = waybill.daemon(config_for(tmp_path, es=to(ELASTIC, elastic_backend)))
    first = elastic_backend.wait_requests(1)[0].at
    stays(lambda: daemon.output("es")["delivered"] == 0, "it refuses", OUTAGE_S)
    late = [request for request in elastic_backend.requests if request.at > first + 5]
    assert len(late) <= time.monotonic() - first - 5
    elastic_backend.recover()
    wait_all(elastic_backend, lines)
    assert daemon.stop() == 0


def test_3_credentials_that_are_refused_for_a_while(
    waybill: Runner, loki_backend: LokiBackend, elastic_backend: ElasticBackend,
    otlp_backend: OtlpBackend, tmp_path: Path,
) -> None:
    """A token that is rotated, a path that is not there yet: held and told, never dropped, and
    delivered when the backend takes them, without a restart."""
    refusing: dict[str, tuple[Backend[Any], int, dict[str, Any]]] = {
        "loki": (loki_backend, 401, LOKI),
        "es": (elastic_backend, 403, ELASTIC),
        "otlp": (otlp_backend, 404, OTLP),
    }
    for backend, status, _ in refusing.values():
        backend.always(status)
    lines = numbered(200)
    append(tmp_path / "a.log", *lines)
    outputs = {name: to(options, backend) for name, (backend, _, options) in refusing.items()}
    daemon = waybill.daemon(config_for(tmp_path, **outputs))
    for name, (_, status, _) in refusing.items():
        until(lambda: daemon.page("/outputs").json()[name]["state"] == "misconfigured",
              daemon.story)
        daemon.err.wait_for(str(status))
        counts = daemon.output(name)
        assert (counts["in_flight"], sum(counts["dropped"].values())) == (len(lines), 0)
    for backend, _, _ in refusing.values():
        backend.recover()
    for backend, _, _ in refusing.values():
        wait_all(backend, lines)
    assert daemon.stop() == 0


@pytest.mark.parametrize(("which", "status"), [
    ("loki", 400), ("loki", 500), ("elasticsearch", 400),
    ("otlp", 400), ("otlp", 408), ("otlp", 422), ("otlp", 500)])
def test_4_one_bad_line_of_a_request_costs_none_of_its_neighbours(
    waybill: Runner, loki_backend: LokiBackend, elastic_backend: ElasticBackend,
    otlp_backend: OtlpBackend, tmp_path: Path, which: str, status: int,
) -> None:
    """A refusal of the request as a whole does not name the culprit: halving finds it."""
    backend, options = {
        "loki": (loki_backend, LOKI),
        "elasticsearch": (elastic_backend, ELASTIC),
        "otlp": (otlp_backend, OTLP),
    }[which]
    lines = numbered(64)
    bad = lines[13]

    def picky(request: Request) -> Reply:
        if bad in map(message, backend.decode(request)):
            return Reply(status, b"malformed", {"Content-Type": "text/plain"})
        return backend.accept(request)

    backend.always(picky)
    append(tmp_path / "a.log", *lines)
    config = config_for(tmp_path, out=to(options, backend))
    process = waybill.start("run", "--once", config=config)
    assert process.wait(60) == 3, process.err.text
    assert bodies(backend) == Counter(line for line in lines if line != bad)
    # A failure that may be the backend's own is seen a few times before it is a line's.
    assert len(backend.requests) <= 2 * 6 + 3 + (12 if (which, status) == ("loki", 500) else 0)
    (letter,) = (waybill.state_dir / "dead_letters.ndjson").read_text("utf-8").splitlines()
    kept = json.loads(letter)
    assert kept["original"] == bad
    assert (kept["output"], kept["reason"]) == ("out", "rejected")
    assert "malformed" in kept["detail"]


def test_7_killed_while_the_backend_hangs(
    waybill: Runner, loki_backend: LokiBackend, tmp_path: Path
) -> None:
    """What it never answered for is still in the file."""
    loki_backend.always(Reply(how="hang"))
    config = config_for(tmp_path, loki=to(LOKI, loki_backend))
    lines = numbered(500)
    append(tmp_path / "a.log", *lines)
    daemon = waybill.daemon(config)
    loki_backend.wait_requests(1)
    daemon.kill()
    loki_backend.recover()
    daemon = waybill.daemon(config)
    wait_all(loki_backend, lines)
    assert daemon.stop() == 0


@pytest.mark.parametrize("kind", ["loki", "es", "otlp"])
def test_10_a_batch_that_is_stored_and_not_answered_for(
    waybill: Runner, loki_backend: LokiBackend, elastic_backend: ElasticBackend,
    otlp_backend: OtlpBackend, tmp_path: Path, kind: str,
) -> None:
    """That batch comes again and no other, and each record of it is known to be the same."""
    made: dict[str, tuple[Backend[Any], dict[str, Any]]] = {
        "loki": (loki_backend, LOKI),
        "es": (elastic_backend, ELASTIC),
        "otlp": (otlp_backend, OTLP),
    }
    backend, options = made[kind]
    first = backend.accept
    backend.then(lambda request: Reply(first(request).status, first(request).body, how="close"))
    output = {**to(options, backend), "batch": {"records": 100, "delay": "50ms"}}
    lines = numbered(500)
    append(tmp_path / "a.log", *lines)
    daemon = waybill.daemon(config_for(tmp_path, out=output))
    daemon.wait_delivered("out", len(lines))
    counts = bodies(backend)
    assert set(counts) == set(lines)
    assert sorted(counts.values()) == [1] * 400 + [2] * 100, "one batch"
    identities: dict[str, set[Any]] = {}
    for item in backend.taken:
        if isinstance(item, Document):
            identities.setdefault(item.source["message"], set()).add(item.id)
        elif kind == "otlp":
            identities.setdefault(item.body, set()).add(item.attributes["log.record.uid"])
        else:
            identities.setdefault(item.line, set()).add((item.time_ns, str(item.labels)))
    assert all(len(same) == 1 for same in identities.values())
    assert daemon.stop() == 0


def test_36_a_backlog_and_a_backend_that_hangs_take_no_more_memory_than_configured(
    waybill: Runner, loki_backend: LokiBackend, tmp_path: Path
) -> None:
    """100 MB wait in a file, not in memory."""
    loki_backend.always(Reply(how="hang"))
    line = json.dumps({"level": "info", "msg": "m" * 150, "user": 17, "path": "/api/v1/things"})
    with open(tmp_path / "a.log", "w", encoding="utf-8") as log:
        for _ in range(100):
            log.write((line + "\n") * (1_000_000 // len(line)))
    config = config_for(tmp_path, loki=to(LOKI, loki_backend)) | {
        "memory": "32MiB", "shutdown": {"grace": "1s"}}
    daemon = waybill.daemon(config)
    loki_backend.wait_requests(1)
    limit = (32 + 16) << 20
    stays(lambda: daemon.peak_memory() <= limit or waybill.sanitized,
          "the budget and 16 MiB", 3)
    assert sum(daemon.output("loki")["dropped"].values()) == 0
    assert daemon.stop() == 3


def test_49_a_firewall_that_swallows_the_packets_of_a_connection(
    waybill: Runner, elastic_backend: ElasticBackend, tmp_path: Path
) -> None:
    """Nobody says that it is dead: the deadline does, and a new connection is made."""
    output = {**to(ELASTIC, elastic_backend), "timeout": "1s", "batch": {"delay": "20ms"}}
    daemon = waybill.daemon(config_for(tmp_path, es=output))
    lines = numbered(150)
    append(tmp_path / "a.log", *lines[:50])
    elastic_backend.wait_taken(50)
    elastic_backend.vanish()
    append(tmp_path / "a.log", *lines[50:])
    daemon.err.wait_for("or a firewall in the way?")
    until(lambda: daemon.metrics().value("waybill_output_retries_total", output="es") >= 2,
          daemon.story)
    assert daemon.output("es")["delivered"] == 50
    elastic_backend.return_()
    wait_all(elastic_backend, lines)
    assert len({request.connection for request in elastic_backend.requests}) == 2
    assert daemon.stop() == 0


def test_60_values_that_would_be_paths_labels_or_lines_of_their_own(
    waybill: Runner, loki_backend: LokiBackend, elastic_backend: ElasticBackend,
    otlp_backend: OtlpBackend, tmp_path: Path,
) -> None:
    """A line may call its service what it likes: that is a value to every backend, never a label of
    its own, a path, or another action of a request. (The stand-ins fail on any other path.)"""
    evil = '../../x\n{"delete":{"_index":"*"}}\r\n\x1b[31m"},other="y\\'
    line = json.dumps({"msg": "m", "level": "info", "service_name": evil, evil: "../x"})
    append(tmp_path / "a.log", line)
    outputs = {
        "loki": {**to(LOKI, loki_backend), "line": "record"},
        "es": to(ELASTIC, elastic_backend),
        "otlp": to(OTLP, otlp_backend),
        "out": {"type": "file", "path": str(tmp_path / "out.jsonl")},
    }
    daemon = waybill.daemon(config_for(tmp_path, **outputs))
    for name in outputs:
        daemon.wait_delivered(name, 1)
    (entry,), (document,), (record,) = (
        loki_backend.taken, elastic_backend.taken, otlp_backend.taken)
    assert entry.labels == {"service_name": evil, "level": "INFO"}
    assert (document.action, document.index) == ("create", "logs-test-default")
    assert evil in json.dumps(document.source).encode().decode("unicode_escape")
    assert record.resource["service.name"] == evil
    (written,) = waybill.written()
    assert (written["service_name"], written["context"][evil]) == (evil, "../x")
    assert "\x1b" not in daemon.page("/ledger").text + daemon.page("/metrics").text
    assert daemon.stop() == 0
    assert "\x1b" not in daemon.err.text
