#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures the program as a whole and prints a table: `bench/run.py`, or `make bench`.

Each work tails a finished file of generated lines and delivers it, over loopback to a counting
sink (`waybill_sink`, `waybill_broker`) or into a file. What counts is CPU time of the whole
process (user and system, of every thread), so a row says what a line costs and not how long a
machine took. A run of `waybill_floor` stands beside every run: machines drift by a quarter with
the hour, their ratios to the floor do not. Change is against the kept `bench/baseline.json`, ratio
against ratio.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import contract
from servers import Broker, Sink

HERE = Path(__file__).resolve().parent
BASELINE = HERE / "baseline.json"
SHAPES = ("zap", "text")
SERVICE = "service"  # lines of bench/contract.py
SERVICE_LINES = 20_000  # different ones


@dataclass(frozen=True)
class Work:
    """One row: lines of a shape, an output, and the goal in MB per CPU second (0: none)."""

    name: str
    shape: str
    output: str
    goal: int
    schema: str = ""  # that its records are held to: builtin, or of SERVICE


OUTPUTS = {
    "loki": "{{type: loki, endpoint: '{url}'}}",
    "loki, spool": "{{type: loki, endpoint: '{url}', spool: {{files: always}}}}",
    "loki, disk": "{{type: loki, endpoint: '{url}', spool: {{files: always, after: 0}}}}",
    "es": "{{type: elasticsearch, endpoints: ['{url}'], data_stream: logs-checkout-default}}",
    "otlp": "{{type: otlp, endpoint: '{url}', compression: none}}",
    "otlp gzip": "{{type: otlp, endpoint: '{url}', compression: gzip}}",
    "otlp json": "{{type: otlp, endpoint: '{url}', protocol: http/json, compression: none}}",
    "otlp grpc": "{{type: otlp, endpoint: '{url}', protocol: grpc, compression: none}}",
    "kafka": "{{type: kafka, brokers: ['{url}'], topic: logs}}",
    "file": "{{type: file, path: '{folder}/out.ndjson'}}",
}
WORKS = (
    Work("loki", "zap", "loki", 150),
    Work("loki, spool", "zap", "loki, spool", 0),
    Work("loki, disk", "zap", "loki, disk", 0),
    Work("es", "zap", "es", 150),
    Work("otlp", "zap", "otlp", 120),
    Work("otlp gzip", "zap", "otlp gzip", 0),
    Work("otlp json", "zap", "otlp json", 0),
    Work("otlp grpc", "zap", "otlp grpc", 0),
    Work("kafka", "zap", "kafka", 0),
    Work("file", "zap", "file", 0),
    Work("text to loki", "text", "loki", 0),
    Work("loki, schema", "zap", "loki", 0, "builtin"),
    Work("service", SERVICE, "loki", 0),
    Work("service, schema", SERVICE, "loki", 0, SERVICE),
)
LOGS = Work("logs to loki", "logs", "loki", 100)  # --logs
LOGS_BYTES = 100e6
MOST_PEAK_MB = 28
MOST_SPOOL_COST = 25  # per cent of the throughput to Loki
# Two works whose CPU time differs by a schema, and how many per cent it may be more.
SCHEMAS = (
    ("the built-in schema", "loki", "loki, schema", 20),
    ("a service's schema of 60 properties", "service", "service, schema", 50),
)


@dataclass
class Cost:
    """What one process took: CPU seconds and its largest resident size in MiB."""

    cpu: float
    peak: float


@dataclass
class Row:
    work: Work
    speed: float  # MB per CPU second
    ratio: float  # to the floor's speed
    line_ns: float  # CPU nanoseconds per line
    peak: float  # MiB resident


