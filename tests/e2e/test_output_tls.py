# SPDX-License-Identifier: Apache-2.0
"""Outputs over TLS: whom they trust, who they are, and what becomes of renewed certificates."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from harness.backend import LokiBackend
from harness.certificates import Authority, Certificate
from harness.poll import until
from harness.runner import Runner


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("theirs"))


@pytest.fixture
def secure(authority: Authority) -> Iterator[LokiBackend]:
    backend = LokiBackend(tls=authority.server(authority.sign("server", server=True)))
    yield backend
    backend.close()


def config_of(backend: LokiBackend, **options: Any) -> dict[str, Any]:
    return {"inputs": {"pipe": {"type": "stdin"}},
            "outputs": {"o": {"type": "loki", "endpoint": backend.url, "batch": {"delay": "10ms"},
                              **options}}}


def test_a_server_that_our_authority_has_signed(
    waybill: Runner, secure: LokiBackend, authority: Authority
) -> None:
    config = config_of(secure, tls={"ca_file": str(authority.own.cert)})
    ended = waybill.run("run", config=config, stdin=b"a\nb\n")
    assert (ended.code, ended.err) == (0, "")
    assert len(secure.taken) == 2
    assert waybill.run("check", "--connect", config=config).code == 0


@pytest.mark.parametrize("trusts", ["system", "stranger"])
def test_nobody_else_is_trusted(
    waybill: Runner, secure: LokiBackend, stranger: Authority, trusts: str
) -> None:
    tls = {"ca_file": str(stranger.own.cert)} if trusts == "stranger" else {}
    ended = waybill.run("check", "--connect", config=config_of(secure, tls=tls))
    assert ended.code == 2
    assert "is not trusted" in ended.err and "tls.ca_file" in ended.err
    assert not secure.requests


def test_a_name_that_the_certificate_has_not(
    waybill: Runner, authority: Authority
) -> None:
    """The endpoint is an address; the certificate is for a name, which the config may say."""
    other = authority.sign("es.internal", server=True, names="DNS:es.internal")
    backend = LokiBackend(tls=authority.server(other))
    tls = {"ca_file": str(authority.own.cert)}
    ended = waybill.run("check", "--connect", config=config_of(backend, tls=tls))
    assert ended.code == 2 and "is not trusted" in ended.err
    tls["server_name"] = "es.internal"
    ended = waybill.run("run", config=config_of(backend, tls=tls), stdin=b"a\n")
    assert (ended.code, ended.err) == (0, "")
    (request,) = (each for each in backend.requests if each.method == "POST")
    assert request.headers["host"] == f"es.internal:{backend.port}"
    tls["server_name"] = "other.internal"
    ended = waybill.run("check", "--connect", config=config_of(backend, tls=tls))
    assert ended.code == 2
    backend.close()


def test_no_verification_is_said_loudly(waybill: Runner, secure: LokiBackend) -> None:
    config = config_of(secure, tls={"insecure_skip_verify": True})
    ended = waybill.run("run", config=config, stdin=b"a\n")
    assert ended.code == 0
    assert "insecure_skip_verify is set: anybody" in ended.err


def test_versions_of_tls(waybill: Runner, authority: Authority) -> None:
    context = authority.server(authority.sign("server", server=True))
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    backend = LokiBackend(tls=context)
    tls = {"ca_file": str(authority.own.cert)}
    assert waybill.run("run", config=config_of(backend, tls=tls), stdin=b"a\n").code == 0
    tls["min_version"] = "TLSv1.3"
    ended = waybill.run("check", "--connect", config=config_of(backend, tls=tls))
    assert ended.code == 2 and "no TLS connection" in ended.err
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    tls["min_version"] = "TLSv1.2"
    ended = waybill.run("check", "--connect", config=config_of(backend, tls=tls))
    assert ended.code == 2 and "no TLS connection" in ended.err
    backend.close()


def test_client_certificates_and_their_renewal(
    waybill: Runner, authority: Authority, tmp_path: Path
) -> None:
    """A renewed certificate is shown without a restart, on a connection of its own."""
    server = authority.sign("server", server=True)
    backend = LokiBackend(tls=authority.server(server, clients=True))
    tls = {"ca_file": str(authority.own.cert)}
    ended = waybill.run("check", "--connect", config=config_of(backend, tls=tls))
    assert ended.code == 2
    cert, key = tmp_path / "tls.crt", tmp_path / "tls.key"

    def install(certificate: Certificate) -> None:
        for source, place in ((certificate.key, key), (certificate.cert, cert)):
            (tmp_path / "new").write_bytes(source.read_bytes())
            (tmp_path / "new").rename(place)

    install(authority.sign("first"))
    tls |= {"cert_file": str(cert), "key_file": str(key)}
    process = waybill.start("run", config=config_of(backend, tls=tls)).wait_ready()
    process.write("one\n")
    (request,) = backend.wait_requests(1)
    assert request.client == "first"
    install(authority.sign("second"))
    sent = 1
    while backend.requests[-1].client != "second":
        sent += 1
        assert sent < 2000, "the new certificate is not shown"
        process.write("more\n")
        backend.wait_taken(sent)
    assert backend.requests[-1].connection != backend.requests[0].connection
    process.close_stdin()
    assert process.wait() == 0
    assert process.err.text == ""
    backend.close()


def test_a_renewal_that_is_none_changes_nothing(
    waybill: Runner, secure: LokiBackend, authority: Authority, tmp_path: Path
) -> None:
    ca = tmp_path / "ca.pem"
    ca.write_bytes(authority.own.cert.read_bytes())
    process = waybill.start("run", config=config_of(secure, tls={"ca_file": str(ca)})).wait_ready()
    process.write("one\n")
    secure.wait_taken(1)
    ca.write_text("nothing\n", encoding="ascii")
    sent = 1
    while "is no PEM file" not in process.err.text:
        sent += 1
        assert sent < 2000, process.story()
        process.write("more\n")
        secure.wait_taken(sent)
    assert "what was read before is used" in process.err.text
    process.close_stdin()
    assert process.wait() == 0
    assert len(secure.taken) == sent


@pytest.mark.parametrize(("tls", "words"), [
    ({"cert_file": "/etc/hostname"}, "cert_file and key_file go together"),
    ({"ca_file": "/nowhere/ca.pem"}, "tls.ca_file: cannot read /nowhere/ca.pem"),
    ({"ca_file": "/etc/hostname"}, "tls.ca_file: /etc/hostname is no PEM file"),
    ({"server_name": "a b"}, "server_name: 'a b' is not a host name"),
    ({"min_version": "TLSv1.1"}, "TLSv1.2"),
])
def test_what_cannot_be_is_a_fault(
    waybill: Runner, loki_backend: LokiBackend, tls: dict[str, Any], words: str
) -> None:
    ended = waybill.run("check", config=config_of(loki_backend, tls=tls))
    assert ended.code == 2
    assert words in ended.err, ended.err


def start_front(backend: LokiBackend, server: Certificate) -> tuple[subprocess.Popen[str], int]:
    """nghttpx in front of a backend: HTTP/2 over TLS. Its log says what was spoken."""
    program = shutil.which("nghttpx", path="/usr/bin:/usr/sbin")
    if program is None:
        pytest.skip("nghttpx is not installed (nghttp2-proxy): HTTP/2 was not tested")
    with socket.socket() as free:  # it does not choose a port by itself
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    process = subprocess.Popen(
        [program, f"--frontend=127.0.0.1,{port}", f"--backend=127.0.0.1,{backend.port}",
         "--workers=1", "--add-request-header=x-front: nghttpx", "--log-level=ERROR",
         "--accesslog-file=/dev/stdout", "--accesslog-format=$alpn $request",
         "--conf=/dev/null", str(server.key), str(server.cert)],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    return process, port


def test_http_2_where_it_is_negotiated(
    waybill: Runner, loki_backend: LokiBackend, authority: Authority
) -> None:
    front, port = start_front(loki_backend, authority.sign("server", server=True))
    try:
        config = config_of(loki_backend, tls={"ca_file": str(authority.own.cert)})
        config["outputs"]["o"]["endpoint"] = f"https://127.0.0.1:{port}"
        until(lambda: waybill.run("check", "--connect", config=config).code == 0, "it listens")
        lines = b"".join(b"line %d %s\n" % (n, b"x" * 200) for n in range(20_000))
        assert waybill.run("run", config=config, stdin=lines).code == 0
        assert len(loki_backend.taken) == 20_000
        assert loki_backend.requests[-1].headers["x-front"] == "nghttpx"
        config["outputs"]["o"]["http2"] = False
        assert waybill.run("run", config=config, stdin=b"a\n").code == 0
    finally:
        front.terminate()
        spoken = [line for line in front.communicate()[0].splitlines() if "POST" in line]
    assert len(spoken) >= 6
    assert all(line.startswith("h2 ") for line in spoken[:-1]), spoken
    assert spoken[-1].startswith("http/1.1 ")
