# SPDX-License-Identifier: Apache-2.0
"""Apache Kafka as one node in KRaft mode, read back by its own console consumer."""

from __future__ import annotations

import base64
import json
import os
import signal
import socket
import struct
import subprocess
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import cache, process, web

USER, PASSWORD = "waybill", "s3cret-of-the-tests"  # of the listener that wants to know who we are
PARTITIONS = 4  # of a topic that nobody has made
TOOL_LIMIT = 120.0  # seconds for one of its command line tools, each of which starts a JVM

LOG4J = """\
log4j.rootLogger=WARN, out
log4j.appender.out=org.apache.log4j.ConsoleAppender
log4j.appender.out.target=System.err
log4j.appender.out.layout=org.apache.log4j.PatternLayout
log4j.appender.out.layout.ConversionPattern=[%d] %p %m (%c)%n
"""


def _make(shop: cache.Workshop) -> None:
    shop.run(
        [cache.need("mvn"), "--quiet", "--batch-mode", "dependency:copy-dependencies"]
        + ["-DincludeScope=runtime", f"-DoutputDirectory={shop.out / 'lib'}"]
    )


RECIPE = cache.Recipe("kafka", "3.8.0", "half a minute", _make)


@dataclass(frozen=True)
class Message:
    """One as the console consumer shows it."""

    partition: int
    offset: int
    time_ms: int
    key: str | None
    headers: dict[str, str]
    value: str

    @property
    def record(self) -> dict[str, Any]:
        """Its value, which is JSON."""
        return dict(json.loads(self.value))


class Kafka:
    """A running broker. `brokers` is what `--to kafka=BROKERS/TOPIC` takes, `sasl` the address
    that wants USER and PASSWORD (PLAIN or SCRAM-SHA-256), `tls` the one that speaks TLS with a
    certificate of `authority`, and wants one of it."""

    def __init__(self, built: Path, running: process.Running) -> None:
        self._built = built
        self._running = running
        self.brokers = f"127.0.0.1:{running.ports['plain']}"
        self.sasl = f"127.0.0.1:{running.ports['sasl']}"
        self.tls = f"127.0.0.1:{running.ports['tls']}"
        self.authority = Path(running.folder) / "certificates" / "ca.pem"
        self.client = Path(running.folder) / "certificates" / "client.pem"  # beside its key
        self.log = running.log

    def make_topic(self, topic: str, partitions: int = 1, **settings: Any) -> None:
        """A topic with settings of its own: max_message_bytes=20000."""
        words = ["--bootstrap-server", self.brokers, "--create", "--topic", topic]
        words += ["--partitions", str(partitions)]
        for name, value in settings.items():
            words += ["--config", f"{name.replace('_', '.')}={value}"]
        self._tool("org.apache.kafka.tools.TopicCommand", *words)

    def deny(self, topic: str, operation: str, *, undo: bool = False) -> None:
        """Keeps USER from an operation on a topic: Write, Describe."""
        words = ["--bootstrap-server", self.brokers, "--topic", topic, "--operation", operation]
        words += ["--remove", "--force"] if undo else ["--add"]
        self._tool("kafka.admin.AclCommand", *words, "--deny-principal", f"User:{USER}")

    def read(self, topic: str, count: int) -> list[Message]:
        """All there is, which must be `count` messages; by partition, in order."""
        words = ["--bootstrap-server", self.brokers, "--topic", topic, "--from-beginning"]
        words += ["--timeout-ms", "4000"]
        for name in ("timestamp", "partition", "offset", "key", "headers", "value"):
            words += ["--property", f"print.{name}=true"]
        said = self._tool("org.apache.kafka.tools.consumer.ConsoleConsumer", *words)
        found = [_message(line) for line in said.splitlines()]
        assert len(found) == count, f"{count} messages in {topic}, and not {len(found)}"
        return sorted(found, key=lambda each: (each.partition, each.offset))

    def kill(self) -> None:
        """Ends it as a power cut would. Of a private one."""
        os.killpg(self._running.pid, signal.SIGKILL)
        web.until(lambda: not self._running.alive(), "end of the broker")

    def start_again(self) -> None:
        """On the data and the ports of before."""
        folder = Path(self._running.folder)
        self._running = process.respawn(self._running, _command(self._built, folder))
        web.until(lambda: _is_back(self._running.ports), "answer of the broker", 120.0)

    def stop(self) -> None:
        """Ends the server. Tests leave that to the fixture, unless they started it themselves."""
        self._running.stop()

    def _tool(self, name: str, *words: str) -> str:
        done = subprocess.run(
            [cache.need("java"), "-Xmx256m", "-XX:TieredStopAtLevel=1", "-cp",
             f"{self._built / 'lib'}/*", name, *words],
            capture_output=True, text=True, timeout=TOOL_LIMIT, check=False,
        )
        if done.returncode != 0:
            raise RuntimeError(f"{name}: {done.stderr[-2000:]} {done.stdout[-2000:]}")
        return done.stdout


def build(cache_dir: Path) -> Path:
    """The folder with the jars, fetched on first use. Raises Unavailable."""
    cache.need("java")
    return RECIPE.build(cache_dir)


