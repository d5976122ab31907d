# SPDX-License-Identifier: Apache-2.0
"""Who an output says that it is: each kind of credentials, renewed ones, and that none is shown."""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import b64encode
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import pytest
from harness.backend import ElasticBackend, LokiBackend, Reply, Request
from harness.runner import Runner

SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"


def to_loki(backend: LokiBackend, **options: Any) -> dict[str, Any]:
    return {"outputs": {"o": {"type": "loki", "endpoint": backend.url, **options}}}


@pytest.mark.parametrize(("auth", "name", "value"), [
    ({"user": "me", "password": "a:b"}, "authorization",
     "Basic " + b64encode(b"me:a:b").decode()),
    ({"token": "abc"}, "authorization", "Bearer abc"),
    ({"api_key": "aWQ6a2V5"}, "authorization", "ApiKey aWQ6a2V5"),
    ({"api_key": "k-1", "api_key_header": "X-Api-Key"}, "x-api-key", "k-1"),
])
def test_each_kind_of_credentials(
    waybill: Runner, loki_backend: LokiBackend, auth: dict[str, str], name: str, value: str
) -> None:
    ended = waybill.run("run", config=to_loki(loki_backend, auth=auth), stdin=b"x\n")
    assert ended.code == 0
    (request,) = loki_backend.requests
    assert request.headers[name] == value
    assert name == "authorization" or "authorization" not in request.headers


def test_a_token_is_read_again_when_its_file_changes(
    waybill: Runner, loki_backend: LokiBackend, tmp_path: Path
) -> None:
    """Nobody has to refuse the old one first: it is renewed while it holds."""
    token = tmp_path / "token"
    token.write_text("first\n", encoding="ascii")
    config = {**to_loki(loki_backend, auth={"token_file": str(token)}, batch={"delay": "10ms"}),
              "inputs": {"pipe": {"type": "stdin"}}}
    process = waybill.start("run", config=config).wait_ready()
    process.write("one\n")
    loki_backend.wait_taken(1)
    # As Kubernetes does it: another file takes the place of the name.
    (tmp_path / "new").write_text("second\n", encoding="ascii")
    (tmp_path / "new").rename(token)
    sent = 1
    while loki_backend.requests[-1].headers["authorization"] != "Bearer second":
        sent += 1
        assert sent < 2000, "the new token is not read"
        process.write("more\n")
        loki_backend.wait_taken(sent)
    assert loki_backend.requests[0].headers["authorization"] == "Bearer first"
    process.close_stdin()
    assert process.wait() == 0
    assert process.err.text == ""


def sign(request: Request, key: str, secret: str) -> tuple[str, str]:
    """What Signature Version 4 makes of a request, and what the request says."""
    words = dict(part.split("=", 1) for part in
                 request.headers["authorization"].split(" ", 1)[1].replace(", ", ",").split(","))
    scope = words["Credential"].split("/")
    assert scope[0] == key
    _, day, region, service, _ = scope
    path, _, query = request.path.partition("?")
    pairs = sorted((quote(unquote(name), safe="-_.~"), quote(unquote(value), safe="-_.~"))
                   for name, _, value in (pair.partition("=") for pair in query.split("&") if pair))
    names = words["SignedHeaders"].split(";")
    canonical = "\n".join([
        request.method, path, "&".join(f"{name}={value}" for name, value in pairs),
        *(f"{name}:{' '.join(request.headers[name].split())}" for name in names), "",
        ";".join(names), hashlib.sha256(request.raw).hexdigest()])
    text = "\n".join(["AWS4-HMAC-SHA256", request.headers["x-amz-date"], "/".join(scope[1:]),
                      hashlib.sha256(canonical.encode()).hexdigest()])
    made = f"AWS4{secret}".encode()
    for part in (day, region, service, "aws4_request", text):
        made = hmac.new(made, part.encode(), hashlib.sha256).digest()
    assert "host" in names
    return made.hex(), words["Signature"]


@pytest.mark.parametrize("token", ["", "FQoGZXIvYXdzEBYaDexample=="])
def test_requests_are_signed_for_aws(
    waybill: Runner, elastic_backend: ElasticBackend, token: str
) -> None:
    """The signature is checked as AWS does it, by another program than the one that made it."""
    aws = {"region": "eu-central-1", "service": "es", "access_key_id": "AKIDEXAMPLE",
           "secret_access_key": SECRET, "session_token": token}
    config = {"outputs": {"es": {
        "type": "elasticsearch", "endpoint": elastic_backend.url, "auth": {"aws": aws},
        "data_stream": "logs-shop-default", "pipeline": "mine", "compression": "gzip",
        "headers": {"X-Mine": "two  words"}}}}
    lines = b"".join(b"line %d %s\n" % (n, b"x" * 300) for n in range(7000))
    ended = waybill.run("run", config=config, stdin=lines)
    assert ended.code == 0, ended.err
    assert len(elastic_backend.taken) == 7000
    for request in elastic_backend.requests:
        right, said = sign(request, "AKIDEXAMPLE", SECRET)
        assert said == right, request.headers
        assert request.headers.get("x-amz-security-token", "") == token
        assert "expect" not in request.headers