def cost_of(command: list[str | Path]) -> Cost:
    """Runs a command to its end; a command that fails ends the bench."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    # Of the process itself: the ru_maxrss of wait4(2) begins with our own, from before the exec.
    peak = 0
    ended = 0
    while ended == 0:
        peak = max(peak, high_water_kib(process.pid))
        ended, status, usage = os.wait4(process.pid, os.WNOHANG)
        if ended == 0:
            time.sleep(0.02)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}: exit {process.returncode}")
    return Cost(usage.ru_utime + usage.ru_stime, peak / 1024)


def high_water_kib(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return next((int(line.split()[1]) for line in status.splitlines() if "VmHWM" in line), 0)


class Bench:
    def __init__(self, programs: Path, folder: Path, lines: int) -> None:
        self.programs = programs
        self.folder = folder
        self.logs: dict[str, Path] = {}
        for shape in SHAPES:
            self.logs[shape] = folder / f"{shape}.log"
            with self.logs[shape].open("wb") as out:
                generate = programs / "bench/waybill_generate"
                subprocess.run(
                    [generate, "--lines", str(lines), "--shape", shape], stdout=out, check=True
                )
        self.counts = dict.fromkeys(SHAPES, lines)
        self.logs[SERVICE] = folder / "service.log"
        text = "".join(line + "\n" for line in contract.log_lines(min(lines, SERVICE_LINES)))
        times = max(1, lines // SERVICE_LINES)
        with self.logs[SERVICE].open("w") as out:
            for _ in range(times):
                out.write(text)
        self.counts[SERVICE] = text.count("\n") * times
        (folder / "service.json").write_text(json.dumps(contract.record_schema()))

    def add_logs(self, files: list[Path]) -> None:
        """Real logs, one behind the other, as often as it takes to fill some seconds."""
        whole = b"".join(data if data.endswith(b"\n") else data + b"\n"
                         for data in (file.read_bytes() for file in sorted(files)) if data)
        times = max(1, round(LOGS_BYTES / len(whole)))
        self.logs["logs"] = self.folder / "logs.log"
        with self.logs["logs"].open("wb") as out:
            for _ in range(times):
                out.write(whole)
        self.counts["logs"] = whole.count(b"\n") * times

    def megabytes(self, shape: str) -> float:
        return self.logs[shape].stat().st_size / 1e6

    def config(self, output: str, inputs: str, url: str, schema: str = "") -> Path:
        """Four attributes beside the service, as a deployment has them."""
        path = self.folder / "waybill.yaml"
        text = OUTPUTS[output].format(url=url, folder=self.folder)
        path.write_text(
            "service: {name: checkout, version: 1.4.2, namespace: shop, environment: production}\n"
            "resource: {team: payments}\n"
            f"state_dir: {tempfile.mkdtemp(prefix='state-', dir=self.folder)}\n"
            f"inputs: {{app: {inputs}}}\n"
            f"outputs: {{out: {text}}}\n"
            + (f"schema: {{file: {'service.json' if schema == SERVICE else schema}}}\n"
               if schema else "")
        )
        return path

    def floor(self) -> float:
        """MB per CPU second of the least that has to be done, with compression."""
        log = self.logs["zap"]
        return self.megabytes("zap") / cost_of([self.programs / "bench/waybill_floor", log]).cpu

    def once(self, work: Work) -> Cost:
        inputs = f"{{type: file, include: ['{self.logs[work.shape]}'], start_at: beginning}}"
        with (Broker if work.output == "kafka" else Sink)(self.programs) as server:
            config = self.config(work.output, inputs, server.url, work.schema)
            cost = cost_of([self.programs / "waybill", "run", "--once", "-c", config])
            if isinstance(server, Sink):
                arrived = work.output == "file" or server.requests() > 0
            else:
                arrived = int(server.end()) == self.counts[work.shape]
            if not arrived:
                sys.exit(f"{work.name}: not everything arrived")
        (self.folder / "out.ndjson").unlink(missing_ok=True)
        return cost

    def row(self, work: Work, runs: int) -> Row:
        size = self.megabytes(work.shape)
        floors, costs = [], []
        for _ in range(runs):
            floors.append(self.floor())
            costs.append(self.once(work))
        cpu = min(cost.cpu for cost in costs)
        return Row(
            work,
            size / cpu,
            size / cpu / max(floors),
            cpu / self.counts[work.shape] * 1e9,
            max(cost.peak for cost in costs),
        )

    def idle(self, output: str) -> dict[str, float]:
        """MiB of a daemon that tails an idle file: after its first line is delivered."""
        log = self.folder / "idle.log"
        log.write_text("started\n")
        inputs = f"{{type: file, include: ['{log}'], start_at: beginning}}"
        with Sink(self.programs) as sink:
            config = self.config(output, inputs, sink.url)
            command = [self.programs / "waybill", "run", "-c", config]
            with subprocess.Popen(command, stdout=subprocess.DEVNULL) as daemon:
                try:
                    out = self.folder / "out.ndjson"
                    arrived = (
                        (lambda: out.exists() and out.stat().st_size > 0)
                        if output == "file"
                        else (lambda: sink.requests() > 0)
                    )
                    until(arrived, f"the first line through {output}")
                    return memory_of(daemon.pid)
                finally:
                    daemon.terminate()

    def start_ms(self, runs: int) -> float:
        """From exec to the first record of a line that waits in a pipe."""
        taken = []
        for _ in range(runs):
            began = time.perf_counter()
            with subprocess.Popen(
                [self.programs / "waybill", "--to", "json"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
            ) as process:
                assert process.stdin is not None and process.stdout is not None
                process.stdin.write(b"hello\n")
                process.stdin.flush()
                process.stdout.readline()
                taken.append((time.perf_counter() - began) * 1e3)
                process.stdin.close()
        return statistics.median(taken)


def until(condition: Callable[[], bool], what: str, limit_s: float = 20) -> None:
    end = time.monotonic() + limit_s
    while not condition():
        if time.monotonic() > end:
            sys.exit(f"{what}: not within {limit_s:.0f} s")
        time.sleep(0.02)


def memory_of(pid: int) -> dict[str, float]:
    sizes = {}
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]:
        name, kib = line.split()[:2]
        sizes[name.rstrip(":")] = int(kib) / 1024
    return {"resident": sizes["Rss"], "private": sizes["Anonymous"]}


def stripped_mb(programs: Path, folder: Path) -> float:
    copy = folder / "stripped"
    subprocess.run(["strip", "-o", copy, programs / "waybill"], check=True)
    return copy.stat().st_size / 1e6


def verdict(value: float, goal: float, least: bool = False) -> str:
    if not goal:
        return ""
    met = value >= goal if least else value <= goal
    return f"{'>=' if least else '<='} {goal:g}{'' if met else '  MISSED'}"


def print_table(rows: list[Row], kept: dict[str, float]) -> None:
    print(f"{'work':16}{'MB/CPU s':>9}{'of floor':>10}{'change':>9}{'ns/line':>9}"
          f"{'peak MiB':>10}  goals")
    for row in rows:
        before = kept.get(row.work.name)
        change = f"{(row.ratio / before - 1) * 100:+.0f} %" if before else "new"
        goals = verdict(row.speed, row.work.goal, least=True)
        print(f"{row.work.name:16}{row.speed:9.0f}{row.ratio:10.2f}{change:>9}{row.line_ns:9.0f}"
              f"{row.peak:10.1f}  {goals:14} {verdict(row.peak, MOST_PEAK_MB)}")


def print_spool_cost(bench: Bench, runs: int) -> None:
    """Pairs, one right after the other: what drifts between two rows is as large as the cost."""
    print()
    for name, goal, what in (("loki, spool", MOST_SPOOL_COST, "spool: {files: always}"),
                             ("loki, disk", 0, "with `after: 0`, all through the disk,")):
        plain, spool = (next(work for work in WORKS if work.name == one) for one in ("loki", name))
        costs = [(1 - bench.once(plain).cpu / bench.once(spool).cpu) * 100 for _ in range(runs)]
        cost = statistics.median(costs)
        print(f"{what} costs {cost:.0f} % {verdict(cost, goal)}  "
              f"(median of {runs} pairs, {min(costs):.0f} to {max(costs):.0f})")


def print_schema_cost(bench: Bench, runs: int, works: set[str]) -> None:
    """Pairs, as above."""
    named = {work.name: work for work in WORKS}
    for what, plain, held, most in SCHEMAS:
        if not {plain, held} <= works:
            continue
        costs = [(bench.once(named[held]).cpu / bench.once(named[plain]).cpu - 1) * 100
                 for _ in range(runs)]
        cost = statistics.median(costs)
        print(f"{what} costs {cost:.0f} % {verdict(cost, most)}  "
              f"(median of {runs} pairs, {min(costs):.0f} to {max(costs):.0f})")


def print_sizes(bench: Bench, runs: int) -> None:
    print()
    for output, most in (("file", 6), ("loki", 14)):
        sizes = bench.idle(output)
        resident, private = sizes["resident"], sizes["private"]
        print(f"idle, {output:8} {resident:6.1f} MiB resident {verdict(resident, most)}, "
              f"{private:.1f} private {verdict(private, 4)}")
    start = bench.start_ms(max(runs, 5))
    print(f"start to the first record {start:.1f} ms {verdict(start, 30)}")
    size = stripped_mb(bench.programs, bench.folder)
    print(f"stripped binary {size:.1f} MB {verdict(size, 6)}\n")
    sys.stdout.flush()
    subprocess.run([bench.programs / "bench/waybill_allocations"], check=False)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    options.add_argument("--build", type=Path, default=HERE.parent / "build/release",
                         help="where the programs are (default: build/release)")
    options.add_argument("--lines", type=int, default=1_000_000, help="per run")
    options.add_argument("--runs", type=int, default=3,
                         help="of each work: the best speed is shown, and the largest peak")
    options.add_argument("--only", nargs="*", metavar="WORK", help="these rows alone, no sizes: "
                         + ", ".join(work.name for work in WORKS))
    options.add_argument("--logs", type=Path, nargs="*", default=[], metavar="FILE",
                         help="real logs: one more row, over all of them")
    options.add_argument("--keep", action="store_true", help="makes this run the new baseline")
    given = options.parse_args()
    unknown = set(given.only or ()) - {work.name for work in WORKS}
    if unknown:
        options.error(f"no such work: {', '.join(sorted(unknown))}")
    kept = json.loads(BASELINE.read_text()) if BASELINE.exists() else {}
    with tempfile.TemporaryDirectory(prefix="waybill-bench-") as folder:
        bench = Bench(given.build.resolve(), Path(folder), given.lines)
        works = [work for work in WORKS if not given.only or work.name in given.only]
        if given.logs:
            bench.add_logs(given.logs)
            works.append(LOGS)
        rows = [bench.row(work, given.runs) for work in works]
        print_table(rows, kept)
        if {"loki", "loki, spool", "loki, disk"} <= {work.name for work in works}:
            print_spool_cost(bench, max(given.runs, 5))
        print_schema_cost(bench, max(given.runs, 5), {work.name for work in works})
        if not given.only:
            print_sizes(bench, given.runs)
    if given.keep:
        kept.update({row.work.name: round(row.ratio, 3) for row in rows if row.work is not LOGS})
        BASELINE.write_text(json.dumps(kept, indent=1) + "\n")


if __name__ == "__main__":
    main()
