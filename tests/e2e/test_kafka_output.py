# SPDX-License-Identifier: Apache-2.0
"""The Kafka output, against librdkafka's own stand-in for a cluster."""

from __future__ import annotations

import json
import signal
import socket
from pathlib import Path
from typing import Any

import pytest
from harness import kafka
from harness.kafka import ABSENT, Message, MockKafka, by_partition, config_for
from harness.poll import until
from harness.process import Waybill
from harness.runner import Runner
from harness.sending import append, numbered

pytestmark = pytest.mark.usefixtures("librdkafka")

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
SPAN = "00f067aa0ba902b7"


def write(process: Waybill, count: int, first: int = 0) -> list[str]:
    lines = numbered(count, first)
    process.write("".join(line + "\n" for line in lines))
    return lines


def texts(messages: list[Message]) -> list[str]:
    return [message.record["message"] for message in messages]


def letters(waybill: Runner) -> list[dict[str, Any]]:
    path = waybill.state_dir / "dead_letters.ndjson"
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


# ---- what is sent ----


def test_a_record_as_a_message(waybill: Runner, cluster: MockKafka) -> None:
    line = {"ts": "2026-01-02T03:04:05.678Z", "level": "warn", "msg": 'slow "ä"', "took": 7,
            "trace_id": TRACE, "span_id": SPAN, "trace_flags": "01"}
    config = config_for(cluster.brokers)
    config["outputs"]["out"] = {"type": "console", "style": "json"}
    ended = waybill.run("run", config=config, stdin=json.dumps(line).encode() + b"\nwords\n")
    assert (ended.code, ended.err) == (0, "")
    by_text = {message.record["message"]: message for message in cluster.read("logs", 2)}
    assert {text: message.record for text, message in by_text.items()} == {
        record["message"]: record for record in ended.records}
    slow, words = by_text['slow "ä"'], by_text["words"]
    assert (slow.key, slow.time_ms) == (TRACE.encode(), 1767323045678)
    assert slow.headers == {"content-type": b"application/json",
                            "id": slow.record["id"].encode(),
                            "traceparent": f"00-{TRACE}-{SPAN}-01".encode()}
    assert words.key == b"shop"
    assert words.headers == {"content-type": b"application/json",
                             "id": words.record["id"].encode()}


@pytest.mark.parametrize(("key", "keys"), [("service_name", {b"shop", b"pay"}), ("none", {None})])
def test_keys(waybill: Runner, cluster: MockKafka, key: str, keys: set[bytes | None]) -> None:
    data = f'{{"msg":"a","trace_id":"{TRACE}"}}\n{{"msg":"b","service":"x","service_name":"pay"}}\n'
    ended = waybill.run("run", config=config_for(cluster.brokers, key=key), stdin=data.encode())
    assert (ended.code, ended.err) == (0, "")
    assert {message.key for message in cluster.read("logs", 2)} == keys


def test_topics_of_fields(waybill: Runner, cluster: MockKafka) -> None:
    data = b'{"msg":"a","tenant_id":"acme"}\n{"msg":"b","tenant_id":"a/b c"}\n{"msg":"c"}\n'
    config = config_for(cluster.brokers, topic="logs-{tenant_id}", default_topic="other")
    ended = waybill.run("run", config=config, stdin=data)
    assert (ended.code, ended.err) == (0, "")
    for topic, text in (("logs-acme", "a"), ("logs-a_b_c", "b"), ("other", "c")):
        assert texts(cluster.read(topic, 1)) == [text]


@pytest.mark.parametrize("compression", ["gzip", "snappy", "lz4", "zstd"])
def test_compressed(waybill: Runner, cluster: MockKafka, compression: str) -> None:
    lines = numbered(3000)
    ended = waybill.run("run", config=config_for(cluster.brokers, compression=compression),
                        stdin=("\n".join(lines) + "\n").encode())
    assert (ended.code, ended.err) == (0, "")
    assert sorted(texts(cluster.read("logs", 3000))) == sorted(lines)


def test_the_order_of_a_key(waybill: Runner, cluster: MockKafka) -> None:
    data = "".join(f'{{"msg":"{n}","trace_id":"{n % 7 + 1:032x}"}}\n' for n in range(5000))
    ended = waybill.run("run", config=config_for(cluster.brokers), stdin=data.encode())
    assert (ended.code, ended.err) == (0, "")
    messages = cluster.read("logs", 5000)
    assert len(messages) == 5000 and len(by_partition(messages)) > 1
    for key in {message.key for message in messages}:
        numbers = [int(each.record["message"]) for each in messages if each.key == key]
        assert numbers == sorted(numbers)
        assert len({each.partition for each in messages if each.key == key}) == 1


