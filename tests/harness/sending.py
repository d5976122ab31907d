# SPDX-License-Identifier: Apache-2.0
"""Senders: what applications do to sockets and files."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterable
from pathlib import Path


def send_udp(port: int, *datagrams: bytes) -> int:
    """Sends datagrams to 127.0.0.1 and gives the port they came from."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.connect(("127.0.0.1", port))
        for datagram in datagrams:
            sender.send(datagram)
        return int(sender.getsockname()[1])


def send_unix_datagrams(path: Path, *datagrams: bytes) -> None:
    """Sends datagrams to a Unix socket."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.connect(str(path))
        for datagram in datagrams:
            sender.send(datagram)


def send_unix_stream(path: Path, *pieces: bytes) -> None:
    """Connects, writes the pieces one by one, and closes."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sender:
        sender.connect(str(path))
        for piece in pieces:
            sender.sendall(piece)


def append(path: Path, *lines: str) -> None:
    """Appends whole lines in one write."""
    append_bytes(path, "".join(line + "\n" for line in lines).encode())


def append_bytes(path: Path, data: bytes) -> None:
    """Appends bytes as they are."""
    with open(path, "ab", buffering=0) as file:
        file.write(data)


def numbered(count: int, first: int = 0) -> list[str]:
    """Lines that tell whether all came, once, in order."""
    return [f"line {number:06} of the test" for number in range(first, first + count)]


def messages(records: Iterable[dict[str, object]]) -> list[object]:
    """The messages of records."""
    return [record.get("message") for record in records]


def lost_on_loopback() -> int:
    """Packets that the loopback device has dropped on their way, proc_pid_net(5)."""
    for line in Path("/proc/net/dev").read_text(encoding="ascii").splitlines():
        name, _, counts = line.partition(":")
        if name.strip() == "lo":
            return int(counts.split()[3])
    raise AssertionError("there is no loopback device")


def udp_port_of(pid: int) -> int | None:
    """The UDP port that a process is bound to, found by its sockets; None when there is none."""
    return _port_of(pid, "udp")


def tcp_port_of(pid: int) -> int | None:
    """The TCP port on 127.0.0.1 that a process listens on; None when there is none."""
    return _port_of(pid, "tcp", state="0A")


def _port_of(pid: int, table: str, state: str | None = None) -> int | None:
    inodes = set()
    folder = f"/proc/{pid}/fd"
    for name in os.listdir(folder):
        try:
            target = os.readlink(f"{folder}/{name}")
        except OSError:
            continue
        if target.startswith("socket:["):
            inodes.add(target[8:-1])
    for line in Path(f"/proc/net/{table}").read_text(encoding="ascii").splitlines()[1:]:
        parts = line.split()
        if parts[9] in inodes and state in (None, parts[3]):
            return int(parts[1].split(":")[1], 16)
    return None


def octet_counted(*messages_: bytes) -> bytes:
    """Messages with their sizes in front, RFC 6587 §3.4.1."""
    return b"".join(b"%d %s" % (len(message), message) for message in messages_)
