# SPDX-License-Identifier: Apache-2.0
"""Reads the folders of logs and cases into what should come of them. A folder that is not there is
left out; each has a SOURCE.md that says what its expectations mean."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from expect import Expect


@dataclass
class Log:
    """Lines, and what is known of the records in them."""

    suite: str  # the row of the table
    name: str
    data: bytes
    expects: list[Expect] = field(default_factory=list)
    zone: str = "UTC"
    events: list[int] | None = None  # every line, 1-based, on which a record begins
    inside: set[int] | None = None  # lines of which it is known, beside `events`; None: all
    messages: list[str] | None = None  # of all records in order: joined lines
    # Which records may be compared, where the log holds others as well (`messages` alone).
    subset: bool = False


def jsonl(path: Path) -> list[dict[str, Any]]:
    with open(path, encoding="utf-8") as lines:
        return [json.loads(line) for line in lines if line.strip()]


def loghub(root: Path) -> Iterator[Log]:
    for path in sorted(root.glob("*_2k.log")):
        expects = []
        for truth in jsonl(path.with_name(path.stem + ".expect.jsonl")):
            epoch = truth.get("epoch")
            iso = truth.get("time_iso")
            expects.append(Expect(
                line=truth["line"],
                # BGL has its time twice, once in the zone of the site: either is right.
                time=None if epoch is not None else iso,
                yearless=truth.get("time_noyear"),
                level=truth.get("level"),
                message_end=truth["content"] if truth.get("content_verbatim", True) else None,
            ))
        yield Log(f"loghub {path.stem.removesuffix('_2k')}", path.name, path.read_bytes(), expects)


# Names of the source for what every reader of an access line should have as a value of its own.
HTTP_VALUES = ("remote_addr", "verb", "http_verb", "status", "body_bytes_sent", "http_user_agent")
ENVELOPE_VALUES = ("machine", "program", "pid", "stream")


def crowdsec(root: Path) -> Iterator[Log]:
    for path in sorted(root.glob("*.log")):
        expects = []
        for truth in jsonl(path.with_name(path.stem + ".expect.jsonl")):
            envelope = truth.get("envelope", {})
            fields = truth.get("fields", {})
            yearless = re.match(r"[A-Z][a-z]{2} ", envelope.get("timestamp", ""))
            time = truth.get("time")
            values = [str(fields[name]) for name in HTTP_VALUES if name in fields]
            values += [str(envelope[name]) for name in ENVELOPE_VALUES if name in envelope]
            expects.append(Expect(
                line=truth["line"],
                time=None if yearless else time,
                yearless=time[5:].rstrip("Z") if yearless and time else None,
                message_end=envelope.get("message"),
                wrapped=True,
                values=values,
            ))
        yield Log("crowdsec " + family(path.stem), path.name, path.read_bytes(), expects)


def family(test: str) -> str:
    """Rows of a table, not 85 of them."""
    for word in ("nginx", "ssh", "traefik", "docker", "exchange"):
        if word in test:
            return word
    return "other"


def first_line(message: str) -> str | None:
    """Of a JSON line that a module has kept whole nothing: what is in it counts."""
    return None if message.startswith("{") else message.split("\n")[0] or None


def filebeat(root: Path) -> Iterator[Log]:
    for path in sorted(root.glob("*/*/*.expect.jsonl")):
        log = path.with_name(path.name.replace(".expect.jsonl", ".log"))
        truths = jsonl(path)
        if not log.exists() or not truths:
            continue
        local = any(truth["ecs"].get("event.timezone") == "-02:00" for truth in truths)
        data = log.read_bytes()
        lines = data.decode("utf-8", "replace").split("\n")
        events = [truth["line"] for truth in truths]
        # A module drops some lines, so only those within a joined event are known to begin none.
        inside = {line for truth, end in zip(truths, events[1:], strict=False)
                  if truth["multiline"] for line in range(truth["line"] + 1, end)}
        # What MySQL writes of the time belongs to the query below it; the module drops it.
        inside = {line for line in inside if not lines[line - 1].startswith("# Time: ")}
        begins = [line - 1 if line > 1 and lines[line - 2].startswith("# Time: ") else line
                  for line in events]
        expects = [
            Expect(line=begin, time=truth.get("timestamp"), level=truth.get("level"),
                   message_end=first_line(truth.get("message", "")))
            for truth, begin in zip(truths, begins, strict=True)
        ]
        module = log.parts[-3]
        yield Log(f"filebeat {module} {log.parts[-2]}", "/".join(log.parts[-3:]), data, expects,
                  zone="Etc/GMT+2" if local else "UTC",
                  events=begins, inside=inside)


def drain(root: Path) -> Iterator[Log]:
    for path in sorted(root.glob("*.txt")):
        expects = [
            Expect(line=truth["line"], time=truth.get("ts"), yearless=truth.get("ts_noyear"),
                   level=truth.get("level"), message=truth.get("msg"))
            for truth in jsonl(path.with_name(path.stem + ".expect.jsonl"))
        ]
        yield Log(f"loki {path.stem}", path.name, path.read_bytes(), expects)


def json_loggers(root: Path) -> Iterator[Log]:
    for number, sample in enumerate(jsonl(root / "samples.jsonl")):
        level = sample.get("level")
        time = sample.get("time")
        yield Log(f"json {sample['lib']}", f"sample {number}", sample["line"].encode() + b"\n", [
            Expect(line=1, time=time if isinstance(time, str) and "T" in time else None,
                   level=level, message=sample.get("message"))])


def lnav(root: Path) -> Iterator[Log]:
    for number, sample in enumerate(jsonl(root / "format_samples.jsonl")):
        captured = sample.get("lnav") or {}
        yield Log(f"lnav {sample['format']}", f"sample {number}", sample["line"].encode() + b"\n", [
            Expect(line=1, level=sample.get("level") or captured.get("level_text"),
                   message_end=captured.get("body"))])
    for path in sorted((root / "files").iterdir()):
        yield Log("lnav files", path.name, path.read_bytes())


def multiline(root: Path) -> Iterator[Log]:
    for case in jsonl(root / "cases.jsonl"):
        if case.get("raw_newline_in_input") or "expect" not in case or "custom" in case["rule"]:
            continue
        data = "\n".join(case["input"]) + "\n"
        yield Log("multiline " + case["lang"], case["id"], data.encode(), messages=case["expect"])


def stack_traces(root: Path) -> Iterator[Log]:
    for trace in jsonl(root / "traces.jsonl"):
        lines = [
            "2024-05-01T10:00:00Z INFO before", *trace["lines"], "2024-05-01T10:00:01Z INFO after"]
        values = [trace[key] for key in ("exception_type",) if trace.get(key)]
        yield Log("traces " + trace["lang"], trace["id"], ("\n".join(lines) + "\n").encode(),
                  [Expect(line=2, values=values)], events=[1, 2, len(lines)])


def syslog(root: Path) -> Iterator[Log]:
    for case in jsonl(root / "go_syslog.jsonl"):
        data = base64.b64decode(case["input_base64"]) if "input_base64" in case \
            else case["input"].encode()
        if not data or b"\n" in data.rstrip(b"\n"):
            continue
        expects = []
        want = case.get("want")
        if case["valid"] and want:
            values = [str(want[key]) for key in ("hostname", "appname", "procid", "msgid")
                      if want.get(key)]
            expects = [Expect(line=1, time=want.get("timestamp"), values=values,
                              message_end=want.get("message"), wrapped=True)]
        yield Log("syslog go-syslog", case["input"][:60] if "input" in case else "(bytes)",
                  data + b"\n", expects)
    for case in jsonl(root / "rsyslog.jsonl"):
        want = case.get("want", {})
        values = [want[key] for key in ("hostname", "programname") if want.get(key)]
        level = want.get("syslogseverity-text")
        yield Log("syslog rsyslog", case["input"][:60], case["input"].encode() + b"\n", [
            Expect(line=1, level=level, values=[v for v in values if "<receiver" not in v],
                   message_end=want.get("msg") if "#" not in want.get("msg", "") else None)])


VRL_LOGS = {"parse_syslog", "parse_klog", "parse_glog", "parse_apache_log", "parse_nginx_log",
            "parse_common_log", "parse_logfmt", "parse_linux_authorization"}


def vrl(root: Path) -> Iterator[Log]:
    for case in jsonl(root / "cases.jsonl"):
        if case["parser"] not in VRL_LOGS or not isinstance(case["input"], str):
            continue
        want = case.get("want") if case["ok"] else None
        expects = []
        if isinstance(want, dict):
            time = want.get("timestamp")
            yearless = isinstance(time, str) and time.startswith("????")
            skip = {"timestamp", "message", "severity", "level", "version", "referer", "referrer",
                    "file", "line", "port", "message1", "message2"}
            values = [str(value) for key, value in want.items()
                      if key not in skip and isinstance(value, (str, int))
                      and not isinstance(value, bool)]
            expects = [Expect(
                line=1, time=time if isinstance(time, str) and not yearless else None,
                yearless=time[5:].rstrip("Z") if yearless else None,
                level=want.get("severity") or want.get("level"),
                message_end=want.get("message") if isinstance(want.get("message"), str) else None,
                values=values)]
        yield Log("vrl " + case["parser"], case["case"], case["input"].encode() + b"\n", expects)


def logfmt(root: Path) -> Iterator[Log]:
    for case in jsonl(root / "go_logfmt.jsonl"):
        data = base64.b64decode(case["input_base64"]) if "input_base64" in case \
            else case["input"].encode()
        yield Log("logfmt", repr(data[:40]), data + b"\n")


def naughty(root: Path) -> Iterator[Log]:
    for number, text in enumerate(json.loads((root / "blns_half.json").read_text("utf-8"))):
        if text and "\n" not in text and "\r" not in text:
            line = json.dumps({"msg": text}, ensure_ascii=False)
            yield Log("naughty strings", f"string {number}", line.encode() + b"\n",
                      messages=[text])


def survivors(root: Path) -> Iterator[Log]:
    for path in sorted(root.rglob("*")):
        if path.is_file() and path.suffix != ".md" and not path.name.startswith("expect"):
            yield Log(f"{root.name} files", path.name, path.read_bytes())


FOLDERS = {
    "loghub": loghub,
    "crowdsec-hub": crowdsec,
    "filebeat-modules": filebeat,
    "filebeat-files": survivors,
    "loki-drain": drain,
    "json-loggers": json_loggers,
    "lnav": lnav,
    "multiline": multiline,
    "stack-traces": stack_traces,
    "syslog": syslog,
    "vrl-parsers": vrl,
    "logfmt": logfmt,
    "naughty-strings": naughty,
    "encodings": survivors,
    "k8s-fluentbit": survivors,
}
