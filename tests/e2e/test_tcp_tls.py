# SPDX-License-Identifier: Apache-2.0
"""TCP with TLS: who may connect, who may not, and who does not hold up the others."""

from __future__ import annotations

import os
import socket
import ssl
import subprocess
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from harness.certificates import Authority, Certificate
from harness.poll import until
from harness.process import Waybill
from harness.runner import Runner
from harness.sending import messages, numbered, octet_counted, tcp_port_of

OUT = {"out": {"type": "console", "style": "json"}}


@pytest.fixture(scope="module")
def server(authority: Authority) -> Certificate:
    return authority.sign("server", server=True)


@pytest.fixture(scope="module")
def client(authority: Authority) -> Certificate:
    return authority.sign("client")


def config(server: Certificate, clients: Authority | None = None, **options: Any) -> dict[str, Any]:
    tls = {"cert_file": str(server.cert), "key_file": str(server.key)}
    if clients:
        tls["client_ca_file"] = str(clients.own.cert)
    net = {"type": "tcp", "listen": "127.0.0.1:0", "tls": tls, **options}
    return {"inputs": {"net": net}, "outputs": OUT}


def plain(daemon: Waybill) -> socket.socket:
    port = until(lambda: tcp_port_of(daemon.pid), "a TCP port")
    return socket.create_connection(("127.0.0.1", port), timeout=10)


def connect(daemon: Waybill, context: ssl.SSLContext) -> ssl.SSLSocket:
    return context.wrap_socket(plain(daemon), server_hostname="127.0.0.1")


def refused(daemon: Waybill) -> int:
    return int(daemon.input("net")["connections_refused"])


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_lines_over_tls(
    waybill: Runner, authority: Authority, server: Certificate, version: ssl.TLSVersion
) -> None:
    daemon = waybill.daemon(config(server))
    context = authority.client()
    context.minimum_version = context.maximum_version = version
    lines = numbered(5000)
    with connect(daemon, context) as peer:
        assert peer.version() == version.name.replace("_", ".")
        peer.sendall("".join(f"{line}\n" for line in lines).encode())
        peer.sendall(b"last")
        peer.unwrap()
    assert messages(daemon.out.wait_for_records(5001)) == [*lines, "last"]
    until(lambda: daemon.input("net")["connections"] == 0, "it is let go")
    assert daemon.input("net")["connections_accepted"] == 1
    assert daemon.stop() == 0
    (started,) = daemon.err.lines
    assert "with TLS" in started


def test_counted_messages_over_tls(
    waybill: Runner, authority: Authority, server: Certificate
) -> None:
    """As RFC 5425 has them; large ones come in many records of TLS."""
    daemon = waybill.daemon(config(server))
    texts = [b"<13>one\nof two lines", b"<13>" + b"x" * 400_000, b"<13>last"]
    with connect(daemon, authority.client()) as peer:
        peer.sendall(octet_counted(*texts))
        records = daemon.out.wait_for_records(3)
    assert [str(message).removeprefix("<13>") for message in messages(records)] == [
        "one\nof two lines", "x" * 400_000, "last"]
    assert daemon.stop() == 0


def test_a_client_needs_a_certificate_of_ours(
    waybill: Runner, tmp_path: Path, authority: Authority, server: Certificate, client: Certificate
) -> None:
    daemon = waybill.daemon(config(server, clients=authority))
    with connect(daemon, authority.client(client)) as peer:
        peer.sendall(b"welcome\n")
        daemon.out.wait_for_records(1)
    stranger = Authority(tmp_path / "theirs").sign("stranger")
    # A server's certificate is none for a client.
    for number, certificate in enumerate((None, stranger, server), 1):
        with pytest.raises((ssl.SSLError, ConnectionError)):
            with connect(daemon, authority.client(certificate)) as peer:
                peer.sendall(b"not welcome\n")
                # With TLS 1.3 the verdict comes behind our own first words.
                while peer.recv(100):
                    pass
                raise ConnectionResetError
        until(lambda n=number: refused(daemon) == n, "it is refused")  # type: ignore[misc]
    assert messages(daemon.out.records()) == ["welcome"]
    warning = daemon.err.lines[-1]
    assert "127.0.0.1:" in warning and "TLS handshake" in warning
    assert "peer did not return a certificate" in warning
    assert daemon.stop() == 0


def test_a_certificate_of_a_stranger_is_said_to_be_one(
    waybill: Runner, tmp_path: Path, authority: Authority, server: Certificate
) -> None:
    daemon = waybill.daemon(config(server, clients=authority))
    stranger = Authority(tmp_path / "theirs").sign("stranger")
    with pytest.raises((ssl.SSLError, ConnectionError)):
        with connect(daemon, authority.client(stranger)) as peer:
            peer.recv(1)
            raise ConnectionResetError
    until(lambda: "certificate verify failed" in daemon.err.text, "it is said")
    daemon.err.wait_for("unable to get local issuer certificate")
    assert daemon.stop() == 0


