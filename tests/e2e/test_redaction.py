# SPDX-License-Identifier: Apache-2.0
"""What must not leave does not leave: not to an output, not to the disk, not to our own log."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from harness.backend import ElasticBackend, LokiBackend, OtlpBackend
from harness.poll import until
from harness.runner import Runner

JWT = ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in (
    b'{"alg":"HS256","typ":"JWT"}', b'{"sub":"ada"}', b"a signature of 32 bytes, or more"))
KEY = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj"
PEM = f"-----BEGIN PRIVATE KEY-----\n{KEY}\n-----END PRIVATE KEY-----"
EVERYTHING = ["jwt", "bearer", "aws_key", "private_key", "card", "email", "ipv4", "ssn",
              "url_password", "password"]
# Nothing of these may be found anywhere; what stands around them tells the rules from each other.
SECRETS = {
    "jwt": JWT,
    "bearer": "mF_9B5f4q1JqMxx31",
    "aws_key": "AKIAIOSFODNN7EXAMPLE",
    "card": "4111111111111111",
    "email": "ada.lovelace@example.com",
    "ipv4": "203.0.113.77",
    "ssn": "123-45-6789",
    "url_password": "s3cr3tInUrl",
    "password": "hunter2hunter2",
}
SHOWN = {"bearer": "Authorization: Bearer {}", "url_password": "postgres://app:{}@db/shop",
         "password": "password={}"}


def shown(rule: str) -> str:
    return SHOWN.get(rule, "{}").format(SECRETS[rule])


def escaped(text: str) -> str:
    """Letters as JSON may write them."""
    return "".join(f"\\u{ord(c):04x}" if c in "@AeyJ4h2" else c for c in text)


def lines() -> list[str]:
    """Each secret in every kind of place."""
    made = []
    for rule in SECRETS:
        text = shown(rule)
        inner = json.dumps({"deep": text, "ok": 1})
        made += [
            json.dumps({"level": "info", "msg": f"json {text} end"}),
            json.dumps({"msg": "nested", "a": {"b": [1, {"c": text}]}, "d": True}),
            json.dumps({"msg": "as text", "body": inner}),
            json.dumps({"msg": "as text of a text", "body": json.dumps({"again": inner})}),
            json.dumps({"msg": "key", text: 1}),
            json.dumps({"msg": "logger", "logger": text, "thread": text, "caller": text}),
            json.dumps({"msg": "failed", "level": "error",
                        "error": {"message": text, "stack": f"E: {text}\n at x\n at y"}}),
            '{"msg":"escaped","v":"' + escaped(text) + '"}',
            '{"msg":"escaped in text","v":"{\\"w\\":\\"' + escaped(text).replace("\\", "\\\\")
            + '\\"}"}',
            '{"msg":"broken json","v":"' + text + '", oops',
            json.dumps({"msg": "service", "service_name": text}),
            f'level=info msg="logfmt {text} end" n=1',
            f"2026-01-02T03:04:05Z ERROR plain {text} end",
            f"2026-01-02T03:04:05Z stdout F wrapped {text} end",
            "2026-01-02T03:04:05Z stderr F " + json.dumps({"msg": f"wrapped json {text}"}),
            json.dumps({"log": json.dumps({"msg": text}) + "\n", "stream": "stdout",
                        "time": "2026-01-02T03:04:05Z"}),
            json.dumps({"log": f"docker {text}\n", "stream": "stdout",
                        "time": "2026-01-02T03:04:05Z"}),
            f"<34>1 2026-01-02T03:04:05Z host app 1 - - syslog {text}",
            f"Exception in thread \"main\" java.lang.RuntimeException: {text}\n"
            f"\tat com.example.A.b(A.java:1)\nCaused by: java.io.IOException: {text}\n"
            "\tat com.example.C.d(C.java:2)",
        ]
    half = len(JWT) // 2
    made += [
        f"2026-01-02T03:04:05Z stdout P in pieces {JWT[:half]}",
        f"2026-01-02T03:04:05Z stdout F {JWT[half:]} end",
        json.dumps({"msg": "pem", "pem": PEM}),
        json.dumps({"msg": PEM}),
        f"2026-01-02T03:04:05Z ERROR could not load\n{PEM}",
        "-----BEGIN RSA PRIVATE KEY-----", KEY, KEY[::-1], "-----END RSA PRIVATE KEY-----",
        json.dumps({"password": SECRETS["password"], "db": {"api_key": SECRETS["password"]}}),
        json.dumps({"card": int(SECRETS["card"])}),
    ]
    return made


FORBIDDEN = [*SECRETS.values(), KEY, KEY[::-1], JWT.split(".")[2], escaped(SECRETS["email"]),
             escaped(SECRETS["aws_key"])]


def leaks(where: str, data: bytes) -> list[str]:
    text = data.decode("utf-8", "replace")
    return [f"{where}: {secret}" for secret in FORBIDDEN if secret in text]


def all_files(*folders: Path) -> list[str]:
    found = []
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                found += leaks(str(path), path.read_bytes())
    return found


def rules(*names: str, **more: Any) -> list[dict[str, Any]]:
    return [{"detect": list(names), **more}]


def test_nothing_leaves_by_any_way(
    waybill: Runner, tmp_path: Path, loki_backend: LokiBackend, elastic_backend: ElasticBackend,
    otlp_backend: OtlpBackend,
) -> None:
    outputs = tmp_path / "outputs"
    outputs.mkdir()
    schema = tmp_path / "broken.schema.json"
    schema.write_text('{"properties": {"message": {"maxLength": 3}, "logger": {"maxLength": 3}, '
                      '"context": {"properties": {"n": {"maximum": 0}}}}}')
    elastic_backend.statuses = lambda documents: [400 for _ in documents]
    quick = {"batch": {"delay": "20ms"}}
    gone = LokiBackend(listening=False)
    try:
        config = {
            "service": {"name": "shop"},
            "inputs": {"pipe": {"type": "stdin"}},
            "redact": rules(*EVERYTHING),
            "schema": {"file": str(schema), "on_violation": "tag"},
            "outputs": {
                "file": {"type": "file", "path": str(outputs / "out.jsonl"), **quick},
                "con": {"type": "console", "style": "pretty"},
                "loki": {"type": "loki", "endpoint": loki_backend.url, "line": "original", **quick},
                "gone": {"type": "loki", "endpoint": gone.url, "line": "record",
                         "spool": {"files": "always"}, **quick},
                "es": {"type": "elasticsearch", "endpoints": [elastic_backend.url],
                       "data_stream": "logs-shop-default", **quick},
                "otlp": {"type": "otlp", "endpoint": otlp_backend.url, **quick}},
            "shutdown": {"grace": "2s"}}
        process = waybill.start("run", config=config).wait_ready()
        process.write(("\n".join(lines()) + "\n").encode())
        process.close_stdin()
        process.wait(60)
    finally:
        gone.close()
    found = all_files(outputs, waybill.state_dir)
    found += leaks("stdout", process.out.text.encode()) + leaks("stderr", process.err.text.encode())
    for backend in (loki_backend, elastic_backend, otlp_backend):
        for request in backend.requests:
            found += leaks(backend.product, request.body)
        assert backend.requests, backend.product
    assert not found, "\n".join(sorted(set(found)))
    letters = (waybill.state_dir / "dead_letters.ndjson").read_text()
    assert len(letters.splitlines()) > 100 and "***" in letters
    assert list(waybill.state_dir.rglob("*.seg*")) or list(waybill.state_dir.rglob("spool*"))
    # What is no secret is all there.
    written = (outputs / "out.jsonl").read_text()
    for word in ("json *** end", "logfmt *** end", "plain *** end", "wrapped *** end", "in pieces"):
        assert word in written, word


def test_quarantined_records_are_redacted(waybill: Runner, tmp_path: Path) -> None:
    schema = tmp_path / "s.json"
    schema.write_text('{"properties": {"context": {"properties": {"token": {"type": "integer"}}}}}')
    config = {"inputs": {"pipe": {"type": "stdin"}},
              "schema": {"file": str(schema), "on_violation": "quarantine"},
              "outputs": {"o": {"type": "file", "path": str(tmp_path / "out.jsonl")}}}
    ended = waybill.run("run", config=config, stdin=json.dumps({"token": JWT}).encode() + b"\n")
    letter = json.loads((waybill.state_dir / "dead_letters.ndjson").read_text())
    assert letter["original"] == '{"token": "***"}'
    assert letter["record"]["context"] == {"token": "***"}
    assert JWT not in json.dumps(letter) and JWT not in ended.err


def test_credentials_by_default(waybill: Runner) -> None:
    lines_in = "\n".join([json.dumps({"msg": f"{shown(rule)}"}) for rule in SECRETS]) + "\n"
    ended = waybill.run("run", stdin=lines_in.encode())
    messages = [record["message"] for record in ended.records]
    expected = [shown(rule) for rule in SECRETS]
    expected[0], expected[1], expected[2] = "***", "Authorization: Bearer ***", "***"
    assert messages == expected
    for rule in ("jwt", "bearer", "aws_key"):
        assert f"redaction: rule {rule}: 1 value redacted" in ended.err


def test_off(waybill: Runner) -> None:
    config = {"inputs": {"pipe": {"type": "stdin"}}, "redact": [],
              "outputs": {"o": {"type": "console", "style": "json"}}}
    ended = waybill.run("run", config=config, stdin=(JWT + "\n").encode())
    assert ended.records[0]["message"] == JWT
    assert "redaction" not in ended.err


def test_tokens_join(waybill: Runner, tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text("a key of sixteen bytes and more\n")
    key.chmod(0o600)
    config = {"inputs": {"pipe": {"type": "stdin"}},
              "redact": [{"detect": ["email"], "action": "hmac", "key_file": str(key)},
                         {"field": "context.user.id", "action": "hmac", "key_file": str(key)},
                         {"detect": ["card"], "keep": 4},
                         {"field": "context.**.drop", "action": "drop"}],
              "outputs": {"o": {"type": "console", "style": "json"}}}
    first = {"msg": "from ada@example.com", "user": {"id": 17}, "pan": "4111 1111 1111 1111"}
    second = {"msg": "a", "mail": "ada@example.com", "user": {"id": "17"}, "x": {"drop": 1, "y": 2}}
    ended = waybill.run("run", config=config,
                        stdin=(json.dumps(first) + "\n" + json.dumps(second) + "\n").encode())
    one, two = ended.records
    token = two["context"]["mail"]
    assert token.startswith("hmac:") and len(token) == 37
    assert one["message"] == f"from {token}"
    assert one["context"]["user"]["id"] == two["context"]["user"]["id"] != "17"
    assert one["context"]["pan"] == "***1111"
    assert two["context"]["x"] == {"y": 2}


def test_counted_told_and_changed_by_a_reload(waybill: Runner, tmp_path: Path) -> None:
    def config_with(*detectors: str) -> dict[str, Any]:
        return {"inputs": {"pipe": {"type": "stdin"}}, "redact": rules(*detectors),
                "outputs": {"o": {"type": "file", "path": str(tmp_path / "out.jsonl"),
                                  "batch": {"delay": "10ms"}}}}

    process = waybill.start("run", config=config_with("email")).wait_ready()
    process.write(b'{"msg":"a@example.com b@example.com","n":"c@example.com"}\n')
    process.wait_delivered("o", 1)

    def redactions(rule: str) -> float:
        return process.metrics().value("waybill_redactions_total", rule=rule)

    assert redactions("email") == 3
    assert process.metrics().value("waybill_redaction_withheld_total") == 0
    waybill.write_config(config_with("email", "ssn"))
    process.reload()
    process.write(b'{"msg":"123-45-6789 d@example.com"}\n')
    process.wait_delivered("o", 2)
    assert (redactions("email"), redactions("ssn")) == (4, 1)
    process.close_stdin()
    assert process.wait() == 0
    told = [line for line in process.err.text.splitlines() if "redaction: rule" in line]
    assert [line.split("rule ")[1] for line in told] == [
        "email: 3 values redacted", "ssn: 1 value redacted", "email: 1 value redacted"]
    assert "example.com" not in process.err.text
    assert [r["message"] for r in waybill.written()] == ["*** ***", "*** ***"]


def test_a_line_that_was_cut_keeps_no_beginning_of_a_secret(waybill: Runner) -> None:
    config = {"inputs": {"pipe": {"type": "stdin"}}, "parse": {"max_line": "1KiB"},
              "redact": rules("card", "aws_key"),
              "outputs": {"o": {"type": "console", "style": "json"}}}
    line = "word " * 203 + "4111 1111 1111 1111 and more\n"
    ended = waybill.run("run", config=config, stdin=line.encode())
    (record,) = ended.records
    assert record["source"]["truncated_bytes"] > 0
    assert "4111" not in ended.out and record["source"]["withheld"] >= 1
    assert record["message"].endswith("[withheld]")


def test_explain_names_the_rules(waybill: Runner) -> None:
    config = {"redact": [*rules("jwt", "email"), {"pattern": "acct-\\d+", "name": "account"}]}
    line = json.dumps({"msg": f"{JWT} and acct-1", "a": "x@example.com", "b": "acct-2"})
    ended = waybill.run("explain", line, config=config)
    assert ("redact   1 value by rule jwt, 1 value by rule email, 2 values by rule account"
            in ended.out)
    assert "x@example.com" not in ended.out and "acct-1" not in ended.out
    assert "redact   nothing" in waybill.run("explain", '{"msg":"a"}', config=config).out
    assert "redact   off" in waybill.run("explain", '{"msg":"a"}', config={"redact": []}).out


def test_what_was_decoded_is_looked_at_too(waybill: Runner) -> None:
    """The line itself has no such letters: baggage is percent-encoded."""
    config = {"redact": [{"pattern": "acct-\\d+", "name": "account"}]}
    line = b'{"message":"hi","baggage":"tenant_id=acct%2D12345"}\n'
    ended = waybill.run("run", config=config, stdin=line)
    assert ended.code == 0 and "acct-12345" not in ended.out + ended.err
    assert json.loads(ended.out)["tenant_id"] != "acct-12345"


@pytest.mark.parametrize("rule, said", [
    ({"detect": ["emial"]}, "'emial' is no detector (did you mean 'email'?)"),
    ({"pattern": "a+", "samples": ["b"]}, "the pattern finds nothing in it"),
    ({"detect": ["jwt"], "action": "hmac", "key_file": "/nowhere/key"}, "No such file"),
    ({"field": "user.ssn"}, "did you mean 'context.user.ssn'?"),
])
def test_check_says_what_is_wrong(waybill: Runner, rule: dict[str, Any], said: str) -> None:
    ended = waybill.run("check", config={"redact": [rule]})
    assert ended.code == 2
    assert said in ended.err


def test_check_warns_of_what_the_list_leaves_out(waybill: Runner) -> None:
    ended = waybill.run("check", config={"redact": rules("jwt", "email")})
    assert ended.code == 0
    assert "bearer, aws_key, private_key are not redacted" in ended.err
    assert waybill.run("check", config={"redact": []}).err == ""


def test_a_key_that_others_can_read_is_refused(waybill: Runner, tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text("a key of sixteen bytes and more\n")
    key.chmod(0o644)
    config = {"redact": [{"detect": ["email"], "action": "hmac", "key_file": "key"}]}
    ended = waybill.run("run", config=config)
    assert ended.code == 2 or ended.code == 1
    assert "can be read or changed by others (mode 0644): chmod 0600 it" in ended.err


def test_replay_does_not_redact_again(
    waybill: Runner, tmp_path: Path, elastic_backend: ElasticBackend,
) -> None:
    key = tmp_path / "key"
    key.write_text("a key of sixteen bytes and more\n")
    key.chmod(0o600)
    elastic_backend.statuses = lambda documents: [400 for _ in documents]
    config = {"inputs": {"pipe": {"type": "stdin"}},
              "redact": [{"field": "context.id2", "action": "hmac", "key_file": str(key)}],
              "outputs": {"es": {"type": "elasticsearch", "endpoints": [elastic_backend.url],
                                 "data_stream": "logs-a-default", "batch": {"delay": "10ms"}}}}
    process = waybill.start("run", config=config).wait_ready()
    process.write(b'{"msg":"a","id2":"ada"}\n')
    until(lambda: process.output("es")["dead_lettered"] == 1, process.story)
    process.close_stdin()
    process.wait()
    path = waybill.state_dir / "dead_letters.ndjson"
    token = json.loads(path.read_text())["record"]["context"]["id2"]
    assert token.startswith("hmac:")
    elastic_backend.statuses = lambda documents: [201 for _ in documents]
    ended = waybill.run("replay", str(path), config=config)
    assert ended.code == 0, ended.err
    assert elastic_backend.taken[-1].source["context"]["id2"] == token


def test_lint_shows_no_secret(waybill: Runner, tmp_path: Path) -> None:
    log = tmp_path / "app.log"
    log.write_text(json.dumps({"ts": "2026-01-02T03:04:05Z", "level": JWT, "msg": JWT}) + "\n")
    ended = waybill.run("lint", str(log))
    assert JWT not in ended.out + ended.err
