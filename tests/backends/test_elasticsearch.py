# SPDX-License-Identifier: Apache-2.0
"""Lines go in at one end and come back from a real OpenSearch by _search."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from harness.programs import events_of_example
from harness.runner import Runner
from servers.opensearch import OpenSearch

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
SPAN = "00f067aa0ba902b7"


def config_for(server: OpenSearch, index: str, **options: Any) -> dict[str, Any]:
    return {
        "service": {"name": "shop", "version": "1.2", "environment": "tests"},
        "resource": {"team": "payments"},
        "inputs": {"pipe": {"type": "stdin"}},
        "outputs": {"es": {"type": "elasticsearch", "endpoints": [server.url], "index": index,
                           **options}},
    }


def at(source: dict[str, Any], path: str) -> Any:
    """The value of a dotted field, however it was nested."""
    if path in source:
        return source[path]
    for size in range(path.count(".") + 1, 0, -1):
        head = ".".join(path.split(".")[:size])
        if isinstance(source.get(head), dict):
            return at(source[head], path[len(head) + 1 :])
    return None


def by_message(hits: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {hit["_source"]["message"]: hit["_source"] for hit in hits}


def test_every_kind_of_line(waybill: Runner, opensearch: OpenSearch, unique: str) -> None:
    data = (
        '{"ts":1767323045.678901,"level":"error","logger":"pay","caller":"pay/charge.go:41",'
        f'"msg":"failed ä 世 🌍 \\"q\\"","trace_id":"{TRACE}","span_id":"{SPAN}",'
        '"request_id":"r-1","tenant_id":"t-2","error":"refused",'
        '"n":{"deep":[1,2],"f":2.5,"exact":9007199254740993}}\n'
        f"2026-01-02 03:04:05,123 WARN [worker-1] disk full path=/var "
        f"traceparent=00-{TRACE}-{SPAN}-01\n"
        'level=info msg="cache warmed" entries=1204 took=38ms\n'
        "just words, größer\n"
    ).encode()
    ended = waybill.run("run", config=config_for(opensearch, unique), stdin=data)
    assert (ended.code, ended.err) == (0, "")
    found = by_message(opensearch.wait_for(unique, 4))
    assert len(found) == 4
    for source in found.values():
        assert at(source, "service.name") == "shop"
        assert at(source, "service.version") == "1.2"
        assert at(source, "service.environment") == "tests"
        assert at(source, "labels.team") == "payments"

    failed = found['failed ä 世 🌍 "q"']
    expected = {
        "@timestamp": "2026-01-02T03:04:05.678901Z", "log.level": "ERROR", "trace.id": TRACE,
        "span.id": SPAN, "http.request.id": "r-1", "organization.id": "t-2", "log.logger": "pay",
        "log.origin.file.name": "pay/charge.go", "log.origin.file.line": 41,
        "error.message": "refused", "context.n.deep": [1, 2], "context.n.f": 2.5,
        "context.n.exact": 9007199254740993,
    }
    assert {path: at(failed, path) for path in expected} == expected
    (disk,) = [source for message, source in found.items() if message.startswith("disk full")]
    assert at(disk, "@timestamp") == "2026-01-02T03:04:05.123Z"
    assert (at(disk, "trace.id"), at(disk, "process.thread.name")) == (TRACE, "worker-1")
    assert at(disk, "context.path") == "/var"
    assert at(found["cache warmed"], "context.entries") == 1204
    assert at(found["cache warmed"], "log.level") == "INFO"
    assert "just words, größer" in found


def test_searches_that_people_write(waybill: Runner, opensearch: OpenSearch, unique: str) -> None:
    data = "".join(f'{{"level":"{["info", "error"][n % 2]}","msg":"m{n}","user":{n},'
                   f'"trace_id":"{n + 1:032x}"}}\n' for n in range(20)).encode()
    assert waybill.run("run", config=config_for(opensearch, unique), stdin=data).code == 0
    opensearch.wait_for(unique, 20)
    for query, count in (
        ({"match": {"trace.id": f"{8:032x}"}}, 1),
        ({"match": {"log.level": "ERROR"}}, 10),
        ({"range": {"context.user": {"gte": 15}}}, 5),
        ({"range": {"@timestamp": {"gte": "now-5m"}}}, 20),
    ):
        assert len(opensearch.search(unique, query)) == count, query


def test_a_data_stream_by_to(waybill: Runner, opensearch: OpenSearch, unique: str) -> None:
    opensearch.put_data_stream_template()
    ended = waybill.run("run", "--service", unique, "--to", f"es={opensearch.url}",
                        stdin=b"one\ntwo\n")
    assert (ended.code, ended.err) == (0, "")
    hits = opensearch.wait_for(f"logs-{unique}-default", 2)
    assert sorted(by_message(hits)) == ["one", "two"]
    assert hits[0]["_index"].startswith(f".ds-logs-{unique}-default-")


def test_ids_are_the_records_own(waybill: Runner, opensearch: OpenSearch, unique: str) -> None:
    config = config_for(opensearch, unique)
    config["outputs"]["out"] = {"type": "console", "style": "json"}
    ended = waybill.run("run", config=config, stdin=b"one\ntwo\n")
    expected = {record["id"]: record["message"] for record in ended.records}
    hits = opensearch.wait_for(unique, 2)
    assert {hit["_id"]: hit["_source"]["message"] for hit in hits} == expected


def test_sent_again_it_is_there_once(
    waybill: Runner, opensearch: OpenSearch, unique: str, tmp_path: Path
) -> None:
    """The checkpoint is put back, as after a crash: 409 is an earlier success of ours."""
    log = tmp_path / "a.log"
    config = config_for(opensearch, unique)
    config["inputs"] = {"app": {"type": "file", "include": [str(log)], "start_at": "beginning"}}
    log.write_text("first\n")
    daemon = waybill.daemon(config)
    daemon.wait_delivered("es", 1)
    assert daemon.stop() == 0
    saved = {path.name: path.read_bytes() for path in waybill.state_dir.iterdir()
             if path.is_file()}
    with open(log, "a", encoding="utf-8") as file:
        file.writelines(f"line {n}\n" for n in range(50))
    for _ in range(2):
        for name, content in saved.items():
            (waybill.state_dir / name).write_bytes(content)
        daemon = waybill.daemon(config)
        daemon.wait_delivered("es", 50)
        counts = daemon.output("es")
        assert (counts["delivered"], sum(counts["dropped"].values())) == (50, 0)
        assert daemon.stop() == 0
    hits = opensearch.search(unique)
    assert len(hits) == 51
    assert len(by_message(hits)) == 51


def test_a_restart_sends_nothing_twice(
    waybill: Runner, opensearch: OpenSearch, unique: str, tmp_path: Path
) -> None:
    log = tmp_path / "a.log"
    config = config_for(opensearch, unique)
    config["inputs"] = {"app": {"type": "file", "include": [str(log)]}}
    for part in range(3):
        with open(log, "a", encoding="utf-8") as file:
            file.writelines(f"line {part}-{n}\n" for n in range(10))
        ended = waybill.run("run", "--once", config=config)
        assert ended.code == 0, ended.err
    messages = [hit["_source"]["message"] for hit in opensearch.search(unique)]
    assert sorted(messages) == [f"line {part}-{n}" for part in range(3) for n in range(10)]


def test_a_document_that_the_mapping_refuses_goes_alone(
    waybill: Runner, opensearch: OpenSearch, unique: str
) -> None:
    opensearch.call("PUT", unique, {"mappings": {"properties": {
        "context": {"properties": {"n": {"type": "long"}}}}}})
    data = b'{"msg":"good","n":1}\n{"msg":"bad","n":"no number"}\n{"msg":"also good","n":3}\n'
    config = config_for(opensearch, unique, type_conflicts="reject")
    ended = waybill.run("run", config=config, stdin=data)
    assert ended.code == 3
    assert "1 record" in ended.err and "mapper_parsing_exception" in ended.err
    assert sorted(by_message(opensearch.wait_for(unique, 2))) == ["also good", "good"]


def test_a_field_of_another_type_is_moved(
    waybill: Runner, opensearch: OpenSearch, unique: str
) -> None:
    opensearch.call("PUT", unique, {"mappings": {"properties": {
        "context": {"properties": {"n": {"type": "long"}}}}}})
    data = b'{"msg":"good","n":1}\n{"msg":"other","n":"no number"}\n{"msg":"also good","n":3}\n'
    ended = waybill.run("run", config=config_for(opensearch, unique), stdin=data)
    assert ended.code == 0, ended.err
    found = by_message(opensearch.wait_for(unique, 3))
    assert at(found["other"], "context.n_text") == "no number"
    assert at(found["other"], "context.n") is None and at(found["good"], "context.n") == 1


def test_fields_that_clash_with_ecs(waybill: Runner, opensearch: OpenSearch, unique: str) -> None:
    """A line's own `host: "x"` where ECS has an object must not make the server refuse it."""
    opensearch.call("PUT", unique, {"mappings": {"properties": {
        "host": {"properties": {"name": {"type": "keyword"}}},
        "log": {"properties": {"level": {"type": "keyword"}}}}}})
    data = (b'{"msg":"a","host":"h1","log":"x","user":"bob","http":"1.1","labels":"l"}\n'
            b'{"msg":"b","host":{"ip":"::1"},"user":{"name":"eve"},"process":7,"trace":"none"}\n')
    ended = waybill.run("run", config=config_for(opensearch, unique), stdin=data.split(b"\n")[0])
    assert ended.code == 0, ended.err
    other = waybill.run("run", config=config_for(opensearch, f"{unique}b"),
                        stdin=data.split(b"\n")[1])
    assert other.code == 0, other.err
    assert at(opensearch.wait_for(unique)[0]["_source"], "context.host") == "h1"
    assert at(opensearch.wait_for(f"{unique}b")[0]["_source"], "context.host.ip") == "::1"