def test_plain_text_to_a_port_with_tls(
    waybill: Runner, authority: Authority, server: Certificate
) -> None:
    daemon = waybill.daemon(config(server))
    with plain(daemon) as peer:
        peer.sendall(b"<13>hello without TLS\n")
        until(lambda: refused(daemon) == 1, "it is refused")
    daemon.err.wait_for("TLS handshake")
    daemon.err.wait_for("wrong version number")
    for _ in range(20):
        with plain(daemon) as peer:
            peer.sendall(b"<13>again\n")
    until(lambda: refused(daemon) == 21, "they are refused")
    assert daemon.err.text.count("TLS handshake") == 1, "many of them are said once"
    with connect(daemon, authority.client()) as secure:
        secure.sendall(b"with TLS\n")
        assert messages(daemon.out.wait_for_records(1)) == ["with TLS"]
    assert daemon.stop() == 0


def test_who_only_looks_whether_the_port_is_open_is_no_news(
    waybill: Runner, server: Certificate
) -> None:
    daemon = waybill.daemon(config(server))
    plain(daemon).close()
    until(lambda: refused(daemon) == 1, "it is gone")
    assert len(daemon.err.lines) == 1, daemon.err.text
    assert daemon.stop() == 0


def test_old_versions_are_refused(
    waybill: Runner, authority: Authority, server: Certificate
) -> None:
    daemon = waybill.daemon(config(server))
    port = until(lambda: tcp_port_of(daemon.pid), "a TCP port")
    asked = subprocess.run(
        ["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-tls1_1", "-cipher",
         "ALL:@SECLEVEL=0"], input=b"", capture_output=True, check=False)
    assert asked.returncode != 0
    until(lambda: refused(daemon) == 1, "it is refused")
    assert daemon.stop() == 0


def test_a_slow_handshake_holds_up_nobody_and_ends(
    waybill: Runner, authority: Authority, server: Certificate
) -> None:
    daemon = waybill.daemon(config(server, max_connections=21))
    with ExitStack() as stack:
        slow = [stack.enter_context(plain(daemon)) for _ in range(20)]
        for peer in slow:
            peer.sendall(b"\x16\x03\x01")  # begins as a ClientHello does
        with connect(daemon, authority.client()) as peer:
            peer.sendall(b"quick\n")
            assert messages(daemon.out.wait_for_records(1)) == ["quick"]
            assert refused(daemon) == 0 and daemon.input("net")["connections"] == 21
            until(lambda: refused(daemon) == 20, "they are let go", 20)
            peer.sendall(b"still there\n")
            daemon.out.wait_for_records(2)
    daemon.err.wait_for("within 10 s")
    assert daemon.stop() == 0


def test_an_end_without_close_notify(
    waybill: Runner, authority: Authority, server: Certificate
) -> None:
    daemon = waybill.daemon(config(server))
    for number, text in enumerate((b"whole\n", b"begun"), 1):
        with connect(daemon, authority.client()) as peer:
            peer.sendall(text)
            os.close(peer.detach())  # without a word of TLS
        daemon.out.wait_for_records(number)
        until(lambda: daemon.input("net")["connections"] == 0, "it ended")
        assert ("close_notify" in daemon.err.text) == (number == 2), daemon.err.text
    assert messages(daemon.out.records()) == ["whole", "begun"]
    assert daemon.stop() == 0


def test_a_renewed_certificate_is_taken_on_reload(
    waybill: Runner, tmp_path: Path, authority: Authority, server: Certificate
) -> None:
    mine = Certificate(tmp_path / "cert.pem", tmp_path / "key.pem")

    def install(certificate: Certificate) -> None:
        mine.cert.write_bytes(certificate.cert.read_bytes())
        mine.key.write_bytes(certificate.key.read_bytes())

    install(server)
    daemon = waybill.daemon(config(mine))
    renewed = Authority(tmp_path / "renewed")
    with connect(daemon, authority.client()) as old:
        mine.cert.write_text("torn")
        assert daemon.reload() == "refused"
        with connect(daemon, authority.client()) as peer:
            peer.sendall(b"one\n")
        install(renewed.sign("server", server=True))
        assert daemon.reload() == "applied"
        with connect(daemon, renewed.client()) as peer:
            peer.sendall(b"two\n")
        old.sendall(b"three\n")
        daemon.out.wait_for_records(3)
        assert set(messages(daemon.out.records())) == {"one", "two", "three"}
    assert daemon.stop() == 0


def test_files_that_cannot_be_used(
    waybill: Runner, tmp_path: Path, server: Certificate, client: Certificate
) -> None:
    locked = tmp_path / "locked.key"
    subprocess.run(["openssl", "ec", "-in", server.key, "-aes128", "-passout", "pass:x", "-out",
                    locked], check=True, capture_output=True)
    wrong = tmp_path / "wrong.pem"
    wrong.write_text("no certificate")
    cases = {
        "absent": (Certificate(tmp_path / "absent.pem", server.key), "No such file"),
        "no certificate": (Certificate(wrong, server.key), "cert_file"),
        "no key": (Certificate(server.cert, wrong), "key_file"),
        "of another": (Certificate(server.cert, client.key), "key values mismatch"),
        "locked": (Certificate(server.cert, locked), "key_file"),
    }
    for name, (files, words) in cases.items():
        for command, code in (("check", 2), ("run", None)):
            ended = waybill.run(command, config=config(files))
            assert ended.code == code or (code is None and ended.code != 0), name
            assert "inputs.net.tls" in ended.err and words in ended.err, (name, ended.err)
    ended = waybill.run("check", config=config(server, idle_timeout="1m"))
    assert ended.code == 0
    broken = config(server)
    broken["inputs"]["net"]["tls"]["client_ca_file"] = str(wrong)
    assert "client_ca_file" in waybill.run("check", config=broken).err
