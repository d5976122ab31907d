# SPDX-License-Identifier: Apache-2.0
"""SIGHUP: a new config without losing a line, or the old one and a reason."""

from __future__ import annotations

import signal
import threading
from pathlib import Path
from typing import Any

import pytest
from harness.backend import LokiBackend
from harness.poll import until
from harness.process import Waybill
from harness.runner import Runner
from harness.sending import append, messages, numbered, send_udp, udp_port_of


def config_for(folder: Path, outputs: dict[str, Any]) -> dict[str, Any]:
    app = {"type": "file", "include": [str(folder / "*.log")], "start_at": "beginning"}
    return {"inputs": {"app": app}, "outputs": outputs}


def file_output(folder: Path, name: str) -> dict[str, Any]:
    return {"type": "file", "path": str(folder / name), "batch": {"delay": "10ms"}}


def change(waybill: Runner, daemon: Waybill, config: Any) -> str:
    waybill.write_config(config)
    return daemon.reload()


def test_an_output_is_swapped(waybill: Runner, tmp_path: Path) -> None:
    daemon = waybill.daemon(config_for(tmp_path, {"one": file_output(tmp_path, "one")}))
    append(tmp_path / "a.log", "first")
    waybill.wait_written(1, "one")
    config = config_for(tmp_path, {"two": file_output(tmp_path, "two")})
    assert change(waybill, daemon, config) == "applied"
    append(tmp_path / "a.log", "second")
    waybill.wait_written(1, "two")
    assert daemon.stop() == 0
    assert messages(waybill.written("one")) == ["first"]
    assert messages(waybill.written("two")) == ["second"]
    daemon.err.wait_for("reloaded")


def test_no_line_is_lost_or_doubled_by_many_reloads(waybill: Runner, tmp_path: Path) -> None:
    lines = numbered(5000)
    outputs = [{"out": file_output(tmp_path, f"part-{n}")} for n in range(10)]
    daemon = waybill.daemon(config_for(tmp_path, outputs[0]))

    def write() -> None:
        for at in range(0, len(lines), 10):
            append(tmp_path / "a.log", *lines[at : at + 10])

    writer = threading.Thread(target=write)
    writer.start()
    for output in outputs[1:]:
        assert change(waybill, daemon, config_for(tmp_path, output)) == "applied"
        daemon.ledger()
    writer.join()
    daemon.wait_delivered("out", len(lines))
    assert daemon.stop() == 0
    got = [message for n in range(10) for message in messages(waybill.written(f"part-{n}"))]
    assert got == lines


def test_a_refused_config_changes_nothing(waybill: Runner, tmp_path: Path) -> None:
    config = config_for(tmp_path, {"one": file_output(tmp_path, "one")})
    daemon = waybill.daemon(config)
    refusals = 0
    for broken in (
        config | {"outputz": {}},
        config | {"outputs": {"two": {"type": "file", "path": f"{tmp_path}/no/such/folder/x"}}},
        config | {"state_dir": str(tmp_path / "elsewhere")},
        config | {"inputs": {**config["inputs"], "net": {"type": "udp", "listen": "256.0.0.1:1"}}},
        "inputs: [",
    ):
        refusals += 1
        assert change(waybill, daemon, broken) == "refused"
        until(lambda: daemon.err.text.count("the old config stays") == refusals,
              lambda: f"{refusals} refusals are told:\n{daemon.err.text}")
        append(tmp_path / "a.log", f"still here {refusals}")
        daemon.wait_delivered("one", len(waybill.written("one")))
    daemon.err.wait_for("outputs")
    daemon.err.wait_for("did you mean")
    waybill.wait_written(5, "one")
    assert daemon.stop() == 0
    assert not (tmp_path / "elsewhere").exists()


def test_a_missing_config_is_refused(waybill: Runner, tmp_path: Path) -> None:
    daemon = waybill.daemon(config_for(tmp_path, {"one": file_output(tmp_path, "one")}))
    waybill.config_file.unlink()
    assert daemon.reload() == "refused"
    daemon.err.wait_for(str(waybill.config_file))


def test_inputs_come_and_go(waybill: Runner, tmp_path: Path) -> None:
    outputs = {"one": file_output(tmp_path, "one")}
    config = config_for(tmp_path, outputs)
    daemon = waybill.daemon(config)
    with_udp = config | {"inputs": {**config["inputs"],
                                    "net": {"type": "udp", "listen": "127.0.0.1:0"}}}
    assert udp_port_of(daemon.pid) is None
    assert change(waybill, daemon, with_udp) == "applied"
    port = udp_port_of(daemon.pid)
    assert port is not None
    send_udp(port, b"by udp")
    append(tmp_path / "a.log", "by file")
    assert sorted(messages(waybill.wait_written(2, "one"))) == ["by file", "by udp"]
    assert change(waybill, daemon, with_udp) == "applied"
    assert udp_port_of(daemon.pid) == port, "unchanged, so left alone"
    assert change(waybill, daemon, config) == "applied"
    assert udp_port_of(daemon.pid) is None
    assert daemon.stop() == 0


