# SPDX-License-Identifier: Apache-2.0
"""UDP and Unix sockets. The numbers are those of a list of faults that bite users of such
daemons."""

from __future__ import annotations

import json
import os
import pwd
import signal
import socket
import stat
from pathlib import Path
from typing import Any

import pytest
from harness.poll import until
from harness.process import Waybill
from harness.runner import Runner
from harness.sending import (
    messages,
    numbered,
    octet_counted,
    send_udp,
    send_unix_datagrams,
    send_unix_stream,
    udp_port_of,
)

OUT = {"out": {"type": "console", "style": "json"}}


def udp(**options: Any) -> dict[str, Any]:
    return {"inputs": {"net": {"type": "udp", "listen": "127.0.0.1:0", **options}}, "outputs": OUT}


def unix(path: Path, **options: Any) -> dict[str, Any]:
    return {"inputs": {"sock": {"type": "unix", "path": str(path), **options}}, "outputs": OUT}


def port_of(daemon: Waybill) -> int:
    return until(lambda: udp_port_of(daemon.pid), "a UDP port")


def test_udp_lines(waybill: Runner) -> None:
    daemon = waybill.daemon(udp())
    sent_from = send_udp(port_of(daemon), b"one", b"two\n", b'{"msg":"three"}\nfour\n', b"five\r\n")
    records = daemon.out.wait_for_records(5)
    assert messages(records) == ["one", "two", "three", "four", "five"]
    assert {record["source"]["peer"] for record in records} == {f"127.0.0.1:{sent_from}"}
    assert len({record["id"] for record in records}) == 5
    assert daemon.stop() == 0
    (started,) = daemon.err.lines
    assert "net" in started and "127.0.0.1:" in started, "where it listens, and nothing else"


@pytest.mark.parametrize("trusted", [False, True])
def test_who_may_name_a_service(waybill: Runner, trusted: bool) -> None:
    daemon = waybill.daemon({**udp(trust_service=trusted), "service": {"name": "ours"}})
    send_udp(port_of(daemon), b'{"msg":"hello","service_name":"theirs"}')
    (record,) = daemon.out.wait_for_records(1)
    assert record["service_name"] == ("theirs" if trusted else "ours")
    if not trusted:
        assert record["context"]["service_name"] == "theirs", "nothing of a line is lost"
    assert daemon.stop() == 0


def test_a_forged_record_does_not_pass_as_one(waybill: Runner) -> None:
    (real,) = waybill.records(b"hello\n")
    daemon = waybill.daemon(udp())
    send_udp(port_of(daemon), json.dumps(real).encode())
    (record,) = daemon.out.wait_for_records(1)
    assert record["id"] != real["id"]
    assert record["source"]["input"] == "net"
    assert record["context"]["id"] == real["id"]
    assert daemon.stop() == 0


def test_unix_datagrams(waybill: Runner, tmp_path: Path) -> None:
    path = tmp_path / "log.sock"
    daemon = waybill.daemon(unix(path))
    send_unix_datagrams(path, b"one", b"two\nthree\n", b'{"msg":"four"}\n')
    assert messages(daemon.out.wait_for_records(4)) == ["one", "two", "three", "four"]
    assert daemon.stop() == 0
    assert not path.exists(), "it is removed at the end"


def test_a_large_unix_datagram(waybill: Runner, tmp_path: Path) -> None:
    path = tmp_path / "log.sock"
    daemon = waybill.daemon(unix(path))
    send_unix_datagrams(path, b"x" * 150_000)
    (record,) = daemon.out.wait_for_records(1)
    assert record["message"] == "x" * 150_000
    assert daemon.stop() == 0


def test_unix_streams(waybill: Runner, tmp_path: Path) -> None:
    path = tmp_path / "log.sock"
    daemon = waybill.daemon(unix(path, mode="stream"))
    send_unix_stream(path, b"one\ntw", b"o\n", b"three, without an end")
    records = daemon.out.wait_for_records(3)
    assert messages(records) == ["one", "two", "three, without an end"]
    assert daemon.stop() == 0


