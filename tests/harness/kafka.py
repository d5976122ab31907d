# SPDX-License-Identifier: Apache-2.0
"""A stand-in for Kafka: librdkafka's own mock cluster, which speaks the protocol on real ports."""

from __future__ import annotations

import ctypes
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

PRODUCE = 0  # the numbers of requests in Kafka's protocol
UNKNOWN_TOPIC, MESSAGE_TOO_LARGE, NOT_ENOUGH_REPLICAS, TOPIC_DENIED = 3, 10, 19, 29
POLICY_VIOLATION = 44
OUT_OF_ORDER, BAD_EPOCH, UNKNOWN_PRODUCER, INVALID_RECORD = 45, 47, 59, 87
BEGINNING = -2
PARTITIONS = 4  # of a topic that nobody has made
ABSENT = "127.0.0.1:1"  # where no broker listens


class NoLibrary(Exception):
    """This machine has no librdkafka."""


@dataclass(frozen=True)
class Message:
    """One as it was stored."""

    partition: int
    offset: int
    time_ms: int
    key: bytes | None
    value: bytes
    headers: dict[str, bytes]

    @property
    def record(self) -> dict[str, Any]:
        """Its value, which is JSON."""
        return dict(json.loads(self.value))


class _Raw(ctypes.Structure):
    """rd_kafka_message_t."""

    _fields_ = [("err", ctypes.c_int), ("rkt", ctypes.c_void_p), ("partition", ctypes.c_int32),
                ("payload", ctypes.c_void_p), ("len", ctypes.c_size_t),
                ("key", ctypes.c_void_p), ("key_len", ctypes.c_size_t),
                ("offset", ctypes.c_int64), ("private", ctypes.c_void_p)]


def _load() -> ctypes.CDLL:
    try:
        library = ctypes.CDLL("librdkafka.so.1")
    except OSError as reason:
        raise NoLibrary(str(reason)) from None
    pointer, text = ctypes.c_void_p, ctypes.c_char_p
    for name, result, arguments in (
        ("conf_new", pointer, []),
        ("conf_set", ctypes.c_int, [pointer, text, text, text, ctypes.c_size_t]),
        ("new", pointer, [ctypes.c_int, pointer, text, ctypes.c_size_t]),
        ("destroy", None, [pointer]),
        ("mock_cluster_new", pointer, [pointer, ctypes.c_int]),
        ("mock_cluster_destroy", None, [pointer]),
        ("mock_cluster_bootstraps", text, [pointer]),
        ("mock_push_request_errors_array", None,
         [pointer, ctypes.c_int16, ctypes.c_size_t, pointer]),
        ("mock_clear_request_errors", None, [pointer, ctypes.c_int16]),
        ("mock_topic_create", ctypes.c_int, [pointer, text, ctypes.c_int, ctypes.c_int]),
        ("mock_topic_set_error", None, [pointer, text, ctypes.c_int]),
        ("mock_broker_set_down", ctypes.c_int, [pointer, ctypes.c_int32]),
        ("mock_broker_set_up", ctypes.c_int, [pointer, ctypes.c_int32]),
        ("topic_partition_list_new", pointer, [ctypes.c_int]),
        ("topic_partition_list_add", pointer, [pointer, text, ctypes.c_int32]),
        ("topic_partition_list_set_offset", ctypes.c_int,
         [pointer, text, ctypes.c_int32, ctypes.c_int64]),
        ("topic_partition_list_destroy", None, [pointer]),
        ("assign", ctypes.c_int, [pointer, pointer]),
        ("poll_set_consumer", ctypes.c_int, [pointer]),
        ("consumer_poll", ctypes.POINTER(_Raw), [pointer, ctypes.c_int]),
        ("consumer_close", ctypes.c_int, [pointer]),
        ("message_destroy", None, [pointer]),
        ("message_timestamp", ctypes.c_int64, [pointer, pointer]),
        ("message_headers", ctypes.c_int, [pointer, pointer]),
        ("header_get_all", ctypes.c_int, [pointer, ctypes.c_size_t, pointer, pointer, pointer]),
    ):
        function = getattr(library, f"rd_kafka_{name}")
        function.restype, function.argtypes = result, arguments
    return library


