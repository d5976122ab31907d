# SPDX-License-Identifier: Apache-2.0
"""Loki: which streams there are, whose they are, and what is never sent."""

from __future__ import annotations

import json
import time
from collections import defaultdict
from datetime import datetime, timezone
from typing import Any

from harness.backend import LokiBackend, Reply, Request
from harness.poll import until
from harness.runner import Runner


def config_for(backend: LokiBackend, **options: Any) -> dict[str, Any]:
    return {"service": {"name": "shop"},
            "inputs": {"pipe": {"type": "stdin"}},
            "outputs": {"loki": {"type": "loki", "endpoint": backend.url, **options}}}


def lines_of(*records: dict[str, Any]) -> bytes:
    return "".join(json.dumps(record) + "\n" for record in records).encode()


def test_labels_from_fields_within_their_budget(
    waybill: Runner, loki_backend: LokiBackend
) -> None:
    """A field that turns out to be unbounded costs no more streams than the budget."""
    config = config_for(loki_backend, max_label_values=20, batch={"delay": "20ms"}, labels=[
        "level", "component={context.component}", "user={context.user}"])
    lines = lines_of(*({"level": "info", "msg": str(n), "component": f"c{n % 3}", "user": f"u{n}"}
                       for n in range(2000)))
    ended = waybill.run("run", config=config, stdin=lines)
    assert ended.code == 0
    assert len(loki_backend.taken) == 2000
    streams = {json.dumps(entry.labels, sort_keys=True) for entry in loki_backend.taken}
    assert len(streams) == 20 + 3
    assert ended.err.count("the label 'user' has more than 20 values") == 1
    assert "'component'" not in ended.err
    for n, entry in enumerate(sorted(loki_backend.taken,
                                     key=lambda entry: int(json.loads(entry.line)["message"]))):
        assert entry.labels["component"] == f"c{n % 3}"
        user = entry.labels.get("user") or entry.metadata["user"]
        assert user == f"u{n}"
        assert ("user" in entry.labels) == (n < 20)


def test_tenants_from_a_field(waybill: Runner, loki_backend: LokiBackend) -> None:
    """Every request is of one tenant, nothing is lost or doubled, order within a tenant holds."""
    tenants: dict[str, list[int]] = defaultdict(list)
    refused: list[str] = []

    def take(request: Request) -> Reply:
        tenant = request.headers["x-scope-orgid"]
        entries = loki_backend.decode(request)
        if tenant == "b" and len(refused) < 2:
            refused.append(tenant)
            return Reply(429, b"too many\n")
        if tenant == "a" and len(entries) > 100:
            return Reply(413, b"too large\n")
        tenants[tenant] += [int(json.loads(entry.line)["message"]) for entry in entries]
        return Reply(204)

    loki_backend.always(take)
    names = ["a", "b", None, "not one|of ours"]
    lines = lines_of(*({"msg": str(n), "tenant_id": names[n % 4]} for n in range(1000)))
    config = config_for(loki_backend, tenant="{tenant_id}", default_tenant="rest")
    ended = waybill.run("run", config=config, stdin=lines)
    assert ended.code == 0, ended.err
    assert len(refused) == 2
    assert tenants["a"] == list(range(0, 1000, 4))
    assert tenants["b"] == list(range(1, 1000, 4))
    assert tenants["rest"] == sorted([*range(2, 1000, 4), *range(3, 1000, 4)])


def test_a_tenant_survives_in_the_spool(
    waybill: Runner, loki_backend: LokiBackend
) -> None:
    loki_backend.always(503)
    config = config_for(loki_backend, tenant="{tenant_id}", default_tenant="rest")
    config["shutdown"] = {"grace": "500ms"}
    process = waybill.start("run", config=config).wait_ready()
    process.write(lines_of({"msg": "1", "tenant_id": "a"}, {"msg": "2", "tenant_id": "b"}))
    loki_backend.wait_requests(1)
    assert process.stop() == 3
    loki_backend.recover()
    assert waybill.run("run", config=config, stdin=b"").code == 0
    stored = {(request.headers["x-scope-orgid"],
               json.loads(loki_backend.decode(request)[0].line)["message"])
              for request in loki_backend.requests[-2:]}
    assert stored == {("a", "1"), ("b", "2")}


def test_times_that_the_server_would_refuse(waybill: Runner, loki_backend: LokiBackend) -> None:
    """They are dead letters without a request, and the others are sent."""
    config = config_for(loki_backend, max_age="168h", max_ahead="10m")
    now = time.time()
    lines = lines_of(*({"msg": name, "ts": datetime.fromtimestamp(now + ahead, timezone.utc)
                        .isoformat()} for name, ahead in
                       [("old", -8 * 86400), ("late", -6 * 86400), ("now", 0), ("ahead", 3600)]))
    process = waybill.start("run", config=config).wait_ready()
    process.write(lines)
    process.wait_delivered("loki", 2)
    until(lambda: process.output("loki")["dead_lettered"] == 2, process.story)
    process.close_stdin()
    assert process.wait() == 3
    assert [json.loads(entry.line)["message"] for entry in loki_backend.taken] == ["late", "now"]
    letters = [json.loads(line) for line in
               (waybill.state_dir / "dead_letters.ndjson").read_text().splitlines()]
    assert [letter["detail"] for letter in letters] == [
        "its time is older than max_age = 168h allows",
        "its time is further ahead than max_ahead = 10m allows"]
    assert len(loki_backend.requests) == 1


def test_explain_shows_the_tenant(waybill: Runner, loki_backend: LokiBackend) -> None:
    config = config_for(loki_backend, tenant="{tenant_id}", default_tenant="rest",
                        labels=["app={context.app}"])
    shown = waybill.run("explain", '{"msg":"x","tenant_id":"acme","app":"web"}', config=config).out
    assert "tenant   acme\n" in shown
    assert 'stream   {app="web", service_name="shop"}' in shown
