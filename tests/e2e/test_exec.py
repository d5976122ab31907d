# SPDX-License-Identifier: Apache-2.0
"""`waybill exec`: a program's lines, at once, to its last words; and its exit status."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from harness.backend import LokiBackend
from harness.runner import Runner
from harness.sending import messages, numbered

Program = Callable[[str], str]


def to_file(waybill: Runner) -> tuple[str, str]:
    return "--to", f"file:{waybill.folder}/out.jsonl"


def test_lines_of_printf_appear_at_once(waybill: Runner, program: Program) -> None:
    """On a pipe libc would hold them back until 4 KiB are there."""
    child = program(
        'printf("the first line\\n");\n'
        "char byte; if (read(0, &byte, 1) != 1) return 1;\n"
        'printf("the second line\\n");\n'
        "if (read(0, &byte, 1) != 1) return 1;\n"
        "return 0;"
    )
    process = waybill.start("exec", "--to", "json", "--", child)
    (first,) = process.out.wait_for_records(1, limit=5)
    assert first["message"] == "the first line"
    process.write(b"1")
    assert process.out.wait_for_records(2, limit=5)[1]["message"] == "the second line"
    process.write(b"2")
    assert process.wait() == 0


def test_last_words_survive_the_crash(waybill: Runner, legacy: Path) -> None:
    process = waybill.start("exec", *to_file(waybill), "--", str(legacy), "--crash", stdin=b"")
    process.expect_signal()
    assert process.wait() == 128 + 6
    assert messages(waybill.written())[-3:] == [
        "warning: heap looks damaged",
        "double free in session 4711",  # FATAL has become its level
        "last words of a legacy program",
    ]


def test_last_words_of_a_segmentation_fault(waybill: Runner, program: Program) -> None:
    child = program('printf("going\\n"); printf("gone\\n"); raise(SIGSEGV); return 0;')
    process = waybill.start("exec", *to_file(waybill), "--", child, stdin=b"")
    process.expect_signal()
    assert process.wait() == 128 + 11
    assert messages(waybill.written()) == ["going", "gone"]


def test_a_line_without_its_end_at_exit(waybill: Runner, program: Program) -> None:
    child = program('printf("no line end"); return 0;')
    assert waybill.run("exec", *to_file(waybill), "--", child).code == 0
    assert messages(waybill.written()) == ["no line end"]


def test_stdout_and_stderr_are_kept_apart(waybill: Runner) -> None:
    script = "echo to out; echo to err >&2; echo '{\"msg\":\"json\"}' >&2"
    ended = waybill.run("exec", *to_file(waybill), "--", "sh", "-c", script)
    assert ended.code == 0
    streams = {record["message"]: record["source"]["stream"] for record in waybill.written()}
    assert streams == {"to out": "stdout", "to err": "stderr", "json": "stderr"}
    assert {record["source"]["input"] for record in waybill.written()} == {"exec"}


def test_the_childs_bytes_go_on_to_our_own(waybill: Runner) -> None:
    script = "printf 'to out\\nno end'; printf 'to err\\n' >&2"
    ended = waybill.run("exec", *to_file(waybill), "--", "sh", "-c", script)
    assert ended.code == 0
    assert ended.out == "to out\nno end"
    assert ended.err == "to err\n"


def test_quiet(waybill: Runner) -> None:
    script = "echo a; echo b >&2"
    ended = waybill.run("exec", "--quiet", *to_file(waybill), "--", "sh", "-c", script)
    assert (ended.code, ended.out, ended.err) == (0, "", "")
    assert sorted(messages(waybill.written())) == ["a", "b"]


def test_an_output_on_stdout_takes_the_place_of_the_copy(waybill: Runner) -> None:
    ended = waybill.run("exec", "--to", "json", "--", "echo", "hello")
    assert ended.code == 0
    assert messages(ended.records) == ["hello"]


@pytest.mark.parametrize("status", [0, 3, 42, 255])
def test_the_childs_own_status(waybill: Runner, status: int) -> None:
    ended = waybill.run("exec", *to_file(waybill), "--", "sh", "-c", f"echo x; exit {status}")
    assert ended.code == status
    assert messages(waybill.written()) == ["x"]


@pytest.mark.parametrize(("number", "name"), [(1, "HUP"), (9, "KILL"), (15, "TERM"), (10, "USR1")])
def test_a_child_ended_by_a_signal(waybill: Runner, number: int, name: str) -> None:
    process = waybill.start("exec", *to_file(waybill), "--", "sh", "-c", f"echo x; kill -{name} $$",
                            stdin=b"")
    assert process.wait() == 128 + number
    assert messages(waybill.written()) == ["x"]


def test_no_such_program(waybill: Runner, tmp_path: Path) -> None:
    ended = waybill.run("exec", "--to", "json", "--", "no-such-program-here")
    assert ended.code == 127
    assert "no-such-program-here" in ended.err
    ended = waybill.run("exec", "--to", "json", "--", str(tmp_path / "nothing"))
    assert ended.code == 127


def test_not_a_program(waybill: Runner, tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.write_text("not executable")
    ended = waybill.run("exec", "--to", "json", "--", str(plain))
    assert ended.code == 126
    assert str(plain) in ended.err
    assert waybill.run("exec", "--to", "json", "--", str(tmp_path)).code == 126


def test_a_script_without_a_first_line(waybill: Runner, tmp_path: Path) -> None:
    """As a shell: what is no binary is a shell script."""
    script = tmp_path / "script"
    script.write_text("echo from a script\n")
    script.chmod(0o755)
    ended = waybill.run("exec", "--to", "json", "--", str(script))
    assert ended.code == 0
    assert messages(ended.records) == ["from a script"]


def test_arguments_and_environment_are_the_childs(waybill: Runner) -> None:
    script = 'printf "%s|" "$@"; echo; echo "$MINE"'
    ended = waybill.run(
        "exec", "--to", "json", "--", "sh", "-c", script, "sh", "--to", "-c", "a b", "",
        env={"MINE": "kept"},
    )
    assert messages(ended.records) == ["--to|-c|a b||", "kept"]


def test_the_childs_input_is_ours(waybill: Runner) -> None:
    ended = waybill.run("exec", "--to", "json", "--", "cat", stdin=b"one\ntwo\n")
    assert (ended.code, messages(ended.records)) == (0, ["one", "two"])


def test_many_lines(waybill: Runner) -> None:
    lines = numbered(50_000)
    ended = waybill.run("exec", "--quiet", *to_file(waybill), "--", "cat",
                        stdin="".join(line + "\n" for line in lines).encode())
    assert ended.code == 0
    assert messages(waybill.written()) == lines


def test_what_is_left_is_told_and_strict_fails(
    waybill: Runner, absent_backend: LokiBackend
) -> None:
    config = {"outputs": {"loki": {"type": "loki", "endpoint": absent_backend.url}},
              "shutdown": {"grace": "1s"}}
    ended = waybill.run("exec", "--quiet", "--", "echo", "x", config=config)
    assert ended.code == 0
    assert re.search(r"\b1 record", ended.err), ended.err
    ended = waybill.run("exec", "--quiet", "--strict", "--", "echo", "x", config=config)
    assert ended.code == 3
    ended = waybill.run("exec", "--quiet", "--strict", "--", "sh", "-c", "echo x; exit 7",
                        config=config)
    assert ended.code == 7, "the child's own status goes first"


def test_a_grandchild_that_holds_the_pipe(waybill: Runner) -> None:
    """A daemon that forgot to close its output must not keep us for ever."""
    script = "sleep 60 & echo started"
    ended = waybill.run("exec", *to_file(waybill), "--", "sh", "-c", script, limit=15)
    assert ended.code == 0
    assert messages(waybill.written()) == ["started"]


def test_a_grandchild_that_goes_on_printing_is_not_waited_for(waybill: Runner) -> None:
    noise = "while printf 'noise\\n'; do sleep 0.05; done"
    process = waybill.start("exec", *to_file(waybill), "--quiet", "--", "sh", "-c",
                            f"({noise}) & echo done; exit 3")
    assert process.wait(limit=15) == 3
    lines = messages(waybill.written())
    assert "done" in lines and "noise" in lines


def test_a_pty_for_programs_that_ask(waybill: Runner) -> None:
    script = "test -t 1 && echo terminal || echo pipe"
    ended = waybill.run("exec", "--pty", "--quiet", *to_file(waybill), "--", "sh", "-c", script)
    assert ended.code == 0
    assert messages(waybill.written()) == ["terminal"]


def test_the_config_beside_a_child(waybill: Runner, tmp_path: Path) -> None:
    config = {"service": {"name": "shop"},
              "outputs": {"out": {"type": "file", "path": str(tmp_path / "out.jsonl")}}}
    ended = waybill.run("exec", "--quiet", "--", "echo", "x", config=config)
    assert ended.code == 0
    assert [record["service_name"] for record in waybill.written()] == ["shop"]


def test_no_descriptor_of_ours_leaks_into_the_child(waybill: Runner) -> None:
    ended = waybill.run("exec", "--to", "json", "--", "sh", "-c", "ls /proc/self/fd | sort -n")
    numbers = [int(str(message)) for message in messages(ended.records)]
    assert numbers[:3] == [0, 1, 2] and len(numbers) <= 4, "ls itself has one open"


def test_signals_are_not_blocked_in_the_child(waybill: Runner) -> None:
    ended = waybill.run("exec", "--to", "json", "--", "grep", "-E", "SigBlk|SigIgn",
                        "/proc/self/status")
    with open("/proc/self/status", encoding="ascii") as file:
        ours = [line.split() for line in file if line.startswith("SigBlk")]
    assert ours, os.uname()
    shown = dict(str(message).split() for message in messages(ended.records))
    assert int(shown["SigBlk:"], 16) == 0
