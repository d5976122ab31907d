# SPDX-License-Identifier: Apache-2.0
"""Lines go in at one end and come back from a real Kafka by its own console consumer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from harness.certificates import Authority
from harness.poll import until
from harness.programs import events_of_example
from harness.runner import Runner
from servers import cache, kafka as kafka_server
from servers.kafka import PASSWORD, USER, Kafka, Message

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
SPAN = "00f067aa0ba902b7"
MIXED = (
    '{"ts":1767323045.678901,"level":"error","logger":"pay","caller":"pay/charge.go:41",'
    f'"msg":"failed ä 世 🌍 \\"q\\"","trace_id":"{TRACE}","span_id":"{SPAN}","trace_flags":"01",'
    '"request_id":"r-1","tenant_id":"t-2","error":"refused",'
    '"n":{"deep":[1,2],"f":2.5,"exact":9007199254740993}}\n'
    f"2026-01-02 03:04:05,123 WARN [worker-1] disk full path=/var "
    f"traceparent=00-{TRACE}-{SPAN}-01\n"
    'level=info msg="cache warmed" entries=1204 took=38ms\n'
    "just words, größer\n"
)


def config_for(server: Kafka, topic: str, **options: Any) -> dict[str, Any]:
    return {
        "service": {"name": "shop", "version": "1.2", "environment": "tests"},
        "resource": {"team": "payments"},
        "inputs": {"pipe": {"type": "stdin"}},
        "outputs": {"k": {"type": "kafka", "brokers": [server.brokers], "topic": topic, **options}},
    }


def sasl_config(server: Kafka, topic: str, mechanism: str, password: str) -> dict[str, Any]:
    config = config_for(server, topic,
                        auth={"mechanism": mechanism, "user": USER, "password": password})
    config["outputs"]["k"]["brokers"] = [server.sasl]
    return config


def texts(messages: list[Message]) -> list[str]:
    return [message.record["message"] for message in messages]


def test_every_kind_of_line(waybill: Runner, kafka: Kafka, unique: str) -> None:
    """Field by field what the console output prints of the same records, ids included."""
    config = config_for(kafka, unique)
    config["outputs"]["out"] = {"type": "console", "style": "json"}
    ended = waybill.run("run", config=config, stdin=MIXED.encode())
    assert (ended.code, ended.err) == (0, "")
    messages = kafka.read(unique, 4)
    printed = {record["id"]: record for record in ended.records}
    assert {message.record["id"]: message.record for message in messages} == printed
    by_text = {message.record["message"]: message for message in messages}
    for message in messages:
        record = message.record
        assert message.headers["content-type"] == "application/json"
        assert message.headers["id"] == record["id"]
        assert message.key == record.get("trace_id", "shop")
    failed = by_text['failed ä 世 🌍 "q"']
    assert failed.headers["traceparent"] == f"00-{TRACE}-{SPAN}-01"
    assert failed.time_ms == 1767323045678
    assert failed.record["context"]["n"]["exact"] == 9007199254740993
    assert "traceparent" not in by_text["just words, größer"].headers
    traced = {message.partition for message in messages if message.key == TRACE}
    assert len(traced) == 1, "one key, one partition"


def test_the_example_program(waybill: Runner, legacy: Path, kafka: Kafka, unique: str) -> None:
    count = events_of_example(legacy)
    config = config_for(kafka, unique, compression="zstd")
    del config["inputs"]
    ended = waybill.run("exec", "--quiet", "--", str(legacy), config=config)
    assert ended.code == 0, ended.err
    kafka.read(unique, count)


@pytest.mark.parametrize("compression", ["none", "gzip", "snappy", "lz4", "zstd"])
def test_many_lines_come_once_and_in_order(
    waybill: Runner, kafka: Kafka, unique: str, compression: str
) -> None:
    data = "".join(f'{{"msg":"{n}","trace_id":"{n % 50 + 1:032x}"}}\n' for n in range(20_000))
    config = config_for(kafka, unique, compression=compression)
    assert waybill.run("run", config=config, stdin=data.encode()).code == 0
    messages = kafka.read(unique, 20_000)
    seen: dict[str | None, list[int]] = {}
    for message in messages:
        seen.setdefault(message.key, []).append(int(message.record["message"]))
    assert sorted(n for numbers in seen.values() for n in numbers) == list(range(20_000))
    assert len(seen) == 50 and all(numbers == sorted(numbers) for numbers in seen.values())
    assert len({message.partition for message in messages}) == kafka_server.PARTITIONS


def test_a_record_that_is_too_large_goes_alone(
    waybill: Runner, kafka: Kafka, unique: str
) -> None:
    """The topic takes less than we are told: whole batches are refused, and taken apart."""
    kafka.make_topic(unique, max_message_bytes=20_000)
    lines = [f"line {n}" for n in range(300)]
    data = "\n".join([*lines[:150], "x" * 30_000, *lines[150:]]) + "\n"
    ended = waybill.run("run", config=config_for(kafka, unique, compression="none"),
                        stdin=data.encode())
    assert ended.code == 3
    assert "1 record" in ended.err and "Message size too large" in ended.err
    assert texts(kafka.read(unique, 300)) == lines
    letters = (waybill.state_dir / "dead_letters.ndjson").read_text("utf-8").splitlines()
    (letter,) = [json.loads(line) for line in letters]
    assert (letter["reason"], letter["record"]["message"]) == ("too_large", "x" * 30_000)


def test_nothing_is_lost_when_the_broker_is_killed(waybill: Runner, unique: str) -> None:
    """kill -9 while records are under way, and a start on the same data: each is there once."""
    missing = ""
    try:
        server = kafka_server.start(kafka_server.build(cache.root()), private=True)
    except cache.Unavailable as reason:
        missing = str(reason)
    if missing:
        pytest.skip(missing)
    try:
        server.make_topic(unique)
        process = waybill.daemon(config_for(server, unique, batch={"delay": "20ms"}))
        lines = [f"line {n}" for n in range(3000)]
        for n, line in enumerate(lines):
            process.write(line + "\n")
            if n == 1000:
                process.wait_delivered("k", 500)
                server.kill()
            if n == 2000:
                process.err.wait_for("cannot reach Kafka")
                server.start_again()
        process.wait_delivered("k", 3000, limit=120.0)
        process.close_stdin()
        assert process.wait() == 0
        assert texts(server.read(unique, 3000)) == lines
    finally:
        server.stop()


@pytest.mark.parametrize("mechanism", ["plain", "scram_sha_256"])
def test_credentials(waybill: Runner, kafka: Kafka, unique: str, mechanism: str) -> None:
    config = sasl_config(kafka, unique, mechanism, PASSWORD)
    ended = waybill.run("run", config=config, stdin=b"hello\n")
    assert ended.code == 0, ended.err
    assert ("in the clear" in ended.err) == (mechanism == "plain")
    assert texts(kafka.read(unique, 1)) == ["hello"]


def test_a_wrong_password_is_held_until_its_file_is_right(
    waybill: Runner, kafka: Kafka, unique: str, tmp_path: Path
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("wrong-secret\n")
    config = sasl_config(kafka, unique, "scram_sha_256", "")
    config["outputs"]["k"]["auth"] = {"mechanism": "scram_sha_256", "user": USER,
                                      "password_file": str(secret)}
    process = waybill.daemon(config)
    process.write("hello\n")
    process.err.wait_for("are the credentials right?")
    counts = process.output("k")
    assert (counts["delivered"], counts["dead_lettered"]) == (0, 0)
    assert "misconfigured" in process.page("/outputs").text
    secret.write_text(PASSWORD + "\n")
    process.wait_delivered("k", 1)
    process.err.wait_for("delivering again")
    process.close_stdin()
    assert process.wait() == 0
    assert "wrong-secret" not in process.err.text
    assert texts(kafka.read(unique, 1)) == ["hello"]


def tls_config(server: Kafka, topic: str, authority: Path) -> dict[str, Any]:
    config = config_for(server, topic, tls={
        "ca_file": str(authority), "cert_file": str(server.client),
        "key_file": str(server.client.with_suffix(".key"))})
    config["outputs"]["k"]["brokers"] = [server.tls]
    return config


def test_tls_with_certificates_of_both(waybill: Runner, kafka: Kafka, unique: str) -> None:
    config = tls_config(kafka, unique, kafka.authority)
    ended = waybill.run("run", config=config, stdin=b"hello\n")
    assert (ended.code, ended.err) == (0, "")
    assert texts(kafka.read(unique, 1)) == ["hello"]


def test_a_broker_that_nobody_vouches_for(
    waybill: Runner, kafka: Kafka, unique: str, tmp_path: Path
) -> None:
    other = Authority(tmp_path / "other").own.cert
    process = waybill.daemon(tls_config(kafka, unique, other))
    process.write("hello\n")
    process.err.wait_for("Kafka does not take us: ")
    process.err.wait_for("certificate verify failed")
    until(lambda: process.output("k")["in_flight"] == 1, process.story)
    assert "misconfigured" in process.page("/outputs").text
    process.close_stdin()
    assert process.wait() == 3


@pytest.mark.parametrize("operation", ["Write", "Describe"])
def test_a_topic_that_we_may_not_write_to(
    waybill: Runner, kafka: Kafka, unique: str, operation: str
) -> None:
    kafka.make_topic(unique)
    kafka.deny(unique, operation)
    config = sasl_config(kafka, unique, "scram_sha_256", PASSWORD)
    process = waybill.daemon(config)
    process.write("hello\n")
    process.err.wait_for("Topic authorization failed; does an ACL let us Write to it")
    counts = process.output("k")
    assert (counts["delivered"], counts["dead_lettered"], counts["in_flight"]) == (0, 0, 1)
    kafka.deny(unique, operation, undo=True)
    process.wait_delivered("k", 1, limit=60.0)
    process.close_stdin()
    assert process.wait() == 0
    assert texts(kafka.read(unique, 1)) == ["hello"]


def test_the_connection_is_checked(waybill: Runner, kafka: Kafka, unique: str) -> None:
    config = config_for(kafka, unique)
    ended = waybill.run("check", "--connect", config=config)
    assert ended.code == 2
    assert "Unknown topic or partition; create it" in ended.err
    again = waybill.run("check", "--connect", config=config)
    assert again.code == 2, "the question did not make it"
    kafka.make_topic(unique, partitions=3)
    ended = waybill.run("check", "--connect", config=config)
    assert ended.code == 0, ended.err
    assert f"{kafka.brokers}/{unique} has 3 partitions" in ended.out
    wrong = sasl_config(kafka, unique, "scram_sha_256", "wrong")
    ended = waybill.run("check", "--connect", config=wrong)
    assert ended.code == 2
    assert "are the credentials right?" in ended.err


def test_its_memory_is_bounded(waybill: Runner, kafka: Kafka, unique: str, tmp_path: Path) -> None:
    """A file of 40 MB is read no faster than it is acknowledged."""
    log = tmp_path / "a.log"
    with open(log, "w", encoding="utf-8") as file:
        file.writelines(f'{{"msg":"{n}","fill":"{"x" * 350}"}}\n' for n in range(100_000))
    config = config_for(kafka, unique)
    config["inputs"] = {"app": {"type": "file", "include": [str(log)], "start_at": "beginning"}}
    process = waybill.daemon(config)
    process.wait_delivered("k", 100_000)
    peak = process.peak_memory()
    assert process.stop() == 0
    assert waybill.sanitized or peak < 80 << 20, peak
