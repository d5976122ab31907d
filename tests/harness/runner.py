# SPDX-License-Identifier: Apache-2.0
"""Starts the program, with an environment and a folder of the test's own."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .capture import parse_records
from .poll import until
from .process import Config, Waybill, text_of

# Nothing of the tester's own environment decides what a test sees.
KEPT_VARIABLES = ("PATH", "ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS", "LSAN_OPTIONS")


@dataclass(frozen=True)
class Ended:
    """What came of a command that ends by itself."""

    code: int
    out: str
    err: str
    process: Waybill

    @property
    def records(self) -> list[dict[str, Any]]:
        """Its standard output as records."""
        return self.process.out.records()


class Runner:
    """Starts the program in a folder of the test's own."""

    def __init__(self, binary: Path, folder: Path) -> None:
        self.binary = binary
        self.folder = folder
        self.state_dir = folder / "state"
        self.config_file = folder / "waybill.yaml"
        self.env = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
        self.env |= {
            "HOME": str(folder),
            "XDG_STATE_HOME": str(folder / "xdg-state"),
            "STATE_DIRECTORY": str(folder / "default-state"),
            "TZ": "UTC",
            "LC_ALL": "C.UTF-8",
        }
        self._started: list[Waybill] = []

    @property
    def sanitized(self) -> bool:
        """Whether the program keeps a sanitizer's books in memory beside its own."""
        return self.binary.parent.name in ("asan", "tsan")

    def write_config(self, config: Config) -> Path:
        """Writes the config, with a state_dir of the test's own unless it names one."""
        if isinstance(config, Mapping):
            config = {"state_dir": str(self.state_dir), **config}
        self.config_file.write_text(text_of(config), encoding="utf-8")
        return self.config_file

    def start(
        self,
        *arguments: str,
        config: Config | None = None,
        stdin: bytes | None = None,
        env: Mapping[str, str] | None = None,
        terminal: int | None = None,
        prefix: tuple[str, ...] = (),
    ) -> Waybill:
        """Starts it and returns at once. With `config`: `-c FILE` is put behind the command."""
        words = list(arguments)
        if config is not None:
            words[1:1] = ["-c", str(self.write_config(config))]
        return self.start_command([*prefix, str(self.binary), *words], stdin, env, terminal)

    def start_command(
        self,
        command: Sequence[str],
        stdin: bytes | None = None,
        env: Mapping[str, str] | None = None,
        terminal: int | None = None,
    ) -> Waybill:
        """Starts whatever command, held to the same as the program itself."""
        process = Waybill(
            command,
            self.folder,
            {**self.env, **(env or {})},
            stdin,
            self.state_dir,
            terminal,
        )
        self._started.append(process)
        return process

    def daemon(
        self, config: Config, *arguments: str, env: Mapping[str, str] | None = None
    ) -> Waybill:
        """`waybill run` with this config, with its inputs open."""
        return self.start("run", *arguments, config=config, env=env).wait_ready()

    def run(
        self,
        *arguments: str,
        config: Config | None = None,
        stdin: bytes = b"",
        env: Mapping[str, str] | None = None,
        limit: float = 30.0,
    ) -> Ended:
        """Runs a command to its end."""
        process = self.start(*arguments, config=config, stdin=stdin, env=env)
        code = process.wait(limit)
        return Ended(code, process.out.text, process.err.text, process)

    def records(
        self, stdin: bytes, *arguments: str, env: Mapping[str, str] | None = None
    ) -> list[dict[str, Any]]:
        """The records that come of these bytes on standard input."""
        ended = self.run("run", *arguments, stdin=stdin, env=env)
        assert (ended.code, ended.err) == (0, "")
        return ended.records

    def record(self, line: str | bytes, *arguments: str) -> dict[str, Any]:
        """The one record that comes of a line."""
        data = line.encode() if isinstance(line, str) else line
        (record,) = self.records(data + b"\n", *arguments)
        return record

    def written(self, name: str = "out.jsonl") -> list[dict[str, Any]]:
        """The records that a `file` output has written so far."""
        path = self.folder / name
        return parse_records(path.read_bytes()) if path.exists() else []

    def wait_written(self, count: int, name: str = "out.jsonl") -> list[dict[str, Any]]:
        """Polls until there are `count` of them or more."""
        return until(
            lambda: self.written(name) if len(self.written(name)) >= count else None,
            lambda: f"{count} records in {name}, which has {len(self.written(name))}",
        )

    def finish(self) -> None:
        """Holds every process of the test to what all must keep."""
        for process in self._started:
            process.finish()