def test_by_to(waybill: Runner, cluster: MockKafka) -> None:
    ended = waybill.run("run", "--to", f"kafka={cluster.brokers},{ABSENT}/some.topic",
                        "--service", "x", stdin=b"hello\n")
    assert ended.code == 0
    assert texts(cluster.read("some.topic", 1)) == ["hello"]


# ---- brokers that are away ----


def test_nobody_is_there_and_nothing_is_lost(waybill: Runner, cluster: MockKafka) -> None:
    lines = numbered(200)
    ended = waybill.run("run", config=config_for(ABSENT), stdin=("\n".join(lines) + "\n").encode())
    assert ended.code == 3
    assert "cannot reach Kafka" in ended.err and "Connection refused" in ended.err
    assert "200 records" in ended.err and "spool" in ended.err
    # The next run finds them.
    again = waybill.run("run", config=config_for(cluster.brokers), stdin=b"")
    assert again.code == 0, again.err
    assert sorted(texts(cluster.read("logs", 200))) == sorted(lines)


def test_a_file_that_nobody_took_is_read_again(
    waybill: Runner, cluster: MockKafka, tmp_path: Path
) -> None:
    log = tmp_path / "a.log"
    log.write_text("".join(f"{line}\n" for line in numbered(100)))
    config = config_for(ABSENT)
    config["inputs"] = {"app": {"type": "file", "include": [str(log)], "start_at": "beginning"}}
    ended = waybill.run("run", "--once", config=config)
    assert ended.code == 3, ended.err
    config["outputs"]["k"]["brokers"] = [cluster.brokers]
    ended = waybill.run("run", "--once", config=config)
    assert ended.code == 0, ended.err
    assert texts(sorted(cluster.read("logs", 100), key=lambda each: each.record["source"]["offset"])
                 ) == numbered(100)


def test_they_come_back(waybill: Runner, cluster: MockKafka) -> None:
    cluster.make_topic("logs")
    process = waybill.daemon(config_for(cluster.brokers))
    lines = write(process, 50)
    process.wait_delivered("k", 50)
    cluster.down()
    lines += write(process, 50, 50)
    process.err.wait_for("cannot reach Kafka")
    assert "cannot reach Kafka" in process.page("/outputs").text
    cluster.up()
    process.wait_delivered("k", 100)
    process.err.wait_for("delivering again")
    process.close_stdin()
    assert process.wait() == 0
    assert texts(cluster.read("logs", 100, 1)) == lines


def test_a_stop_while_they_are_away(waybill: Runner, cluster: MockKafka) -> None:
    process = waybill.daemon(config_for(cluster.brokers))
    cluster.down()
    write(process, 30)
    process.err.wait_for("cannot reach Kafka")
    process.signal(signal.SIGTERM)
    assert process.wait(15) == 3
    assert "30 records" in process.err.text