def test_keys_of_aws_are_renewed_in_their_file(
    waybill: Runner, loki_backend: LokiBackend, tmp_path: Path
) -> None:
    keys = tmp_path / "credentials"

    def write(key: str, secret: str) -> None:
        keys.write_text(
            "[default]\naws_access_key_id = NOT\naws_secret_access_key = this\n"
            f"[logs]\n# renewed hourly\naws_access_key_id={key}\n"
            f"aws_secret_access_key = {secret}\naws_session_token = t-{key}\n", encoding="ascii")

    write("KEY1", "one")

    def refuse_the_old(request: Request) -> Reply:
        if "KEY1" in request.headers["authorization"]:
            write("KEY2", "two")
            return Reply(403, b"The security token included in the request is expired")
        return Reply(204)

    loki_backend.always(refuse_the_old)
    auth = {"aws": {"region": "us-east-1", "service": "es", "credentials_file": str(keys),
                    "profile": "logs"}}
    ended = waybill.run("run", config=to_loki(loki_backend, auth=auth), stdin=b"x\n")
    assert ended.code == 0
    first, last = loki_backend.requests
    right, said = sign(first, "KEY1", "one")
    assert said == right
    right, said = sign(last, "KEY2", "two")
    assert said == right
    assert last.headers["x-amz-security-token"] == "t-KEY2"


@pytest.mark.parametrize(("auth", "words"), [
    ({"token": "t", "aws": {"region": "r"}}, "one kind of credentials"),
    ({"aws": {"region": "eu-central-1"}}, "say `region` and `service`"),
    ({"aws": {"region": "EU 1", "service": "es"}}, "a-z, 0-9 and - only"),
    ({"aws": {"region": "r", "service": "es", "access_key_id": "k"}}, "secret_access_key"),
    ({"aws": {"region": "r", "service": "es", "credentials_file": "/nowhere/keys"}},
     "/nowhere/keys"),
    ({"api_key_header": "X-Key"}, "no `api_key`"),
    ({"api_key": "k", "api_key_header": "X Key"}, "no header's name"),
    ({"token_file": "/nowhere/token"}, "cannot read /nowhere/token"),
])
def test_half_of_credentials_is_a_fault(
    waybill: Runner, loki_backend: LokiBackend, auth: dict[str, Any], words: str
) -> None:
    ended = waybill.run("check", config=to_loki(loki_backend, auth=auth))
    assert ended.code == 2
    assert "outputs.o.auth: " in ended.err and words in ended.err


SECRETS: list[dict[str, Any]] = [
    {"auth": {"user": "me", "password": "HUSH-1"}},
    {"auth": {"token": "HUSH-1"}},
    {"auth": {"api_key": "HUSH-1"}},
    {"auth": {"api_key": "HUSH-1", "api_key_header": "X-Key"}},
    {"auth": {"aws": {"region": "r", "service": "s", "access_key_id": "HUSH-1",
                      "secret_access_key": "HUSH-1", "session_token": "HUSH-1"}}},
    {"headers": {"X-Secret": "HUSH-1"}},
    {"proxy": "http://me:HUSH-1@127.0.0.1:1"},
]


@pytest.mark.parametrize("options", SECRETS, ids=lambda options: json.dumps(options)[:40])
def test_no_secret_is_ever_shown(
    waybill: Runner, loki_backend: LokiBackend, options: dict[str, Any]
) -> None:
    """Not in the log of a backend that refuses, nor on the admin pages, nor by any command."""
    loki_backend.always(Reply(401, b"no"))
    config = to_loki(loki_backend, **options)
    process = waybill.start("run", "-v", config={**config, "inputs": {
        "pipe": {"type": "stdin"}}}).wait_ready()
    process.write("x\n")
    process.err.wait_for("output o: ")
    shown = "".join(process.page(page).text for page in ("/outputs", "/ledger", "/metrics"))
    shown += waybill.run("check", "--connect", config=config).err
    shown += waybill.run("explain", "x", config=config).out
    broken = to_loki(loki_backend, **{key: [value] for key, value in options.items()}, typo=1)
    shown += waybill.run("check", config=broken).err
    process.close_stdin()
    assert process.wait() == 3
    shown += process.err.text
    assert "HUSH" not in shown
    assert b64encode(b"me:HUSH-1").decode() not in shown
