# SPDX-License-Identifier: Apache-2.0
"""The `file` output: rotation, several files, what a line is, and reading it back."""

from __future__ import annotations

import gzip
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from harness.poll import until
from harness.programs import compile_preload
from harness.runner import Runner
from test_system_faults import preloaded

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


def config_for(path: str | Path, **more: Any) -> dict[str, Any]:
    return {"service": {"name": "shop"}, "inputs": {"pipe": {"type": "stdin"}},
            "outputs": {"out": {"type": "file", "path": str(path), "batch": {"delay": "0s"},
                                **more}}}


def lines(count: int, first: int = 0) -> bytes:
    return b"".join(b'{"msg":"line %d","level":"info","trace_id":"%s"}\n' % (i, TRACE.encode())
                    for i in range(first, first + count))


def text_of(path: Path) -> str:
    data = path.read_bytes()
    if path.suffix == ".zst":
        return subprocess.run(["zstd", "-dc"], input=data, capture_output=True,
                              check=True).stdout.decode()
    return (gzip.decompress(data) if path.suffix == ".gz" else data).decode()


def records_of(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for path in sorted(folder.glob("out.ndjson*"))
            for line in text_of(path).splitlines()]


def numbers(records: list[dict[str, Any]]) -> list[int]:
    return sorted(int(record["message"].split()[1]) for record in records)


def test_rotated_packed_kept_and_read_back(waybill: Runner, tmp_path: Path) -> None:
    folder = tmp_path / "records"
    folder.mkdir()
    out = folder / "out.ndjson"
    rotate = {"size": "20KiB", "compress": "gzip", "keep": 0}
    process = waybill.start("run", config=config_for(out, rotate=rotate)).wait_ready()
    for part in range(20):
        process.write(lines(20, part * 20))
        process.wait_delivered("out", (part + 1) * 20)
    aside = "out.ndjson.*Z*"
    until(lambda: len(list(folder.glob(aside))) > 2
          and all(path.name.endswith("Z.gz") or "Z-" in path.name and path.suffix == ".gz"
                  for path in folder.glob(aside)), "everything to be packed")
    process.close_stdin()
    assert process.wait() == 0
    assert all(len(text_of(path)) <= 20 * 1024 for path in folder.glob("out.ndjson*"))
    records = records_of(folder)
    assert numbers(records) == list(range(400))

    again = {"inputs": {"files": {"type": "file", "include": [f"{folder}/*"],
                                  "start_at": "beginning"}},
             "outputs": {"out": {"type": "console", "style": "json"}}}
    ended = waybill.run("run", "--once", config=again)
    assert ended.code == 0, ended.err
    by_id = {record["id"]: record for record in records}
    assert len(ended.records) == 400
    for record in ended.records:
        assert record == by_id[record["id"]], "it passes unchanged"


def test_only_the_newest_are_kept(waybill: Runner, tmp_path: Path) -> None:
    out = tmp_path / "out.ndjson"
    (tmp_path / "out.ndjson.bak").write_text("somebody's\n", encoding="utf-8")
    rotate = {"size": "1KiB", "keep": 2}
    process = waybill.start("run", config=config_for(out, rotate=rotate)).wait_ready()
    for part in range(8):
        process.write(lines(5, part * 5))
        process.wait_delivered("out", (part + 1) * 5)
    until(lambda: len(list(tmp_path.glob("out.ndjson.*Z*"))) == 2, "the others to go")
    process.close_stdin()
    assert process.wait() == 0
    assert (tmp_path / "out.ndjson.bak").read_text(encoding="utf-8") == "somebody's\n"


def test_more_names_than_files_may_be_open_are_put_aside_as_well(
    waybill: Runner, tmp_path: Path,
) -> None:
    """32 are open at a time: in turn, each of 40 is opened anew for each of its lines."""
    config = config_for(tmp_path / "{service_name}.ndjson", rotate={"size": "1KiB", "keep": 0})
    process = waybill.start("run", config=config).wait_ready()
    for turn in range(10):
        process.write(b"".join(b'{"msg":"line %d","service_name":"s%02d","pad":"%s"}\n'
                               % (turn * 40 + i, i, b"x" * 200) for i in range(40)))
        process.wait_delivered("out", (turn + 1) * 40)
    process.close_stdin()
    assert process.wait() == 0
    files = list(tmp_path.glob("s*.ndjson*"))
    assert len(files) > 80 and all(path.stat().st_size <= 1024 for path in files)
    records = [json.loads(line) for path in files for line in text_of(path).splitlines()]
    assert numbers(records) == list(range(400))


