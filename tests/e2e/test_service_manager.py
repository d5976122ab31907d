# SPDX-License-Identifier: Apache-2.0
"""What a service manager is told, over the socket that it names (sd_notify(3))."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from harness.runner import Runner

CONFIG = {"inputs": {"net": {"type": "udp", "listen": "127.0.0.1:0"}},
          "outputs": {"out": {"type": "console", "style": "json"}}}


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[socket.socket]:
    """The manager's end of the socket."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ours:
        ours.bind(str(tmp_path / "notify"))
        ours.settimeout(15)
        yield ours


def told(manager: socket.socket) -> dict[str, str]:
    lines = manager.recv(4096).decode().strip().split("\n")
    return dict(line.split("=", 1) for line in lines)


def test_ready_reloading_ready_stopping(
    waybill: Runner, manager: socket.socket, tmp_path: Path
) -> None:
    daemon = waybill.start("run", config=CONFIG, env={"NOTIFY_SOCKET": str(tmp_path / "notify")})
    assert told(manager)["READY"] == "1"
    assert daemon.page("/readyz").status == 200, "it says so when it is"
    assert daemon.reload() == "applied"
    reloading = told(manager)
    assert reloading["RELOADING"] == "1"
    assert int(reloading["MONOTONIC_USEC"]) > 0, "in the same datagram"
    assert told(manager)["READY"] == "1"
    waybill.write_config("nonsense: true\n")
    assert daemon.reload() == "refused"
    assert told(manager)["RELOADING"] == "1"
    assert told(manager)["READY"] == "1", "after a refused one, too"
    assert daemon.stop() == 0
    assert told(manager)["STOPPING"] == "1"


def test_a_manager_that_is_not_there(waybill: Runner, tmp_path: Path) -> None:
    env = {"NOTIFY_SOCKET": str(tmp_path / "nobody")}
    ended = waybill.run("run", stdin=b"x\n", env=env)
    assert ended.code == 0 and len(ended.records) == 1



@pytest.mark.parametrize("journal", [True, False])
def test_priorities_for_the_journal_alone(waybill: Runner, journal: bool) -> None:
    """It reads "<6>" as information (sd-daemon(3)); others would print it. The variable is
    inherited by programs whose stderr goes elsewhere: it names the stream that it is about."""
    stream = "$(stat -L -c %d:%i /proc/self/fd/2)" if journal else "8:12345"
    script = f'JOURNAL_STREAM={stream} exec "$0" run -c "$1"'
    config = waybill.write_config(CONFIG)
    process = waybill.start_command(["sh", "-c", script, str(waybill.binary), str(config)])
    process.wait_ready()
    (line,) = process.err.wait_for_lines(1)
    assert line.startswith("<6>waybill: ") == journal, line
    assert process.stop() == 0
