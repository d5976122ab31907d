# SPDX-License-Identifier: Apache-2.0
"""`waybill check` warns of what the start would not find: the config as such is sound."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from harness.runner import Runner

GOOD: dict[str, Any] = {"inputs": {"pipe": {"type": "stdin"}},
                        "outputs": {"out": {"type": "console"}}}


def with_output(path: Path) -> dict[str, Any]:
    return {**GOOD, "outputs": {"out": {"type": "file", "path": str(path)}}}


def with_input(**options: Any) -> dict[str, Any]:
    return {**GOOD, "inputs": {"in": options}}


@pytest.mark.parametrize("where", ["output", "letters", "socket", "journal"])
def test_a_folder_that_is_not_there(waybill: Runner, tmp_path: Path, where: str) -> None:
    missing = tmp_path / "nowhere"
    configs = {
        "output": (with_output(missing / "out.jsonl"), "outputs.out.path"),
        "letters": ({**GOOD, "dead_letters": {"path": str(missing / "letters.ndjson")}},
                    "dead_letters.path"),
        "socket": (with_input(type="unix", path=str(missing / "log.sock"), mode="stream"),
                   "inputs.in.path"),
        "journal": (with_input(type="journald", path=str(missing)), "inputs.in.path"),
    }
    config, key = configs[where]
    ended = waybill.run("check", config=config)
    assert ended.code == 0, "what is checked here may run elsewhere"
    (warning,) = ended.err.splitlines()
    place, _, text = warning.partition(": ")
    assert place.startswith(f"{waybill.config_file}:") and place.count(":") == 2
    assert text == f"warning: {key}: the folder {missing} is not there: make it"
    missing.mkdir()
    assert waybill.run("check", config=config).err == ""


def test_a_target_in_a_folder_that_is_not_there(waybill: Runner, tmp_path: Path) -> None:
    ended = waybill.run("check", "--to", f"file:{tmp_path}/nowhere/out.jsonl", config=GOOD)
    assert ended.code == 0
    assert ended.err == f"--to: warning: the folder {tmp_path}/nowhere is not there: make it\n"


def test_a_state_directory_that_the_start_refuses(waybill: Runner) -> None:
    waybill.state_dir.mkdir()
    waybill.state_dir.chmod(0o777)
    ended = waybill.run("check", config=GOOD)
    assert ended.code == 0
    assert "warning: state_dir: " in ended.err and "mode 0777" in ended.err
    assert ended.err.startswith(f"{waybill.config_file}:2:")
    assert waybill.run("run", config=GOOD).code == 1
    waybill.state_dir.chmod(0o700)
    assert waybill.run("check", config=GOOD).err == ""


def test_faults_that_only_the_whole_plan_shows_have_a_line(waybill: Runner, tmp_path: Path) -> None:
    config = {"inputs": {"app": {"type": "file", "include": [str(tmp_path / "*.ndjson")]}},
              "outputs": {"out": {"type": "file", "path": str(tmp_path / "out.ndjson")}},
              "dead_letters": {"path": str(tmp_path / "letters.ndjson")},
              "parse": {"time": {"default_zone": "Atlantis/Poseidonis"}}}
    ended = waybill.run("check", config=config)
    assert ended.code == 2
    for key, what in (("outputs.out.path", "it writes to"),
                      ("dead_letters.path", "inputs.app reads"),
                      ("parse.time.default_zone", "no time zone")):
        (line,) = (line for line in ended.err.splitlines() if f" {key}: " in line)
        assert what in line and line.startswith(f"{waybill.config_file}:")
        assert line.partition(": ")[0].count(":") == 2, line
