# SPDX-License-Identifier: Apache-2.0
"""What Elasticsearch is sent, and what is made of each item's status. The numbers are those of a
list of faults that bite users of such daemons."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from harness.backend import ElasticBackend, Reply
from harness.elastic import Document
from harness.poll import until
from harness.runner import Runner
from harness.sending import append, numbered

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


def config_for(backend: ElasticBackend, **options: Any) -> dict[str, Any]:
    return {"service": {"name": "shop", "version": "1.2"},
            "outputs": {"es": {"type": "elasticsearch", "endpoints": [backend.url],
                               "data_stream": "logs-shop-default", **options}}}


def lines(count: int) -> bytes:
    return ("\n".join(numbered(count)) + "\n").encode()


def test_a_record_as_ecs(waybill: Runner, elastic_backend: ElasticBackend) -> None:
    line = (f'{{"ts":1767323045.678,"level":"error","msg":"boom","trace_id":"{TRACE}",'
            '"span_id":"00f067aa0ba902b7","request_id":"r-1","tenant_id":"t-2","logger":"db",'
            '"thread":"w-1","caller":"db/pool.go:88","error":"refused","n":{"deep":[1,2.50]}}\n')
    ended = waybill.run("run", config=config_for(elastic_backend), stdin=line.encode())
    assert (ended.code, ended.out, ended.err) == (0, "", "")
    (document,) = elastic_backend.taken
    assert (document.action, document.index) == ("create", "logs-shop-default")
    assert len(document.id) == 32
    expected = {
        "@timestamp": "2026-01-02T03:04:05.678Z", "log.level": "ERROR", "message": "boom",
        "service.name": "shop", "service.version": "1.2", "trace.id": TRACE,
        "span.id": "00f067aa0ba902b7", "http.request.id": "r-1", "organization.id": "t-2",
        "log.logger": "db", "process.thread.name": "w-1", "error.message": "refused",
        "log.origin.file.name": "db/pool.go", "log.origin.file.line": 88,
    }
    flat = flattened(document.source)
    assert {key: flat.get(key) for key in expected} == expected
    assert flat["context.n.deep"] == [1, 2.5]


def flattened(source: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """`{"a":{"b":1}}` and `{"a.b":1}` are the same to Elasticsearch."""
    found: dict[str, Any] = {}
    for key, value in source.items():
        if isinstance(value, dict):
            found |= flattened(value, f"{prefix}{key}.")
        else:
            assert prefix + key not in found
            found[prefix + key] = value
    return found


def test_flat_is_canonical(waybill: Runner, elastic_backend: ElasticBackend) -> None:
    config = config_for(elastic_backend, mapping="flat")
    config["outputs"]["out"] = {"type": "console", "style": "json"}
    ended = waybill.run("run", config=config, stdin=b'{"msg":"m","a":{"b":1}}\nplain\n')
    assert ended.code == 0
    for document, record in zip(elastic_backend.taken, ended.records, strict=True):
        assert document.id == record["id"]
        for key in ("service_name", "message", "context"):
            assert document.source.get(key) == record.get(key)


def test_the_request(waybill: Runner, elastic_backend: ElasticBackend, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("bXk6a2V5\n")
    config = config_for(elastic_backend, auth={"api_key_file": str(tmp_path / "key")},
                        compression="gzip")
    assert waybill.run("run", config=config, stdin=lines(100)).code == 0
    (request,) = elastic_backend.requests
    assert request.method == "POST"
    assert request.headers["content-type"] == "application/x-ndjson"
    assert request.headers["content-encoding"] == "gzip"
    assert request.headers["authorization"] == "ApiKey bXk6a2V5"
    assert "refresh" not in request.path
    assert len(elastic_backend.taken) == 100


def test_ids_are_stable_over_retries(waybill: Runner, elastic_backend: ElasticBackend) -> None:
    elastic_backend.then(503, 429)
    assert waybill.run("run", config=config_for(elastic_backend), stdin=lines(10)).code == 0
    bodies = [request.body for request in elastic_backend.requests]
    assert len(bodies) == 3 and len(set(bodies)) == 1, "the very same bytes again"


@pytest.mark.parametrize("pretty", [False, True], ids=["5", "6_pretty"])
def test_5_and_6_every_items_own_status(
    waybill: Runner, elastic_backend: ElasticBackend, pretty: bool
) -> None:
    """One answer of 200 with 201, 409 (an earlier success of ours), 429 (again, alone) and 400 (set
    aside); it is parsed, so that white space in it changes nothing."""
    seen: dict[str, int] = {}

    def statuses(documents: Sequence[Document]) -> list[int]:
        decided = []
        for document in documents:
            number = int(document.source["message"].split()[1])
            seen[document.id] = seen.get(document.id, 0) + 1
            first_time = seen[document.id] == 1
            decided.append({0: 201, 1: 409, 2: 429 if first_time else 201, 3: 400,
                            4: 503 if first_time else 201}[number % 5])
        return decided

    elastic_backend.statuses = statuses
    elastic_backend.pretty = pretty
    process = waybill.start("run", config={
        **config_for(elastic_backend, batch={"delay": "50ms"}),
        "inputs": {"pipe": {"type": "stdin"}}}).wait_ready()
    process.write(lines(50))
    process.wait_delivered("es", 40)
    counts = process.output("es")
    assert (counts["delivered"], counts["dead_lettered"]) == (40, 10)
    process.close_stdin()
    assert process.wait() == 3
    process.err.wait_for("document_parsing_exception")
    taken = [document.id for document in elastic_backend.taken]
    assert len(taken) == len(set(taken)) == 30
    assert sorted(seen.values()) == [1] * 30 + [2] * 20, "only what failed goes again"


def test_409_is_delivered(waybill: Runner, elastic_backend: ElasticBackend) -> None:
    elastic_backend.statuses = lambda documents: [409] * len(documents)
    ended = waybill.run("run", config=config_for(elastic_backend), stdin=lines(5))
    assert (ended.code, ended.err) == (0, "")


@pytest.mark.parametrize(
    "reply",
    [
        Reply(200, b'{"took":1,"errors":false,"items":[]}'),
        Reply(200, b"<html>a proxy's login page</html>"),
        Reply(200, b""),
        Reply(200, b'{"took":1,"errors":false,"items":[{"create":{}}]}'),
    ],
    ids=["no items", "HTML", "empty", "no status"],
)
def test_a_200_that_says_nothing_is_no_success(
    waybill: Runner, elastic_backend: ElasticBackend, reply: Reply
) -> None:
    elastic_backend.then(reply)
    ended = waybill.run("run", config=config_for(elastic_backend), stdin=lines(3))
    assert ended.code == 0
    assert len(elastic_backend.requests) == 2
    assert len({document.id for document in elastic_backend.taken}) == 3


def test_the_next_node_is_tried(
    waybill: Runner, elastic_backend: ElasticBackend, absent_backend: Any
) -> None:
    config = config_for(elastic_backend)
    config["outputs"]["es"]["endpoints"] = [absent_backend.url, elastic_backend.url]
    ended = waybill.run("run", config=config, stdin=lines(3))
    assert ended.code == 0
    assert len(elastic_backend.taken) == 3


def test_files_name_their_place(
    waybill: Runner, elastic_backend: ElasticBackend, tmp_path: Path
) -> None:
    append(tmp_path / "a.log", "one", "two")
    config = config_for(elastic_backend)
    config["inputs"] = {"app": {"type": "file", "include": [str(tmp_path / "a.log")]}}
    assert waybill.run("run", "--once", config=config).code == 0
    places = [(flattened(document.source)["log.file.path"],
               flattened(document.source)["log.offset"]) for document in elastic_backend.taken]
    assert places == [(str(tmp_path / "a.log"), 0), (str(tmp_path / "a.log"), 4)]


@pytest.mark.parametrize("beside", [9, 0])
def test_a_shard_that_is_away_puts_off_its_document_and_no_other(
    waybill: Runner, elastic_backend: ElasticBackend, beside: int
) -> None:
    """For as long as it is away, which tells nothing of the document; another refusal afterwards
    counts anew."""
    status = 503
    elastic_backend.statuses = lambda documents: [
        status if "elsewhere" in document.source["message"] else 201 for document in documents]
    config = config_for(elastic_backend, batch={"delay": "20ms"}, concurrency=1) | {
        "inputs": {"pipe": {"type": "stdin"}}}
    process = waybill.start("run", config=config).wait_ready()
    process.write("elsewhere\n" + "".join(line + "\n" for line in numbered(beside)))
    process.wait_delivered("es", beside)
    until(lambda: process.output("es")["records"] == beside + 1, "it is under way")
    for number in range(30):  # far more than a record is refused before it is given up
        process.write(f"later {number}\n")
        process.wait_delivered("es", beside + 1 + number)
    counts = process.output("es")
    assert (counts["dead_lettered"], counts["in_flight"]) == (0, 1)
    status = 404
    asked = len(elastic_backend.requests)
    until(lambda: len(elastic_backend.requests) > asked, "it is refused for another reason")
    assert process.output("es")["dead_lettered"] == 0
    status = 201
    process.wait_delivered("es", beside + 31)
    assert process.stop() == 0


@pytest.mark.parametrize("status", [403, 404, 500])
def test_a_document_that_is_never_taken_holds_up_no_other(
    waybill: Runner, elastic_backend: ElasticBackend, status: int
) -> None:
    """With one request at a time, as by default: it waits by itself, and is set aside when it was
    refused again and again while others were taken; sooner, when too many would be ahead of it."""
    elastic_backend.statuses = lambda documents: [
        status if "poison" in document.source["message"] else 201 for document in documents]
    config = config_for(elastic_backend, batch={"delay": "20ms"}, concurrency=1) | {
        "inputs": {"pipe": {"type": "stdin"}}}
    process = waybill.start("run", config=config).wait_ready()
    process.write("poison\n" + "\n".join(numbered(9)) + "\n")
    process.wait_delivered("es", 9)
    for number in range(100):  # more payloads than are sent ahead of one that is not settled
        process.write(f"later {number}\n")
        process.wait_delivered("es", 10 + number)
    assert process.output("es")["dead_lettered"] == 1
    (letter,) = (waybill.state_dir / "dead_letters.ndjson").read_text("utf-8").splitlines()
    assert json.loads(letter)["original"] == "poison"
    assert process.stop() == 3, "one is refused"


def test_a_field_of_another_type_goes_elsewhere(
    waybill: Runner, elastic_backend: ElasticBackend
) -> None:
    """As an index does that has once seen a number there."""
    def statuses(documents: Sequence[Document]) -> list[int]:
        return [201 if isinstance(document.source["context"].get("n", 0), int) else 400
                for document in documents]

    elastic_backend.statuses = statuses
    text = "".join(json.dumps({"msg": f"line {i}", "n": i if i % 2 else f"v{i}"}) + "\n"
                   for i in range(20))
    config = config_for(elastic_backend, batch={"records": 5})
    ended = waybill.run("run", config=config, stdin=text.encode())
    assert ended.code == 0, ended.err
    assert "context.n is long in the index: what is not goes to context.n_text" in ended.err
    taken = {document.source["message"]: document.source["context"]
             for request in elastic_backend.requests for document in elastic_backend.decode(request)
             if statuses([document]) == [201]}
    assert taken == {f"line {i}": {"n": i} if i % 2 else {"n_text": f"v{i}"} for i in range(20)}


def test_moved_fields_are_counted(waybill: Runner, elastic_backend: ElasticBackend) -> None:
    def statuses(documents: Sequence[Document]) -> list[int]:
        return [201 if isinstance(document.source["context"].get("n", 0), int) else 400
                for document in documents]

    elastic_backend.statuses = statuses
    config = config_for(elastic_backend)
    config["outputs"]["other"] = {"type": "elasticsearch", "endpoint": elastic_backend.url,
                                  "data_stream": "logs-other-default", "when": "level == FATAL",
                                  "type_conflicts": "reject"}
    process = waybill.start("run", config=config).wait_ready()
    name = "waybill_output_moved_fields_total"
    assert process.metrics().value(name, output="es") == 0
    process.write(b'{"msg":"a","n":"many"}\n{"msg":"b","n":7}\n')
    process.wait_delivered("es", 2)
    assert process.metrics().value(name, output="es") == 1
    outputs = process.page("/outputs").json()
    assert outputs["es"]["moved_fields"] == 1
    assert "moved_fields" not in outputs["other"], "it moves none"
    assert process.metrics().value("waybill_output_state", output="es", state="ok") == 1
    assert process.metrics().value("waybill_output_state", output="es", state="retrying") == 0
    limit = process.metrics().value("waybill_spool_limit_bytes", output="es")
    assert limit == 512 * 1024 * 1024
    process.close_stdin()
    assert process.wait() == 0
