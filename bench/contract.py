#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds the same JSON lines to the same schema with Waybill and with validators that others use.

`bench/contract.py` writes log lines of a service, and a schema of 60 properties for them; one line
in a hundred breaks it. Each program reads the file, parses each line and judges it; what counts is
CPU time of its whole process, its start taken off (the same over one line). All must find the same
number of lines wrong. The others are measured where they are installed:

    pip install fastjsonschema jsonschema-rs        --python PATH: of that interpreter
    npm install ajv                                 --node-modules DIR: what it was installed into
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent

PYTHON = """
import json, sys
schema = json.load(open(sys.argv[1]))
if sys.argv[3] == "fastjsonschema":
    import fastjsonschema
    judge = fastjsonschema.compile(schema)
    def right(value):
        try:
            judge(value)
            return True
        except fastjsonschema.JsonSchemaException:
            return False
else:
    import jsonschema_rs
    right = jsonschema_rs.validator_for(schema).is_valid
print(sum(not right(json.loads(line)) for line in open(sys.argv[2], "rb")))
"""
NODE = """
const Ajv = require("ajv/dist/2020"), fs = require("fs");
const right = new Ajv({strict: false}).compile(JSON.parse(fs.readFileSync(process.argv[2])));
let wrong = 0;
for (const line of fs.readFileSync(process.argv[3], "utf8").split("\\n"))
  if (line !== "" && !right(JSON.parse(line))) wrong++;
console.log(wrong);
"""


def schema() -> dict[str, Any]:
    """What a service with 60 fields would agree on with those who read its logs."""
    properties: dict[str, Any] = {
        "ts": {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$"},
        "level": {"enum": ["DEBUG", "INFO", "WARN", "ERROR", "FATAL"]},
        "msg": {"type": "string", "minLength": 1, "maxLength": 1000},
        "trace_id": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
        "span_id": {"type": "string", "pattern": "^[0-9a-f]{16}$"},
        "status": {"type": "integer", "minimum": 100, "maximum": 599},
        "method": {"enum": ["GET", "POST", "PUT", "DELETE"]},
        "path": {"type": "string", "pattern": "^/"},
        "tags": {"type": "array", "items": {"type": "string"}, "maxItems": 8, "uniqueItems": True},
        "user": {
            "type": "object",
            "required": ["id"],
            "properties": {"id": {"type": "integer"}, "name": {"type": "string"}},
            "additionalProperties": False,
        },
    }
    for i in range(20):
        properties[f"count_{i}"] = {"type": "integer", "minimum": 0}
    for i in range(15):
        properties[f"label_{i}"] = {"type": "string", "maxLength": 64}
    for i in range(10):
        properties[f"ratio_{i}"] = {"type": "number", "minimum": 0, "maximum": 1}
    for i in range(5):
        properties[f"flag_{i}"] = {"type": ["boolean", "null"]}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "required": ["ts", "level", "msg", "status"],
        "properties": properties,
        "additionalProperties": False,
    }


def record_schema() -> dict[str, Any]:
    """The same for the daemon: of its records, where what it lifts has its canonical name."""
    whole = schema()
    properties = whole["properties"]
    lifted = {name: properties.pop(key) for name, key in (
        ("timestamp", "ts"), ("level", "level"), ("message", "msg"), ("trace_id", "trace_id"),
        ("span_id", "span_id"))}
    lifted["service_name"] = {"type": "string", "minLength": 1}
    lifted["context"] = {"type": "object", "required": ["status"], "properties": properties,
                         "additionalProperties": False}
    return {
        "$schema": whole["$schema"],
        "type": "object",
        "required": ["timestamp", "level", "message", "service_name", "context"],
        "properties": lifted,
    }


def log_lines(count: int) -> list[str]:
    """Lines of the service that all hold to the schema."""
    chance = random.Random(20260102)
    return [json.dumps(record(chance, number * 100), separators=(",", ":"))
            for number in range(count)]


