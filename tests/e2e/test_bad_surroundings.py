# SPDX-License-Identifier: Apache-2.0
"""Full disks, ports in use, closed descriptors, folders that cannot be written."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from harness.poll import until
from harness.runner import Runner
from harness.sending import append, messages, numbered


def can_mount() -> str:
    """Why not; empty when it can."""
    if os.geteuid() != 0:
        return "mounting a small tmpfs needs root"
    probe = subprocess.run(
        ["unshare", "--mount", "mount", "-t", "tmpfs", "none", "/mnt"],
        capture_output=True, text=True, check=False,
    )
    return probe.stderr.strip() if probe.returncode else ""


needs_mount = pytest.mark.skipif(bool(can_mount()), reason=f"no tmpfs: {can_mount()}")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 256 KiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(folder)], check=True)
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def stdin_to(output: dict[str, Any]) -> dict[str, Any]:
    return {"inputs": {"pipe": {"type": "stdin", "on_full": "block"}}, "outputs": {"out": output},
            "shutdown": {"grace": "10s"}}


@needs_mount
def test_a_full_disk_below_the_output(waybill: Runner, small_disk: Path) -> None:
    """Nothing is lost, torn or repeated: it goes on when there is room again."""
    hog = small_disk / "hog"
    hog.write_bytes(b"x" * 200_000)
    target = small_disk / "out.jsonl"
    process = waybill.start("run", config=stdin_to({"type": "file", "path": str(target)}))
    process.wait_ready()
    lines = numbered(500)
    process.write("".join(line + "\n" for line in lines))
    process.err.wait_for("No space left")
    process.err.wait_for(str(target))
    assert process.page("/healthz").status == 200
    assert sum(process.output("out")["dropped"].values()) == 0
    hog.unlink()
    process.wait_delivered("out", 500, limit=40)
    process.close_stdin()
    assert process.wait() == 0
    assert messages(waybill.written("disk/out.jsonl")) == lines


@needs_mount
def test_a_disk_that_stays_full(waybill: Runner, small_disk: Path) -> None:
    (small_disk / "hog").write_bytes(b"x" * 240_000)
    target = small_disk / "out.jsonl"
    process = waybill.start("run", config=stdin_to({"type": "file", "path": str(target)}))
    process.wait_ready()
    process.write("".join(line + "\n" for line in numbered(1000)))
    process.err.wait_for("No space left")
    process.close_stdin()
    assert process.stop() == 3
    delivered = len(waybill.written("disk/out.jsonl"))
    assert delivered < 1000
    process.err.wait_for(f"{1000 - delivered} records")


@needs_mount
def test_a_full_disk_below_the_state(waybill: Runner, small_disk: Path, tmp_path: Path) -> None:
    config = {
        "state_dir": str(small_disk / "state"),
        "inputs": {"app": {"type": "file", "include": [str(tmp_path / "*.log")],
                           "start_at": "beginning"}},
        "outputs": {"out": {"type": "file", "path": str(tmp_path / "out.jsonl")}},
    }
    waybill.state_dir = small_disk / "state"
    daemon = waybill.daemon(config)
    append(tmp_path / "a.log", *numbered(100))
    waybill.wait_written(100)
    try:
        (small_disk / "hog").write_bytes(b"x" * 300_000)
    except OSError:
        pass  # full, as it should be
    for part in range(5):
        append(tmp_path / f"{part}.log", *numbered(100, 100 + part * 100))
        append(tmp_path / "a.log", "more")
    waybill.wait_written(605)
    assert daemon.stop() in (0, 1, 3)
    assert len(waybill.written()) == 605
    (small_disk / "hog").unlink()
    daemon = waybill.daemon(config)
    append(tmp_path / "a.log", "after")
    until(lambda: "after" in messages(waybill.written()), "it goes on")
    assert daemon.stop() == 0


def test_a_device_that_is_always_full(waybill: Runner) -> None:
    config = stdin_to({"type": "file", "path": "/dev/full"})
    process = waybill.start("run", config=config, stdin=b"one\ntwo\n")
    process.err.wait_for("No space left")
    assert process.stop() == 3
    process.err.wait_for("2 records")
    process.err.wait_for("/dev/full")


def test_our_own_standard_output_is_full(waybill: Runner) -> None:
    process = waybill.start_command(
        ["sh", "-c", 'exec "$0" run --to json > /dev/full', str(waybill.binary)], stdin=b"one\n")
    process.err.wait_for("No space left")
    assert process.stop() == 3


def test_standard_output_is_closed(waybill: Runner) -> None:
    process = waybill.start_command(
        ["sh", "-c", 'exec "$0" run --to json >&-', str(waybill.binary)], stdin=b"one\n")
    assert process.wait() == 1
    process.err.wait_for("standard output")


def test_standard_input_is_closed(waybill: Runner) -> None:
    process = waybill.start_command(["sh", "-c", 'exec "$0" run <&-', str(waybill.binary)])
    assert process.wait() in (0, 1)


def test_standard_input_is_a_file_or_a_device(waybill: Runner, tmp_path: Path) -> None:
    append(tmp_path / "lines", "one", "two")
    for source, expected in ((tmp_path / "lines", ["one", "two"]), (Path("/dev/null"), [])):
        process = waybill.start_command(
            ["sh", "-c", 'exec "$0" run < "$1"', str(waybill.binary), str(source)])
        assert process.wait() == 0
        assert messages(process.out.records()) == expected


def test_standard_input_is_a_folder(waybill: Runner, tmp_path: Path) -> None:
    process = waybill.start_command(
        ["sh", "-c", 'exec "$0" run < "$1"', str(waybill.binary), str(tmp_path)])
    assert process.wait() == 1
    assert "standard input" in process.err.text or "stdin" in process.err.text


def test_a_udp_port_in_use(waybill: Runner) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as owner:
        owner.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{owner.getsockname()[1]}"
        ended = waybill.run("run", config={"inputs": {"net": {"type": "udp", "listen": address}}})
    assert ended.code == 1
    assert address in ended.err and "in use" in ended.err and "net" in ended.err


def test_a_state_dir_that_cannot_be(waybill: Runner, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    config = {"state_dir": str(tmp_path / "file" / "below"),
              "inputs": {"app": {"type": "file", "include": [str(tmp_path / "*.log")]}}}
    ended = waybill.run("run", "--once", config=config)
    assert ended.code == 1
    assert str(tmp_path / "file") in ended.err


def test_a_state_dir_open_to_everybody_is_refused(waybill: Runner, tmp_path: Path) -> None:
    waybill.state_dir.mkdir()
    waybill.state_dir.chmod(0o777)
    config = {"inputs": {"app": {"type": "file", "include": [str(tmp_path / "*.log")]}}}
    ended = waybill.run("run", "--once", config=config)
    assert ended.code == 1
    assert str(waybill.state_dir) in ended.err


def test_an_output_file_that_is_rotated_away(waybill: Runner, tmp_path: Path) -> None:
    target = tmp_path / "out.jsonl"
    process = waybill.start("run", "--to", f"file:{target}")
    process.write("one\n")
    waybill.wait_written(1)
    target.rename(tmp_path / "out.1")
    process.write("two\n")
    until(target.exists, "a new file")
    waybill.wait_written(1)
    process.close_stdin()
    assert process.wait() == 0
    assert messages(waybill.written("out.1")) == ["one"]
    assert messages(waybill.written()) == ["two"]
