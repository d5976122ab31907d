# SPDX-License-Identifier: Apache-2.0
"""Fewer descriptors and watches than there are files. The numbers are those of a list of faults
that bite users of such daemons."""

from __future__ import annotations

from pathlib import Path

import pytest
from harness.programs import compile_preload
from harness.runner import Runner
from harness.sending import append
from test_file_faults import config_for, wait_for
from test_system_faults import preloaded

NAMES = [f"{number:03}" for number in range(200)]


def all_lines(*whens: str) -> list[str]:
    return [f"{name} {when}" for name in NAMES for when in whens]


@pytest.mark.parametrize("deaf", [False, True], ids=["watched", "one_watch"])
def test_56_fewer_descriptors_than_files(waybill: Runner, tmp_path: Path, deaf: bool) -> None:
    """And hardly a watch: all are read in turns, also those that are renamed out of the globs just
    behind their last line, while they are closed."""
    for name in NAMES:
        append(tmp_path / f"{name}.log", f"{name} before")
    env = preloaded(waybill, compile_preload("watches", tmp_path)) if deaf else {}
    daemon = waybill.start("run", config=config_for(tmp_path), env=env,
                           prefix=("prlimit", "--nofile=40"))
    wait_for(waybill, all_lines("before"))
    for name in NAMES:
        append(tmp_path / f"{name}.log", f"{name} after")
    wait_for(waybill, all_lines("before", "after"))
    for name in NAMES:
        log = tmp_path / f"{name}.log"
        append(log, f"{name} last")
        log.rename(tmp_path / f"{name}.old")
        append(log, f"{name} first")
    wait_for(waybill, all_lines("before", "after", "last", "first"))
    assert daemon.input("app")["missed"]["rotation"] == 0
    assert daemon.stop() == 0


def test_the_soft_limit_of_descriptors_is_raised_for_us_alone(
    waybill: Runner, tmp_path: Path
) -> None:
    """A command may call select(2), which cannot have more."""
    few = ("prlimit", "--nofile=256:1024")
    daemon = waybill.start("run", config=config_for(tmp_path), prefix=few).wait_ready()
    assert daemon.metrics().value("process_max_fds") == 1024
    assert daemon.stop() == 0
    child = waybill.start("exec", "--to", "json", "--", "sh", "-c", "ulimit -Sn", prefix=few)
    (record,) = child.out.wait_for_records(1)
    assert record["message"] == "256"
    assert child.wait() == 0
