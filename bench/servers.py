# SPDX-License-Identifier: Apache-2.0
"""What the bench delivers to, each a program of its own."""

from __future__ import annotations

import json
import subprocess
import urllib.request
from pathlib import Path
from typing import ClassVar, Self


class Server:
    """A program that says where it listens, for as long as a `with` lasts. `url`: what it said."""

    program: ClassVar[str]

    def __init__(self, programs: Path, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [programs / "bench" / self.program, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        self.url = self.process.stdout.readline().strip()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def end(self) -> str:
        """What it said last."""
        assert self.process.stdin is not None and self.process.stdout is not None
        if not self.process.stdin.closed:
            self.process.stdin.close()
        last = "" if self.process.stdout.closed else self.process.stdout.read()
        self.process.stdout.close()
        self.process.wait()
        return last


class Sink(Server):
    """waybill_sink."""

    program = "waybill_sink"

    def __init__(self, programs: Path, *arguments: str) -> None:
        super().__init__(programs, *arguments)
        self.url = f"http://127.0.0.1:{int(self.url)}"

    def requests(self) -> int:
        with urllib.request.urlopen(self.url + "/stats") as answer:
            return int(json.load(answer)["requests"])


class Broker(Server):
    """waybill_broker."""

    program = "waybill_broker"
