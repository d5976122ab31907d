# SPDX-License-Identifier: Apache-2.0
"""Every form of --to, and WAYBILL_TO."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from harness.backend import ElasticBackend, LokiBackend, OtlpBackend
from harness.capture import parse_records
from harness.runner import Runner


def test_console_and_json(waybill: Runner) -> None:
    assert waybill.record("hello", "--to", "json")["message"] == "hello"
    ended = waybill.run("run", "--to", "console", stdin=b"hello\n")
    assert json.loads(ended.out)["message"] == "hello", "console into a pipe is JSON, too"


def test_a_file(waybill: Runner, tmp_path: Path) -> None:
    target = tmp_path / "out dir" / "a:b $x.jsonl"
    target.parent.mkdir()
    for word in (b"one", b"two"):
        ended = waybill.run("run", "--to", f"file:{target}", stdin=word + b"\n")
        assert (ended.code, ended.out, ended.err) == (0, "", "")
    assert [record["message"] for record in parse_records(target.read_bytes())] == ["one", "two"]


def test_a_file_that_cannot_be(waybill: Runner, tmp_path: Path) -> None:
    ended = waybill.run("run", "--to", f"file:{tmp_path}/no/such/out", stdin=b"x\n")
    assert ended.code == 1
    assert f"{tmp_path}/no/such/out" in ended.err


def test_loki(waybill: Runner, loki_backend: LokiBackend) -> None:
    ended = waybill.run("run", "--service", "shop", "--to", f"loki={loki_backend.url}",
                        stdin=b"hello\n")
    assert (ended.code, ended.out, ended.err) == (0, "", "")
    (entry,) = loki_backend.taken
    assert entry.labels == {"service_name": "shop", "level": "INFO"}


def test_elasticsearch(waybill: Runner, elastic_backend: ElasticBackend) -> None:
    ended = waybill.run("run", "--service", "my-Shop", "--to", f"es={elastic_backend.url}",
                        stdin=b'{"msg":"hi","service_name":"line-own"}\n')
    assert (ended.code, ended.out, ended.err) == (0, "", "")
    (document,) = elastic_backend.taken
    assert document.action == "create"
    assert document.index == "logs-my_shop-default", "of the configured service, not the line's"


def test_otlp(waybill: Runner, otlp_backend: OtlpBackend) -> None:
    ended = waybill.run("run", "--to", f"otlp={otlp_backend.url}", stdin=b"hello\n")
    assert (ended.code, ended.out, ended.err) == (0, "", "")
    (record,) = otlp_backend.taken
    assert record.body == "hello"
    assert record.resource["service.name"] == "unknown_service"


def test_credentials_in_a_url_are_sent_and_never_shown(
    waybill: Runner, loki_backend: LokiBackend
) -> None:
    url = loki_backend.url.replace("http://", "http://me:s3cr3t@")
    loki_backend.then(503)
    ended = waybill.run("run", "-v", "--to", f"loki={url}", stdin=b"hello\n")
    assert ended.code == 0
    assert loki_backend.requests[0].headers["authorization"] == "Basic bWU6czNjcjN0"
    assert "s3cr3t" not in ended.err + ended.out


def test_several_targets_get_everything(
    waybill: Runner, tmp_path: Path, loki_backend: LokiBackend, otlp_backend: OtlpBackend
) -> None:
    lines = b"".join(b"line %d\n" % n for n in range(100))
    ended = waybill.run("run", "--to", "json", "--to", f"file:{tmp_path}/out",
                        "--to", f"loki={loki_backend.url}", "--to", f"otlp={otlp_backend.url}",
                        stdin=lines)
    assert (ended.code, ended.err) == (0, "")
    expected = [f"line {n}" for n in range(100)]
    assert [record["message"] for record in ended.records] == expected
    written = parse_records((tmp_path / "out").read_bytes())
    assert written == ended.records, "the very same records everywhere"
    assert len(loki_backend.taken) == 100
    assert [record.body for record in otlp_backend.taken] == expected


def test_the_variable(waybill: Runner, tmp_path: Path) -> None:
    target = tmp_path / "by-variable"
    ended = waybill.run("run", stdin=b"x\n", env={"WAYBILL_TO": f"file:{target}"})
    assert (ended.code, ended.out) == (0, "")
    assert target.exists()
    other = tmp_path / "by-flag"
    waybill.run("run", "--to", f"file:{other}", stdin=b"x\n",
                env={"WAYBILL_TO": f"file:{tmp_path}/unused"})
    assert other.exists() and not (tmp_path / "unused").exists(), "the flag wins"
    ended = waybill.run("run", stdin=b"x\n", env={"WAYBILL_TO": "nonsense"})
    assert ended.code == 2


@pytest.mark.parametrize("how", ["flag", "variable"])
def test_a_target_replaces_the_outputs_of_the_file(
    waybill: Runner, tmp_path: Path, how: str
) -> None:
    config = {"outputs": {"out": {"type": "file", "path": str(tmp_path / "unused")}}}
    words = ["--to", "json"] if how == "flag" else []
    env = {"WAYBILL_TO": "json"} if how == "variable" else {}
    ended = waybill.run("run", *words, config=config, stdin=b"x\n", env=env)
    assert (ended.code, ended.err) == (0, "")
    assert len(ended.records) == 1
    assert not (tmp_path / "unused").exists()


def test_a_url_without_a_scheme_is_explained(waybill: Runner) -> None:
    ended = waybill.run("run", "--to", "loki=localhost:3100", stdin=b"x\n")
    assert ended.code == 2
    assert "http://localhost:3100" in ended.err
