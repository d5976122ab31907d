# SPDX-License-Identifier: Apache-2.0
"""The console's style `tree`: each trace as a whole, once it is quiet."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from harness.poll import until
from harness.runner import Runner
from harness.tree import ROOT

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
OTHER = "8e61bd8674b6331b16e6678d39feef00"
TREE: dict[str, Any] = {"type": "console", "style": "tree"}


def line(second: int, message: str, trace: str = TRACE, level: str = "info", **more: str) -> str:
    return json.dumps({"ts": f"2026-01-02T03:04:{second:02}Z", "level": level, "msg": message,
                       "trace_id": trace, **more}) + "\n"


SHOP = (
    line(5, "GET /orders/42", span_id="00f067aa0ba902b7", service_name="gateway")
    + line(6, "asked for something else", OTHER)
    + line(6, "none left", level="error", span_id="53995c3f42cd8ad8",
           parent_span_id="00f067aa0ba902b7", service_name="orders")
    + "2026-01-02 03:04:08 INFO paid request_id=r-1\n"
    + "2026-01-02 03:04:08 INFO nobody's line\n"
    + line(7, "done", span_id="00f067aa0ba902b7", service_name="gateway")
)


def test_at_the_end_everything_is_drawn(waybill: Runner) -> None:
    config = {"inputs": {"in": {"type": "stdin"}}, "outputs": {"out": TREE}}
    ended = waybill.run("run", config=config, stdin=SHOP.encode())
    assert (ended.code, ended.err) == (0, "")
    stray, *pictures = ended.out.split("\n\n")
    assert stray.endswith("INFO  nobody's line")
    assert [each.split()[1] for each in pictures] == [TRACE, OTHER, "r-1"]
    drawn = waybill.run("trace", TRACE, "-", stdin=SHOP.encode())
    assert pictures[0] + "\n" == drawn.out


def test_the_picture_in_the_docs(waybill: Runner) -> None:
    page = (ROOT / "outputs/console/README.md").read_text(encoding="utf-8")
    section = page.split("## The tree\n\n", 1)[1].split("\n\n", 1)[0]
    picture = "\n".join(row.removeprefix("    ") for row in section.splitlines())
    config = {"inputs": {"in": {"type": "stdin"}}, "outputs": {"out": TREE}}
    ended = waybill.run("run", config=config, stdin=SHOP.encode())
    assert picture in ended.out


def test_a_trace_is_drawn_when_it_is_quiet_and_again_when_it_goes_on(waybill: Runner) -> None:
    config = {"inputs": {"in": {"type": "stdin"}},
              "outputs": {"out": {**TREE, "quiet": "300ms"}}}
    process = waybill.start("run", config=config)
    process.write(line(5, "begun").encode() + line(6, "more").encode())
    until(lambda: "more" in process.out.text, "the picture")
    assert process.out.text.count("trace " + TRACE) == 1
    process.write(line(7, "again").encode())
    until(lambda: "again" in process.out.text, "the other part of it")
    assert process.out.text.count("trace " + TRACE) == 2
    process.close_stdin()
    assert process.wait() == 0


def test_a_checkpoint_waits_for_the_picture(waybill: Runner, tmp_path: Path) -> None:
    log = tmp_path / "app.log"
    log.write_text(line(5, "held"), encoding="utf-8")
    config = {"inputs": {"in": {"type": "file", "include": [str(log)], "start_at": "beginning"}},
              "outputs": {"out": {**TREE, "quiet": "10s"}}}
    process = waybill.start("run", config=config).wait_ready()
    until(lambda: process.output("out")["in_flight"] == 1, "the line to be held")
    process.kill()
    assert process.out.text == ""
    ended = waybill.run("run", "--once", config=config)
    assert ended.code == 0
    assert "INFO  held" in ended.out
    assert waybill.run("run", "--once", config=config).out == ""


def test_a_hostile_trace_commands_no_terminal(waybill: Runner) -> None:
    hostile = json.dumps({"msg": "a\x1b[2J\x07b", "request_id": "r\x1b]0;x\x07", "level": "info"})
    config = {"inputs": {"in": {"type": "stdin"}}, "outputs": {"out": TREE}}
    ended = waybill.run("run", config=config, stdin=hostile.encode() + b"\n")
    assert ended.code == 0
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", ended.out), ended.out
    assert "a\\x1b[2J\\x07b" in ended.out


def test_explain_shows_the_picture(waybill: Runner) -> None:
    config = {"inputs": {"in": {"type": "stdin"}}, "outputs": {"out": TREE}}
    ended = waybill.run("explain", line(5, "begun").strip(), config=config)
    assert ended.code == 0
    assert f"trace {TRACE}" in ended.out and "INFO  begun" in ended.out
