#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What only time shows: `bench/endure.py memory|udp|files`.

memory  lines come at twice the speed of the backend, for ten minutes: the resident size, seen from
        outside, stays below the budget and 16 MiB
udp     100,000 datagrams of 200 bytes a second for a minute: none is lost
files   10,000 files that nobody writes to: the CPU time of a minute
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from run import HERE, memory_of, until
from servers import Sink

BUDGET_MIB = 32
BEYOND_BUDGET_MIB = 16
FEED_MB_S = 20.0  # into the pipe
REQUEST_MS = 200  # what the backend takes for a request of 1 MiB: about a quarter of that
UDP_RATE = 100_000
FILES = 10_000


class Daemon:
    """waybill run with a config, for as long as a `with` lasts."""

    def __init__(self, programs: Path, folder: Path, config: dict[str, Any]) -> None:
        self.program = programs / "waybill"
        self.config = folder / "waybill.yaml"
        self.state = Path(tempfile.mkdtemp(prefix="state-", dir=folder))
        config = {"state_dir": str(self.state), **config}
        self.config.write_text(json.dumps(config))  # which is YAML
        self.process = subprocess.Popen([self.program, "run", "-c", self.config],
                                        stdin=subprocess.PIPE, stderr=subprocess.PIPE)
        self.said = b""
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.said += line

    def __enter__(self) -> Daemon:
        until(lambda: (self.state / "admin.sock").exists(), "the daemon is up", 60)
        return self

    def __exit__(self, *_: object) -> None:
        assert self.process.stdin is not None
        self.process.terminate()
        self.process.stdin.close()
        self.process.wait()

    def ledger(self) -> dict[str, Any]:
        done = subprocess.run([self.program, "ledger", "--format", "json", "-c", self.config],
                              capture_output=True, text=True, check=True)
        return json.loads(done.stdout)

    def resident_mib(self) -> float:
        return memory_of(self.process.pid)["resident"]

    def cpu_seconds(self) -> float:
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def feed(pipe: Any, log: bytes, seconds: float) -> int:
    """Writes at FEED_MB_S, as long as nobody holds it up. The bytes it got rid of."""
    began = time.monotonic()
    block = 256 * 1024
    written = 0
    for at in itertools.cycle(range(0, len(log), block)):
        now = time.monotonic() - began
        if now >= seconds:
            break
        time.sleep(max(0.0, written / (FEED_MB_S * 1e6) - now))  # the pace is what this is for
        pipe.write(log[at : at + block])
        pipe.flush()
        written += len(log[at : at + block])
    return written


def memory(programs: Path, folder: Path, seconds: float) -> bool:
    log = subprocess.run([programs / "bench/waybill_generate", "--lines", "100000"],
                         capture_output=True, check=True).stdout
    with Sink(programs, "--request-ms", str(REQUEST_MS)) as sink:
        config = {"memory": f"{BUDGET_MIB}MiB", "inputs": {"pipe": {"type": "stdin"}},
                  "outputs": {"out": {"type": "loki", "endpoint": sink.url}}}
        with Daemon(programs, folder, config) as daemon:
            fed: list[int] = []
            feeder = threading.Thread(
                target=lambda: fed.append(feed(daemon.process.stdin, log, seconds)))
            feeder.start()
            most = 0.0
            while feeder.is_alive():
                most = max(most, daemon.resident_mib())
                time.sleep(0.1)
            counts = daemon.ledger()["outputs"]["out"]
    offered = fed[0] / seconds / 1e6
    lines = log.count(b"\n")
    taken = counts["delivered"] * (len(log) / lines) / seconds / 1e6
    limit = BUDGET_MIB + BEYOND_BUDGET_MIB
    print(f"memory: {offered:.1f} MB/s came, {taken:.1f} MB/s went, for {seconds:.0f} s; "
          f"at most {most:.1f} MiB resident (budget {BUDGET_MIB} MiB, goal <= {limit})")
    if taken * 2 > offered:
        print("memory: the backend was not slow enough to say anything")
        return False
    return most <= limit


def udp(programs: Path, folder: Path, seconds: float) -> bool:
    config = {"inputs": {"net": {"type": "udp", "listen": "127.0.0.1:0"}},
              "outputs": {"out": {"type": "file", "path": "/dev/null"}}}
    with Daemon(programs, folder, config) as daemon:
        until(lambda: b"listens on" in daemon.said, "the daemon says its port")
        port = int(daemon.said.partition(b"listens on ")[2].split()[0].rpartition(b":")[2])
        before = daemon.cpu_seconds()
        sent = int(subprocess.run([programs / "bench/waybill_blast", str(port), str(UDP_RATE),
                                   str(seconds)], capture_output=True, check=True).stdout)

        def accounted() -> bool:
            now = daemon.ledger()["inputs"]["net"]
            return now["records"] + now["missed"]["kernel"] >= sent

        until(accounted, "every datagram is a record or counted as dropped")
        counts = daemon.ledger()["inputs"]["net"]
        cpu = daemon.cpu_seconds() - before
    missed = counts["missed"]["kernel"]
    print(f"udp: {sent} datagrams in {seconds:.0f} s, {counts['records']} records, {missed} "
          f"dropped by the kernel (goal 0); {cpu / seconds * 100:.0f} % of a processor")
    return counts["records"] == sent


def files(programs: Path, folder: Path, seconds: float) -> bool:
    logs = folder / "logs"
    logs.mkdir()
    for number in range(FILES):
        (logs / f"{number}.log").write_text("one line\n")
    config = {"inputs": {"app": {"type": "file", "include": [f"{logs}/*.log"],
                                 "start_at": "beginning"}},
              "outputs": {"out": {"type": "file", "path": str(folder / "out.ndjson")}}}
    with Daemon(programs, folder, config) as daemon:
        until(lambda: daemon.ledger()["outputs"]["out"]["delivered"] == FILES,
              "all files are read", 60)
        before = daemon.cpu_seconds()
        time.sleep(seconds)
        cpu = daemon.cpu_seconds() - before
        resident = daemon.resident_mib()
    print(f"files: {FILES} idle files take {cpu / seconds * 100:.1f} % of a processor "
          f"and {resident:.1f} MiB resident")
    return cpu / seconds < 0.05


WORKS = {"memory": (memory, 600.0), "udp": (udp, 60.0), "files": (files, 60.0)}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__,
                                      formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("work", nargs="*", choices=[*WORKS, []], help="default: all")
    options.add_argument("--seconds", type=float, help="instead of ten minutes or one")
    options.add_argument("--build", type=Path, default=HERE.parent / "build/release")
    given = options.parse_args()
    fine = True
    for name in given.work or WORKS:
        work, seconds = WORKS[name]
        with tempfile.TemporaryDirectory(prefix="waybill-bench-") as folder:
            fine &= work(given.build.resolve(), Path(folder), given.seconds or seconds)
    sys.exit(0 if fine else 1)


if __name__ == "__main__":
    main()
