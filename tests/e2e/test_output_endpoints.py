# SPDX-License-Identifier: Apache-2.0
"""Where an output sends: several endpoints, proxies, IPv6, Unix sockets; and how it packs."""

from __future__ import annotations

import socket
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from harness.backend import Backend, LokiBackend, OtlpBackend, Reply, Request
from harness.poll import until
from harness.runner import Runner


def to_loki(*endpoints: str, **options: Any) -> dict[str, Any]:
    where = {"endpoint": endpoints[0]} if len(endpoints) == 1 else {"endpoints": list(endpoints)}
    return {"inputs": {"pipe": {"type": "stdin"}},
            "outputs": {"o": {"type": "loki", **where, "batch": {"delay": "10ms"}, **options}}}


def posts(backend: Backend[Any]) -> list[Request]:
    return [request for request in backend.requests if request.method == "POST"]


def test_failover_to_the_next_endpoint(
    waybill: Runner, loki_backend: LokiBackend, absent_backend: LokiBackend
) -> None:
    config = to_loki(absent_backend.url, loki_backend.url)
    process = waybill.start("run", config=config).wait_ready()
    for count in range(1, 20):
        process.write("x\n")
        loki_backend.wait_taken(count)
    process.close_stdin()
    assert process.wait() == 0
    # Told once, and the one that failed is left alone.
    assert process.err.text.count("connection refused") == 1
    assert "(trying the next endpoint)" in process.err.text


def test_an_endpoint_that_says_503_is_left_alone(
    waybill: Runner, loki_backend: LokiBackend
) -> None:
    other = LokiBackend()
    loki_backend.always(503)
    process = waybill.start("run", config=to_loki(loki_backend.url, other.url)).wait_ready()
    for count in range(1, 6):
        process.write("x\n")
        other.wait_taken(count)
    process.close_stdin()
    assert process.wait() == 0
    assert len(posts(loki_backend)) == 1
    other.close()


def test_round_robin(waybill: Runner, loki_backend: LokiBackend) -> None:
    """Each in turn; what one of them cannot take goes to the others, and nothing is lost."""
    others = [LokiBackend(), LokiBackend()]
    urls = [loki_backend.url, *(each.url for each in others)]
    process = waybill.start("run", config=to_loki(*urls, balance="round_robin")).wait_ready()

    def taken() -> int:
        return len(loki_backend.taken) + sum(len(each.taken) for each in others)

    for count in range(1, 31):
        if count == 16:
            others[1].always(Reply(503))
        process.write(f"{count}\n")
        until(lambda: taken() == count, process.story)
    process.close_stdin()
    assert process.wait() == 0
    shares = Counter({"first": len(loki_backend.taken), "second": len(others[0].taken),
                      "third": len(others[1].taken)})
    assert shares["third"] == 5
    assert {shares["first"], shares["second"]} <= {12, 13}
    for each in others:
        each.close()


def test_a_unix_socket(waybill: Runner, tmp_path: Path) -> None:
    path = tmp_path / "loki.sock"
    backend = LokiBackend(path=path)
    assert waybill.run("run", config=to_loki(backend.url), stdin=b"a\nb\n").code == 0
    assert len(backend.taken) == 2
    assert posts(backend)[0].headers["host"] == "localhost"
    assert waybill.run("check", "--connect", config=to_loki(backend.url)).code == 0
    backend.close()
    path.unlink()
    ended = waybill.run("check", "--connect", config=to_loki(backend.url))
    assert ended.code == 2
    assert f"cannot reach unix://{path}: No such file or directory" in ended.err


def test_a_unix_socket_with_a_path_behind_it(waybill: Runner, tmp_path: Path) -> None:
    backend = OtlpBackend(path=tmp_path / "otel.sock")
    backend.stored = lambda request, reply: []  # type: ignore[method-assign]
    config = {"outputs": {"o": {"type": "otlp", "endpoint": backend.url + ":/prefix",
                                "compression": "none"}}}
    assert waybill.run("run", config=config, stdin=b"a\n").code == 0
    assert [request.path for request in posts(backend)] == ["/prefix/v1/logs"]
    backend.close()


def has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as one:
            one.bind(("::1", 0))
    except OSError:
        return False
    return True


@pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6: it was not tested")
def test_ipv6(waybill: Runner) -> None:
    backend = LokiBackend(host="::1")
    assert "[::1]" in backend.url
    assert waybill.run("run", config=to_loki(backend.url), stdin=b"a\n").code == 0
    assert len(backend.taken) == 1
    backend.close()


class Proxy(LokiBackend):
    """Answers in the place of whatever it is asked for."""

    def decode(self, request: Request) -> list[Any]:
        assert request.path == "http://loki.invalid/loki/api/v1/push", request.path
        return [request]


@pytest.mark.parametrize("how", ["configured", "environment"])
def test_a_proxy(waybill: Runner, how: str) -> None:
    proxy = Proxy()
    options: dict[str, Any] = {"proxy": "environment"}
    env = {"http_proxy": proxy.url}
    if how == "configured":
        options["proxy"] = proxy.url.replace("http://", "http://me:pw@")
        env["http_proxy"] = "http://127.0.0.1:1"
    config = to_loki("http://loki.invalid", **options)
    assert waybill.run("run", config=config, stdin=b"a\n", env=env).code == 0
    (request,) = proxy.taken
    assert request.headers.get("proxy-authorization", "") == (
        "Basic bWU6cHc=" if how == "configured" else "")
    proxy.close()


@pytest.mark.parametrize("no_proxy", [["loki.invalid", "127.0.0.1"], ["127.0.0.0/8"]])
def test_hosts_without_the_proxy(
    waybill: Runner, loki_backend: LokiBackend, no_proxy: list[str]
) -> None:
    config = to_loki(loki_backend.url, proxy="http://127.0.0.1:1", no_proxy=no_proxy)
    assert waybill.run("run", config=config, stdin=b"a\n").code == 0
    assert len(loki_backend.taken) == 1


def test_a_proxy_of_the_environment_is_not_used_unasked(
    waybill: Runner, loki_backend: LokiBackend
) -> None:
    env = {"http_proxy": "http://127.0.0.1:1"}
    assert waybill.run("run", config=to_loki(loki_backend.url), stdin=b"a\n", env=env).code == 0


@pytest.mark.parametrize(("coding", "level"), [
    ("gzip", 1), ("gzip", 9), ("zstd", 1), ("zstd", 19), ("none", None)])
def test_codings_and_levels(
    waybill: Runner, otlp_backend: OtlpBackend, coding: str, level: int | None
) -> None:
    options = {"compression_level": level} if level else {}
    config = {"outputs": {"o": {"type": "otlp", "endpoint": otlp_backend.url,
                                "compression": coding, **options}}}
    lines = b"".join(b"%d the same words again and again\n" % n for n in range(2000))
    assert waybill.run("run", config=config, stdin=lines).code == 0
    assert len(otlp_backend.taken) == 2000
    (request,) = posts(otlp_backend)
    assert request.headers.get("content-encoding", "none") == coding
    if coding != "none":
        assert len(request.raw) < len(request.body) / 2


@pytest.mark.parametrize(("options", "words"), [
    ({"endpoint": ""}, "outputs.o.endpoint: is missing: say where to send"),
    ({"endpoint": "http://a", "endpoints": ["http://b"]}, "there is `endpoint` already"),
    ({"endpoints": ["http://a", "http://a/"]}, "http://a is there twice"),
    ({"endpoints": ["http://a", "b:1"]}, "did you mean http://b:1?"),
    ({"endpoint": "unix://run/x"}, "unix:///run/loki.sock"),
    ({"endpoint": "http://a", "proxy": "ftp://p"}, "outputs.o.proxy: "),
    ({"endpoint": "http://a", "proxy": "unix:///p"}, "reached over TCP"),
    ({"endpoint": "http://a", "no_proxy": ["x"]}, "there is `no_proxy`, but no proxy"),
    ({"endpoint": "http://a", "type": "otlp", "compression_level": 10},
     "gzip has levels from 1 to 9"),
    ({"endpoint": "http://a", "type": "otlp", "compression": "none", "compression_level": 3},
     "there is nothing to compress with"),
])
def test_what_cannot_be_is_a_fault(waybill: Runner, options: dict[str, Any], words: str) -> None:
    ended = waybill.run("check", config={"outputs": {"o": {"type": "loki", **options}}})
    assert ended.code == 2
    assert words in ended.err, ended.err
