# SPDX-License-Identifier: Apache-2.0
"""waybill test: unit tests of a config."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from harness.runner import Runner

CONFIG = {
    "service": {"name": "shop"},
    "inputs": {"app": {"type": "file", "include": ["/var/log/app/*.log"], "format": "cri"},
               "net": {"type": "udp", "listen": "127.0.0.1:0"}},
    "parse": {"patterns": [{"name": "till", "dissect": "%{time} <%{level}> %{message}"}]},
    "redact": [{"detect": ["email"], "action": "mask"}],
    "sample": {"rules": [{"when": "message == 'poll'", "probability": 0}]},
    "outputs": {"loki": {"type": "loki", "endpoint": "http://127.0.0.1:9", "when": "level >= WARN"},
                "all": {"type": "file", "path": "out.jsonl"}},
}
FINE = """
tests:
  - name: a trace is one record
    lines: |
      2026-01-02T03:04:05Z ERROR payment failed order=7
      java.net.ConnectException: refused
        at a.B.c(B.java:1)
    expect:
      - record: {level: err, error.kind: network, order: 7, time: "2026-01-02 03:04:05+00:00",
                 source: {input: stdin}}
        absent: [trace_id]
        outputs: [all, loki]
  - name: a pattern, what is redacted, and what is left out
    lines: ["2026-01-02T03:04:05Z <info> ada@example.com paid", "2026-01-02T03:04:05Z <info> poll"]
    expect:
      - {record: {message: "*** paid", source.format: till}, outputs: [all]}
      - {outputs: []}
  - name: the input says the format, and the path the pod
    input: app
    path: /var/log/pods/shop_cart-7_0a1b2c3d-0000-1111-2222-333344445555/main/0.log
    lines: "2026-01-02T03:04:05Z stdout F up"
    expect: [{record: {resource.k8s.pod.name: cart-7, source.stream: stdout, message: up}}]
  - name: who speaks over a socket does not say who it is
    input: net
    lines: '{"service_name":"other","msg":"x"}'
    expect: [{record: {service_name: shop, context.service_name: other}, absent: [level]}]
  - name: nothing comes of nothing
    lines: " "
    expect: []
"""


def write(path: Path, text: str) -> str:
    path.write_text(text)
    return str(path)


def test_what_is_as_expected_passes(waybill: Runner, tmp_path: Path) -> None:
    cases = write(tmp_path / "cases.yaml", FINE)
    ended = waybill.run("test", cases, config=CONFIG)
    assert (ended.code, ended.out, ended.err) == (0, "5 tests: 5 passed, 0 failed\n", "")
    assert not waybill.state_dir.exists() and not (tmp_path / "out.jsonl").exists()
    ended = waybill.run("test", "-v", cases, cases, config=CONFIG)
    assert ended.out.count(": ok\n") == 10 and ended.out.endswith("10 passed, 0 failed\n")


@pytest.mark.parametrize(("expect", "words"), [
    ("[{record: {level: WARN}}]", "record 1: level is 'INFO', not 'WARN'"),
    ("[{record: {n: 1.5}}]", "record 1: context.n is 1, not 1.5"),
    ("[{record: {gone: x}}]", "record 1: gone is absent, not 'x'"),
    ("[{record: {n: '1'}}]", "record 1: context.n is 1, not the text '1'"),
    ("[{absent: [message]}]", 'record 1: message is "hello n=1", and should be absent'),
    ("[{outputs: [loki]}]", "record 1: it goes to all, not to loki"),
    ("[]", "1 record came, 0 are expected"),
    ("[{}, {}]", "1 record came, 2 are expected"),
])
def test_what_is_not_is_said(waybill: Runner, tmp_path: Path, expect: str, words: str) -> None:
    text = f"tests:\n  - name: a greeting\n    lines: hello n=1\n    expect: {expect}\n"
    cases = write(tmp_path / "cases.yaml", text)
    ended = waybill.run("test", cases, config=CONFIG)
    assert (ended.code, ended.err) == (1, "")
    lines = ended.out.splitlines()
    assert lines[0] == f"{cases}:2:5: a greeting:"
    assert lines[1] == f"    {words}"
    assert re.match(r' +record 1 \(all\) is \{"timestamp"', lines[2]), "the record is shown"
    assert lines[-1] == "1 test: 0 passed, 1 failed"


def test_long_texts_differ_somewhere(waybill: Runner, tmp_path: Path) -> None:
    said = "all is well " * 20
    text = (f"tests:\n  - name: n\n    lines: {said}now\n"
            f"    expect: [{{record: {{message: '{said}then'}}}}]\n")
    cases = write(tmp_path / "cases.yaml", text)
    out = waybill.run("test", cases, config=CONFIG).out
    assert ("(from byte 220 on: 'is well all is well now', "
            "not 'is well all is well then')") in out, out


def test_what_kept_a_record_back_is_said(waybill: Runner, tmp_path: Path) -> None:
    cases = write(tmp_path / "cases.yaml",
                  "tests: [{name: n, lines: poll, expect: [{outputs: [all]}]}]")
    out = waybill.run("test", cases, config=CONFIG).out
    assert "record 1: it goes to no output (sampled out by " in out
    strict = CONFIG | {"schema": {"file": "builtin", "on_violation": "quarantine"}}
    out = waybill.run("test", cases, config=strict).out
    assert "record 1: it goes to no output (quarantined by its schema), not to all" in out


def test_faulty_cases_are_2(waybill: Runner, tmp_path: Path) -> None:
    cases = write(tmp_path / "cases.yaml",
                  "tests:\n"
                  "  - {name: n, linse: a, expect: []}\n"
                  "  - {name: m, lines: a, input: ap, expect: [{outputs: [lok]}]}\n")
    ended = waybill.run("test", cases, config=CONFIG)
    assert (ended.code, ended.out) == (2, "")
    for words in ("2:15: unknown key 'linse'", "tests[0]: needs 'lines'",
                  "no input called 'ap' (did you mean 'app'?)",
                  "no output called 'lok' (did you mean 'loki'?)"):
        assert words in ended.err, ended.err
    ended = waybill.run("test", str(tmp_path / "gone.yaml"), config=CONFIG)
    assert ended.code == 2 and "gone.yaml: no such file" in ended.err
    broken = {"outputs": {"x": {"type": "lokki"}}}
    assert waybill.run("test", cases, config=broken).code == 2
