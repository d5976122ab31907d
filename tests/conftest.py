# SPDX-License-Identifier: Apache-2.0
"""Fixtures of all black-box tests."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from harness.backend import ElasticBackend, LokiBackend, OtlpBackend
from harness.certificates import Authority
from harness.grpc import GrpcBackend
from harness.kafka import MockKafka, NoLibrary
from harness.programs import ROOT, NoBinary, compile_c, waybill_binary
from harness.runner import Runner


@pytest.fixture(scope="session", autouse=True)
def default_signals() -> None:
    """What nohup or a shell's & ignores would be ignored by every program that the tests start."""
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
        if signal.getsignal(number) == signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)


@pytest.fixture(scope="session")
def binary() -> Path:
    """The program under test."""
    try:
        return waybill_binary()
    except NoBinary as reason:
        pytest.fail(str(reason), pytrace=False)


@pytest.fixture
def waybill(binary: Path, tmp_path: Path) -> Iterator[Runner]:
    """Starts the program; afterwards no crash and a balanced ledger are checked."""
    runner = Runner(binary, tmp_path)
    yield runner
    runner.finish()


@pytest.fixture(scope="session")
def legacy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example program."""
    return compile_c(ROOT / "examples" / "legacy.c", tmp_path_factory.mktemp("legacy") / "legacy")


@pytest.fixture
def program(tmp_path: Path) -> Callable[[str], str]:
    """Compiles the body of a plain C `main` and gives the program's path."""

    def make(body: str) -> str:
        source = tmp_path / "program.c"
        source.write_text(
            "#define _POSIX_C_SOURCE 200809L\n"
            "#include <signal.h>\n#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n"
            "#include <sys/types.h>\n#include <sys/wait.h>\n#include <unistd.h>\n"
            "int main(int argc, char **argv) {\n  (void)argc; (void)argv;\n" + body + "\n}\n",
            encoding="utf-8",
        )
        return str(compile_c(source, tmp_path / "program"))

    return make


@pytest.fixture
def loki_backend() -> Iterator[LokiBackend]:
    """A stand-in for Loki."""
    backend = LokiBackend()
    yield backend
    backend.close()


@pytest.fixture
def elastic_backend() -> Iterator[ElasticBackend]:
    """A stand-in for Elasticsearch."""
    backend = ElasticBackend()
    yield backend
    backend.close()


@pytest.fixture
def otlp_backend() -> Iterator[OtlpBackend]:
    """A stand-in for an OTLP receiver."""
    backend = OtlpBackend()
    yield backend
    backend.close()


@pytest.fixture
def grpc_backend() -> Iterator[GrpcBackend]:
    """The same over gRPC."""
    backend = GrpcBackend()
    yield backend
    backend.close()


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Signs certificates; nothing trusts it that is not told to."""
    return Authority(tmp_path_factory.mktemp("ours"))


@pytest.fixture
def secure_grpc(authority: Authority) -> Iterator[GrpcBackend]:
    """gRPC over TLS, with a certificate of the authority."""
    backend = GrpcBackend(tls=authority.server(authority.sign("server", server=True)))
    yield backend
    backend.close()


@pytest.fixture
def librdkafka(waybill: Runner) -> None:
    """Skips what runs it where that cannot be done."""
    if waybill.sanitized:
        pytest.skip("ThreadSanitizer crashes in C11's threads, which librdkafka starts")


@pytest.fixture
def cluster() -> Iterator[MockKafka]:
    """A stand-in for a Kafka cluster."""
    try:
        made = MockKafka()
    except NoLibrary as reason:
        pytest.skip(str(reason))
    yield made
    made.close()


@pytest.fixture
def absent_backend() -> Iterator[LokiBackend]:
    """A Loki that refuses connections until it is told to listen."""
    backend = LokiBackend(listening=False)
    yield backend
    backend.close()