def test_many_lines_come_once(waybill: Runner, opensearch: OpenSearch, unique: str) -> None:
    data = "".join(f"line {n:06}\n" for n in range(9000)).encode()
    config = config_for(opensearch, unique, compression="gzip")
    assert waybill.run("run", config=config, stdin=data).code == 0
    hits = opensearch.wait_for(unique, 9000, limit=60)
    assert sorted(hit["_source"]["message"] for hit in hits) == [
        f"line {n:06}" for n in range(9000)]


def test_flat_mapping(waybill: Runner, opensearch: OpenSearch, unique: str) -> None:
    config = config_for(opensearch, unique, mapping="flat")
    assert waybill.run("run", config=config, stdin=b'{"msg":"m","level":"warn","a":1}\n').code == 0
    (hit,) = opensearch.wait_for(unique)
    source = hit["_source"]
    assert (source["message"], source["level"], source["service_name"]) == ("m", "WARN", "shop")
    assert source["context"] == {"a": 1}


def test_the_example_program(
    waybill: Runner, legacy: Path, opensearch: OpenSearch, unique: str
) -> None:
    count = events_of_example(legacy)
    config = config_for(opensearch, unique)
    del config["inputs"]
    ended = waybill.run("exec", "--quiet", "--", str(legacy), config=config)
    assert ended.code == 0, ended.err
    hits = opensearch.wait_for(unique, count)
    assert len(hits) == count
    traced = opensearch.search(unique, {"match": {"trace.id": TRACE}})
    assert len(traced) == 3


