# SPDX-License-Identifier: Apache-2.0
"""What a backend refuses for good is kept, and can be sent again."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from harness.backend import ElasticBackend, LokiBackend
from harness.elastic import Document
from harness.poll import until
from harness.process import Waybill
from harness.runner import Runner
from harness.sending import numbered

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


def config_for(backend: ElasticBackend, **more: Any) -> dict[str, Any]:
    return {"service": {"name": "shop"},
            "inputs": {"pipe": {"type": "stdin"}},
            "outputs": {"es": {"type": "elasticsearch", "endpoints": [backend.url],
                               "data_stream": "logs-shop-default",
                               "batch": {"delay": "50ms"}}},
            "shutdown": {"grace": "5s"}, **more}


def lines(count: int) -> bytes:
    return ("\n".join(numbered(count)) + "\n").encode()


def number_of(document: Document) -> int:
    return int(document.source["message"].split()[1])


def refuse_odd(documents: Sequence[Document]) -> list[int]:
    return [400 if number_of(document) % 2 else 201 for document in documents]


def letters_in(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def state_of(waybill: Runner) -> Path:
    return waybill.state_dir / "dead_letters.ndjson"


def wait_dead_lettered(process: Waybill, count: int) -> None:
    """Some records of a request may be counted before others."""
    until(lambda: process.output("es")["dead_lettered"] >= count,
          lambda: f"{count} dead letters: {process.output('es')}\n{process.story()}")


def test_refused_kept_replayed(waybill: Runner, elastic_backend: ElasticBackend) -> None:
    elastic_backend.statuses = refuse_odd
    config = config_for(elastic_backend)
    process = waybill.start("run", config=config).wait_ready()
    process.write(lines(40))
    process.wait_delivered("es", 20)
    wait_dead_lettered(process, 20)
    counts = process.output("es")
    assert (counts["delivered"], counts["dead_lettered"]) == (20, 20)
    assert counts["dropped"] == {} or not any(counts["dropped"].values())
    value = process.metrics().value("waybill_output_records_total", output="es",
                                    result="dead_lettered")
    assert value == 20
    process.close_stdin()
    assert process.wait() == 3
    path = state_of(waybill)
    process.err.wait_for(f"20 records refused, kept in {path}")
    process.err.wait_for("document_parsing_exception")
    assert path.stat().st_mode & 0o777 == 0o600

    letters = letters_in(path)
    assert [letter["original"] for letter in letters] == numbered(40)[1::2]
    for letter in letters:
        assert (letter["output"], letter["stage"], letter["reason"]) == \
            ("es", "deliver", "rejected")
        assert "failed to parse field" in letter["detail"]
        assert letter["record"]["message"] == letter["original"]
        assert letter["record"]["service_name"] == "shop"
        assert letter["record"]["source"]["input"] == "pipe"

    # Somebody has mended the mapping.
    sent = [document for request in elastic_backend.requests
            for document in elastic_backend.decode(request)]
    refused = {document.id: document for document in sent if number_of(document) % 2}
    elastic_backend.statuses = lambda documents: [201] * len(documents)
    before = len(elastic_backend.taken)
    ended = waybill.run("replay", str(path), config=config)
    assert ended.code == 0, ended.err
    assert "replayed 20 of 20 letters" in ended.err
    again = elastic_backend.taken[before:]
    assert {document.id for document in again} == set(refused)
    for document in again:
        assert document.source == refused[document.id].source, "the very same document"


def test_a_trace_that_was_given_is_kept(waybill: Runner, elastic_backend: ElasticBackend) -> None:
    """Inherited, derived and generated ids: the line that is kept does not tell them."""
    elastic_backend.statuses = refuse_odd
    trace = {"inherit": {"keys": ["request_id"]}, "generate": "request"}
    config = config_for(elastic_backend, trace=trace)
    said = [{"msg": "n 0", "request_id": "r", "trace_id": TRACE}, {"msg": "n 1", "request_id": "r"},
            {"msg": "n 3", "request_id": "nobody's"}, {"msg": "n 5"}]
    text = "".join(json.dumps(line) + "\n" for line in said)
    process = waybill.start("run", config=config, stdin=text.encode())
    assert process.wait() == 3
    letters = [letter["record"] for letter in letters_in(state_of(waybill))]
    assert [letter.get("trace_origin") for letter in letters] == ["inherited", "generated", None]
    assert letters[0]["trace_id"] == TRACE
    sent = {document.id: document for request in elastic_backend.requests
            for document in elastic_backend.decode(request)}
    elastic_backend.statuses = lambda documents: [201] * len(documents)
    before = len(elastic_backend.taken)
    assert waybill.run("replay", str(state_of(waybill)), config=config).code == 0
    again = elastic_backend.taken[before:]
    assert len(again) == 3
    for document in again:
        assert document.source == sent[document.id].source, "the very same document"


def test_refused_again(waybill: Runner, elastic_backend: ElasticBackend) -> None:
    """A replay beside the running daemon, while nothing has been mended."""
    elastic_backend.statuses = refuse_odd
    config = config_for(elastic_backend)
    process = waybill.start("run", config=config).wait_ready()
    process.write(lines(4))
    process.wait_delivered("es", 2)
    wait_dead_lettered(process, 2)
    path = state_of(waybill)
    ended = waybill.run("replay", str(path), config=config)
    assert ended.code == 3
    assert "replayed 0 of 2 letters" in ended.err
    assert len(letters_in(path)) == 4
    assert process.running
    process.stop()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes files in anybody's folder")
def test_root_does_not_shut_out_the_daemon(
    waybill: Runner, elastic_backend: ElasticBackend, tmp_path: Path
) -> None:
    """A file that root's replay makes would be one that the daemon cannot write to."""
    elastic_backend.statuses = lambda documents: [400] * len(documents)
    path, folder = tmp_path / "again.ndjson", tmp_path / "somebody's"
    record = {"timestamp": "2026-01-02T03:04:05Z", "source": {"input": "i"}, "id": "0" * 31 + "1"}
    path.write_text(json.dumps({"output": "es", "record": record}) + "\n")
    folder.mkdir()
    os.chown(folder, 54321, 54321)
    ended = waybill.run("replay", str(path), config=config_for(
        elastic_backend, dead_letters={"path": str(folder / "dead.ndjson")}))
    assert ended.code == 3
    assert "is in a folder of somebody else: replay as that user" in ended.err
    assert "replayed 0 of 1 letters" in ended.err
    assert list(folder.iterdir()) == []


