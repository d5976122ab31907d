# SPDX-License-Identifier: Apache-2.0
"""Waybill as a process: started with a config, talked to, stopped, and looked at afterwards."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from . import admin
from .capture import Capture
from .poll import LIMIT, until

# What no run may ever print.
CRASH_REPORT = re.compile(
    r"AddressSanitizer|LeakSanitizer|ThreadSanitizer|UndefinedBehaviorSanitizer|runtime error:"
    r"|terminate called|broken invariant|unexpected failure|please report|DOES NOT BALANCE",
    re.IGNORECASE,
)
CRASH_SIGNALS = {signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGILL, signal.SIGFPE}

Config = str | Mapping[str, Any]


class Waybill:
    """One running or ended process. Made by the fixtures in tests/conftest.py."""

    def __init__(
        self,
        command: Sequence[str],
        folder: Path,
        env: Mapping[str, str],
        stdin: bytes | None = None,
        state_dir: Path | None = None,
        terminal: int | None = None,
    ) -> None:
        """`stdin` None: a pipe that stays open, to write to with `write`; else these bytes and
        the end. `terminal`: a descriptor to be its standard output, instead of a pipe."""
        self.folder = folder
        self.state_dir = state_dir
        self._expects_crash = False
        self._process = subprocess.Popen(
            list(command),
            cwd=folder,
            env=dict(env),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE if terminal is None else terminal,
            stderr=subprocess.PIPE,
            bufsize=0,
            start_new_session=True,
        )
        assert self._process.stdin is not None and self._process.stderr is not None
        self._stdin = self._process.stdin
        self.err = Capture(os.dup(self._process.stderr.fileno()), "stderr")
        self._process.stderr.close()
        self.out = self.err  # only for the type: set right below unless there is a terminal
        if self._process.stdout is not None:
            self.out = Capture(os.dup(self._process.stdout.fileno()), "stdout")
            self._process.stdout.close()
        if stdin is not None:
            self.write(stdin)
            self.close_stdin()

    # ---- its life ----

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether it has not ended yet."""
        return self._process.poll() is None

    def write(self, data: bytes | str) -> None:
        """Writes to its standard input, all of it."""
        view = memoryview(data.encode() if isinstance(data, str) else data)
        try:
            while view:
                view = view[os.write(self._stdin.fileno(), view) :]
        except (BrokenPipeError, ValueError):
            pass  # it ended, or the test closed the pipe: what is looked at next will tell

    def close_stdin(self) -> None:
        """The end of its standard input. May be called twice."""
        if not self._stdin.closed:
            self._stdin.close()

    def signal(self, number: signal.Signals) -> None:
        """Sends it a signal."""
        self._process.send_signal(number)

    def wait(self, limit: float = 30.0) -> int:
        """Its exit status as a shell has it, once it has ended."""
        try:
            code = self._process.wait(limit)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"still runs after {limit:g} s\n{self.story()}") from None
        self.err.wait_for_end()
        self.out.wait_for_end()
        return 128 - code if code < 0 else code

    def stop(self, limit: float = 30.0) -> int:
        """Checks the ledger, then SIGTERM and wait."""
        if self.running and self.admin_socket.exists():
            self.ledger()
        if self.running:
            self.signal(signal.SIGTERM)
        return self.wait(limit)

    def kill(self) -> None:
        """SIGKILL, while it runs: a crash, as far as it can tell."""
        assert self.running, f"it ended\n{self.story()}"
        self._process.kill()
        self._process.wait()

    # ---- what it says ----

    def wait_ready(self) -> Waybill:
        """Until its inputs are open; needs an admin socket."""
        until(self._is_ready, lambda: f"ready\n{self.story()}")
        return self

    def _is_ready(self) -> bool:
        assert self.running, f"it ended\n{self.story()}"
        if not self.admin_socket.exists():
            return False
        try:
            return self.page("/readyz").status == 200
        except OSError:
            return False

    @property
    def admin_socket(self) -> Path:
        """Where it answers; present only when it runs with a state_dir."""
        return (self.state_dir or self.folder / "nowhere") / "admin.sock"

    def page(self, path: str, method: str = "GET") -> admin.Page:
        """One admin page, over the socket."""
        return admin.get_unix(self.admin_socket, path, method)

    def ledger(self) -> dict[str, Any]:
        """The ledger now; it balances, whenever one looks."""
        ledger = dict(self.page("/ledger").json())
        admin.assert_balanced(ledger)
        return ledger

    def input(self, name: str) -> dict[str, Any]:
        """One input's counts."""
        return dict(self.ledger()["inputs"][name])

    def output(self, name: str) -> dict[str, Any]:
        """One output's counts."""
        return dict(self.ledger()["outputs"][name])

    def wait_delivered(self, name: str, count: int, limit: float = LIMIT) -> None:
        """Until an output has delivered so many records."""
        until(
            lambda: self.output(name)["delivered"] >= count,
            lambda: f"{count} delivered by {name}: {json.dumps(self.output(name))}\n{self.story()}",
            limit,
        )

    def metrics(self) -> admin.Metrics:
        """All metrics now."""
        return admin.Metrics(self.page("/metrics").text)

    def peak_memory(self) -> int:
        """The most it has held resident so far, in bytes, as the kernel counts it: proc(5)."""
        status = Path(f"/proc/{self.pid}/status").read_text(encoding="ascii")
        found = re.search(r"^VmHWM:\s+(\d+) kB$", status, re.MULTILINE)
        assert found, status
        return int(found.group(1)) * 1024

    def reload(self, limit: float = LIMIT) -> str:
        """SIGHUP, and wait until it says what came of it: "applied" or "refused"."""

        def counts() -> dict[str, float]:
            metrics = self.metrics()
            name = "waybill_config_reloads_total"
            return {word: metrics.value(name, result=word) for word in ("applied", "refused")}

        before = counts()
        self.signal(signal.SIGHUP)
        until(lambda: counts() != before, lambda: f"a reload\n{self.story()}", limit)
        after = counts()
        return next(word for word in after if after[word] != before[word])

    def story(self) -> str:
        """For failures: all it printed."""
        code = self._process.poll()
        state = "runs" if code is None else f"ended with {code}"
        return f"[{state}]\n[stdout]\n{self.out.text[-3000:]}\n[stderr]\n{self.err.text[-3000:]}"

    # ---- at the end of a test ----

    def finish(self) -> None:
        """Ends it if it runs, and holds it to what every run must keep."""
        try:
            if self.running and self.admin_socket.exists():
                self.ledger()
        finally:
            if self.running:
                self._process.kill()
                self._expects_crash = True
            self.close_stdin()
            code = self._process.wait()
        report = CRASH_REPORT.search(self.err.text)
        assert not report, f"it printed {report.group(0)!r}\n{self.story()}"
        crashed = code < 0 and -code in CRASH_SIGNALS
        assert self._expects_crash or not crashed, f"it crashed\n{self.story()}"

    def expect_signal(self) -> None:
        """`exec` may end as its child did: by a signal is no crash then."""
        self._expects_crash = True


def text_of(config: Config) -> str:
    """A config as YAML; JSON is that, too, and needs no library."""
    return config if isinstance(config, str) else json.dumps(config, indent=1)
