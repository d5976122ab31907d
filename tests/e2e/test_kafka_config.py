# SPDX-License-Identifier: Apache-2.0
"""The Kafka output before anything is sent: faults of a config, and what `check` finds out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from harness import kafka
from harness.kafka import ABSENT, MockKafka, config_for
from harness.runner import Runner

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
SPAN = "00f067aa0ba902b7"


def test_explained(waybill: Runner) -> None:
    line = f'{{"msg":"m","trace_id":"{TRACE}","span_id":"{SPAN}"}}'
    ended = waybill.run("explain", line, config=config_for(ABSENT))
    assert ended.code == 0
    for words in ("topic    logs", f"key      {TRACE}", "content-type=application/json",
                  f"traceparent=00-{TRACE}-{SPAN}-00", '"message":"m"'):
        assert words in ended.out, ended.out


@pytest.mark.parametrize(("options", "words"), [
    ({"brokers": []}, "an empty list"),
    ({"brokers": ["kafka://b:9092"]}, "'kafka://b:9092' is no broker: write host:9092"),
    ({"brokers": ["b:x"]}, "its port is a number"),
    ({"brokers": ["::1:9092"]}, "an IPv6 address stands in brackets"),
    ({"topic": "a b"}, "'a b' cannot be a topic"),
    ({"topic": ".."}, "cannot be topics"),
    ({"topic": "x" * 250}, "at most 249 characters"),
    ({"topic": "{tenant_id}"}, "say as `default_topic`"),
    ({"topic": "{tenant_id", "default_topic": "x"}, "the { is not closed"),
    ({"default_topic": "x"}, "leave this out"),
    ({"key": "span_id"}, "key"),
    ({"compression": "brotli"}, "compression"),
    ({"auth": {"user": "me"}}, "there is a `user`, but no `password`"),
    ({"auth": {"password": "x"}}, "but no `user`"),
    ({"auth": {"user": "me", "password": "x", "password_file": "/y"}}, "stands here twice"),
    ({"auth": {"user": "me", "password_file": "/no/such"}}, "cannot read /no/such"),
    ({"tls": {"ca_file": "/no/such"}}, "tls.ca_file: cannot read /no/such"),
    ({"tls": {"cert_file": "/no/such"}}, "cert_file and key_file go together"),
])
def test_faults_of_a_config(waybill: Runner, options: dict[str, Any], words: str) -> None:
    ended = waybill.run("check", config=config_for(ABSENT, **options))
    assert ended.code == 2
    assert words in ended.err, ended.err


@pytest.mark.parametrize("target", ["kafka=b:9092", "kafka=/t", "kafka=b:9092/"])
def test_targets_that_lack_something(waybill: Runner, target: str) -> None:
    ended = waybill.run("run", "--to", target, stdin=b"x\n")
    assert ended.code == 2 and ("topic" in ended.err or "brokers" in ended.err)


@pytest.mark.usefixtures("librdkafka")
def test_the_connection_is_checked(waybill: Runner, cluster: MockKafka) -> None:
    cluster.make_topic("logs", 3)
    ended = waybill.run("check", "--connect", config=config_for(cluster.brokers))
    assert ended.code == 0, ended.err
    assert f"{cluster.brokers}/logs has 3 partitions" in ended.out
    cluster.topic_error("logs", kafka.UNKNOWN_TOPIC)
    ended = waybill.run("check", "--connect", config=config_for(cluster.brokers))
    assert ended.code == 2
    assert "Unknown topic or partition; create it" in ended.err


@pytest.mark.usefixtures("librdkafka")
def test_nobody_to_connect_to(waybill: Runner) -> None:
    ended = waybill.run("check", "--connect", config=config_for(ABSENT))
    assert ended.code == 2
    assert ABSENT in ended.err and "Connection refused" in ended.err


@pytest.mark.usefixtures("librdkafka")
def test_no_secret_is_shown(waybill: Runner, cluster: MockKafka, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("s3cr3t-of-kafka\n")
    config = config_for(cluster.brokers, auth={"user": "me", "password_file": str(secret),
                                               "mechanism": "scram_sha_256"})
    ended = waybill.run("run", "-v", config=config, stdin=b"x\n")
    assert ended.code == 3
    assert "s3cr3t" not in ended.err + ended.out