def test_a_changed_file_input_goes_on_where_it_was(waybill: Runner, tmp_path: Path) -> None:
    config = config_for(tmp_path, {"one": file_output(tmp_path, "one")})
    daemon = waybill.daemon(config)
    append(tmp_path / "a.log", "first")
    waybill.wait_written(1, "one")
    append(tmp_path / "b.txt", "of another file")
    config["inputs"]["app"]["include"].append(str(tmp_path / "*.txt"))
    assert change(waybill, daemon, config) == "applied"
    append(tmp_path / "a.log", "second")
    records = waybill.wait_written(3, "one")
    assert sorted(messages(records)) == ["first", "of another file", "second"]
    assert daemon.stop() == 0
    assert len(waybill.written("one")) == 3


def test_queues_are_kept_for_an_output_that_stays(
    waybill: Runner, tmp_path: Path, absent_backend: LokiBackend
) -> None:
    stays = {"type": "loki", "endpoint": absent_backend.url, "line": "message",
             "batch": {"delay": "10ms"}}
    daemon = waybill.daemon(config_for(tmp_path, {"loki": stays}))
    append(tmp_path / "a.log", *numbered(50))
    daemon.err.wait_for("refused")
    config = config_for(tmp_path, {"loki": stays, "one": file_output(tmp_path, "one")})
    assert change(waybill, daemon, config) == "applied"
    append(tmp_path / "a.log", "new")
    waybill.wait_written(1, "one")
    absent_backend.listen()
    absent_backend.wait_taken(51, limit=40)
    assert [entry.line for entry in absent_backend.taken] == [*numbered(50), "new"]
    assert daemon.stop() == 0


def test_the_service_changes(waybill: Runner, tmp_path: Path) -> None:
    config = config_for(tmp_path, {"one": file_output(tmp_path, "one")})
    daemon = waybill.daemon(config | {"service": {"name": "before"}})
    append(tmp_path / "a.log", "first")
    waybill.wait_written(1, "one")
    assert change(waybill, daemon, config | {"service": {"name": "after"}}) == "applied"
    append(tmp_path / "a.log", "second")
    records = waybill.wait_written(2, "one")
    assert [record["service_name"] for record in records] == ["before", "after"]
    assert daemon.stop() == 0


def test_without_a_config_file_there_is_nothing_to_reload(waybill: Runner) -> None:
    process = waybill.start("run")
    process.write("one\n")
    process.out.wait_for_records(1)
    process.signal(signal.SIGHUP)
    process.err.wait_for("SIGHUP")
    process.write("two\n")
    process.out.wait_for_records(2)
    process.close_stdin()
    assert process.wait() == 0


def test_a_reload_repairs_an_output_that_holds_everything_up(
    waybill: Runner, loki_backend: LokiBackend, tmp_path: Path
) -> None:
    """No spool, and an input that waits: the pipeline stands still, and must let the reload in."""
    loki_backend.always(401)
    loki = {"type": "loki", "endpoint": loki_backend.url, "spool": {"size": 0}}
    config = config_for(tmp_path, {"out": loki}) | {"memory": "2MiB"}
    config["shutdown"] = {"grace": "1s"}
    daemon = waybill.daemon(config)
    append(tmp_path / "a.log", *(f"{line} {'x' * 300}" for line in numbered(10_000)))
    daemon.err.wait_for("401")
    config["outputs"] = {"out": file_output(tmp_path, "mended")}
    assert change(waybill, daemon, config) == "applied"
    append(tmp_path / "a.log", "the last line")
    until(lambda: "the last line" in messages(waybill.written("mended")), daemon.story)
    daemon.stop()


def test_an_output_that_is_removed_does_not_hold_the_checkpoints(
    waybill: Runner, absent_backend: LokiBackend, tmp_path: Path
) -> None:
    """It was dead and has no spool: what it had not delivered is dropped, and said."""
    loki = {"type": "loki", "endpoint": absent_backend.url, "spool": {"size": 0},
            "batch": {"delay": "10ms"}}
    one = file_output(tmp_path, "one")
    config = config_for(tmp_path, {"loki": loki, "one": one}) | {"shutdown": {"grace": "2s"}}
    daemon = waybill.daemon(config)
    append(tmp_path / "a.log", *numbered(50))
    daemon.wait_delivered("one", 50)
    config["outputs"] = {"one": one}
    assert change(waybill, daemon, config) == "applied"
    until(lambda: daemon.output("loki")["dropped"]["output_removed"] == 50, daemon.story)
    daemon.err.wait_for("output loki: it was removed or changed")
    append(tmp_path / "a.log", "new")
    daemon.wait_delivered("one", 51)
    assert daemon.stop() == 3
    daemon = waybill.daemon(config)
    append(tmp_path / "a.log", "last")
    daemon.wait_delivered("one", 1)
    assert daemon.stop() == 0
    assert messages(waybill.written("one")) == [*numbered(50), "new", "last"], "each once"


@pytest.mark.parametrize("path", ["{folder}/out.log", "out.log", "./a/../out.log"])
def test_an_output_must_not_write_what_an_input_reads(
    waybill: Runner, tmp_path: Path, path: str
) -> None:
    output = {**file_output(tmp_path, "out.log"), "path": path.format(folder=tmp_path)}
    config = config_for(tmp_path, {"out": output})
    ended = waybill.run("check", config=config)
    assert ended.code == 2
    assert "every record would come back" in ended.err
    config["inputs"]["app"]["exclude"] = ["out.log"]
    assert waybill.run("check", config=config).code == 0
