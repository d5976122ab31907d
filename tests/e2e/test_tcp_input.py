# SPDX-License-Identifier: Apache-2.0
"""TCP: framing, limits, time-outs, the end."""

from __future__ import annotations

import signal
import socket
from contextlib import ExitStack
from typing import Any

import pytest
from harness.backend import LokiBackend
from harness.poll import stays, until
from harness.process import Waybill
from harness.runner import Runner
from harness.sending import messages, numbered, octet_counted, tcp_port_of

OUT = {"out": {"type": "console", "style": "json"}}


def tcp(**options: Any) -> dict[str, Any]:
    return {"inputs": {"net": {"type": "tcp", "listen": "127.0.0.1:0", **options}}, "outputs": OUT}


def connect(daemon: Waybill) -> socket.socket:
    port = until(lambda: tcp_port_of(daemon.pid), "a TCP port")
    return socket.create_connection(("127.0.0.1", port), timeout=10)


def send(daemon: Waybill, *pieces: bytes) -> str:
    """Connects, writes the pieces one by one, and closes; the address it came from."""
    with connect(daemon) as peer:
        for piece in pieces:
            peer.sendall(piece)
        host, port = peer.getsockname()
        return f"{host}:{port}"


def is_closed(peer: socket.socket) -> bool:
    peer.setblocking(False)
    try:
        return peer.recv(1) == b""
    except BlockingIOError:
        return False
    except ConnectionResetError:
        return True


def test_lines(waybill: Runner) -> None:
    daemon = waybill.daemon(tcp())
    sender = send(daemon, b"one\ntw", b'o\r\n{"msg":"three"}\n\n', b"four, without an end")
    records = daemon.out.wait_for_records(4)
    assert messages(records) == ["one", "two", "three", "four, without an end"]
    assert {record["source"]["peer"] for record in records} == {sender}
    assert len({record["id"] for record in records}) == 4
    until(lambda: daemon.input("net")["connections"] == 0, "the connection is let go")
    counts = daemon.input("net")
    assert (counts["lines"], counts["empty"], counts["connections_accepted"]) == (5, 1, 1)
    assert counts["bytes"] == 46
    assert daemon.stop() == 0
    (started,) = daemon.err.lines
    assert "net" in started and "127.0.0.1:" in started, "where it listens, and nothing else"


def test_octet_counting(waybill: Runner) -> None:
    daemon = waybill.daemon(tcp())
    sent = octet_counted(b"<13>one\nline and another", b"<13>two\n", "<13>drei Tage Ärger".encode())
    send(daemon, sent[:1], sent[1:3], sent[3:20], sent[20:])
    records = daemon.out.wait_for_records(3)
    assert [str(message).removeprefix("<13>") for message in messages(records)] == [
        "one\nline and another", "two", "drei Tage Ärger"]
    assert daemon.input("net")["bytes"] == len(sent)
    assert daemon.stop() == 0


def test_json_on_several_lines_is_one_record_on_one(waybill: Runner) -> None:
    daemon = waybill.daemon(tcp(framing="octet_counting"))
    send(daemon, octet_counted(b'{\n "msg": "pretty",\n "a": {\n  "b": [1,\n2]\n }\n}\n', b"next"))
    records = daemon.out.wait_for_records(2)
    assert messages(records) == ["pretty", "next"]
    assert records[0]["context"] == {"a": {"b": [1, 2]}}
    assert len(daemon.out.lines) == 2
    assert daemon.stop() == 0


def test_each_connection_has_its_own_framing(waybill: Runner) -> None:
    daemon = waybill.daemon(tcp())
    with ExitStack() as stack:
        peers = [stack.enter_context(connect(daemon)) for _ in range(20)]
        for part in range(5):
            for number, peer in enumerate(peers):
                text = f"<13>{number}:{part} begins\nand ends".encode()
                sent = octet_counted(text) if number % 2 else text.replace(b"\n", b" ") + b"\n"
                peer.sendall(sent[:9])
            for number, peer in enumerate(peers):
                text = f"<13>{number}:{part} begins\nand ends".encode()
                sent = octet_counted(text) if number % 2 else text.replace(b"\n", b" ") + b"\n"
                peer.sendall(sent[9:])
        records = daemon.out.wait_for_records(100)
        assert daemon.input("net")["connections"] == 20
    texts = {str(message).removeprefix("<13>") for message in messages(records)}
    assert texts == {f"{number}:{part} begins{chr(10) if number % 2 else ' '}and ends"
                     for number in range(20) for part in range(5)}
    assert daemon.stop() == 0


