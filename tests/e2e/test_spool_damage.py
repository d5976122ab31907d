# SPDX-License-Identifier: Apache-2.0
"""A spool that was damaged while nobody looked. The numbers are those of a list of faults that bite
users of such daemons."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from harness.backend import LokiBackend
from harness.poll import until
from harness.process import Waybill
from harness.runner import Runner
from test_spool import config_for, lines_of, segments, send, taken, wait_records


@pytest.fixture
def full_spool(
    waybill: Runner, absent_backend: LokiBackend, tmp_path: Path
) -> Iterator[tuple[dict[str, Any], list[str]]]:
    """A spool with 2000 records in it, and nobody who uses it; its config and its lines."""
    config = config_for(absent_backend, tmp_path)
    process = waybill.daemon(config)
    lines = lines_of(2000)
    send(tmp_path, lines)
    wait_records(process, len(lines))
    assert process.stop() == 3
    yield config, lines


def overwrite(path: Path, at: int, data: bytes) -> None:
    with open(path, "r+b") as file:
        file.seek(at)
        file.write(data)


def recover(waybill: Runner, backend: LokiBackend, config: dict[str, Any], lost: int) -> Waybill:
    """The next run, until 2000 records are accounted for."""
    backend.listen()
    process = waybill.daemon(config)
    until(lambda: process.output("loki")["in_flight"] == 0, lambda: process.story())
    counts = process.output("loki")
    assert counts["delivered"] + counts["dropped"].get("spool_damaged", 0) == counts["recovered"]
    assert counts["dropped"].get("spool_damaged", 0) == lost
    return process


@pytest.mark.parametrize("place", ["in the middle", "the last one"])
def test_29_two_bytes_of_a_record_cost_that_record(
    waybill: Runner, absent_backend: LokiBackend,
    full_spool: tuple[dict[str, Any], list[str]], place: str,
) -> None:
    config, lines = full_spool
    (segment,) = segments(waybill)
    data = segment.read_bytes()
    number = 1000 if place == "in the middle" else max(
        range(len(lines)), key=lambda n: data.index(lines[n].encode()))
    overwrite(segment, data.index(lines[number].encode()) + 5, b"??")
    process = recover(waybill, absent_backend, config, lost=1)
    assert sorted(taken(absent_backend)) == lines[:number] + lines[number + 1 :]
    assert "cut off" not in process.err.text
    process.err.wait_for("1 record of its spool is damaged")
    assert process.stop() == 3, "one record is lost"
    assert segment.with_suffix(".damaged").exists()


def test_30_a_torn_end_costs_the_record_that_was_torn(
    waybill: Runner, absent_backend: LokiBackend,
    full_spool: tuple[dict[str, Any], list[str]],
) -> None:
    config, lines = full_spool
    (segment,) = segments(waybill)
    data = segment.read_bytes()
    segment.write_bytes(data[:-100])
    process = recover(waybill, absent_backend, config, lost=0)
    assert len(taken(absent_backend)) == len(lines) - 1
    process.err.wait_for("cut off")
    torn = process.metrics().value("waybill_spool_torn_bytes_total", output="loki")
    assert torn > 0, "what was left of the record"
    assert process.metrics().value("waybill_spool_torn_records_total", output="loki") == 1
    assert process.stop() == 0


def test_31_a_hole_of_zeros_costs_the_records_in_it(
    waybill: Runner, absent_backend: LokiBackend,
    full_spool: tuple[dict[str, Any], list[str]],
) -> None:
    config, lines = full_spool
    (segment,) = segments(waybill)
    data = segment.read_bytes()
    at = 200 * 1024
    hit = sum(1 for line in lines
              if at - 1000 < data.index(line.encode()) < at + 4096 + 1000)
    overwrite(segment, at, b"\0" * 4096)
    absent_backend.listen()
    process = waybill.daemon(config)
    until(lambda: process.output("loki")["in_flight"] == 0, lambda: process.story())
    lost = process.output("loki")["dropped"]["spool_damaged"]
    assert 4096 // 1200 <= lost <= hit
    assert set(taken(absent_backend)) <= set(lines)
    assert len(taken(absent_backend)) == len(lines) - lost
    assert process.stop() == 3


def test_32_without_its_cursor_the_spool_is_adopted(
    waybill: Runner, absent_backend: LokiBackend,
    full_spool: tuple[dict[str, Any], list[str]],
) -> None:
    config, lines = full_spool
    (waybill.state_dir / "spool" / "loki.loki" / "cursor").unlink()
    process = recover(waybill, absent_backend, config, lost=0)
    assert sorted(taken(absent_backend)) == lines
    assert process.stop() == 0


def test_59_a_spool_that_is_a_link_or_open_to_others_is_refused(
    waybill: Runner, absent_backend: LokiBackend,
    full_spool: tuple[dict[str, Any], list[str]], tmp_path: Path,
) -> None:
    config, _ = full_spool
    folder = waybill.state_dir / "spool" / "loki.loki"
    folder.chmod(0o777)
    ended = waybill.run("run", config=config)
    assert ended.code == 1
    assert "others may write to it" in ended.err and "chmod 700" in ended.err
    shutil.move(folder, tmp_path / "elsewhere")
    folder.symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere").chmod(0o700)
    ended = waybill.run("run", config=config)
    assert ended.code == 1
    assert str(folder) in ended.err