def test_over_the_spool_and_a_restart(
    waybill: Runner, elastic_backend: ElasticBackend, tmp_path: Path
) -> None:
    """The original line outlives kill -9 in the spool."""
    elastic_backend.always(503)
    config = config_for(elastic_backend)
    config["outputs"]["es"]["spool"] = {"files": "always"}
    process = waybill.start("run", config=config).wait_ready()
    process.write(lines(10))
    until(lambda: process.metrics().value("waybill_spool_records", output="es") == 10,
          process.story)
    process.kill()
    elastic_backend.recover()
    elastic_backend.statuses = refuse_odd
    process = waybill.start("run", config=config).wait_ready()
    process.wait_delivered("es", 5)
    wait_dead_lettered(process, 5)
    assert process.output("es")["dead_lettered"] == 5
    assert [letter["original"] for letter in letters_in(state_of(waybill))] == numbered(10)[1::2]
    process.stop()


def test_a_lone_record_too_large(waybill: Runner, loki_backend: LokiBackend) -> None:
    config = {"inputs": {"pipe": {"type": "stdin"}},
              "outputs": {"loki": {"type": "loki", "endpoint": loki_backend.url}}}
    loki_backend.then(413, 413, 413)  # all four, two of them, one of those
    ended = waybill.run("run", config=config, stdin=b"a\nb\nc\nd\n")
    assert ended.code == 3, ended.err
    (letter,) = letters_in(state_of(waybill))
    assert (letter["reason"], letter["original"]) == ("too_large", "a")


