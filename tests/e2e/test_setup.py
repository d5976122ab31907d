# SPDX-License-Identifier: Apache-2.0
"""`waybill setup es`: index templates, on request."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from harness.backend import ElasticBackend, Reply, Request
from harness.elastic import Document
from harness.runner import Ended, Runner


class Cluster(ElasticBackend):
    """Is asked for other things than to store documents."""

    def stored(self, request: Request, reply: Reply) -> list[Document]:
        return []


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    backend = Cluster()
    yield backend
    backend.close()


def config_for(url: str, **options: Any) -> dict[str, Any]:
    return {"outputs": {"es": {"type": "elasticsearch", "endpoints": [url],
                               "data_stream": "logs-shop-default", **options}}}


def about(**version: str) -> Reply:
    return Reply(200, json.dumps({"version": version}).encode())


@pytest.mark.parametrize("distribution", ["elasticsearch", "opensearch"])
def test_the_template_of_a_data_stream(
    waybill: Runner, cluster: Cluster, distribution: str
) -> None:
    version = {"number": "8.15.0"} if distribution == "elasticsearch" else \
        {"number": "2.15.0", "distribution": "opensearch"}
    cluster.then(about(**version), Reply(200, b'{"acknowledged":true}'))
    config = config_for(cluster.url, auth={"user": "u", "password": "p"})
    ended = waybill.run("setup", "es", "-c", str(waybill.write_config(config)))
    assert ended.code == 0, ended.err
    assert "the template waybill-logs-shop-default for logs-shop-default is installed" in ended.out
    asked, installed = cluster.requests
    assert (asked.method, asked.path) == ("GET", "/")
    assert installed.method == "POST"
    assert installed.path == "/_index_template/waybill-logs-shop-default"
    assert installed.headers["content-type"] == "application/json"
    assert all(each.headers["authorization"] == "Basic dTpw" for each in (asked, installed))
    made = json.loads(installed.body)
    assert made["index_patterns"] == ["logs-shop-default"]
    context = made["template"]["mappings"]["properties"]["context"]["type"]
    assert context == ("flattened" if distribution == "elasticsearch" else "flat_object")


PIPELINE = {"processors": [{"set": {"field": "labels.seen", "value": True}}]}


def with_pipeline(waybill: Runner, url: str, text: str, **options: Any) -> Ended:
    path = waybill.folder / "pipeline.json"
    path.write_text(text, encoding="utf-8")
    config = str(waybill.write_config(config_for(url, **options)))
    return waybill.run("setup", "es", "-c", config, "--pipeline-file", str(path))


def test_the_ingest_pipeline_before_the_template(waybill: Runner, cluster: Cluster) -> None:
    done = Reply(200, b'{"acknowledged":true}')
    cluster.then(about(number="8.15.0"), done, done)
    ended = with_pipeline(waybill, cluster.url, json.dumps(PIPELINE), pipeline="shop logs")
    assert ended.code == 0, ended.err
    assert ("the ingest pipeline shop logs and the template waybill-logs-shop-default for "
            "logs-shop-default are installed in Elasticsearch 8.15.0") in ended.out
    _, put, posted = cluster.requests
    assert (put.method, put.path) == ("PUT", "/_ingest/pipeline/shop%20logs")
    assert put.headers["content-type"] == "application/json"
    assert json.loads(put.body) == PIPELINE
    assert (posted.method, posted.path) == ("POST", "/_index_template/waybill-logs-shop-default")

    cluster.then(about(number="8.15.0"), Reply(400, b'{"error":"No processor type exists"}'))
    ended = with_pipeline(waybill, cluster.url, json.dumps(PIPELINE), pipeline="shop")
    assert ended.code == 1
    assert "/_ingest/pipeline/shop: HTTP 400" in ended.err and "No processor type" in ended.err
    assert len(cluster.requests) == 5, "no template without its pipeline"


@pytest.mark.parametrize(("text", "options", "complaint"), [
    (json.dumps(PIPELINE), {}, "no output has a `pipeline`"),
    ("[]", {"pipeline": "p"}, "it is no JSON object"),
    ('{"processors":', {"pipeline": "p"}, "pipeline.json: "),
    ('{"description":"x"}', {"pipeline": "p"}, 'there is no list of "processors" in it'),
])
def test_pipelines_that_cannot_be(
    waybill: Runner, cluster: Cluster, text: str, options: dict[str, Any], complaint: str
) -> None:
    ended = with_pipeline(waybill, cluster.url, text, **options)
    assert ended.code == 2 and complaint in ended.err
    assert cluster.requests == []


def test_a_pipeline_file_that_is_not_there(waybill: Runner, cluster: Cluster,
                                           tmp_path: Path) -> None:
    config = str(waybill.write_config(config_for(cluster.url, pipeline="p")))
    missing = str(tmp_path / "none.json")
    ended = waybill.run("setup", "es", "-c", config, "--pipeline-file", missing)
    assert ended.code == 2 and missing in ended.err
    ended = waybill.run("setup", "es", "-c", config, "--pipeline-file", missing, "--print")
    assert ended.code == 2 and cluster.requests == []


def test_what_would_be_installed_is_printed(waybill: Runner, cluster: Cluster) -> None:
    ended = waybill.run("setup", "es", "--print", "--to", f"es={cluster.url}",
                        "--service", "checkout")
    assert (ended.code, ended.err) == (0, "")
    assert json.loads(ended.out)["index_patterns"] == ["logs-checkout-default"]
    assert cluster.requests == []


def test_what_goes_wrong_is_said(waybill: Runner, cluster: Cluster) -> None:
    path = str(waybill.write_config(config_for(cluster.url)))
    cluster.then(about(number="8.15.0"), Reply(403, b'{"error":"no privilege"}'))
    ended = waybill.run("setup", "es", "-c", path)
    assert ended.code == 1
    assert "HTTP 403" in ended.err and "no privilege" in ended.err
    cluster.then(Reply(200, b"<html>"))
    ended = waybill.run("setup", "es", "-c", path)
    assert ended.code == 1
    assert "what answers there is no Elasticsearch, and no OpenSearch" in ended.err
    ended = waybill.run("setup", "es", "-c",
                        str(waybill.write_config({"outputs": {"o": {"type": "console"}}})))
    assert ended.code == 2
    assert "there is no output of the type elasticsearch" in ended.err