@pytest.mark.parametrize("framing", ["newline", "octet_counting"])
def test_the_framing_can_be_said(waybill: Runner, framing: str) -> None:
    daemon = waybill.daemon(tcp(framing=framing))
    send(daemon, b"8 <13>ab\nc\n" if framing == "newline" else b"8 plain\nx")
    expected = ["8 <13>ab", "c"] if framing == "newline" else ["plain\nx"]
    assert messages(daemon.out.wait_for_records(len(expected))) == expected
    assert daemon.stop() == 0


def test_what_is_no_count_ends_the_connection_and_loses_nothing_read(waybill: Runner) -> None:
    daemon = waybill.daemon(tcp())
    with connect(daemon) as other, connect(daemon) as peer:
        other.sendall(b"other ")
        peer.sendall(octet_counted(b"<13>sound") + b"no count\nand a line\nlast")
        records = daemon.out.wait_for_records(4)
        assert [str(message).removeprefix("<13>") for message in messages(records)] == [
            "sound", "no count", "and a line", "last"]
        until(lambda: is_closed(peer), "it is closed")
        other.sendall(b"goes on\n")
        assert daemon.out.wait_for_records(5)[-1]["message"] == "other goes on"
    assert daemon.metrics().value("waybill_input_connections_broken_total", input="net") == 1
    warning = daemon.err.lines[-1]
    assert "net" in warning and "127.0.0.1:" in warning and "no count" in warning
    assert "framing: newline" in warning, "what to do"
    assert daemon.stop() == 0


def test_a_message_cut_off_is_marked_and_counted(waybill: Runner) -> None:
    daemon = waybill.daemon(tcp())
    send(daemon, b"100 <13>only so much")
    (record,) = daemon.out.wait_for_records(1)
    assert str(record["message"]).endswith("only so much")
    assert record["source"]["truncated_bytes"] == 84
    assert daemon.input("net")["missed"]["connection"] == 84
    until(lambda: "84 of its bytes never came" in daemon.err.text, "it is said")
    assert daemon.stop() == 0


@pytest.mark.parametrize("counted", [False, True])
def test_a_long_message_is_cut_and_its_neighbours_are_whole(
    waybill: Runner, counted: bool
) -> None:
    daemon = waybill.daemon({**tcp(), "parse": {"max_line": "10KiB"}})
    texts = [b"<13>before", b"<13>" + b"x" * 300_000, b"<13>behind"]
    send(daemon, octet_counted(*texts) if counted else b"\n".join([*texts, b""]))
    records = daemon.out.wait_for_records(3)
    priority = len("<13>")  # an envelope
    sizes = [len(str(message)) + priority for message in messages(records)]
    assert sizes == [10, 10240, 10]
    assert records[1]["source"]["truncated_bytes"] == 300_004 - 10240
    assert daemon.stop() == 0


def test_no_more_connections_than_allowed(waybill: Runner) -> None:
    daemon = waybill.daemon(tcp(max_connections=3))
    with ExitStack() as stack:
        peers = [stack.enter_context(connect(daemon)) for _ in range(5)]
        for number, peer in enumerate(peers):
            peer.sendall(f"from {number}\n".encode())
        daemon.out.wait_for_records(3)
        stays(lambda: len(daemon.out.records()) == 3, "the others wait", 0.3)
        assert daemon.input("net")["connections"] == 3
        peers[0].close()
        assert daemon.out.wait_for_records(4)[-1]["message"] == "from 3"
        peers[1].close()
        daemon.out.wait_for_records(5)
    assert daemon.stop() == 0


def test_a_silent_connection_is_closed(waybill: Runner) -> None:
    daemon = waybill.daemon(tcp(idle_timeout="500ms"), "-v")
    with connect(daemon) as silent, connect(daemon) as busy:
        silent.sendall(b"begun, not ended")
        ticks = 0
        while not is_closed(silent):
            busy.sendall(b"tick\n")
            ticks += 1
            daemon.out.wait_for_records(ticks)
        assert daemon.input("net")["connections"] == 1, "the other one goes on"
        texts = messages(daemon.out.wait_for_records(ticks + 1))
        assert sorted(set(map(str, texts))) == ["begun, not ended", "tick"], "it is submitted"
    assert daemon.stop() == 0


def test_what_was_sent_before_sigterm_is_delivered(waybill: Runner) -> None:
    daemon = waybill.daemon(tcp(max_connections=2))
    lines = numbered(400)
    with ExitStack() as stack:
        # Two are read from, the others wait in the kernel's queue.
        peers = [stack.enter_context(connect(daemon)) for _ in range(4)]
        for number, peer in enumerate(peers):
            part = "\n".join(lines[number * 100:(number + 1) * 100])
            peer.sendall(part.encode())
        daemon.signal(signal.SIGTERM)
        assert daemon.wait() == 0
    assert sorted(str(message) for message in messages(daemon.out.records())) == lines