@pytest.mark.parametrize("size", [0, "1MiB"])
def test_switched_off_or_no_room(
    waybill: Runner, elastic_backend: ElasticBackend, tmp_path: Path, size: object
) -> None:
    """Without a place for it, what is refused is dropped and counted."""
    elastic_backend.statuses = refuse_odd
    letters: dict[str, object] = {"size": size}
    if size:
        letters["path"] = str(tmp_path / "taken")
    process = waybill.start(
        "run", config=config_for(elastic_backend, dead_letters=letters)).wait_ready()
    if size:
        (tmp_path / "taken").mkdir()
    process.write(lines(4))
    process.wait_delivered("es", 2)
    until(lambda: process.output("es")["dropped"]["rejected"] >= 2, process.story)
    counts = process.output("es")
    assert (counts["dead_lettered"], counts["dropped"]["rejected"]) == (0, 2)
    process.close_stdin()
    assert process.wait() == 3
    assert ("cannot take them" in process.err.text) == bool(size)


def test_a_place_that_will_not_do(
    waybill: Runner, elastic_backend: ElasticBackend, tmp_path: Path
) -> None:
    """It is found at the start, not when the first record is refused."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("")
    for path, why in (("folder", "folder is not a plain file: move it out of the way"),
                      ("none/dead.ndjson", "none: No such file or directory: make it"),
                      ("file/dead.ndjson", "file: Not a directory: make it")):
        letters = {"path": str(tmp_path / path)}
        ended = waybill.run("run", config=config_for(elastic_backend, dead_letters=letters))
        assert ended.code == 1
        assert "dead_letters.path" in ended.err and why in ended.err, ended.err


def test_several_outputs_and_a_full_rotation(
    waybill: Runner, elastic_backend: ElasticBackend, tmp_path: Path
) -> None:
    """Outputs and a replay write side by side: letters stay whole and the size holds."""
    elastic_backend.statuses = lambda documents: [400] * len(documents)
    path = tmp_path / "letters/dead.ndjson"
    path.parent.mkdir()
    config = config_for(elastic_backend, dead_letters={"path": str(path), "size": "256KiB"})
    es = config["outputs"]["es"]
    config["outputs"] = {name: {**es, "batch": {"delay": "5ms", "records": 20}}
                         for name in ("es", "other")}
    once = tmp_path / "again.ndjson"
    process = waybill.start("run", config=config).wait_ready()
    process.write(lines(100))
    wait_dead_lettered(process, 100)
    once.write_bytes(path.read_bytes())
    again = waybill.start("replay", str(once), config=config)
    process.write(lines(1000))
    wait_dead_lettered(process, 1100)
    assert again.wait() == 3, again.story()
    process.close_stdin()
    assert process.wait() == 3
    files = list(path.parent.iterdir())
    assert {file.name for file in files} == {f"dead.ndjson{n}" for n in ("", ".1", ".2", ".3")}
    assert sum(file.stat().st_size for file in files) <= 256 * 1024
    for file in files:
        assert len(letters_in(file)) > 0, "each line is a letter"
    assert "of them had to go" in process.err.text + again.err.text
    assert "cannot take them" not in process.err.text + again.err.text


def test_a_lock_that_hangs(
    waybill: Runner, elastic_backend: ElasticBackend, tmp_path: Path
) -> None:
    """Another process holds the lock for ever: outputs go on, and what was refused is counted."""
    elastic_backend.statuses = refuse_odd
    process = waybill.start("run", config=config_for(elastic_backend)).wait_ready()
    path = state_of(waybill)
    path.touch(0o600)
    with path.open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        process.write(lines(4))
        until(lambda: process.output("es")["dropped"]["rejected"] == 2, process.story)
        process.err.wait_for(f"{path} cannot take them: another process holds its lock")
    process.write(lines(4))
    wait_dead_lettered(process, 2)
    process.stop()


def test_other_targets_and_wrong_files(
    waybill: Runner, elastic_backend: ElasticBackend, tmp_path: Path
) -> None:
    record = {"timestamp": "2026-01-02T03:04:05.000Z", "service_name": "s", "message": "m",
              "source": {"input": "i"}, "id": "0" * 31 + "1"}
    path = tmp_path / "letters"
    path.write_text(json.dumps({"output": "old", "record": record}) + "\nnonsense\n")
    ended = waybill.run("replay", str(path), config=config_for(elastic_backend))
    assert ended.code == 3
    assert f"{path}:1: it is for output 'old', and there are: es (--to sends it elsewhere)" \
        in ended.err
    assert f"{path}:2: not a dead letter: no JSON object" in ended.err
    assert elastic_backend.taken == []
    ended = waybill.run("replay", "--to", "json", str(path))
    assert (ended.code, ended.records) == (3, [record])
    ended = waybill.run("replay", str(path))
    assert ended.code == 2 and "needs the config" in ended.err
    ended = waybill.run("replay", str(tmp_path / "none"), config=config_for(elastic_backend))
    assert ended.code == 1 and f"cannot read {tmp_path}/none: No such file" in ended.err
    os.mkfifo(tmp_path / "pipe")
    ended = waybill.run("replay", str(path), str(tmp_path / "pipe"), "--to", "json")
    assert (ended.code, ended.records) == (1, [])
    assert f"cannot read {tmp_path}/pipe: it is a pipe: name the regular file" in ended.err


def test_a_file_of_something_else(waybill: Runner, tmp_path: Path) -> None:
    """One message for the first line and one for all others; a line without an end is no load."""
    path = tmp_path / "letters"
    path.write_bytes(b"plain text\n" * 1000)
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size + (1 << 30))  # a hole
    process = waybill.start("replay", "--to", "json", str(path))
    assert process.wait() == 3
    said = process.err.text
    assert f"{path}:1: not a dead letter: no JSON object\n" in said
    assert f"{path}:1001: longer than any letter can be (37MiB; parse.max_line is 1MiB); " \
        "999 others before it" in said
    assert "replayed 0 of 1001 letters; 1001 lines were unusable" in said
    assert len(said.splitlines()) < 10


def test_backend_away(waybill: Runner, elastic_backend: ElasticBackend, tmp_path: Path) -> None:
    """As of run: what cannot be delivered is said, and the file still has it."""
    elastic_backend.always(503)
    path = tmp_path / "letters"
    record = {"timestamp": "2026-01-02T03:04:05Z", "source": {"input": "i"}, "id": "0" * 31 + "1"}
    path.write_text(json.dumps({"output": "es", "record": record}) + "\n")
    ended = waybill.run("replay", str(path), config=config_for(
        elastic_backend, shutdown={"grace": "1s"}))
    assert ended.code == 3
    assert "replayed 0 of 1 letters" in ended.err


def test_loop_and_reload(waybill: Runner, elastic_backend: ElasticBackend, tmp_path: Path) -> None:
    config = config_for(elastic_backend, dead_letters={"path": str(tmp_path / "logs/dead.ndjson")})
    config["inputs"] = {"app": {"type": "file", "include": [str(tmp_path / "logs/*")]}}
    ended = waybill.run("run", config=config)
    assert ended.code == 2 and "inputs.app reads" in ended.err
    config = config_for(elastic_backend)
    process = waybill.start("run", config=config).wait_ready()
    waybill.write_config({**config, "dead_letters": {"size": "2MiB"}})
    assert process.reload() == "refused"
    process.err.wait_for("dead_letters cannot change while running")
    process.stop()
