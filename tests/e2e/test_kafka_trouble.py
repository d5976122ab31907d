# SPDX-License-Identifier: Apache-2.0
"""The Kafka output in trouble: what it does not wait for, and what trouble may not cost."""

from __future__ import annotations

import json
import time
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from harness import kafka
from harness.backend import OtlpBackend
from harness.certificates import Authority
from harness.cpu import cpu_seconds
from harness.kafka import MockKafka
from harness.poll import stays, until
from harness.programs import compile_preload
from harness.runner import Runner

pytestmark = pytest.mark.usefixtures("librdkafka")

UNKNOWN_HOST = "kafka.example.test:9092"
config_for = partial(kafka.config_for, grace="3s")  # to keep a fault short


def letters(waybill: Runner) -> list[dict[str, Any]]:
    path = waybill.state_dir / "dead_letters.ndjson"
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


# ---- a topic that is not there ----


@pytest.mark.parametrize("default", ["well", "held"])
def test_a_topic_that_is_held_stops_nobody_for_good(
    waybill: Runner, cluster: MockKafka, default: str
) -> None:
    """More batches than an outbox lets out behind one."""
    cluster.topic_error("logs-bad", kafka.UNKNOWN_TOPIC)
    if default == "held":
        cluster.topic_error("other", kafka.UNKNOWN_TOPIC)
    config = config_for(cluster.brokers, topic="logs-{tenant_id}", default_topic="other")
    process = waybill.daemon(config)
    process.write('{"msg":"bad","tenant_id":"bad"}\n')
    process.err.wait_for("topic logs-bad: ")
    if default == "held":
        process.write('{"msg":"none"}\n')
        until(lambda: "topic other: " in process.page("/outputs").text, process.story)
    for n in range(120):
        process.write(f'{{"msg":"{n}","tenant_id":"good"}}\n')
        process.wait_delivered("k", n + 1)  # a batch of its own
    if default == "well":
        process.wait_delivered("k", 121)
    if default == "well":
        assert "goes to other instead (1 record)" in process.err.text
        assert [each.record["message"] for each in cluster.read("other", 1)] == ["bad"]
    process.close_stdin()
    assert process.wait() == (0 if default == "well" else 3)
    assert len(cluster.read("logs-good", 120)) == 120
    if default == "held":
        assert {each["record"]["message"] for each in letters(waybill)} == {"bad", "none"}
        assert {each["reason"] for each in letters(waybill)} == {"rejected"}
        assert "and topic other is held, too" in letters(waybill)[0]["detail"]


# ---- waiting is idle ----


def test_a_window_that_is_full_is_waited_for(waybill: Runner, cluster: MockKafka) -> None:
    """Behind a topic that was held before, and whose brokers acknowledge nothing."""
    cluster.make_topic("logs")
    cluster.then(kafka.POLICY_VIOLATION, *[kafka.NOT_ENOUGH_REPLICAS] * 1000)
    process = waybill.daemon(config_for(cluster.brokers))
    process.write("".join(f"{n:06} {'x' * 200}\n" for n in range(15_000)))
    until(lambda: process.output("k")["records"] == 15_000, process.story)
    stays(lambda: process.running, process.story(), 1.0)
    before = cpu_seconds(process.pid)
    stays(lambda: process.running, process.story(), 2.0)
    assert cpu_seconds(process.pid) - before < 0.5
    cluster.well_again()
    process.wait_delivered("k", 15_000)
    process.close_stdin()
    assert process.wait() == 0


def test_a_file_that_is_missing_is_said_and_waited_for(
    waybill: Runner, authority: Authority, tmp_path: Path
) -> None:
    """No producer can be made of it; what was wrong before was another thing."""
    ca = tmp_path / "ca.pem"
    ca.write_bytes(Authority(tmp_path / "other").own.cert.read_bytes())
    server = OtlpBackend(tls=authority.server(authority.sign("server", server=True)))
    try:
        at = server.url.removeprefix("https://")
        process = waybill.daemon(config_for(at, tls={"ca_file": str(ca)}))
        process.write("hello\n")
        process.err.wait_for("Kafka does not take us")
        ca.unlink()
        process.err.wait_for("librdkafka: ssl.ca.location")
        before = cpu_seconds(process.pid)
        stays(lambda: process.running, process.story(), 2.0)
        assert cpu_seconds(process.pid) - before < 0.5
    finally:
        server.close()


# ---- a name server that does not answer ----


@pytest.fixture
def resolver(waybill: Runner, tmp_path: Path) -> dict[str, str]:
    """The environment of a run for which names are looked up for ever."""
    asan = waybill.env.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"
    return {"LD_PRELOAD": str(compile_preload("resolver", tmp_path)), "ASAN_OPTIONS": asan}


def test_the_end_does_not_wait_for_a_name_server(
    waybill: Runner, cluster: MockKafka, resolver: dict[str, str]
) -> None:
    process = waybill.daemon(config_for(UNKNOWN_HOST), env=resolver)
    process.write("hello\n")
    process.ledger()
    began = time.monotonic()
    process.close_stdin()
    assert process.wait(20) == 3
    assert time.monotonic() - began < 6, "shutdown.grace is 3 s"
    again = waybill.run("run", config=config_for(cluster.brokers), stdin=b"")
    assert again.code == 0, again.err
    assert [each.record["message"] for each in cluster.read("logs", 1)] == ["hello"]


def test_a_reload_does_not_wait_for_a_name_server(
    waybill: Runner, cluster: MockKafka, resolver: dict[str, str]
) -> None:
    process = waybill.daemon(config_for(UNKNOWN_HOST), env=resolver)
    process.write("hello\n")
    began = time.monotonic()
    waybill.write_config(config_for(cluster.brokers))
    assert process.reload() == "applied"
    assert time.monotonic() - began < 15
    process.close_stdin()
    process.wait(20)
    assert time.monotonic() - began < 25


def test_a_check_does_not_wait_for_a_name_server(
    waybill: Runner, resolver: dict[str, str]
) -> None:
    began = time.monotonic()
    ended = waybill.run("check", "--connect", config=config_for(UNKNOWN_HOST, timeout="1s"),
                        env=resolver)
    assert ended.code == 2
    assert time.monotonic() - began < 10