def test_a_broker_that_says_nothing(waybill: Runner) -> None:
    """Connections are made, and nobody answers: the grace is not exceeded, nothing is lost."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        process = waybill.daemon(config_for(f"127.0.0.1:{silent.getsockname()[1]}"))
        write(process, 30)
        process.ledger()
        process.signal(signal.SIGTERM)
        assert process.wait(15) == 3
    assert "30 records" in process.err.text and "spool" in process.err.text


def test_a_reload_changes_the_topic(waybill: Runner, cluster: MockKafka, tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    log.write_text("")
    config = config_for(cluster.brokers)
    config["inputs"] = {"app": {"type": "file", "include": [str(log)]}}
    process = waybill.daemon(config)
    append(log, *numbered(10))
    process.wait_delivered("k", 10)
    config["outputs"]["k"]["topic"] = "others"
    waybill.write_config(config)
    assert process.reload() == "applied"
    append(log, *numbered(10, 10))
    process.wait_delivered("k", 20)
    assert process.stop() == 0
    assert sorted(texts(cluster.read("logs", 10))) == numbered(10)
    assert sorted(texts(cluster.read("others", 10))) == numbered(10, 10)


def test_memory_holds_what_it_may_while_they_are_away(
    waybill: Runner, cluster: MockKafka
) -> None:
    """More than fits into memory goes to the disk, and comes back in order."""
    cluster.make_topic("logs")
    process = waybill.daemon({**config_for(cluster.brokers), "memory": "8MiB"})
    cluster.down()
    lines = [f"{n:06} {'x' * 500}" for n in range(20_000)]
    process.write("".join(line + "\n" for line in lines))
    until(lambda: process.metrics().value("waybill_spool_bytes", output="k") > 1e6, process.story)
    until(lambda: process.output("k")["records"] == 20_000, process.story)
    cluster.up()
    process.wait_delivered("k", 20_000)
    process.close_stdin()
    assert process.wait() == 0
    assert texts(cluster.read("logs", 20_000, 1)) == lines


# ---- brokers that refuse ----


def test_too_few_replicas_for_a_while(waybill: Runner, cluster: MockKafka) -> None:
    cluster.make_topic("logs")
    cluster.then(*[kafka.NOT_ENOUGH_REPLICAS] * 5)
    lines = numbered(500)
    ended = waybill.run("run", config=config_for(cluster.brokers),
                        stdin=("\n".join(lines) + "\n").encode())
    assert ended.code == 0, ended.err
    assert texts(cluster.read("logs", 500, 1)) == lines


@pytest.mark.parametrize("error", [kafka.OUT_OF_ORDER, kafka.BAD_EPOCH, kafka.UNKNOWN_PRODUCER])
def test_a_producer_that_cannot_go_on(waybill: Runner, cluster: MockKafka, error: int) -> None:
    cluster.make_topic("logs")
    process = waybill.daemon(config_for(cluster.brokers))
    lines = write(process, 20)
    process.wait_delivered("k", 20)
    cluster.then(error)
    lines += write(process, 20, 20)
    process.wait_delivered("k", 40)
    lines += write(process, 20, 40)
    process.wait_delivered("k", 60)
    process.close_stdin()
    assert process.wait() == 0
    assert texts(cluster.read("logs", 60, 1)) == lines


@pytest.mark.parametrize("error", [kafka.MESSAGE_TOO_LARGE, kafka.INVALID_RECORD])
def test_a_batch_that_is_refused_is_taken_apart(
    waybill: Runner, cluster: MockKafka, error: int
) -> None:
    """For 8 records: all, 4, 2 and 1 of them are refused, and the one alone is at fault."""
    cluster.make_topic("logs")
    cluster.then(error, error, error, error)
    config = config_for(cluster.brokers)
    process = waybill.daemon(config)
    lines = write(process, 8)
    until(lambda: process.output("k")["dead_lettered"] == 1, process.story)
    process.wait_delivered("k", 7)
    process.close_stdin()
    assert process.wait() == 3, "what was refused is not delivered"
    assert texts(cluster.read("logs", 7, 1)) == lines[1:]
    (letter,) = letters(waybill)
    assert letter["record"]["message"] == lines[0]
    assert letter["reason"] == ("too_large" if error == kafka.MESSAGE_TOO_LARGE else "rejected")
    assert "Broker: " in letter["detail"]


def test_what_is_too_large_is_not_sent(waybill: Runner, cluster: MockKafka) -> None:
    data = b"one\n" + b"x" * 3000 + b"\ntwo\n"
    config = config_for(cluster.brokers, message_max_bytes="2KiB")
    ended = waybill.run("run", config=config, stdin=data)
    assert ended.code == 3
    assert "message_max_bytes is 2048" in ended.err
    assert sorted(texts(cluster.read("logs", 2))) == ["one", "two"]
    (letter,) = letters(waybill)
    assert (letter["reason"], letter["record"]["message"]) == ("too_large", "x" * 3000)


@pytest.mark.parametrize("by", ["metadata", "produce"])
def test_a_topic_that_is_not_ours_is_held(waybill: Runner, cluster: MockKafka, by: str) -> None:
    cluster.make_topic("logs")
    if by == "metadata":
        cluster.topic_error("logs", kafka.UNKNOWN_TOPIC)
    else:
        cluster.then(*[kafka.TOPIC_DENIED] * 1000)
    process = waybill.daemon(config_for(cluster.brokers))
    write(process, 20)
    process.err.wait_for("topic logs: Broker: ")
    process.err.wait_for("(held: trying again every 30 s)")
    counts = process.output("k")
    assert (counts["delivered"], counts["dead_lettered"], counts["in_flight"]) == (0, 0, 20)
    assert "misconfigured" in process.page("/outputs").text
    process.close_stdin()
    assert process.wait() == 3
    cluster.topic_error("logs", 0)
    cluster.well_again()
    again = waybill.run("run", config=config_for(cluster.brokers), stdin=b"")
    assert again.code == 0, again.err
    assert len(cluster.read("logs", 20, 1)) == 20


def test_one_topic_does_not_hold_the_others(waybill: Runner, cluster: MockKafka) -> None:
    cluster.make_topic("logs-bad")
    cluster.topic_error("logs-bad", kafka.UNKNOWN_TOPIC)
    config = config_for(cluster.brokers, topic="logs-{tenant_id}", default_topic="other")
    process = waybill.daemon(config)
    process.write('{"msg":"a","tenant_id":"bad"}\n')
    process.err.wait_for("topic logs-bad: ")
    for n in range(5):
        process.write(f'{{"msg":"{n}","tenant_id":"good"}}\n')
        process.wait_delivered("k", n + 1)
    assert "misconfigured" in process.page("/outputs").text, "one of them is held still"
    process.close_stdin()
    assert process.wait() == 3
    assert sorted(texts(cluster.read("logs-good", 5))) == [str(n) for n in range(5)]
