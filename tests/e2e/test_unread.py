# SPDX-License-Identifier: Apache-2.0
"""Files that a run was to read and could not, or passes over: it is said, and `--once` fails."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from harness.runner import Runner
from harness.sending import append, messages, numbered

# Root may read everything, unless this is taken from it.
POWERLESS = ("setpriv", "--bounding-set=-dac_override,-dac_read_search")


def config_for(folder: Path, **options: Any) -> dict[str, Any]:
    return {"inputs": {"app": {"type": "file", "include": [str(folder / "logs/*.log")], **options}},
            "outputs": {"out": {"type": "file", "path": str(folder / "out.jsonl")}}}


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    folder = tmp_path / "logs"
    folder.mkdir()
    return folder


def once(waybill: Runner, config: dict[str, Any]) -> tuple[int, str]:
    process = waybill.start("run", "--once", config=config, stdin=b"", prefix=POWERLESS)
    return process.wait(), process.err.text


def test_once_says_which_files_it_could_not_read(
    waybill: Runner, tmp_path: Path, logs: Path
) -> None:
    append(logs / "a.log", *numbered(3))
    append(logs / "secret.log", "nobody sees this")
    (logs / "secret.log").chmod(0)
    code, said = once(waybill, config_for(tmp_path))
    assert code == 3
    assert f"not read, or not to its end: {logs / 'secret.log'}: Permission denied" in said
    assert messages(waybill.written()) == numbered(3)
    (logs / "secret.log").chmod(0o600)
    code, said = once(waybill, config_for(tmp_path))
    assert (code, "not read" in said) == (0, False)
    assert messages(waybill.written()) == [*numbered(3), "nobody sees this"]


def test_once_says_which_folder_it_could_not_list(
    waybill: Runner, tmp_path: Path, logs: Path
) -> None:
    append(logs / "a.log", *numbered(3))
    logs.chmod(0)
    code, said = once(waybill, config_for(tmp_path))
    logs.chmod(0o700)
    assert code == 3 and "Permission denied" in said and str(logs) in said


def test_a_first_start_says_what_it_passes_over_and_how_to_read_it(
    waybill: Runner, tmp_path: Path, logs: Path
) -> None:
    append(logs / "a.log", *numbered(3))
    append(logs / "b.log", *numbered(2))
    size = sum(log.stat().st_size for log in logs.iterdir())
    config = config_for(tmp_path)
    process = waybill.daemon(config)
    process.err.wait_for(f"passed over {size} bytes that 2 files had before this first start")
    assert process.stop() == 0
    process = waybill.daemon(config)
    assert process.stop() == 0
    assert "before this first start" not in process.err.text, "once"
    # The way that it names.
    config["inputs"] = {"app_again": {**config["inputs"]["app"], "start_at": "beginning"}}
    process = waybill.daemon(config)
    assert sorted(messages(waybill.wait_written(5))) == sorted(numbered(3) + numbered(2))
    assert process.stop() == 0
