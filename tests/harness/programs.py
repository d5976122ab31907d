# SPDX-License-Identifier: Apache-2.0
"""The program under test, and small C programs for it to run."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BINARY_VARIABLE = "WAYBILL_BIN"
BUILDS = ("release", "debug", "asan", "tsan")
USUAL_BUILDS = BUILDS[:2]  # the others are slow: only on request


class NoBinary(Exception):
    """There is nothing to test; the text says what to build."""


def waybill_binary() -> Path:
    """The binary that WAYBILL_BIN names, else the newest release or debug build."""
    named = os.environ.get(BINARY_VARIABLE)
    if named:
        path = Path(named).resolve()
        if not os.access(path, os.X_OK):
            raise NoBinary(f"{BINARY_VARIABLE}={named} is no program")
        return path
    built = [ROOT / "build" / name / "waybill" for name in USUAL_BUILDS]
    built = [path for path in built if os.access(path, os.X_OK)]
    if not built:
        raise NoBinary(f"no waybill in build/: build one, or name it in {BINARY_VARIABLE}")
    return max(built, key=lambda path: path.stat().st_mtime)


def events_of_example(binary: Path) -> int:
    """What examples/legacy.c says is this many events: the lines of its stack trace are one's."""
    said = subprocess.run([binary], check=True, capture_output=True, env={"TZ": "UTC"}).stdout
    lines = said.splitlines()
    trace = [n for n, line in enumerate(lines)
             if line.startswith((b"java.", b"\t", b"Caused by: "))]
    assert trace == list(range(trace[0], trace[-1] + 1)), "the trace stands in one piece"
    return len(lines) - len(trace)


def compile_preload(name: str, folder: Path) -> Path:
    """One of harness/preload/*.c, for LD_PRELOAD: what cannot be had of a system otherwise."""
    target = folder / f"{name}.so"
    source = Path(__file__).with_name("preload") / f"{name}.c"
    compiler = shutil.which("cc") or shutil.which("gcc") or "cc"
    command = [compiler, "-std=c99", "-Wall", "-Wextra", "-Werror", "-O1", "-shared", "-fPIC"]
    subprocess.run([*command, "-o", str(target), str(source)], check=True)
    return target


def compile_c(source: Path, target: Path) -> Path:
    """Compiles one plain C99 file as its author would have."""
    compiler = shutil.which("cc") or shutil.which("gcc") or "cc"
    command = [compiler, "-std=c99", "-Wall", "-Wextra", "-pedantic", "-Werror"]
    subprocess.run([*command, "-o", str(target), str(source)], check=True)
    return target
