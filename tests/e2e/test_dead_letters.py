# SPDX-License-Identifier: Apache-2.0
"""What a backend refuses for good is kept, and can be sent again."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from harness.backend import ElasticBackend, LokiBackend
from harness.elastic import Document
from harness.poll import until
from harness.runner import Runner
from harness.sending import numbered


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


def test_refused_kept_replayed(waybill: Runner, elastic_backend: ElasticBackend) -> None:
    elastic_backend.statuses = refuse_odd
    config = config_for(elastic_backend)
    process = waybill.start("run", config=config).wait_ready()
    process.write(lines(40))
    process.wait_delivered("es", 20)
    counts = process.output("es")
    assert (counts["delivered"], counts["dead_lettered"]) == (20, 20)
    assert counts["dropped"] == {} or not any(counts["dropped"].values())
    value = process.metrics().value("waybill_output_records_total", output="es",
                                    result="dead_lettered")
    assert value == 20
    process.close_stdin()
    assert process.wait() == 3
    path = state_of(waybill)
    assert f"20 records refused, kept in {path}" in process.err.text
    assert "document_parsing_exception" in process.err.text
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


def test_refused_again(waybill: Runner, elastic_backend: ElasticBackend) -> None:
    """A replay beside the running daemon, while nothing has been mended."""
    elastic_backend.statuses = refuse_odd
    config = config_for(elastic_backend)
    process = waybill.start("run", config=config).wait_ready()
    process.write(lines(4))
    process.wait_delivered("es", 2)
    path = state_of(waybill)
    ended = waybill.run("replay", str(path), config=config)
    assert ended.code == 3
    assert "replayed 0 of 2 letters" in ended.err
    assert len(letters_in(path)) == 4
    assert process.running
    process.stop()


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
        (tmp_path / "taken").mkdir()
    process = waybill.start(
        "run", config=config_for(elastic_backend, dead_letters=letters)).wait_ready()
    process.write(lines(4))
    process.wait_delivered("es", 2)
    counts = process.output("es")
    assert (counts["dead_lettered"], counts["dropped"]["rejected"]) == (0, 2)
    process.close_stdin()
    assert process.wait() == 3
    assert ("cannot take them" in process.err.text) == bool(size)


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
    assert "dead_letters cannot change while running" in process.err.text
    process.stop()