def record(chance: random.Random, number: int) -> dict[str, Any]:
    value: dict[str, Any] = {
        "ts": f"2026-01-02T03:04:{number % 60:02}.{number % 1000:03}Z",
        "level": chance.choice(["INFO", "WARN", "ERROR"]),
        "msg": f"order {number} was placed",
        "trace_id": f"{chance.getrandbits(128):032x}",
        "span_id": f"{chance.getrandbits(64):016x}",
        "status": chance.choice([200, 201, 404, 500]),
        "method": chance.choice(["GET", "POST"]),
        "path": f"/api/v2/orders/{number}",
        "tags": ["shop", f"lane-{number % 7}"],
        "user": {"id": number, "name": "ada"},
    }
    for i in chance.sample(range(20), 8):
        value[f"count_{i}"] = chance.randrange(100000)
    for i in chance.sample(range(15), 6):
        value[f"label_{i}"] = f"value {chance.randrange(100)}"
    for i in chance.sample(range(10), 4):
        value[f"ratio_{i}"] = round(chance.random(), 4)
    for i in chance.sample(range(5), 2):
        value[f"flag_{i}"] = chance.choice([True, False, None])
    if number % 100 == 99:
        value["status"] = chance.choice([42, "200", None])
    return value


def measured(command: list[str | Path], environment: dict[str, str]) -> tuple[float, str]:
    """CPU seconds of a command, and what it printed. It may exit with 1, for what is wrong."""
    before = os.times()
    ended = subprocess.run(command, capture_output=True, text=True, check=False,
                           env={**os.environ, **environment})
    after = os.times()
    if ended.returncode not in (0, 1) or not ended.stdout:
        said = ended.stderr.strip().splitlines()
        raise RuntimeError(said[-1] if said else f"exit {ended.returncode}")
    user = after.children_user - before.children_user
    return user + after.children_system - before.children_system, ended.stdout


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    options.add_argument("--build", type=Path, default=HERE.parent / "build/release")
    options.add_argument("--lines", type=int, default=100_000)
    options.add_argument("--runs", type=int, default=3, help="the best of each counts")
    options.add_argument("--python", default=sys.executable)
    options.add_argument("--node-modules", type=Path, default=Path("node_modules"))
    given = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="waybill-bench-") as name:
        folder = Path(name)
        chance = random.Random(20260102)
        lines = [json.dumps(record(chance, i), separators=(",", ":")) for i in range(given.lines)]
        (folder / "all.log").write_text("\n".join(lines) + "\n")
        (folder / "one.log").write_text(lines[0] + "\n")
        (folder / "schema.json").write_text(json.dumps(schema()))
        (folder / "judge.py").write_text(PYTHON)
        (folder / "judge.js").write_text(NODE)
        at = folder / "schema.json"
        validate = [given.build.resolve() / "waybill", "schema", "validate", "--lines", at]
        programs: dict[str, tuple[list[str | Path], list[str | Path]]] = {
            "waybill": (validate, []),
            "jsonschema-rs": ([given.python, folder / "judge.py", at], ["jsonschema-rs"]),
            "fastjsonschema": ([given.python, folder / "judge.py", at], ["fastjsonschema"]),
            "ajv": (["node", folder / "judge.js", at], []),
        }
        environment = {"NODE_PATH": str(given.node_modules.resolve())}
        size = (folder / "all.log").stat().st_size / 1e6
        print(f"{given.lines} lines, {size:.0f} MB, a schema of 60 properties\n")
        print(f"{'program':16}{'ns/line':>9}{'MB/CPU s':>10}{'times ours':>12}{'wrong':>8}")
        ours = 0.0
        for program, (front, back) in programs.items():
            try:
                def once(log: str) -> tuple[float, str]:
                    return measured([*front, folder / log, *back], environment)  # noqa: B023

                runs = [once("all.log") for _ in range(given.runs)]
                start = min(once("one.log")[0] for _ in range(given.runs))
            except (OSError, RuntimeError) as fault:
                print(f"{program:16}not measured: {fault}")
                continue
            cpu = min(run[0] for run in runs) - start
            out = runs[0][1]
            wrong = out.count("\ninvalid ") + out.startswith("invalid ") if program == "waybill" \
                else int(out)
            ours = ours or cpu
            print(f"{program:16}{cpu / given.lines * 1e9:9.0f}{size / cpu:10.0f}{cpu / ours:12.1f}"
                  f"{wrong:8}")


if __name__ == "__main__":
    main()
