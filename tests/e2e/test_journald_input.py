# SPDX-License-Identifier: Apache-2.0
"""A systemd journal, read while systemd's own tool writes it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from harness import journal
from harness.admin import assert_balanced
from harness.journal import entry
from harness.poll import until
from harness.programs import compile_preload
from harness.runner import Runner
from harness.sending import messages
from test_system_faults import preloaded

pytestmark = pytest.mark.skipif(not journal.REMOTE.exists(),
                                reason="systemd-journal-remote is not installed")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "journal"
    made.mkdir()
    return made


def config_for(folder: Path, **options: Any) -> dict[str, Any]:
    return {"inputs": {"jrnl": {"type": "journald", "path": str(folder), **options}},
            "outputs": {"out": {"type": "file", "path": str(folder.parent / "out.jsonl")}}}


def numbered(count: int, first: int = 0) -> list[dict[str, Any]]:
    return [entry(f"entry {number}", number) for number in range(first, first + count)]


def texts(count: int, first: int = 0) -> list[str]:
    return [f"entry {number}" for number in range(first, first + count)]


def test_an_entry_as_a_record(waybill: Runner, folder: Path) -> None:
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    journal.write(folder / "a.journal", [entry(
        "disk is full", 678, PRIORITY="3", _SYSTEMD_UNIT="db.service", _PID="42", TRACE_ID=trace,
        CODE_FILE="disk.c", CODE_LINE="7", SHARD="eu-1")])
    ended = waybill.run("run", "--once", config=config_for(folder))
    assert (ended.code, ended.err) == (0, "")
    (record,) = waybill.written()
    assert record["timestamp"] == "2026-01-02T03:04:05.678000Z"
    assert (record["level"], record["service_name"]) == ("ERROR", "db")
    assert (record["message"], record["caller"]) == ("disk is full", "disk.c:7")
    assert record["trace_id"] == trace
    assert record["context"]["shard"] == "eu-1"
    assert record["context"]["journald"]["pid"] == "42"
    assert record["context"]["journald"]["systemd_unit"] == "db.service"
    assert record["source"]["input"] == "jrnl"


def test_any_bytes(waybill: Runner, folder: Path) -> None:
    journal.write(folder / "a.journal", [
        entry("two\nlines", 1), entry(b"broken \xff\x00 bytes", 2), entry("x" * 200_000, 3),
        entry('{"msg":"json","n":1}', 4)])
    assert waybill.run("run", "--once", config=config_for(folder)).code == 0
    said = messages(waybill.written())
    assert said[0] == "two\nlines"
    assert said[1] == "broken \ufffd\x00 bytes"
    assert said[2] == "x" * 200_000
    # A program's JSON is its record; what the journal says of it stands beside it.
    assert said[3] == "json"
    assert waybill.written()[3]["context"]["n"] == 1


@pytest.mark.parametrize(("options", "wanted"), [
    ({"units": ["app"]}, ["app", "about app"]),
    ({"units": ["app.service", "db"]}, ["app", "db", "about app"]),
    ({"identifiers": ["other"]}, ["other"]),
    ({"units": ["app"], "identifiers": ["other"]}, []),
    ({"priority": "err"}, ["db"]),
    ({"priority": "debug"}, ["app", "db", "other", "about app", "none"]),
    ({"this_boot": True}, []),
])
def test_filters(
    waybill: Runner, folder: Path, options: dict[str, Any], wanted: list[str]
) -> None:
    unprioritised = entry("none", 5, _SYSTEMD_UNIT="x.service")
    del unprioritised["PRIORITY"]
    journal.write(folder / "a.journal", [
        entry("app", 1),
        entry("db", 2, _SYSTEMD_UNIT="db.service", PRIORITY="2"),
        entry("other", 3, SYSLOG_IDENTIFIER="other", _SYSTEMD_UNIT="other.service"),
        entry("about app", 4, _SYSTEMD_UNIT="init.scope", UNIT="app.service", _PID="1"),
        unprioritised])
    assert waybill.run("run", "--once", config=config_for(folder, **options)).code == 0
    assert messages(waybill.written()) == wanted


def test_only_this_boot(waybill: Runner, folder: Path) -> None:
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip().replace("-", "")
    journal.write(folder / "a.journal", [entry("before", 1), entry("now", 2, _BOOT_ID=boot)])
    assert waybill.run("run", "--once", config=config_for(folder, this_boot=True)).code == 0
    assert messages(waybill.written()) == ["now"]


def test_followed_while_it_is_written(waybill: Runner, folder: Path) -> None:
    """From the end on; a second file, as after a rotation, is read, too."""
    journal.write(folder / "a.journal", numbered(10))
    process = waybill.daemon(config_for(folder))
    journal.write(folder / "a.journal", numbered(5, 10))
    waybill.wait_written(5)
    journal.write(folder / "b.journal", numbered(5, 15))
    waybill.wait_written(10)
    assert messages(waybill.written()) == texts(10, 10)
    assert_balanced(process.ledger())
    assert process.stop() == 0


def test_an_empty_folder_at_first(waybill: Runner, folder: Path) -> None:
    process = waybill.daemon(config_for(folder))
    journal.write(folder / "a.journal", numbered(3))
    waybill.wait_written(3)
    assert messages(waybill.written()) == texts(3)
    assert process.stop() == 0


def test_restarts_go_on_where_it_was(waybill: Runner, folder: Path) -> None:
    config = config_for(folder)
    journal.write(folder / "a.journal", numbered(3))
    assert waybill.daemon(config).stop() == 0  # at the end; nothing was read
    journal.write(folder / "a.journal", numbered(2000, 3))
    process = waybill.daemon(config)
    waybill.wait_written(2000)
    assert process.stop() == 0
    journal.write(folder / "a.journal", numbered(10, 2003))
    process = waybill.daemon(config)
    waybill.wait_written(2010)
    assert process.stop() == 0
    assert messages(waybill.written()) == texts(2010, 3)


def test_killed_it_reads_again_under_the_same_ids(waybill: Runner, folder: Path) -> None:
    config = config_for(folder, start_at="beginning")
    for round_number in range(5):
        journal.write(folder / "a.journal", numbered(500, round_number * 500))
        process = waybill.daemon(config)
        waybill.wait_written(round_number * 500 + 250)
        process.kill()
    process = waybill.daemon(config)
    until(lambda: set(texts(2500)) <= set(messages(waybill.written())), process.story)
    assert process.stop() == 0
    ids = {(record["id"], record["message"]) for record in waybill.written()}
    assert len(ids) == 2500
    assert set(Counter(message for _, message in ids).values()) == {1}


def test_a_place_that_is_gone(waybill: Runner, folder: Path) -> None:
    config = config_for(folder, start_at="beginning")
    journal.write(folder / "a.journal", numbered(3))
    process = waybill.daemon(config)
    waybill.wait_written(3)
    assert process.stop() == 0
    (folder / "a.journal").unlink()
    journal.write(folder / "b.journal", numbered(3, 10))
    process = waybill.daemon(config)
    waybill.wait_written(6)
    assert process.stop() == 0
    assert messages(waybill.written()) == texts(3) + texts(3, 10)
    process.err.wait_for("the journal has lost the entry that was read last")


def test_no_such_folder(waybill: Runner, tmp_path: Path) -> None:
    ended = waybill.run("run", config=config_for(tmp_path / "none"))
    assert ended.code == 1
    assert f"inputs.jrnl: cannot open {tmp_path}/none: No such file or directory" in ended.err


def test_an_entry_that_cannot_be_read_is_counted(waybill: Runner, folder: Path) -> None:
    if waybill.sanitized:
        pytest.skip("dlsym(3) is the sanitizer's own")
    journal.write(folder / "a.journal", numbered(5))
    env = preloaded(waybill, compile_preload("journal", folder.parent),
                    WAYBILL_TEST_DAMAGED="MESSAGE=entry 3")
    process = waybill.daemon(config_for(folder, start_at="beginning"), env=env)
    waybill.wait_written(4)
    assert messages(waybill.written()) == [*texts(3), "entry 4"]
    assert process.input("jrnl")["missed"]["damaged"] == 1
    process.err.wait_for("cannot read an entry")
    assert process.stop() == 0


@pytest.mark.parametrize("size", [4096 - len("MESSAGE="), 5000, 300_000])
def test_a_field_that_is_longer_than_a_line_may_be(
    waybill: Runner, folder: Path, size: int
) -> None:
    """libsystemd decompresses no more than it is asked to, and says nothing of the rest."""
    config = config_for(folder) | {"parse": {"max_line": "4KiB"}}
    journal.write(folder / "a.journal", [entry("x" * size, 1, OTHER="whole"), entry("next", 2)])
    process = waybill.start("run", "--once", config=config)
    assert process.wait() == 0
    first, second = waybill.written()
    kept = 4096 - len("MESSAGE=")
    assert first["message"] == "x" * kept
    # Of a field that is compressed, no more is looked at.
    cut = {size - kept, min(size - kept, 3 * 4096)}
    assert first["source"].get("truncated_bytes", 0) in cut
    assert first["context"]["other"] == "whole"
    assert second["message"] == "next" and "truncated_bytes" not in second["source"]