@pytest.mark.parametrize("compression", ["none", "gzip"])
def test_the_connection_is_checked(
    waybill: Runner, opensearch: OpenSearch, unique: str, compression: str
) -> None:
    config = config_for(opensearch, unique, compression=compression)
    ended = waybill.run("check", "--connect", config=config)
    assert ended.code == 0, ended.err
    assert opensearch.search(unique) == []


def test_an_ingest_pipeline_is_missed_and_installed(
    waybill: Runner, opensearch: OpenSearch, unique: str
) -> None:
    config = config_for(opensearch, unique, pipeline=unique)
    ended = waybill.run("check", "--connect", config=config)
    assert ended.code == 2
    assert f"there is no ingest pipeline {unique}, and every document would be" in ended.err
    definition = waybill.folder / "pipeline.json"
    definition.write_text(json.dumps({"description": "of a test", "processors": [
        {"set": {"field": "labels.via", "value": "the pipeline"}},
        {"drop": {"if": "ctx.message == 'noise'"}},
        {"fail": {"if": "ctx.message == 'bad'", "message": "the pipeline wants no {{{message}}}"}},
    ]}), encoding="utf-8")
    ended = waybill.run("setup", "es", "--pipeline-file", str(definition), "-c",
                        str(waybill.config_file))
    assert ended.code == 0, ended.err
    there = opensearch.call("GET", f"_ingest/pipeline/{unique}")
    assert there[unique]["description"] == "of a test"
    ended = waybill.run("check", "--connect", config=config)
    assert ended.code == 0 and f"has the ingest pipeline {unique}" in ended.out, ended.err


def test_documents_go_through_an_ingest_pipeline(
    waybill: Runner, opensearch: OpenSearch, unique: str
) -> None:
    """One that adds a field, drops documents, and refuses some for good."""
    opensearch.call("PUT", f"_ingest/pipeline/{unique}", {"processors": [
        {"set": {"field": "labels.via", "value": "the pipeline"}},
        {"drop": {"if": "ctx.message == 'noise'"}},
        {"fail": {"if": "ctx.message == 'bad'", "message": "no {{{message}}} documents"}},
    ]})
    config = config_for(opensearch, unique, pipeline=unique)
    ended = waybill.run("run", "--once", config=config, stdin=b"first\nnoise\nbad\nlast\n")
    assert ended.code == 3, ended.err  # a record became a dead letter
    hits = opensearch.wait_for(unique, 2)
    assert sorted(hit["_source"]["message"] for hit in hits) == ["first", "last"]
    assert all(hit["_source"]["labels"]["via"] == "the pipeline" for hit in hits)
    assert "no bad documents" in ended.err
