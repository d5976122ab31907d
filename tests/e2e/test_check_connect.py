# SPDX-License-Identifier: Apache-2.0
"""What `waybill check --connect` finds out, without writing anything."""

from __future__ import annotations

import json
from typing import Any

import pytest
from harness.backend import ElasticBackend, LokiBackend, OtlpBackend, Reply, Request
from harness.runner import Ended, Runner

JSON = {"Content-Type": "application/json"}
REQUIRED = (b'{"error":{"type":"parse_exception","reason":"request body is required"},'
            b'"status":400}')


def check(waybill: Runner, **options: Any) -> Ended:
    return waybill.run("check", "--connect", config={"outputs": {"o": options}})


def test_loki_and_its_tenant(waybill: Runner, loki_backend: LokiBackend) -> None:
    def answer(request: Request) -> Reply:
        assert request.body == b"\0", "a push of no streams, as snappy writes it"
        return Reply(422 if request.headers.get("x-scope-orgid") == "acme" else 401, b"no org id\n")

    loki_backend.always(answer)
    loki_backend.decode = lambda request: []  # type: ignore[method-assign]
    ended = check(waybill, type="loki", endpoint=loki_backend.url, tenant="acme")
    assert (ended.code, ended.err) == (0, "")
    where = f"{loki_backend.url}/loki/api/v1/push"
    assert (f"outputs.o: {where} takes our pushes for tenant acme; its clock agrees with ours"
            in ended.out)
    ended = check(waybill, type="loki", endpoint=loki_backend.url)
    assert ended.code == 2
    assert ended.err == (f"outputs.o: {where}: HTTP 401: no org id: it has tenants: name ours as "
                         "`tenant`\n")


@pytest.mark.parametrize("apart", [-3600, 3600, 60])
def test_clocks_that_are_apart(waybill: Runner, otlp_backend: OtlpBackend, apart: int) -> None:
    def answer(request: Request) -> Reply:
        assert request.body == b"", "an export of nothing"
        return Reply(200, b"", {"Content-Type": "application/x-protobuf"})

    otlp_backend.always(answer)
    otlp_backend.clock = apart
    ended = check(waybill, type="otlp", endpoint=otlp_backend.url)
    words = "ahead of ours" if apart > 0 else "behind ours"
    assert words in ended.err and "its clock is " in ended.err
    assert ended.code == (2 if abs(apart) > 300 else 0)
    assert not otlp_backend.taken


def test_every_endpoint_is_asked(
    waybill: Runner, loki_backend: LokiBackend, absent_backend: LokiBackend
) -> None:
    loki_backend.always(Reply(401, b"bad password"))
    ended = check(waybill, type="loki", endpoints=[absent_backend.url, loki_backend.url])
    assert ended.code == 2
    first, second = ended.err.splitlines()
    assert absent_backend.url in first and "connection refused; is Loki running there?" in first
    assert loki_backend.url in second and "HTTP 401: bad password; are the credentials" in second


@pytest.mark.parametrize(("answers", "code", "words"), [
    ({}, 0, "takes our credentials"),
    ({"_resolve": (200, {"indices": [], "aliases": [], "data_streams": [{"name": "x"}]})}, 0,
     "has the data stream logs-shop-default"),
    ({"_resolve": (404, {})}, 0, "warning: {base}/_resolve/index/logs-shop-default: there is no "
                                 "data stream logs-shop-default yet: the first record makes it"),
    ({"_resolve": (200, {"indices": [{"name": "x"}], "data_streams": []})}, 2,
     "is an index or an alias, and no data stream: write `index: logs-shop-default`"),
    ({"_security": (200, {"has_all_requested": False})}, 2,
     "our credentials may not write to logs-shop-default"),
    ({"_security": (200, {"has_all_requested": True})}, 0, "lets us write to logs-shop-default"),
    ({"_cat": (200, [{"epoch": "1000000000"}])}, 2, "its clock is "),
])
def test_elasticsearch(
    waybill: Runner, elastic_backend: ElasticBackend, answers: dict[str, Any], code: int, words: str
) -> None:
    def answer(request: Request) -> Reply:
        if "/_bulk" in request.path:
            assert request.body == b""
            return Reply(400, REQUIRED, JSON)
        if "_security" in request.path:
            assert request.headers["content-type"] == "application/json"
            assert json.loads(request.body)["index"][0]["names"] == ["logs-shop-default"]
        for part, (status, body) in answers.items():
            if part in request.path:
                return Reply(status, json.dumps(body).encode(), JSON)
        return Reply(400, b'{"error":"no handler found for uri"}', JSON)

    elastic_backend.always(answer)
    elastic_backend.stored = lambda request, reply: []  # type: ignore[method-assign]
    ended = check(waybill, type="elasticsearch", endpoint=elastic_backend.url,
                  data_stream="logs-shop-default")
    assert ended.code == code, ended.err
    assert words.format(base=elastic_backend.url) in ended.out + ended.err


@pytest.mark.parametrize(("status", "code", "words"), [
    (200, 0, "has the ingest pipeline shop"),
    (404, 2, "there is no ingest pipeline shop, and every document would be refused: `waybill "
             "setup es --pipeline-file FILE` installs one"),
    (403, 0, "warning: {base}/_ingest/pipeline/shop: cannot see whether there is an ingest "
             "pipeline shop"),
])
def test_the_ingest_pipeline(
    waybill: Runner, elastic_backend: ElasticBackend, status: int, code: int, words: str
) -> None:
    def answer(request: Request) -> Reply:
        if request.path == "/_ingest/pipeline/shop":
            return Reply(status, b"{}", JSON)
        return Reply(400, REQUIRED, JSON)

    elastic_backend.always(answer)
    elastic_backend.stored = lambda request, reply: []  # type: ignore[method-assign]
    ended = check(waybill, type="elasticsearch", endpoint=elastic_backend.url,
                  data_stream="logs-shop-default", pipeline="shop")
    assert ended.code == code, ended.err
    assert words.format(base=elastic_backend.url) in ended.out + ended.err
    assert any("&pipeline=shop" in each.path for each in elastic_backend.requests)


def test_a_file_that_can_be_written(waybill: Runner) -> None:
    path = str(waybill.folder / "out.jsonl")
    ended = check(waybill, type="file", path=path)
    assert ended.code == 0 and f"outputs.o: {path} can be written" in ended.out
    ended = check(waybill, type="file", path=str(waybill.folder))
    assert ended.code == 2 and str(waybill.folder) in ended.err
