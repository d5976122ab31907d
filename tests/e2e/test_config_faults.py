# SPDX-License-Identifier: Apache-2.0
"""What is wrong with a config, where, and what to do about it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from harness.runner import Runner

TEN_FAULTS = """\
servce: {name: checkout}
memory: 12
inputs:
  app: {type: file, include: ["/var/log/*.log"], start_at: middle}
  net: {type: upd}
  pipe: {type: stdin, on_full: yes}
parse: {max_line: 1MiB, default_levle: INFO}
outputs:
  loki: {type: loki, labels: [service_name]}
  out: {type: console, style: prety}
  out: {type: console}
shutdown: {grace: 5 parsecs}
"""
PLACES = [(1, 1), (2, 1), (4, 50), (5, 9), (6, 23), (7, 25), (9, 3), (10, 24), (11, 3), (12, 12)]


def check(waybill: Runner, text: str, **env: str) -> list[str]:
    """The lines that `check` prints about a config with faults."""
    ended = waybill.run("check", config=text, env=env)
    assert ended.code == 2, ended
    assert ended.out == ""
    return ended.err.splitlines()


def test_ten_faults_are_ten_lines(waybill: Runner) -> None:
    lines = check(waybill, TEN_FAULTS)
    file = str(waybill.config_file)
    assert all(re.match(re.escape(file) + r":\d+:\d+: .", line) for line in lines), lines
    places = [tuple(map(int, line[len(file) + 1 :].split(":")[:2])) for line in lines]
    assert [line for line, _ in places] == [line for line, _ in PLACES], "\n".join(lines)
    assert places == PLACES, "\n".join(lines)
    for suggestion in ("service", "udp", "default_level", "pretty"):
        assert any(f"'{suggestion}'" in line for line in lines), suggestion


def test_run_refuses_with_the_same_lines(waybill: Runner) -> None:
    expected = check(waybill, TEN_FAULTS)
    ended = waybill.run("run", config=TEN_FAULTS, stdin=b"x\n")
    assert ended.code == 2
    assert ended.err.splitlines() == expected
    assert ended.out == ""


ONE_FAULT = {
    "unknown key": ("shutdwn: {grace: 1s}", 1, 1, "shutdown"),
    "wrong type": ("inputs: [a, b]", 1, 1, "mapping"),
    "duplicate key": ("memory: auto\nmemory: auto", 2, 1, "memory"),
    "merge key": ("x: &a {name: b}\nservice: {<<: *a}", 1, None, None),
    "second document": ("memory: auto\n---\nmemory: auto", 2, None, "document"),
    "octal": ("outputs: {o: {type: console, batch: {records: 0100}}}", 1, None, "0100"),
    "yes": ("inputs: {f: {type: file, include: [a], follow_links: yes}}", 1, None, "true"),
    "on": ("inputs: {f: {type: file, include: [a], follow_links: on}}", 1, None, "true"),
    "no number": ("outputs: {o: {type: console, batch: {records: many}}}", 1, None, "many"),
    "out of range": ("outputs: {o: {type: console, batch: {records: 0}}}", 1, None, "0"),
    "negative": ("shutdown: {grace: -1s}", 1, 12, "-1s"),
    "no unit": ("shutdown: {grace: 20}", 1, 12, "unit"),
    "no type": ("inputs: {f: {include: [a]}}", 1, None, "type"),
    "no endpoint": ("outputs: {o: {type: loki}}", 1, None, "endpoint"),
    "bad URL": ("outputs: {o: {type: loki, endpoint: 'ftp://x'}}", 1, None, "http"),
    "bad name": ("outputs: {'a b': {type: console}}", 1, 11, "a b"),
    "tab": ("service:\n\tname: x", 2, None, "tab"),
    "unclosed": ("service: {name: x", None, None, "not closed"),
    "unset variable": ("service:\n  name: ${NOT_SET_ANYWHERE}", 2, 3, "NOT_SET_ANYWHERE"),
    "no zone": ("parse: {time: {default_zone: Mars/Olympus}}", None, None, "Mars/Olympus"),
    "bad format": ("parse: {formats: [jsn]}", 1, None, "json"),
    "label clash": ("inputs: {f: {type: file, include: [a], format: jsno}}", 1, None, "json"),
    "index name": ("outputs: {o: {type: elasticsearch, endpoints: ['http://x'], index: A}}", 1,
                   None, "lower case"),
    "stdin twice": ("inputs: {a: {type: stdin}, b: {type: stdin}}", 1, None, "another input"),
    "empty item": ("inputs: {f: {type: file, include: [a, '']}}", 1, None, "empty"),
    "user alone": ("outputs: {o: {type: loki, endpoint: 'http://x', auth: {user: a}}}", 1, None,
                   "password"),
    "socket path": (f"inputs: {{u: {{type: unix, path: /{'x' * 120}}}}}", 1, None, "bytes"),
    "batch key": ("outputs: {o: {type: console, batch: {delai: 1s}}}", 1, None, "delay"),
}


@pytest.mark.parametrize("name", ONE_FAULT)
def test_one_fault(waybill: Runner, name: str) -> None:
    text, line, column, word = ONE_FAULT[name]
    lines = check(waybill, text + "\n")
    if name == "merge key":
        assert any("<<" in each or "merge" in each or "alias" in each for each in lines), lines
        return
    assert len(lines) == 1, lines
    file = re.escape(str(waybill.config_file))
    if line is not None:
        at = rf"{line}:{column}" if column else rf"{line}:\d+"
        assert re.match(f"{file}:{at}: ", lines[0]), lines
    assert word in lines[0], lines


NOT_BUILT = {
    "outputs.o.memory": "outputs: {o: {type: console, memory: 1MiB}}",
}


@pytest.mark.parametrize("name", NOT_BUILT)
def test_what_is_not_built_is_never_accepted_in_silence(waybill: Runner, name: str) -> None:
    lines = check(waybill, NOT_BUILT[name] + "\n")
    assert len(lines) == 1, lines
    assert "not built" in lines[0] and name.split(".")[-1] in lines[0], lines


def test_off_may_be_written(waybill: Runner) -> None:
    text = "trace: {derive: off, generate: off}\nparse: {multiline: {mode: off}}\n"
    assert waybill.run("check", config=text).code == 0


# ---- variables ----


def test_variables_expand(waybill: Runner, tmp_path: Path) -> None:
    text = f"""
