# SPDX-License-Identifier: Apache-2.0
"""The commands, and what they exit with."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from harness.backend import LokiBackend
from harness.runner import Runner

IDLE = {"inputs": {"net": {"type": "udp", "listen": "127.0.0.1:0"}},
        "outputs": {"out": {"type": "console", "style": "json"}}}


@pytest.mark.parametrize("words", [["version"], ["--help"], ["run", "--help"], ["exec", "--help"]])
def test_asking_about_it_succeeds(waybill: Runner, words: list[str]) -> None:
    ended = waybill.run(*words)
    assert (ended.code, ended.err) == (0, "")
    assert ended.out


@pytest.mark.parametrize("word", ["version", "--version", "-V"])
def test_the_version_is_one_line(waybill: Runner, word: str) -> None:
    assert re.fullmatch(r"waybill \d+\.\d+\.\d+\S*\n", waybill.run(word).out)


def test_help_names_every_command(waybill: Runner) -> None:
    shown = waybill.run("--help").out
    for command in ("run", "exec", "check", "explain", "health", "ledger", "version"):
        assert re.search(rf"^\s+{command}\b", shown, re.MULTILINE), command


@pytest.mark.parametrize(
    "words",
    [
        ["rum"],
        ["run", "--nonsense"],
        ["run", "stray"],
        ["exec"],
        ["exec", "--"],
        ["check"],
        ["ledger", "--format", "xml"],
        ["run", "--to"],
        ["run", "--to", "nowhere"],
        ["run", "--to", "loki="],
        ["run", "--to", "file:"],
        ["run", "--to", "loki=not a url"],
        ["run", "--to", "kafka=b:9092"],
        ["run", "--schema", "x.json"],
        ["run", "-c", "missing.yaml"],
        ["tap"],
        ["lint", "no-such.log"],
        ["schema", "infer", "x.log"],
    ],
)
def test_bad_usage_is_2(waybill: Runner, words: list[str]) -> None:
    ended = waybill.run(*words)
    assert ended.code == 2
    assert ended.out == ""
    assert ended.err.strip(), "it says what is wrong"
    assert "exception" not in ended.err.lower()


@pytest.mark.parametrize(("words", "said"), [
    (["expalin", "x"], "there is no command or option 'expalin' (did you mean 'explain'?)\n"
                       "Try 'waybill --help'."),
    (["explain", "a", "b", "c"], "explain takes no 'b', 'c' (put the line in quotes)\n"
                                 "Try 'waybill explain --help'."),
    (["schema", "check"], "FILE is required\nTry 'waybill schema check --help'."),
])
def test_what_is_typed_wrong_is_named(waybill: Runner, words: list[str], said: str) -> None:
    assert waybill.run(*words).err == f"waybill: {said}\n"


def test_a_planned_command_says_so(waybill: Runner) -> None:
    assert "not built" in waybill.run("tap").err


def complete(waybill: Runner, *words: str) -> list[str]:
    """What bash offers for the last of the words."""
    script = ('source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _waybill; '
              'echo "${COMPREPLY[*]}"')
    path = waybill.folder / "completion"
    path.write_text(waybill.run("completion", "bash").out)
    done = subprocess.run(["bash", "-c", script, "-", str(path), *words],
                          capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return done.stdout.split()


def test_bash_completes_commands_and_options(waybill: Runner) -> None:
    assert complete(waybill, "waybill", "s") == ["schema", "setup"]
    assert complete(waybill, "waybill", "schema", "in") == ["infer"]
    assert complete(waybill, "waybill", "run", "--on") == ["--on-violation", "--once"]
    assert complete(waybill, "waybill", "run", "-c", "x", "--o") == ["--on-violation", "--once"]
    assert "--pty" not in complete(waybill, "waybill", "run", "-")
    assert complete(waybill, "waybill", "check", "wayb") == [], "files, as the shell has them"
    assert complete(waybill, "waybill", "-c", "") == [], "the same behind what takes a value"
    assert complete(waybill, "waybill", "exec", "--", "ls", "-") == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completions_are_scripts(waybill: Runner, shell: str) -> None:
    ended = waybill.run("completion", shell)
    assert (ended.code, ended.err) == (0, "") and "grafana" in ended.out
    if shutil.which(shell) is None:
        return
    path = waybill.folder / "script"
    path.write_text(ended.out)
    checked = subprocess.run([shell, "-n", str(path)], capture_output=True, text=True, check=False)
    assert (checked.returncode, checked.stderr) == (0, "")


def test_the_man_page_has_every_command(waybill: Runner) -> None:
    ended = waybill.run("man")
    assert (ended.code, ended.err) == (0, "")
    for command in ("run", "exec", "test", "schema infer", "setup grafana", "completion"):
        assert f'.SS "waybill {command}"' in ended.out, command
    assert "on\\-violation" in ended.out and "not built" not in ended.out
    if shutil.which("groff"):
        shown = subprocess.run(["groff", "-ww", "-man", "-Tutf8"], input=ended.out,
                               capture_output=True, text=True, check=True)
        assert shown.stderr == "" and "dead letters" in shown.stdout


def test_check_of_a_good_config(waybill: Runner) -> None:
    ended = waybill.run("check", config=IDLE)
    assert ended.code == 0 and ended.err == ""
    assert str(waybill.config_file) in ended.out
    assert not waybill.state_dir.exists(), "a check leaves nothing behind"


def test_check_connects_on_request(
    waybill: Runner, loki_backend: LokiBackend, absent_backend: LokiBackend
) -> None:
    loki_backend.always(200)
    good = {"outputs": {"a": {"type": "loki", "endpoint": loki_backend.url}}}
    assert waybill.run("check", "--connect", config=good).code == 0
    bad = {"outputs": {"b": {"type": "loki", "endpoint": absent_backend.url}}}
    assert waybill.run("check", config=bad).code == 0
    ended = waybill.run("check", "--connect", config=bad)
    assert ended.code == 2
    assert absent_backend.url in ended.err and "refused" in ended.err
    loki_backend.always(401)
    ended = waybill.run("check", "--connect", config=good)
    assert ended.code == 2 and "401" in ended.err
    assert not loki_backend.taken, "a check stores nothing"


def test_explain_a_line(waybill: Runner) -> None:
    line = ("2026-01-02 03:04:05 ERROR boom "
            "traceparent=00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
    ended = waybill.run("explain", "--service", "shop", line)
    assert (ended.code, ended.err) == (0, "")
    for word in ("text", "ERROR", "shop", "4bf92f3577b34da6a3ce929d0e0e4736", "output"):
        assert word in ended.out, ended.out


def test_explain_shows_the_record_as_run_would_make_it(waybill: Runner) -> None:
    line = '{"level":"warn","msg":"hm","n":9007199254740993,"service_name":"own"}'
    shown = waybill.run("explain", "--to", "json", line).out
    explained = json.loads(shown[shown.index('{"timestamp"'):].split("\n")[0])
    record = waybill.record(line)
    for key in ("level", "service_name", "message", "context"):
        assert explained[key] == record[key]


def test_explain_shows_what_each_output_sends(waybill: Runner) -> None:
    ended = waybill.run(
        "explain", "--to", "loki=http://loki.invalid:3100", "--to", "es=http://es.invalid:9200",
        "--to", "otlp=http://otel.invalid:4318", "hello there",
    )
    assert ended.code == 0 and ended.err == ""
    for word in ("loki.invalid:3100", "es.invalid:9200", "otel.invalid:4318"):
        assert word in ended.out
    assert ended.out.count("hello there") >= 4
    # What is sent as protobuf is shown in words.
    assert 'stream   {level="INFO", service_name="unknown_service"}' in ended.out
    sent = json.loads(next(text for text in ended.out.split("\n") if '"scopeLogs"' in text))
    (record,) = sent["scopeLogs"][0]["logRecords"]
    assert record["body"] == {"stringValue": "hello there"}
    assert record["severityText"] == "INFO" and record["severityNumber"] == 9


def test_explain_names_what_joined_lines(waybill: Runner) -> None:
    def joined(*lines: str, mode: object = "auto") -> list[str]:
        shown = waybill.run("explain", config={"parse": {"multiline": {"mode": mode}}},
                            stdin="".join(f"{line}\n" for line in lines).encode()).out
        return [line.split("joined: ")[1] for line in shown.splitlines() if "joined: " in line]

    time = "2026-01-02 03:04:05.678"
    assert joined("one", "two") == []
    frames = "stack frames, as Java, Node.js and .NET write them"
    assert joined("java.lang.Error: x", "\tat a.B.c(B.java:1)", "other") == [frames]
    assert joined(f"{time} INFO x", "  more") == [
        "indented lines below the one that begins the record"]
    assert joined("Traceback (most recent call last):", '  File "a.py", line 1, in b',
                  "ValueError: c") == ["a Python traceback"]
    assert joined("panic: x", "", "goroutine 1 [running]:", "main.main()",
                  "\t/a.go:1 +0x1") == ["a Go panic"]
    assert joined('{"a":', "1}") == ["one JSON object over several lines"]
    said = '{"level":"error","msg":"%s"}'
    assert joined(said % "a.B: c", said % "\\tat a.B.c(D.java:1)") == [
        "stack frames that are messages of their own"]
    assert joined("2026-01-02T03:04:05.678Z stdout P a", "2026-01-02T03:04:05.679Z stdout F b") == [
        "pieces of a line that a runtime had split"]
    rules = [{"start": "^--"}, {"start": "^begin", "continue": "^and"}]
    assert joined("begin", "and so on", mode=rules) == [
        "rule 2 of parse.multiline.mode (start: ^begin)"]
    assert joined("a", "+b", mode=[{"continue": r"^\+"}]) == [
        "a rule of parse.multiline.mode without start"]


def test_explain_lines_from_stdin(waybill: Runner) -> None:
    ended = waybill.run("explain", stdin=b"a=1 b=2 level=info\n\nplain words\n")
    assert ended.code == 0
    assert "logfmt" in ended.out and "plain words" in ended.out and "empty" in ended.out


@pytest.mark.parametrize("command", ["health", "ledger"])
def test_without_a_daemon_it_is_3(waybill: Runner, command: str) -> None:
    ended = waybill.run(command, config=IDLE)
    assert ended.code == 3
    assert str(waybill.state_dir) in ended.err


def test_health_and_ledger_of_a_running_daemon(waybill: Runner) -> None:
    daemon = waybill.daemon(IDLE)
    for words in (["health"], ["health", "--ready"]):
        ended = waybill.run(*words, "-c", str(waybill.config_file))
        assert ended.code == 0, ended
    ended = waybill.run("ledger", "-c", str(waybill.config_file))
    assert ended.code == 0 and "net" in ended.out and "out" in ended.out
    as_json = waybill.run("ledger", "--format", "json", "-c", str(waybill.config_file))
    assert json.loads(as_json.out)["balanced"] is True
    assert daemon.stop() == 0
    assert not daemon.admin_socket.exists()


def test_the_admin_socket_is_found_without_a_config_of_ones_own(
    waybill: Runner, tmp_path: Path
) -> None:
    waybill.daemon(IDLE)
    ended = waybill.run("health", "--socket", str(waybill.state_dir / "admin.sock"))
    assert ended.code == 0
    ended = waybill.run("health", env={"STATE_DIRECTORY": str(waybill.state_dir)})
    assert ended.code == 0
    ended = waybill.run("health", "--socket", str(tmp_path / "none.sock"))
    assert ended.code == 3


def test_58_a_second_daemon_on_one_state_dir_is_refused(waybill: Runner) -> None:
    """It says why, harms nothing, and takes over when the first one has ended. (A number of a list
    of faults that bite users of such daemons.)"""
    first = waybill.daemon(IDLE)
    ended = waybill.run("run", config=IDLE)
    assert ended.code == 1
    assert str(waybill.state_dir) in ended.err
    assert "another" in ended.err and str(first.pid) in ended.err, ended.err
    assert first.page("/healthz").status == 200
    assert first.stop() == 0, "the first one does not notice"
    assert waybill.daemon(IDLE).stop() == 0


def test_the_reference_of_every_option(waybill: Runner) -> None:
    markdown = waybill.run("reference", "--format", "markdown")
    assert (markdown.code, markdown.err) == (0, "")
    schema = json.loads(waybill.run("reference", "--format", "json-schema").out)
    for key in ("service", "inputs", "outputs", "parse", "admin", "shutdown"):
        assert key in markdown.out and key in schema["properties"], key