def test_nothing_is_lost_at_a_kill_in_the_middle(waybill: Runner, tmp_path: Path) -> None:
    folder = tmp_path / "records"
    folder.mkdir()
    log = tmp_path / "app.log"
    log.write_bytes(lines(3000))
    config = config_for(folder / "out.ndjson", sync="always",
                        rotate={"size": "64KiB", "compress": "gzip", "keep": 0})
    config["inputs"] = {"app": {"type": "file", "include": [str(log)], "start_at": "beginning"}}
    config["outputs"]["out"]["batch"] = {"delay": "0s", "records": 50}
    process = waybill.start("run", config=config)
    until(lambda: len(list(folder.glob("out.ndjson.*"))) > 1, "some to be put aside")
    process.kill()
    ended = waybill.run("run", "--once", config=config)
    assert ended.code == 0, ended.err
    whole = {}
    for path in folder.glob("out.ndjson*"):
        if path.name.endswith(".part"):
            continue
        for line in text_of(path).splitlines():
            try:
                record = json.loads(line)
            except ValueError:
                continue  # what the kill has cut; it comes again
            whole[record["id"]] = record
    assert numbers(list(whole.values())) == list(range(3000))


def test_files_by_service_and_day(waybill: Runner, tmp_path: Path) -> None:
    path = tmp_path / "{service_name}/%Y/%m-%d.log"
    said = [("a", "2026-01-02T23:59:59Z"), ("b", "2026-01-02T00:00:00Z"),
            ("a", "2026-01-03T00:00:00Z"), ("../../up", "2026-01-03T00:00:00Z")]
    text = "".join(json.dumps({"ts": time, "service_name": service, "msg": f"of {service}"}) + "\n"
                   for service, time in said)
    ended = waybill.run("run", config=config_for(path, line="message"), stdin=text.encode())
    assert (ended.code, ended.err) == (0, "")
    made = {str(one.relative_to(tmp_path)): one.read_text(encoding="utf-8")
            for one in tmp_path.rglob("*.log")}
    assert made == {"a/2026/01-02.log": "of a\n", "b/2026/01-02.log": "of b\n",
                    "a/2026/01-03.log": "of a\n", "_._.._up/2026/01-03.log": "of ../../up\n"}


def test_the_original_line_is_written_after_redaction(waybill: Runner, tmp_path: Path) -> None:
    out = tmp_path / "out.log"
    text = b'{"msg": "a",  "key": "AKIAIOSFODNN7EXAMPLE"}\nplain  line\n'
    ended = waybill.run("run", config=config_for(out, line="original"), stdin=text)
    assert ended.code == 0, ended.err
    first, second = out.read_text(encoding="utf-8").splitlines()
    assert first.startswith('{"msg": "a",  "key": "') and "AKIA" not in first
    assert second == "plain  line"


def test_a_spool_goes_back_to_the_files_of_its_records(waybill: Runner, tmp_path: Path) -> None:
    """The folder is away for a while."""
    folder = tmp_path / "records"
    folder.mkdir()
    config = config_for(folder / "{service_name}.log", line="message",
                        spool={"files": "always", "after": "0s"})
    process = waybill.start("run", config=config).wait_ready()
    folder.rename(tmp_path / "away")
    text = "".join(json.dumps({"service_name": f"s{i % 3}", "msg": f"line {i}"}) + "\n"
                   for i in range(30))
    process.write(text)
    until(lambda: process.output("out")["in_flight"] == 30, "the records to wait")
    (tmp_path / "away").rename(folder)
    process.wait_delivered("out", 30)
    process.close_stdin()
    assert process.wait() == 0
    for service in range(3):
        expected = [f"line {i}" for i in range(service, 30, 3)]
        got = (folder / f"s{service}.log").read_text(encoding="utf-8").splitlines()
        assert got == expected


@pytest.mark.parametrize("name", ["out.ndjson*", "*.gz", "out.ndjson.2*"])
def test_an_input_that_reads_what_is_put_aside_is_a_fault(
    waybill: Runner, tmp_path: Path, name: str
) -> None:
    config = config_for(tmp_path / "out.ndjson", rotate={"size": "1MiB", "compress": "gzip"})
    config["inputs"]["back"] = {"type": "file", "include": [f"{tmp_path}/{name}"]}
    ended = waybill.run("check", config=config)
    assert ended.code == 2
    assert "every record would come back for ever" in ended.err + ended.out


FAULTS = {
    "{trace_id}.log": "{trace_id} is none of",
    "%M.log": "%M is none of %Y, %m, %d, %H",
    "{service_name}/../x": "'..' behind what depends on the record",
    "{service_name}/": "a file's name is missing",
}


@pytest.mark.parametrize("path", FAULTS)
def test_faults_of_the_path(waybill: Runner, tmp_path: Path, path: str) -> None:
    ended = waybill.run("check", config=config_for(f"{tmp_path}/{path}"))
    assert ended.code == 2
    assert FAULTS[path] in ended.err + ended.out