state_dir: {tmp_path}/state
service: {{name: "${{NAME}}-${{KIND:-blue}}", version: "$$5"}}
outputs: {{out: {{type: console, style: "${{STYLE}}", batch: {{records: "${{COUNT}}"}}}}}}
"""
    ended = waybill.run("run", config=text, stdin=b"x\n",
                        env={"NAME": "shop", "STYLE": "json", "COUNT": "10"})
    assert (ended.code, ended.err) == (0, "")
    (record,) = ended.records
    assert record["service_name"] == "shop-blue"
    assert record["resource"]["service.version"] == "$5"


@pytest.mark.parametrize("value", ["a, version: hacked", "x}\noutputs: {}", "[1]", "null", '"q"'])
def test_a_value_never_becomes_structure(waybill: Runner, tmp_path: Path, value: str) -> None:
    text = f'state_dir: {tmp_path}/state\nservice:\n  name: ${{VALUE}}\n'
    ended = waybill.run("run", "--to", "json", config=text, stdin=b"x\n", env={"VALUE": value})
    assert ended.code == 0, ended.err
    (record,) = ended.records
    assert record["service_name"] == value
    assert "service.version" not in record.get("resource", {})


def test_a_value_of_the_wrong_type_is_a_fault_at_its_place(waybill: Runner) -> None:
    (line,) = check(waybill, "shutdown:\n  grace: ${GRACE}\n", GRACE="soon")
    assert ":2:3:" in line


# ---- secrets and files ----


def test_secrets_are_never_shown(waybill: Runner, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("hunter2\nhunter2\n")
    text = """
