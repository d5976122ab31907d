# SPDX-License-Identifier: Apache-2.0
"""`waybill trace`: the traces that logs tell of, drawn as waterfalls."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

from harness.runner import Runner
from harness.terminal import Terminal
from harness.tree import ROOT

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
OTHER = "8e61bd8674b6331b16e6678d39feef00"


def line(second: int, message: str, trace: str = TRACE, level: str = "info", **more: str) -> str:
    return json.dumps({"ts": f"2026-01-02T03:04:{second:02}Z", "level": level, "msg": message,
                       "trace_id": trace, **more}) + "\n"


def shop(folder: Path) -> str:
    path = folder / "shop.log"
    path.write_text(
        line(5, "GET /orders/42", span_id="00f067aa0ba902b7", service_name="gateway")
        + line(9, "asked for something else", OTHER)
        + line(6, "none left", level="error", span_id="53995c3f42cd8ad8",
               parent_span_id="00f067aa0ba902b7", service_name="orders")
        + "2026-01-02 03:04:08 INFO paid request_id=r-1\n"
        + "2026-01-02 03:04:08 INFO nobody's line\n"
        + line(7, "done", span_id="00f067aa0ba902b7", service_name="gateway"), encoding="utf-8")
    return str(path)


def test_a_trace_is_a_tree_of_its_spans(waybill: Runner, tmp_path: Path) -> None:
    ended = waybill.run("trace", "4bf92f35", shop(tmp_path), env={"TZ": "UTC"})
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.splitlines() == [
        f"trace {TRACE}  2026-01-02 03:04:05.000  2.00 s  3 lines  1 error",
        "└─ gateway 00f067aa" + " " * 26 + "+0 ms    2.00 s  " + "█" * 38,
        "        +0 ms INFO  GET /orders/42",
        "      +2.00 s INFO  done",
        "   └─ orders 53995c3f" + " " * 22 + "+1.00 s      0 ms  " + " " * 19 + "█",
        "         +1.00 s ERROR none left",
    ]


def test_the_picture_in_the_docs(waybill: Runner, tmp_path: Path) -> None:
    page = (ROOT / "docs/cli.md").read_text(encoding="utf-8")
    picture = page.split("```text\n", 1)[1].split("```", 1)[0]
    ended = waybill.run("trace", "--width", "80", TRACE, shop(tmp_path), env={"TZ": "UTC"})
    assert ended.out == picture


def test_all_of_them_by_time_by_errors_by_duration(waybill: Runner, tmp_path: Path) -> None:
    log = shop(tmp_path)

    def heads(*arguments: str) -> list[str]:
        ended = waybill.run("trace", *arguments, log, env={"TZ": "UTC"})
        assert ended.code == 0, ended.err
        return [row.split()[1][:8] for row in ended.out.splitlines()
                if row.startswith(("trace ", "request "))]

    assert heads() == ["4bf92f35", "r-1", "8e61bd86"]
    assert heads("--errors") == ["4bf92f35"]
    assert heads("--slowest", "--most", "1") == ["4bf92f35"]
    assert heads("r-1") == ["r-1"]
    few = waybill.run("trace", "--most", "1", log)
    assert "1 of 3 traces: --most 0 draws all" in few.err


def test_our_own_files_gzip_and_standard_input(waybill: Runner, tmp_path: Path) -> None:
    log = Path(shop(tmp_path))
    ours = tmp_path / "ours.ndjson"
    made = waybill.run("--to", f"file:{ours}", stdin=log.read_bytes())
    assert made.code == 0, made.err
    packed = tmp_path / "ours.ndjson.gz"
    packed.write_bytes(gzip.compress(ours.read_bytes()))
    raw = waybill.run("trace", str(log)).out
    assert waybill.run("trace", str(ours)).out == raw
    assert waybill.run("trace", str(packed)).out == raw
    assert waybill.run("trace", "-", stdin=log.read_bytes()).out == raw
    assert waybill.run("trace", stdin=log.read_bytes()).out == raw


def test_a_terminal_has_its_width_and_colours(waybill: Runner, tmp_path: Path) -> None:
    log = shop(tmp_path)
    terminal = Terminal()
    process = waybill.start("trace", TRACE, log, terminal=terminal.end)
    terminal.given()
    assert process.wait() == 0
    terminal.screen.wait_for_end()
    assert "ERROR" in terminal.plain and terminal.plain != terminal.screen.text
    plain = waybill.run("trace", "--color", "always", TRACE, log).out
    assert "\x1b[31m" in plain
    narrow = waybill.run("trace", "--width", "50", TRACE, log).out
    assert max(len(row) for row in narrow.splitlines()[1:]) <= 50


def test_nothing_to_draw_is_said_with_what_to_do(waybill: Runner, tmp_path: Path) -> None:
    log = shop(tmp_path)
    ended = waybill.run("trace", "ffff", log)
    assert (ended.code, ended.out) == (1, "")
    assert "no trace begins with 'ffff'" in ended.err
    plain = tmp_path / "plain.log"
    plain.write_text("hello\n", encoding="utf-8")
    ended = waybill.run("trace", str(plain))
    assert ended.code == 1
    assert "none of 1 lines names a trace or a request" in ended.err
    ended = waybill.run("trace", TRACE, str(tmp_path / "missing.log"))
    assert ended.code == 2
    assert "missing.log" in ended.err