def test_a_folder_that_is_missing_is_said(waybill: Runner, tmp_path: Path) -> None:
    config = config_for(tmp_path / "missing/{service_name}/x.log")
    ended = waybill.run("run", config=config, stdin=b"x\n")
    assert ended.code == 1
    assert "missing" in ended.err and "make the folder first" in ended.err


def test_put_aside_by_zstd(waybill: Runner, tmp_path: Path) -> None:
    out = tmp_path / "out.ndjson"
    rotate = {"size": "20KiB", "compress": "zstd", "keep": 0}
    process = waybill.start("run", config=config_for(out, rotate=rotate)).wait_ready()
    for part in range(10):
        process.write(lines(20, part * 20))
        process.wait_delivered("out", (part + 1) * 20)
    aside = "out.ndjson.*Z*"
    until(lambda: len(list(tmp_path.glob(aside))) > 1
          and all(path.suffix == ".zst" for path in tmp_path.glob(aside)), "all to be packed")
    process.close_stdin()
    assert process.wait() == 0
    assert numbers(records_of(tmp_path)) == list(range(200))


def test_synced_now_and_then(waybill: Runner, tmp_path: Path) -> None:
    """What is on disk when the power is cut: tests/harness/preload/durable.c."""
    shadow = tmp_path / "shadow"
    shadow.mkdir()
    env = preloaded(waybill, compile_preload("durable", tmp_path), WAYBILL_TEST_DURABLE=str(shadow))
    out, other = tmp_path / "out.ndjson", tmp_path / "other.ndjson"

    def durable(path: Path) -> bytes:
        copy = shadow / f"{path.stat().st_ino}.file"
        return copy.read_bytes() if copy.exists() else b""

    config = config_for(out, sync="50ms")
    config["outputs"]["other"] = {"type": "file", "path": str(other), "sync": "1h"}
    process = waybill.start("run", config=config, env=env).wait_ready()
    for part in range(3):
        process.write(lines(5, part * 5))
        process.wait_delivered("out", (part + 1) * 5)
        until(lambda: durable(out) == out.read_bytes(), "what was written to be on disk")
    process.wait_delivered("other", 15)
    assert durable(other) == b"", "it has an hour"
    process.close_stdin()
    assert process.wait() == 0
    assert durable(other) == other.read_bytes() == out.read_bytes(), "and the end"


@pytest.mark.parametrize(("sync", "complaint"), [
    ("alway", "'alway' is neither never nor always, nor a time such as 5s"),
    ("5ms", "'5ms' is out of range (never, always, or 10ms to 1h)"),
    ("2h", "'2h' is out of range"),
    ("5x", "sync"),
])
def test_faults_of_sync(waybill: Runner, tmp_path: Path, sync: str, complaint: str) -> None:
    ended = waybill.run("check", config=config_for(tmp_path / "out.ndjson", sync=sync))
    assert ended.code == 2 and complaint in ended.err, ended.err


def test_what_a_name_refuses_becomes_a_dead_letter(waybill: Runner, tmp_path: Path) -> None:
    folder = tmp_path / "records"
    (folder / "a.ndjson").mkdir(parents=True)  # where a file should be
    config = config_for(folder / "{service_name}.ndjson")
    said = "".join(json.dumps({"msg": f"of {service}", "service_name": service}) + "\n"
                   for service in ("a", "b", "a"))
    ended = waybill.run("run", config=config, stdin=said.encode())
    assert ended.code == 3
    letters = waybill.state_dir / "dead_letters.ndjson"
    assert f"(what is for it is kept in {letters})" in ended.err
    kept = [json.loads(line) for line in letters.read_text(encoding="utf-8").splitlines()]
    assert [(one["output"], one["stage"], one["reason"]) for one in kept] == \
        [("out", "deliver", "rejected")] * 2
    assert all("cannot open" in one["detail"] and "a.ndjson" in one["detail"] for one in kept)
    assert [json.loads(one["original"])["service_name"] for one in kept] == ["a", "a"]
    assert len((folder / "b.ndjson").read_text(encoding="utf-8").splitlines()) == 1

    (folder / "a.ndjson").rmdir()
    ended = waybill.run("replay", str(letters), config=config)
    assert ended.code == 0, ended.err
    written = [json.loads(line)
               for line in (folder / "a.ndjson").read_text(encoding="utf-8").splitlines()]
    assert [one["record"]["id"] for one in kept] == [one["id"] for one in written]


def test_without_dead_letters_what_a_name_refuses_is_dropped(
    waybill: Runner, tmp_path: Path
) -> None:
    (tmp_path / "a.ndjson").mkdir()
    config = {**config_for(tmp_path / "{service_name}.ndjson"), "dead_letters": {"size": 0}}
    ended = waybill.run("run", config=config, stdin=b'{"msg":"x","service_name":"a"}\n')
    assert ended.code == 3 and "(what is for it is dropped)" in ended.err
    assert not (waybill.state_dir / "dead_letters.ndjson").exists()
