# SPDX-License-Identifier: Apache-2.0
"""The section `schema` of the config: its faults, those of the schemas it names, and reloads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from harness.contract import BAD, GOOD, PAY, config_for, put, text
from harness.runner import Runner


def test_faults_have_their_places(waybill: Runner, tmp_path: Path) -> None:
    schema = put(tmp_path, '{\n  "properties": {\n    "a": {"type": "strin"},\n'
                           '    "b": {"minimum": "x"}\n  }\n}\n')
    config = config_for(tmp_path, {"by_service": {"pay": {"file": "pay.schema.json"}},
                                   "on_violation": "drop"})
    for command in ("check", "run"):
        ended = waybill.run(command, config=config)
        assert ended.code == 2
        assert f"{schema}:3:" in ended.err and f"{schema}:4:" in ended.err
        assert f"{waybill.config_file}:" in ended.err and "schema.by_service.pay.file" in ended.err


@pytest.mark.parametrize(("section", "wanted"), [
    ({"file": "nowhere.json"}, "schema.file: "),
    ({"on_violation": "tagg"}, "did you mean 'tag'?"),
    ({"on": "lines"}, "did you mean 'line'?"),
    ({"unrepaired": "repair"}, "schema.unrepaired"),
    ({"fil": "x"}, "did you mean 'file'?"),
    ({"by_service": {"pay": {"map": {}}}}, "map"),
    ({"by_service": ["pay"]}, "by_service"),
    ({"map": {"x": "far"}}, "schema.map: "),
])
def test_config_faults(
    waybill: Runner, tmp_path: Path, section: dict[str, Any], wanted: str
) -> None:
    ended = waybill.run("check", config=config_for(tmp_path, section))
    assert ended.code == 2 and wanted in ended.err, ended.err
    assert f"{waybill.config_file}:" in ended.err


def test_a_schema_for_the_flag_that_is_wrong(waybill: Runner, tmp_path: Path) -> None:
    ended = waybill.run("run", "--schema", str(tmp_path / "none.json"))
    assert ended.code == 2 and "--schema" in ended.err and "none.json" in ended.err
    ended = waybill.run("run", "--schema", put(tmp_path, '{"type": 1}'))
    assert ended.code == 2 and "pay.schema.json:1:" in ended.err


def test_the_flag_for_violations(waybill: Runner, tmp_path: Path) -> None:
    ended = waybill.run("run", "--on-violation", "drop")
    assert ended.code == 2 and "--on-violation: there is no schema" in ended.err
    ended = waybill.run("run", "--schema", "builtin", "--on-violation", "dropp")
    assert ended.code == 2 and "dropp" in ended.err and "quarantine" in ended.err
    config = config_for(tmp_path, {"file": "builtin"})
    config["dead_letters"] = {"size": 0}
    ended = waybill.run("run", "--on-violation", "quarantine", config=config)
    assert ended.code == 2 and "--on-violation: quarantine needs dead letters" in ended.err


def test_reload_takes_a_new_schema_or_keeps_the_old(waybill: Runner, tmp_path: Path) -> None:
    schema = put(tmp_path, PAY)
    daemon = waybill.daemon(config_for(tmp_path, {"file": schema}))
    daemon.write(text(BAD))
    daemon.wait_delivered("out", 1)
    put(tmp_path, {"properties": {"context": {"properties": {"amount": {"type": "string"}}}}})
    assert daemon.reload() == "applied"
    daemon.write(text(BAD, GOOD))
    daemon.wait_delivered("out", 3)
    put(tmp_path, '{"type": "strin"}')
    assert daemon.reload() == "refused"
    daemon.err.wait_for("the old config stays")
    daemon.err.wait_for(f"{schema}:1:")
    daemon.write(text(BAD, GOOD))
    daemon.wait_delivered("out", 5)
    daemon.close_stdin()
    assert daemon.wait() == 0
    tagged = ["schema_errors" in record for record in waybill.written()]
    assert tagged == [True, False, True, False, True]


def test_no_line_is_lost_by_reloads(waybill: Runner, tmp_path: Path) -> None:
    schema = put(tmp_path, PAY)
    daemon = waybill.daemon(config_for(tmp_path, {"file": schema, "on_violation": "drop"}))
    for number in range(10):
        put(tmp_path, PAY if number % 2 else {})
        daemon.write(text(*[GOOD] * 200))
        assert daemon.reload() == "applied"
    daemon.wait_delivered("out", 2000)
    daemon.close_stdin()
    assert daemon.wait() == 0
    assert len(waybill.written()) == 2000