class MockKafka:
    """A cluster of one broker, which makes topics when they are asked for."""

    def __init__(self) -> None:
        self._library = _load()
        self._handle = self._make(0, {})
        self._cluster = self._library.rd_kafka_mock_cluster_new(self._handle, 1)
        self.brokers: str = self._library.rd_kafka_mock_cluster_bootstraps(self._cluster).decode()

    def _make(self, kind: int, properties: dict[str, str]) -> int:
        conf = self._library.rd_kafka_conf_new()
        words = ctypes.create_string_buffer(512)
        for name, value in {"log_level": "0", **properties}.items():
            done = self._library.rd_kafka_conf_set(conf, name.encode(), value.encode(), words, 512)
            assert done == 0, words.value
        made = self._library.rd_kafka_new(kind, conf, words, 512)
        assert made, words.value
        return int(made)

    def make_topic(self, topic: str, partitions: int = 1) -> None:
        """With this number of partitions."""
        assert self._library.rd_kafka_mock_topic_create(
            self._cluster, topic.encode(), partitions, 1) == 0

    def then(self, *errors: int) -> None:
        """What the next requests to produce are answered with; 0 is for "stored"."""
        codes = (ctypes.c_int * len(errors))(*errors)
        self._library.rd_kafka_mock_push_request_errors_array(
            self._cluster, PRODUCE, len(errors), codes)

    def well_again(self) -> None:
        """Forgets what then() was told."""
        self._library.rd_kafka_mock_clear_request_errors(self._cluster, PRODUCE)

    def topic_error(self, topic: str, error: int) -> None:
        """What is said from now on of a topic that is asked for; 0: it is there."""
        self._library.rd_kafka_mock_topic_set_error(self._cluster, topic.encode(), error)

    def down(self) -> None:
        """Breaks its connections, and takes no others."""
        self._library.rd_kafka_mock_broker_set_down(self._cluster, 1)

    def up(self) -> None:
        """It takes connections again."""
        self._library.rd_kafka_mock_broker_set_up(self._cluster, 1)

    def read(self, topic: str, count: int, partitions: int = PARTITIONS,
             limit: float = 20.0) -> list[Message]:
        """Reads from the beginning until there are `count` messages, and what comes right behind
        them, which would be too much. By partition, in order."""
        consumer = self._make(1, {"bootstrap.servers": self.brokers, "group.id": "tests",
                                  "fetch.wait.max.ms": "50"})
        try:
            self._assign(consumer, topic, partitions)
            found: list[Message] = []
            until = time.monotonic() + limit
            while time.monotonic() < until:
                message = self._poll(consumer, 50 if len(found) < count else 300)
                if message is not None:
                    found.append(message)
                elif len(found) >= count:
                    break
            assert len(found) >= count, f"{count} messages in {topic}, only {len(found)}"
            return sorted(found, key=lambda each: (each.partition, each.offset))
        finally:
            self._library.rd_kafka_consumer_close(consumer)
            self._library.rd_kafka_destroy(consumer)

    def _assign(self, consumer: int, topic: str, partitions: int) -> None:
        self._library.rd_kafka_poll_set_consumer(consumer)
        wanted = self._library.rd_kafka_topic_partition_list_new(partitions)
        for number in range(partitions):
            self._library.rd_kafka_topic_partition_list_add(wanted, topic.encode(), number)
            self._library.rd_kafka_topic_partition_list_set_offset(
                wanted, topic.encode(), number, BEGINNING)
        assert self._library.rd_kafka_assign(consumer, wanted) == 0
        self._library.rd_kafka_topic_partition_list_destroy(wanted)

    def _poll(self, consumer: int, milliseconds: int) -> Message | None:
        raw = self._library.rd_kafka_consumer_poll(consumer, milliseconds)
        if not raw:
            return None
        try:
            return self._message(raw) if raw.contents.err == 0 else None
        finally:
            self._library.rd_kafka_message_destroy(raw)

    def _message(self, raw: Any) -> Message:
        one = raw.contents
        return Message(one.partition, one.offset,
                       self._library.rd_kafka_message_timestamp(raw, None),
                       ctypes.string_at(one.key, one.key_len) if one.key else None,
                       ctypes.string_at(one.payload, one.len), self._headers(raw))

    def _headers(self, raw: Any) -> dict[str, bytes]:
        headers = ctypes.c_void_p()
        if self._library.rd_kafka_message_headers(raw, ctypes.byref(headers)) != 0:
            return {}
        found: dict[str, bytes] = {}
        name, value, size = ctypes.c_char_p(), ctypes.c_void_p(), ctypes.c_size_t()
        while self._library.rd_kafka_header_get_all(
                headers, len(found), ctypes.byref(name), ctypes.byref(value),
                ctypes.byref(size)) == 0:
            assert name.value is not None and name.value.decode() not in found
            found[name.value.decode()] = ctypes.string_at(value, size.value)
        return found

    def close(self) -> None:
        """Ends it."""
        self._library.rd_kafka_mock_cluster_destroy(self._cluster)
        self._library.rd_kafka_destroy(self._handle)


def config_for(at: str, *, grace: str = "10s", **options: Any) -> dict[str, Any]:
    """A pipe into the topic `logs` of the broker at `at`, with `options` of the output."""
    return {"service": {"name": "shop"}, "inputs": {"pipe": {"type": "stdin"}},
            "outputs": {"k": {"type": "kafka", "brokers": [at], "topic": "logs",
                              "batch": {"delay": "20ms"}, **options}},
            "shutdown": {"grace": grace}}


def by_partition(messages: Sequence[Message]) -> dict[int, list[Message]]:
    """In the order in which they were stored."""
    found: dict[int, list[Message]] = {}
    for message in messages:
        found.setdefault(message.partition, []).append(message)
    return found
