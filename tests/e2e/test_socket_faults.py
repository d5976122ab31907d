# SPDX-License-Identifier: Apache-2.0
"""What happens on sockets. The numbers are those of a list of faults that bite users of such
daemons."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import Any

import pytest
from harness.poll import stays, until
from harness.process import Waybill
from harness.runner import Runner
from harness.sending import (
    lost_on_loopback,
    messages,
    numbered,
    octet_counted,
    send_udp,
    tcp_port_of,
    udp_port_of,
)

OUT = {"out": {"type": "console", "style": "json"}}


def udp(**options: Any) -> dict[str, Any]:
    return {"inputs": {"net": {"type": "udp", "listen": "127.0.0.1:0", **options}}, "outputs": OUT}


def unix(path: Path, **options: Any) -> dict[str, Any]:
    return {"inputs": {"sock": {"type": "unix", "path": str(path), **options}}, "outputs": OUT}


def tcp(**options: Any) -> dict[str, Any]:
    return {"inputs": {"net": {"type": "tcp", "listen": "127.0.0.1:0", **options}}, "outputs": OUT}


def port_of(daemon: Waybill) -> int:
    return until(lambda: udp_port_of(daemon.pid), "a UDP port")


def connect(daemon: Waybill) -> socket.socket:
    port = until(lambda: tcp_port_of(daemon.pid), "a TCP port")
    return socket.create_connection(("127.0.0.1", port), timeout=10)


# ---- connections ----


@pytest.mark.parametrize("counted", [False, True])
def test_37_one_huge_message_among_normal_ones(waybill: Runner, counted: bool) -> None:
    daemon = waybill.daemon(tcp())
    texts = [b"<13>before", b"<13>" + b"x" * (10 << 20), b"<13>behind"]
    with connect(daemon) as peer:
        peer.sendall(octet_counted(*texts) if counted else b"\n".join([*texts, b""]))
        records = daemon.out.wait_for_records(3)
    priority = len("<13>")  # an envelope
    sizes = [len(str(message)) + priority for message in messages(records)]
    assert sizes == [10, 1 << 20, 10]
    assert records[1]["source"]["truncated_bytes"] == 4 + (9 << 20)
    counts = daemon.input("net")
    assert (counts["truncated_lines"], counts["truncated_bytes"]) == (1, 4 + (9 << 20))
    assert daemon.stop() == 0


@pytest.mark.parametrize("counted", [False, True])
def test_38_half_a_message_and_the_rest_later(waybill: Runner, counted: bool) -> None:
    daemon = waybill.daemon(tcp())
    sent = octet_counted(b"<13>one and\nthe same") if counted else b"<13>one and the same\n"
    with connect(daemon) as peer:
        peer.sendall(sent[:11])
        until(lambda: daemon.input("net")["connections"] == 1, "it is there")
        stays(lambda: not daemon.out.records(), "nothing is sent of a half", 0.6)
        peer.sendall(sent[11:])
        (record,) = daemon.out.wait_for_records(1)
    assert str(record["message"]).replace("\n", " ").endswith("one and the same")
    assert daemon.stop() == 0


# ---- datagrams ----


def test_45_a_burst_of_datagrams_is_received_or_counted(waybill: Runner) -> None:
    daemon = waybill.daemon(udp())
    lines = [line.encode() for line in numbered(20_000)]
    before = lost_on_loopback()
    send_udp(port_of(daemon), *lines)

    def accounted() -> bool:
        counts = daemon.input("net")
        known = counts["lines"] + counts["missed"]["kernel"]
        # A busy machine may drop what has not reached any socket yet.
        return len(lines) - (lost_on_loopback() - before) <= known <= len(lines)

    until(accounted, lambda: f"20000 in {daemon.input('net')}, "
                             f"{lost_on_loopback() - before} lost on the way")
    received = daemon.input("net")["records"]
    daemon.out.wait_for_records(received)
    assert daemon.stop() == 0
    assert len(daemon.out.records()) == received


@pytest.mark.parametrize("end", [b"", b"\n"])
def test_46_datagrams_of_every_size(waybill: Runner, end: bytes) -> None:
    daemon = waybill.daemon(udp())
    sizes = [2, 100, 1472, 8192, 33_000, 65_000, 65_507]
    for size in sizes:
        send_udp(port_of(daemon), b"x" * (size - len(end)) + end)
        daemon.out.wait_for_records(sizes.index(size) + 1)
    assert [len(record["message"]) for record in daemon.out.records()] == [
        size - len(end) for size in sizes]
    send_udp(port_of(daemon), b"")
    send_udp(port_of(daemon), b"\n")
    send_udp(port_of(daemon), b"last")
    daemon.out.wait_for_records(len(sizes) + 1)
    assert daemon.stop() == 0


# ---- the path of a Unix socket ----


@pytest.mark.parametrize("mode", ["datagram", "stream"])
def test_47_a_socket_left_by_a_killed_run_is_replaced(
    waybill: Runner, tmp_path: Path, mode: str
) -> None:
    path = tmp_path / "log.sock"
    waybill.daemon(unix(path, mode=mode)).kill()
    assert path.exists()
    daemon = waybill.daemon(unix(path, mode=mode))
    assert daemon.stop() == 0


@pytest.mark.parametrize("mode", ["datagram", "stream"])
def test_47_a_living_socket_is_not_taken_away(waybill: Runner, tmp_path: Path, mode: str) -> None:
    path = tmp_path / "log.sock"
    kind = socket.SOCK_DGRAM if mode == "datagram" else socket.SOCK_STREAM
    with socket.socket(socket.AF_UNIX, kind) as owner:
        owner.bind(str(path))
        if mode == "stream":
            owner.listen()
        inode = os.stat(path).st_ino
        ended = waybill.run("run", config=unix(path, mode=mode))
        assert ended.code == 1
        assert str(path) in ended.err
        assert os.stat(path).st_ino == inode


def test_47_a_file_in_the_place_of_a_socket_is_kept(waybill: Runner, tmp_path: Path) -> None:
    path = tmp_path / "log.sock"
    path.write_text("precious")
    ended = waybill.run("run", config=unix(path))
    assert ended.code == 1 and str(path) in ended.err
    assert path.read_text() == "precious"
