# SPDX-License-Identifier: Apache-2.0
"""Signals through `waybill exec`, and its duties as PID 1."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from harness.backend import LokiBackend
from harness.poll import until
from harness.runner import Runner
from harness.sending import messages

Program = Callable[[str], str]

TALKER = """
trap 'echo got {name}' {name}
trap 'echo got TERM; exit 5' TERM
echo ready
while :; do sleep 0.05; done
"""


FORWARDED = ["HUP", "INT", "QUIT", "USR1", "USR2", "WINCH", "CONT", "ALRM", "TSTP"]


@pytest.mark.parametrize("name", FORWARDED)
def test_signals_are_forwarded(waybill: Runner, name: str) -> None:
    process = waybill.start("exec", "--to", "json", "--", "bash", "-c", TALKER.format(name=name))
    process.out.wait_for("ready")
    process.signal(signal.Signals[f"SIG{name}"])
    process.out.wait_for(f"got {name}")
    assert process.running or name == "INT"
    process.signal(signal.SIGTERM)
    code = process.wait()
    assert code == 5
    assert messages(process.out.records()) == ["ready", f"got {name}", "got TERM"]


def test_a_child_that_ends_by_sigterm(waybill: Runner) -> None:
    process = waybill.start("exec", "--to", "json", "--", "sh", "-c", "echo ready; exec sleep 60")
    process.out.wait_for("ready")
    process.signal(signal.SIGTERM)
    assert process.wait() == 128 + signal.SIGTERM


def test_what_the_child_says_while_it_ends_is_delivered(
    waybill: Runner, loki_backend: LokiBackend
) -> None:
    script = ("trap 'echo one; sleep 0.5; echo two; exit 0' TERM; echo ready; "
              "while :; do sleep 0.1; done")
    config = {"outputs": {"loki": {"type": "loki", "endpoint": loki_backend.url,
                                   "batch": {"delay": "30s"}, "line": "message"}}}
    process = waybill.start("exec", "--", "bash", "-c", script, config=config)
    process.out.wait_for("ready")
    process.signal(signal.SIGTERM)
    assert process.wait() == 0
    assert [entry.line for entry in loki_backend.taken] == ["ready", "one", "two"]


def namespaces() -> bool:
    """Whether a PID namespace can be had."""
    if shutil.which("unshare") is None or os.geteuid() != 0:
        return False
    probe = ["unshare", "--pid", "--fork", "--mount-proc", "true"]
    return subprocess.run(probe, capture_output=True, check=False).returncode == 0


UNSHARE = ("unshare", "--pid", "--fork", "--mount-proc", "--kill-child")
as_pid_1 = pytest.mark.skipif(not namespaces(), reason="needs root and PID namespaces (unshare)")


@as_pid_1
def test_as_pid_1_it_reaps_orphans(waybill: Runner) -> None:
    """The orphan's parent is gone: it becomes ours, and must not stay a zombie."""
    script = (
        "echo we are $PPID; (sleep 0.2 & ) ; (true &) ; sleep 0.8; "
        "grep -l '^State:.Z' /proc/[0-9]*/status; echo done"
    )
    process = waybill.start("exec", "--to", "json", "--", "sh", "-c", script, prefix=UNSHARE)
    assert process.wait() == 0
    assert messages(process.out.records()) == ["we are 1", "done"]


@as_pid_1
def test_as_pid_1_it_hands_on_the_status(waybill: Runner) -> None:
    process = waybill.start("exec", "--to", "json", "--", "sh", "-c", "exit 9", prefix=UNSHARE)
    assert process.wait() == 9


@as_pid_1
def test_as_pid_1_sigterm_reaches_the_child(waybill: Runner) -> None:
    """PID 1 has no default actions: without a handler of ours nothing would happen at all."""
    process = waybill.start("exec", "--to", "json", "--", "sh", "-c",
                            "trap 'echo bye; exit 4' TERM; echo ready; "
                            "while :; do sleep 0.05; done", prefix=UNSHARE)
    process.out.wait_for("ready")

    def first_in_namespace() -> int | None:
        found = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        return int(found[0]) if found else None

    os.kill(until(first_in_namespace, "our PID 1"), signal.SIGTERM)
    assert process.wait() == 4
    assert messages(process.out.records()) == ["ready", "bye"]
