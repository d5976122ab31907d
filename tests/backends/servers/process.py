# SPDX-License-Identifier: Apache-2.0
"""Starts servers detached from the test run, finds them again in the next, and ends them."""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path

from . import cache
from .web import until

KEEP = "WAYBILL_TEST_KEEP_SERVERS"
ATTEMPTS = 3  # a port found free may be taken before the server binds it
STOP_LIMIT = 20.0
IDLE = 4 * 3600.0  # seconds; longer than any run, which may hold what it took at its beginning

Ports = dict[str, int]

# Held for as long as this run lasts: Python warns of a child it forgets while the child runs.
_children: dict[int, subprocess.Popen[bytes]] = {}


@dataclass(frozen=True)
class Plan:
    """How to run one server.

    `prepare` writes the configuration into a fresh folder and gives the command and the ports;
    `healthy` asks the server at those ports and may raise OSError. Plans with equal `title` and
    `identity` may share a running server; any other difference starts another one.
    """

    title: str
    identity: str
    prepare: Callable[[Path], tuple[list[str], Ports]]
    healthy: Callable[[Path, Ports], bool]
    limit: float = 60.0


@dataclass(frozen=True)
class Running:
    """A server process. `born` tells it from a later process that was given the same pid."""

    title: str
    pid: int
    born: str
    folder: str
    ports: Ports

    @property
    def log(self) -> Path:
        """What the server itself had to say."""
        return Path(self.folder) / "server.log"

    def alive(self) -> bool:
        """True while this very process runs."""
        return _born(self.pid) == self.born

    def end(self) -> None:
        """Ends the server, asking first. Safe to call twice."""
        for sign in (signal.SIGTERM, signal.SIGKILL):
            if not self.alive():
                break
            try:
                os.killpg(self.pid, sign)
                until(lambda: not self.alive(), f"end of {self.title}", STOP_LIMIT)
            except (ProcessLookupError, TimeoutError):
                continue
        child = _children.pop(self.pid, None)
        if child is not None:
            child.wait()

    def stop(self) -> None:
        """Ends it and removes its data."""
        self.end()
        shutil.rmtree(self.folder, ignore_errors=True)


def keep_servers() -> bool:
    """Whether servers stay for the next run. CI says no."""
    return os.environ.get(KEEP, "1") != "0"


def start(plan: Plan, private: bool = False) -> Running:
    """A healthy server: the kept one if there is one, else a new one.

    A private server, and any server when none are kept, is the caller's alone to stop.
    """
    if private or not keep_servers():
        return _launch(plan)
    state = _state_file(plan)
    with cache.locked(state.with_suffix(".lock")):
        kept = _load(state)
        if kept is not None:
            if kept.alive() and _is_healthy(plan, Path(kept.folder), kept.ports):
                state.touch()
                return kept
            kept.stop()
        fresh = _launch(plan)
        state.write_text(json.dumps(asdict(fresh)), encoding="utf-8")
    _end_kept(IDLE)
    return fresh


def again(plan: Plan, ended: Running, command: list[str]) -> Running:
    """A server that was ended, over the same data and at the same ports."""
    running = respawn(ended, command)
    folder = Path(ended.folder)
    until(lambda: not running.alive() or _is_healthy(plan, folder, ended.ports),
          f"healthy {plan.title}", plan.limit)
    if not running.alive():
        raise RuntimeError(f"{plan.title} ended: {cache.tail(running.log, lines=12)}")
    return running


def identity(module: str, built: Path, *settings: object) -> str:
    """What a kept server was made from: its module's text, its build and what was asked for."""
    stamp = (built / cache.STAMP).read_text(encoding="utf-8")
    return "\n".join([Path(module).read_text(encoding="utf-8"), stamp, *map(repr, settings)])


def stop_kept() -> list[str]:
    """Ends all servers kept by earlier runs, and gives their titles."""
    return _end_kept(0)


def _end_kept(idle: float) -> list[str]:
    """Ends those that no run took for so long: as their modules change, old ones would pile up."""
    ended = []
    for state in sorted(_states().glob("*.json")):
        with cache.locked(state.with_suffix(".lock")):
            if time.time() - _used(state) < idle:
                continue
            kept = _load(state)
            if kept is not None and kept.alive():
                kept.stop()
                ended.append(kept.title)
            state.unlink(missing_ok=True)
    return ended


def free_ports(*names: str) -> Ports:
    """Ports of 127.0.0.1 that were free a moment ago, all different."""
    with ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in names]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return {name: one.getsockname()[1] for name, one in zip(names, sockets)}


def free_port_between(low: int, high: int) -> int:
    """As free_ports, for a server that takes only some ports. Random, so that two runs differ."""
    for port in random.sample(range(low, high + 1), high + 1 - low):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue
    raise RuntimeError(f"no free port between {low} and {high}")


def _launch(plan: Plan) -> Running:
    said = ""
    for _ in range(ATTEMPTS):
        folder = Path(tempfile.mkdtemp(prefix=f"waybill-{plan.title}-"))
        command, ports = plan.prepare(folder)
        process, running = _spawn(plan.title, command, folder, ports)
        try:
            until(
                lambda: process.poll() is not None or _is_healthy(plan, folder, ports),
                f"healthy {plan.title}",
                plan.limit,
            )
        except BaseException as trouble:
            said = cache.tail(running.log, lines=12)
            running.stop()
            if isinstance(trouble, TimeoutError):
                raise RuntimeError(f"{trouble}: {said}") from None
            raise
        if process.poll() is None:
            return running
        said = cache.tail(running.log, lines=12)
        running.stop()
    raise RuntimeError(f"{plan.title} ended {ATTEMPTS} times while starting: {said}")


def respawn(ended: Running, command: list[str]) -> Running:
    """The same, without waiting for its health."""
    return _spawn(ended.title, command, Path(ended.folder), ended.ports)[1]


def _spawn(
    title: str, command: list[str], folder: Path, ports: Ports
) -> tuple[subprocess.Popen[bytes], Running]:
    """A session of its own and files for its output: a runner that waits for its pipes to close,
    or signals its process group, must not meet the server there."""
    with open(folder / "server.log", "ab") as log:
        process = subprocess.Popen(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    _children[process.pid] = process
    born = _born(process.pid) or "ended at once"
    return process, Running(title, process.pid, born, str(folder), ports)


def _is_healthy(plan: Plan, folder: Path, ports: Ports) -> bool:
    try:
        return folder.is_dir() and plan.healthy(folder, ports)
    except (OSError, ValueError):
        return False


def _born(pid: int) -> str | None:
    """Boot and start time of a live process, None for one that is gone or only unreaped."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="utf-8").strip()
    except OSError:
        return None
    fields = stat[stat.rindex(")") + 2 :].split()  # the name before may hold spaces
    return None if fields[0] in "ZX" else f"{boot} {fields[19]}"


def _states() -> Path:
    path = cache.root() / "running"
    path.mkdir(exist_ok=True)
    return path


def _state_file(plan: Plan) -> Path:
    mark = hashlib.sha256(plan.identity.encode()).hexdigest()[:8]
    return _states() / f"{plan.title}-{mark}.json"


def _used(state: Path) -> float:
    """When a run last took this server; long ago, if another run has just ended it."""
    try:
        return state.stat().st_mtime
    except OSError:
        return 0.0


def _load(state: Path) -> Running | None:
    try:
        return Running(**json.loads(state.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