def start(built: Path, private: bool = False) -> Kafka:
    """Starts the broker or finds it running."""
    plan = process.Plan(
        RECIPE.title,
        process.identity(__file__, built),
        lambda folder: _prepare(built, folder),
        lambda _, ports: _answers(ports),
        limit=120.0,
    )
    return Kafka(built, process.start(plan, private))


def _prepare(built: Path, folder: Path) -> tuple[list[str], process.Ports]:
    """Storage is given its id, and the one user, before the first start."""
    ports = process.free_ports("plain", "sasl", "tls", "controller")
    _make_certificates(folder)
    config = folder / "server.properties"
    lines = [f"{name}={value}" for name, value in _settings(folder, ports).items()]
    config.write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "log4j.properties").write_text(LOG4J, encoding="utf-8")
    cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
    done = subprocess.run(
        [*_java(built, folder), "kafka.tools.StorageTool", "format", "--config", str(config),
         "--cluster-id", cluster,
         "--add-scram", f"SCRAM-SHA-256=[name={USER},password={PASSWORD}]"],
        capture_output=True, text=True, timeout=TOOL_LIMIT, check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(f"StorageTool: {done.stderr[-2000:]}")
    return _command(built, folder), ports


def _make_certificates(folder: Path) -> None:
    # Only a test run has this one in its path, and only a test run starts a server.
    from harness.certificates import Authority  # pylint: disable=import-outside-toplevel

    authority = Authority(folder / "certificates")
    own = authority.sign("broker", server=True)
    authority.sign("client")
    store = folder / "broker.pem"
    store.write_text(own.key.read_text() + own.cert.read_text(), encoding="ascii")


def _java(built: Path, folder: Path) -> list[str]:
    return [cache.need("java"), "-Xms128m", "-Xmx512m", "-XX:+UseSerialGC",
            f"-Dlog4j.configuration=file:{folder / 'log4j.properties'}",
            "-cp", f"{built / 'lib'}/*"]


def _command(built: Path, folder: Path) -> list[str]:
    return [*_java(built, folder), "kafka.Kafka", str(folder / "server.properties")]


def _settings(folder: Path, ports: process.Ports) -> dict[str, Any]:
    at = {name: f"127.0.0.1:{port}" for name, port in ports.items()}
    protocols = {"PLAIN": "PLAINTEXT", "SASL": "SASL_PLAINTEXT", "TLS": "SSL",
                 "CONTROLLER": "PLAINTEXT"}
    clients = f"PLAIN://{at['plain']},SASL://{at['sasl']},TLS://{at['tls']}"
    modules = "org.apache.kafka.common.security"
    return {
        "process.roles": "broker,controller",
        "node.id": 1,
        "controller.quorum.voters": f"1@{at['controller']}",
        "controller.listener.names": "CONTROLLER",
        "listeners": f"{clients},CONTROLLER://{at['controller']}",
        "advertised.listeners": clients,
        "listener.security.protocol.map": ",".join(f"{n}:{p}" for n, p in protocols.items()),
        "inter.broker.listener.name": "PLAIN",
        "sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-256",
        "listener.name.sasl.plain.sasl.jaas.config":
            f'{modules}.plain.PlainLoginModule required user_{USER}="{PASSWORD}";',
        "listener.name.sasl.scram-sha-256.sasl.jaas.config":
            f"{modules}.scram.ScramLoginModule required;",
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": folder / "broker.pem",
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": folder / "certificates" / "ca.pem",
        "ssl.client.auth": "required",
        # Whoever has no name may all, others what nothing denies them.
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": "User:ANONYMOUS",
        "allow.everyone.if.no.acl.found": "true",
        "log.dirs": folder / "data",
        "num.partitions": PARTITIONS,
        "auto.create.topics.enable": "true",
        "offsets.topic.replication.factor": 1,
        "offsets.topic.num.partitions": 1,
        "transaction.state.log.replication.factor": 1,
        "transaction.state.log.min.isr": 1,
        "group.initial.rebalance.delay.ms": 0,
        "log.retention.ms": -1,  # times of the tests' records are long ago
    }


def _message(line: str) -> Message:
    """CreateTime:1  Partition:0  Offset:0  name:value,name:value  key  value, with tabs between."""
    time, partition, offset, headers, key, value = line.split("\t", 5)
    pairs = [] if headers == "NO_HEADERS" else [each.split(":", 1) for each in headers.split(",")]
    return Message(int(partition.partition(":")[2]), int(offset.partition(":")[2]),
                   int(time.partition(":")[2]), None if key == "null" else key,
                   {name: text for name, text in pairs}, value)


def _is_back(ports: process.Ports) -> bool:
    try:
        return _answers(ports)
    except OSError:
        return False


def _answers(ports: process.Ports) -> bool:
    """Asks which requests it knows (ApiVersions, version 0)."""
    with socket.create_connection(("127.0.0.1", ports["plain"]), timeout=5) as connection:
        ask = struct.pack(">hhih", 18, 0, 7, -1)
        connection.sendall(struct.pack(">i", len(ask)) + ask)
        head = connection.recv(10, socket.MSG_WAITALL)
        return len(head) == 10 and struct.unpack(">iih", head)[1:] == (7, 0)