def test_streams_do_not_mix(waybill: Runner, tmp_path: Path) -> None:
    path = tmp_path / "log.sock"
    daemon = waybill.daemon(unix(path, mode="stream"))
    peers = []
    for _ in range(20):
        peer = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        peer.connect(str(path))
        peers.append(peer)
    for part in range(5):
        for number, peer in enumerate(peers):
            peer.sendall(f"{number}:{part} begins ".encode())
        for number, peer in enumerate(peers):
            peer.sendall(f"and {number}:{part} ends\n".encode())
    records = daemon.out.wait_for_records(100)
    expected = {f"{n}:{p} begins and {n}:{p} ends" for n in range(20) for p in range(5)}
    assert set(messages(records)) == expected
    for peer in peers:
        peer.close()
    assert daemon.stop() == 0


@pytest.mark.parametrize("mode", ["datagram", "stream"])
def test_permissions_of_a_socket(waybill: Runner, tmp_path: Path, mode: str) -> None:
    path = tmp_path / "log.sock"
    daemon = waybill.daemon(unix(path, mode=mode, permissions="0622"))
    assert stat.S_IMODE(path.stat().st_mode) == 0o622
    assert daemon.stop() == 0
    daemon = waybill.daemon(unix(path, mode=mode))
    assert stat.S_IMODE(path.stat().st_mode) == 0o660
    assert daemon.stop() == 0


def test_what_was_sent_before_sigterm_is_delivered(waybill: Runner, tmp_path: Path) -> None:
    path = tmp_path / "log.sock"
    daemon = waybill.daemon(unix(path))
    lines = numbered(200)
    send_unix_datagrams(path, *[line.encode() for line in lines])
    daemon.signal(signal.SIGTERM)
    assert daemon.wait() == 0
    assert messages(daemon.out.records()) == lines


def test_a_unix_stream_of_counted_messages_and_an_idle_one(
    waybill: Runner, tmp_path: Path
) -> None:
    path = tmp_path / "log.sock"
    daemon = waybill.daemon(unix(path, mode="stream", idle_timeout="300ms"))
    send_unix_stream(path, octet_counted(b"<13>two\nlines", b"<13>next"))
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as silent:
        silent.connect(str(path))
        silent.sendall(b"begun")
        silent.settimeout(10)
        assert silent.recv(1) == b"", "it is closed"
    records = daemon.out.wait_for_records(3)
    assert [str(message).removeprefix("<13>") for message in messages(records)] == [
        "two\nlines", "next", "begun"]
    assert daemon.stop() == 0


@pytest.mark.parametrize("mode", ["datagram", "stream"])
def test_owner_and_group_of_a_socket(waybill: Runner, tmp_path: Path, mode: str) -> None:
    path = tmp_path / "log.sock"
    if os.geteuid() != 0:
        pytest.skip("only root may give files away")
    daemon = waybill.daemon(unix(path, mode=mode, owner="nobody", group="12345",
                                 permissions="0620"))
    status = path.stat()
    assert (status.st_uid, status.st_gid) == (pwd.getpwnam("nobody").pw_uid, 12345)
    assert stat.S_IMODE(status.st_mode) == 0o620
    assert daemon.stop() == 0
    ended = waybill.run("check", config=unix(path, mode=mode, owner="nobody-of-that-name",
                                             group="no-such-group"))
    assert ended.code == 2
    assert "'nobody-of-that-name'" in ended.err and "'no-such-group'" in ended.err


def test_a_socket_that_may_not_be_given_away(waybill: Runner, tmp_path: Path) -> None:
    path = tmp_path / "log.sock"
    if os.geteuid() != 0:
        pytest.skip("only root has a capability to lose")
    written = waybill.write_config(unix(path, owner="nobody"))
    ended = waybill.start_command(
        ["setpriv", "--bounding-set=-chown", str(waybill.binary), "run", "-c", str(written)])
    assert ended.wait() == 1, ended.story()
    assert str(path) in ended.err.text and "`owner`" in ended.err.text
    assert "not permitted" in ended.err.text and not path.exists()
