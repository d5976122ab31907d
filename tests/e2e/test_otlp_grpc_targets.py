# SPDX-License-Identifier: Apache-2.0
"""Where gRPC goes: targets, ports, the environment of OpenTelemetry; and what cannot be."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from harness.certificates import Authority
from harness.grpc import PATH, GrpcBackend
from harness.runner import Runner
from harness.tunnels import Tunnels


def config_for(backend: GrpcBackend, **options: Any) -> dict[str, Any]:
    return {"service": {"name": "shop"}, "inputs": {"pipe": {"type": "stdin"}},
            "outputs": {"otlp": {"type": "otlp", "endpoint": backend.url, "protocol": "grpc",
                                 **options}}}


def test_a_target_of_grpc(waybill: Runner, grpc_backend: GrpcBackend) -> None:
    target = grpc_backend.url.replace("http:", "grpc:")
    ended = waybill.run("run", "--to", f"otlp={target}", stdin=b"x\n")
    assert (ended.code, ended.err) == (0, "")
    assert len(grpc_backend.taken) == 1


@pytest.mark.parametrize(("target", "url"), [
    ("grpc://otel.invalid:5", "http://otel.invalid:5"),
    ("grpc://otel.invalid", "http://otel.invalid:4317"),
    ("grpcs://otel.invalid", "https://otel.invalid:4317"),
    ("grpc://[::1]", "http://[::1]:4317"),
    ("http://otel.invalid:4317", "http://otel.invalid:4317"),
    ("https://otel.invalid:4317", "https://otel.invalid:4317")])
def test_what_stands_for_grpc(waybill: Runner, target: str, url: str) -> None:
    ended = waybill.run("explain", "--to", f"otlp={target}", "hello there")
    assert (ended.code, ended.err) == (0, "")
    assert url + PATH in ended.out
    sent = json.loads(next(text for text in ended.out.split("\n") if '"scopeLogs"' in text))
    assert sent["scopeLogs"][0]["logRecords"][0]["body"] == {"stringValue": "hello there"}


@pytest.mark.parametrize(("options", "words"), [
    ({"endpoint": "http://o:4317"},
     "outputs.o.endpoint: warning: 4317 is where a collector takes gRPC: write `protocol: grpc`"),
    ({"endpoint": "http://o:4317", "protocol": "http/json"}, "or port 4318 for http/json"),
    ({"endpoint": "http://o:4318", "protocol": "grpc"}, "gRPC's port is 4317"),
    ({"endpoint": "grpc://o", "batch": {"bytes": "8MiB"}}, "4 MiB"),
])
def test_a_check_says_what_will_not_go_well(
    waybill: Runner, options: dict[str, Any], words: str
) -> None:
    ended = waybill.run("check", config={"outputs": {"o": {"type": "otlp", **options}}})
    assert ended.code == 0
    assert words in ended.err and ended.err.count("\n") == 1


@pytest.mark.parametrize(("options", "words"), [
    ({"endpoint": "http://o/v1/logs", "protocol": "grpc"}, "gRPC has a path of its own"),
    ({"endpoint": "http://o", "protocol": "grpc", "path": "/x"}, "gRPC has a path of its own"),
    ({"endpoint": "http://o", "protocol": "grpc", "http2": False}, "gRPC is HTTP/2"),
    ({"endpoint": "grpc://o", "protocol": "http/json"}, "the endpoint's scheme says gRPC"),
    ({"endpoint": "http://o", "path": "x"}, "begins with a slash"),
])
def test_what_cannot_be(waybill: Runner, options: dict[str, Any], words: str) -> None:
    ended = waybill.run("check", config={"outputs": {"o": {"type": "otlp", **options}}})
    assert ended.code == 2
    assert words in ended.err


def test_the_connection_is_checked(waybill: Runner, grpc_backend: GrpcBackend) -> None:
    ended = waybill.run("check", "--connect", config=config_for(grpc_backend))
    assert (ended.code, ended.err) == (0, "")
    (request,) = grpc_backend.requests
    assert request.body == b"", "an export of nothing"
    assert f"{grpc_backend.url}{PATH} answers, and takes us" in ended.out


def test_the_environment_of_opentelemetry(waybill: Runner, grpc_backend: GrpcBackend) -> None:
    env = {"OTEL_EXPORTER_OTLP_ENDPOINT": grpc_backend.url.replace("http://", ""),
           "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc", "OTEL_EXPORTER_OTLP_INSECURE": "True",
           "OTEL_EXPORTER_OTLP_HEADERS": "x-team=a%20b",
           "OTEL_EXPORTER_OTLP_TIMEOUT": "7000", "OTEL_EXPORTER_OTLP_COMPRESSION": "none"}
    assert waybill.run("run", stdin=b"x\n", env=env).code == 0
    (request,) = grpc_backend.requests
    assert request.headers["x-team"] == "a b"
    assert request.headers["grpc-timeout"] == "7000m"
    assert "grpc-encoding" not in request.headers


def test_the_environment_with_tls(
    waybill: Runner, secure_grpc: GrpcBackend, authority: Authority
) -> None:
    env = {"OTEL_EXPORTER_OTLP_LOGS_ENDPOINT": secure_grpc.url + "/v1/logs",
           "OTEL_EXPORTER_OTLP_LOGS_PROTOCOL": "grpc",
           "OTEL_EXPORTER_OTLP_CERTIFICATE": str(authority.own.cert)}
    assert waybill.run("run", stdin=b"x\n", env=env).code == 0
    assert len(secure_grpc.taken) == 1


def test_a_socket(waybill: Runner, tmp_path: Path) -> None:
    backend = GrpcBackend(path=tmp_path / "otel.sock")
    try:
        config = config_for(backend, batch={"records": 1})
        assert waybill.run("run", config=config, stdin=b"a\nb\n").code == 0
        assert [record.body for record in backend.taken] == ["a", "b"]
        ended = waybill.run("check", "--connect", config=config)
        assert f"unix://{tmp_path}/otel.sock:{PATH} answers, and takes us" in ended.out
    finally:
        backend.close()


def test_through_a_proxy(waybill: Runner, grpc_backend: GrpcBackend) -> None:
    """By CONNECT: what a proxy would make of HTTP/2 in the clear is anybody's guess."""
    with Tunnels() as proxy:
        config = config_for(grpc_backend, proxy=proxy.url)
        ended = waybill.run("run", config=config, stdin=b"a\n")
        assert (ended.code, ended.err) == (0, "")
        assert len(grpc_backend.taken) == 1
        assert proxy.asked == [f"CONNECT 127.0.0.1:{grpc_backend.port} HTTP/1.1"]