def test_once_ends_when_nobody_says_anything(waybill: Runner) -> None:
    ended = waybill.run("run", "--once", config=tcp())
    assert ended.code == 0 and ended.records == []


def test_memory_is_bounded_while_a_backend_is_away(
    waybill: Runner, absent_backend: LokiBackend
) -> None:
    loki = {"type": "loki", "endpoint": absent_backend.url}
    daemon = waybill.daemon({**tcp(), "memory": "8MiB", "outputs": {"loki": loki}})
    block = (b"x" * 999 + b"\n") * 1000
    with connect(daemon) as peer:
        for _ in range(60):
            peer.sendall(block)
            assert daemon.metrics().value("waybill_memory_bytes") <= 10 << 20
        until(lambda: daemon.input("net")["records"] == 60_000, "all are read")
    assert daemon.input("net")["bytes"] == 60 * len(block)
    absent_backend.listen()
    daemon.wait_delivered("loki", 60_000)
    assert daemon.stop() == 0


def test_half_lines_of_many_stay_within_the_memory(waybill: Runner) -> None:
    daemon = waybill.daemon({**tcp(max_connections=200), "memory": "16MiB"})
    half = b"x" * 500_000
    with ExitStack() as stack:
        peers = [stack.enter_context(connect(daemon)) for _ in range(100)]
        for peer in peers:
            peer.sendall(half)
        until(lambda: daemon.input("net")["connections"] == 100, "all are there")
        with connect(daemon) as usual:
            for line in numbered(200):
                usual.sendall(line[:9].encode())
                usual.sendall(line[9:].encode() + b"\n")
            daemon.out.wait_for_records(200)
        assert messages(daemon.out.records()) == numbered(200)
        memory = daemon.metrics()
        assert memory.value("waybill_memory_bytes") <= 16 << 20
        resident = memory.value("process_resident_memory_bytes")
        assert resident <= 40 << 20 or waybill.sanitized
        for peer in peers:
            peer.sendall(b"\n")
    until(lambda: daemon.input("net")["records"] == 300, "every line is a record")
    counts = daemon.input("net")
    assert counts["truncated_lines"] > 0, "what did not fit is cut, and counted"
    assert daemon.stop() == 0


@pytest.mark.parametrize("trusted", [False, True])
def test_who_may_name_a_service(waybill: Runner, trusted: bool) -> None:
    daemon = waybill.daemon({**tcp(trust_service=trusted), "service": {"name": "ours"}})
    send(daemon, b'{"msg":"hello","service_name":"theirs"}\n')
    (record,) = daemon.out.wait_for_records(1)
    assert record["service_name"] == ("theirs" if trusted else "ours")
    assert daemon.stop() == 0


def test_a_port_in_use(waybill: Runner) -> None:
    with socket.create_server(("127.0.0.1", 0)) as owner:
        address = f"127.0.0.1:{owner.getsockname()[1]}"
        ended = waybill.run("run", config=tcp(listen=address))
        assert ended.code == 1
        assert address in ended.err and "in use" in ended.err and "inputs.net" in ended.err


def test_a_restart_takes_the_port_again(waybill: Runner) -> None:
    daemon = waybill.daemon(tcp())
    with connect(daemon) as peer:
        peer.sendall(b"one\n")
        daemon.out.wait_for_records(1)
        port = peer.getpeername()[1]
        assert daemon.stop() == 0  # our side closes first: its end of the connection lingers
    again = waybill.daemon(tcp(listen=f"127.0.0.1:{port}"))
    send(again, b"two\n")
    assert messages(again.out.wait_for_records(1)) == ["two"]
    assert again.stop() == 0


@pytest.mark.parametrize(("options", "word"), [
    ({"listen": "nowhere"}, "listen"),
    ({"framing": "lines"}, "framing"),
    ({"idle_timeout": 5}, "idle_timeout"),
    ({"max_connections": 0}, "max_connections"),
    ({"permissions": "0660"}, "permissions"),
    ({"tls": {}}, "cert_file"),
    ({"tls": {"cert_file": "/nowhere/cert.pem", "key_file": "/nowhere/key.pem"}}, "/nowhere"),
])
def test_faults_of_the_config(waybill: Runner, options: dict[str, Any], word: str) -> None:
    ended = waybill.run("check", config=tcp(**options))
    assert ended.code == 2 and word in ended.err, ended.err