outputs:
  a: {type: loki, endpoint: "http://u:hunter2@x", auth: {token: hunter2}}
  b: {type: loki, endpoint: "http://x", auth: {token: "${TOKEN}", user: bob}}
  c: {type: loki, endpoint: "http://x", auth: {token_file: "FILE"}}
  d: {type: loki, endpoint: "http://u:hunter2@:bad:"}
  e: {type: loki, endpoint: "http://x", auth: {password: [hunter2]}}
""".replace("FILE", str(tmp_path / "token"))
    lines = check(waybill, text, TOKEN="hunter2\x01")
    assert len(lines) >= 4
    assert "hunter2" not in "\n".join(lines)


@pytest.mark.parametrize(
    ("make", "word"),
    [
        (lambda path: None, "no such file"),
        (lambda path: path.mkdir(), "folder"),
        (lambda path: path.write_bytes(b"\xff\xfe\0"), "UTF-8"),
        (lambda path: path.write_bytes(b"a" * 2_000_000), "1"),
    ],
    ids=["missing", "a folder", "not text", "huge"],
)
def test_a_config_that_cannot_be_read(
    waybill: Runner, tmp_path: Path, make: object, word: str
) -> None:
    path = tmp_path / "other.yaml"
    make(path)  # type: ignore[operator]
    for command in ("check", "run", "explain"):
        ended = waybill.run(command, "-c", str(path))
        assert ended.code == 2, ended
        assert str(path) in ended.err and word.lower() in ended.err.lower(), ended.err


def test_an_empty_config_is_fine(waybill: Runner, tmp_path: Path) -> None:
    for text in ("", "\n", "# nothing\n", "{}\n"):
        ended = waybill.run("run", config=text, stdin=b"x\n")
        assert ended.code == 0, ended.err
        assert len(ended.records) == 1


def test_two_inputs_at_one_place(waybill: Runner, tmp_path: Path) -> None:
    """The start would say that another program listens there."""
    lines = check(waybill, f"""\
inputs:
  a: {{type: tcp, listen: "127.0.0.1:5599"}}
  b: {{type: udp, listen: "127.0.0.1:5599"}}
  c: {{type: tcp, listen: ":5599"}}
  d: {{type: unix, path: {tmp_path}/log.sock}}
  e: {{type: unix, mode: stream, path: {tmp_path}/./log.sock}}
  f: {{type: tcp, listen: "127.0.0.1:0"}}
  g: {{type: tcp, listen: "127.0.0.1:0"}}
outputs: {{out: {{type: console}}}}
""")
    assert [line.split(":", 3)[1] for line in lines] == ["4", "6"], lines
    assert "inputs.c.listen: inputs.a has tcp 127.0.0.1:5599 already" in lines[0]
    assert f"inputs.e.path: inputs.d has unix {tmp_path}/log.sock already" in lines[1]


@pytest.mark.parametrize(("on_full", "other", "why"), [
    ("block", '{type: udp, listen: "127.0.0.1:0"}', "cannot wait"),
    ("drop", '{type: udp, listen: "127.0.0.1:0"}', "is spooled"),
    ("drop", '{type: file, include: ["/var/log/x.log"]}', "waits"),
])
def test_a_pipe_cannot_ask_for_what_another_input_cannot_do(
    waybill: Runner, on_full: str, other: str, why: str
) -> None:
    (line,) = check(waybill, f"""\
inputs:
  other: {other}
  pipe: {{type: stdin, on_full: {on_full}}}
outputs: {{out: {{type: console}}}}
""")
    assert f"inputs.pipe.on_full: `{on_full}` cannot hold beside inputs.other, which {why}" in line


def test_a_pipe_may_wait_beside_files(waybill: Runner) -> None:
    ended = waybill.run("check", config="""\
inputs:
  app: {type: file, include: ["/var/log/x.log"]}
  pipe: {type: stdin, on_full: block}
outputs: {out: {type: console}}
""")
    assert ended.code == 0, ended.err
