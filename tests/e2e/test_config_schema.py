# SPDX-License-Identifier: Apache-2.0
"""docs/waybill.schema.json, for editors: it is the program's own, and it judges as the program."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from harness.runner import Runner
from harness.tree import ROOT
from jsonschema import Draft202012Validator

SCHEMA = ROOT / "docs" / "waybill.schema.json"

GOOD = {
    "nothing": "",
    "deploy/waybill.yaml": (ROOT / "deploy" / "waybill.yaml").read_text(encoding="utf-8"),
    "inputs": """\
inputs:
  app: {type: file, include: ["/var/log/app/*.log"], start_at: beginning, follow_links: true}
  pipe: {type: stdin, on_full: spool}
  net: {type: udp, listen: "127.0.0.1:0", trust_service: true}
  sock: {type: unix, path: /tmp/waybill-schema.sock, mode: stream}
""",
    "outputs": """\
outputs:
  loki: {type: loki, endpoint: "http://loki:3100", labels: [service_name, level], tenant: acme}
  es: {type: elasticsearch, endpoints: ["http://es:9200"], index: logs, auth: {token: "${SECRET}"}}
  otlp: {type: otlp, endpoint: "http://otel:4318", compression: none, timeout: 5s}
  out: {type: console, style: json}
  file: {type: file, path: /tmp/out.ndjson, batch: {records: 10, bytes: 64KiB, delay: 1s}}
""",
    "the rest": """\
service: {name: shop, version: "1.4"}
memory: 32MiB
parse:
  max_line: 64KiB
  default_level: WARN
  time: {default_zone: Europe/Berlin}
  patterns:
    - {name: shop, regex: '^(?P<n>\\d+) (?P<message>.*)$', types: {n: int}}
    - {name: till, dissect: "%{a} %{b}", samples: ["x y", {line: "1 2", record: {a: "1"}}]}
admin: {listen: "127.0.0.1:0"}
shutdown: {grace: 5s}
schema:
  file: builtin
  "on": line
  format: assert
  by_service: {pay: {on_violation: "off"}, web: {"on": record, on_violation: repair}}
""",
}
BAD = {
    "an unknown key": "servce: {name: x}",
    "an unknown key below": "parse: {max_lines: 3}",
    "an unknown type": "inputs: {a: {type: upd}}",
    "no type": "inputs: {a: {path: x}}",
    "a list for a mapping": "inputs: [a, b]",
    "an unknown word": "outputs: {o: {type: console, style: prety}}",
    "a word for a list": "inputs: {a: {type: file, include: {x: y}}}",
    "a pattern without a name": "parse: {patterns: [{regex: x}]}",
    "an unknown type of a group": "parse: {patterns: [{name: a, dissect: '%{x}', types: {x: i}}]}",
    "a sample without a line": "parse: {patterns: [{name: a, regex: x, samples: [{record: {}}]}]}",
    "a mapping for a duration": "shutdown: {grace: {s: 5}}",
    "an unknown key of a service": "schema: {by_service: {pay: {map: {}}}}",
    "a rule that is no mapping": "schema: {by_service: {pay: builtin}}",
    "nothing where something must be": "outputs: {o: {type: file}}",
}


@pytest.fixture(scope="module")
def validator() -> Any:
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def test_the_published_schema_is_what_the_program_prints(binary: Path) -> None:
    printed = subprocess.run([str(binary), "reference", "--format", "json-schema"],
                             capture_output=True, text=True, check=True).stdout
    assert SCHEMA.read_text(encoding="utf-8") == printed, \
        "write `waybill reference --format json-schema` to docs/waybill.schema.json"


@pytest.mark.parametrize("name", GOOD)
def test_what_the_program_takes_the_schema_takes(
    waybill: Runner, validator: Any, name: str
) -> None:
    ended = waybill.run("check", config=GOOD[name], env={"SECRET": "s"})
    assert ended.code == 0, ended.err
    faults = [error.message for error in validator.iter_errors(yaml.safe_load(GOOD[name]))]
    assert not faults, faults


@pytest.mark.parametrize("name", BAD)
def test_what_the_schema_refuses_the_program_refuses(
    waybill: Runner, validator: Any, name: str
) -> None:
    assert waybill.run("check", config=BAD[name]).code == 2
    assert not validator.is_valid(yaml.safe_load(BAD[name]))
