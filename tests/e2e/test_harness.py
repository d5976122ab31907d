# SPDX-License-Identifier: Apache-2.0
"""The stand-ins read the wire as the real servers do: bytes that others made, and broken ones."""

from __future__ import annotations

import gzip
import http.client
from typing import Any

import pytest
import snappy
from harness import admin, elastic, loki, otlp
from harness.backend import LokiBackend, Reply
from harness.capture import parse_records
from harness.poll import NeverHappened, until

# Made and decoded with protoc against the servers' own .proto files.
PUSH = bytes.fromhex("0a290a077b613d2262227d121e0a080880e2cfaa061005120268691a0e0a08747261"
                     "63655f696412026162")
EXPORT = bytes.fromhex(
    "0a5e0a170a150a0c736572766963652e6e616d6512050a03617069124312410905002a36fe9c971710091a04"
    "494e464f2a040a02686945010000004a104bf92f3577b34da6a3ce929d0e0e4736520800f067aa0ba902b759"
    "06002a36fe9c9717")


def test_a_push_made_by_others() -> None:
    (entry,) = loki.decode_push(snappy.compress(PUSH))
    assert entry == loki.Entry(1700000000_000000005, "hi", {"a": "b"}, {"trace_id": "ab"})


def test_an_export_made_by_others() -> None:
    (record,) = otlp.decode_export(EXPORT)
    assert record.resource == {"service.name": "api"}
    assert (record.time_ns, record.observed_ns) == (1700000000_000000005, 1700000000_000000006)
    assert (record.severity, record.severity_text, record.body) == (9, "INFO", "hi")
    assert (record.flags, record.trace_id) == (1, "4bf92f3577b34da6a3ce929d0e0e4736")
    assert record.span_id == "00f067aa0ba902b7"


@pytest.mark.parametrize("cut", range(1, len(PUSH), 7))
def test_a_torn_push_is_noticed(cut: int) -> None:
    with pytest.raises((AssertionError, IndexError)):
        loki.decode_push(snappy.compress(PUSH[:cut]))


def test_labels_with_escapes() -> None:
    assert loki.parse_labels(r'{a="x\"y\\z\n", b_2="ä, {}="}') == {"a": 'x"y\\z\n', "b_2": "ä, {}="}
    with pytest.raises(AssertionError):
        loki.parse_labels('{a="1", a="2"}')


def test_a_bulk_body() -> None:
    body = b'{"create":{"_id":"1"}}\n{"m":1}\n'
    assert elastic.decode_bulk("/logs-a-b/_bulk?x=y", body) == [
        elastic.Document("create", "logs-a-b", "1", {"m": 1})]
    for broken in (body[:-1], body + b'{"create":{"_id":"2"}}\n'):
        with pytest.raises(AssertionError):
            elastic.decode_bulk("/logs/_bulk", broken)


def test_records_are_held_to_json() -> None:
    assert parse_records(b'{"a":1}\n{"half') == [{"a": 1}]
    for broken in (b"[1]\n", b'{"a":1,"a":2}\n', b'{"a":"\xff"}\n'):
        with pytest.raises((AssertionError, ValueError)):
            parse_records(broken)


def balanced() -> dict[str, Any]:
    return {
        "balanced": True,
        "inputs": {"i": {"lines": 3, "records": 1, "joined": 1, "empty": 1}},
        "outputs": {"o": {"records": 5, "recovered": 0, "synthetic": 0, "delivered": 1,
                          "filtered": 0, "sampled": 0, "folded": 0, "dropped": {"a": 1, "b": 1},
                          "dead_lettered": 1, "in_flight": 1}},
    }


def test_a_ledger_that_does_not_balance_is_noticed() -> None:
    admin.assert_balanced(balanced())
    for kind, name, key in (("inputs", "i", "lines"), ("outputs", "o", "in_flight")):
        wrong = balanced()
        wrong[kind][name][key] += 1
        with pytest.raises(AssertionError):
            admin.assert_balanced(wrong)


def post(backend: LokiBackend, body: bytes, **headers: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", backend.port, timeout=5)
    try:
        connection.request("POST", "/loki/api/v1/push", body, headers)
        return connection.getresponse().status
    finally:
        connection.close()


def test_a_stand_in_answers_as_told() -> None:
    backend = LokiBackend()
    push = snappy.compress(PUSH)
    backend.then(503, Reply(204, how="close"))
    assert post(backend, push) == 503
    with pytest.raises(http.client.RemoteDisconnected):
        post(backend, push)
    assert post(backend, gzip.compress(push), **{"Content-Encoding": "gzip"}) == 204
    assert len(backend.requests) == 3
    assert len(backend.taken) == 2, "a reply that gets lost does not undo what was stored"
    backend.close()


def test_a_stand_in_fails_the_test_when_it_cannot_read() -> None:
    backend = LokiBackend()
    assert post(backend, snappy.compress(b"\xff\xff")) == 500
    with pytest.raises((AssertionError, IndexError)):
        backend.close()


def test_a_stand_in_refuses_connections_until_it_listens() -> None:
    backend = LokiBackend(listening=False)
    with pytest.raises(ConnectionRefusedError):
        post(backend, b"")
    backend.listen()
    assert post(backend, snappy.compress(PUSH)) == 204
    backend.close()


def test_waiting_has_a_limit() -> None:
    with pytest.raises(NeverHappened, match="a miracle"):
        until(lambda: False, "a miracle", limit=0.05)
