#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the program over a folder of real logs and conformance cases, and prints the share of
records that came out right. `--show ROW` lists what is wrong in the rows that hold the word."""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

from disputed import Dispute, dispute_about
from expect import ASPECTS, Expect, Record
from json_schema import json_schema
from loaders import FOLDERS, Log
from minefield import minefield
from program import Broken, records_of
from trace_context import trace_context

COLUMNS = ["time", "level", "message", "values", "events", "cases", "optional"]
PAGE = """# What comes out right of real logs

Made by `make conformance DATA=DIR PAGE=docs/conformance.md` over a folder of logs and cases that
others have written, without any configuration. Of each row: the share of records with the right
time, level and message; with every value that the truth names (`values`); and of lines that begin a
record where one begins (`events`). What the truth does not say is not judged. `cases` are the
values that `waybill schema validate` judged as the JSON Schema Test Suite wants it, where it is
required and where it is `optional`.

{table}

{disputes}

{states}
"""


@dataclass
class Row:
    """Right and judged, per column."""

    right: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    judged: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    logs: int = 0
    broken: int = 0
    wrong: list[str] = field(default_factory=list)
    disputes: dict[Dispute, int] = field(default_factory=lambda: defaultdict(int))

    def judge(self, column: str, right: bool | None, story: str) -> None:
        if right is None:
            return
        self.judged[column] += 1
        self.right[column] += right
        if not right:
            self.wrong.append(f"{column}: {story}")

    def cell(self, column: str) -> str:
        judged = self.judged[column]
        if judged == 0:
            return ""
        return f"{100 * self.right[column] / judged:.1f} % of {judged}"


def judge(log: Log, row: Row) -> None:
    row.logs += 1
    try:
        records = records_of(log.data, log.zone)
    except Broken as error:
        row.broken += 1
        row.wrong.append(f"broken: {log.name}: {error}")
        return
    by_line = {record["line"]: record for record in records}
    lines = log.data.decode("utf-8", "replace").split("\n")
    for expect in log.expects:
        record = by_line.get(expect.line)
        text = lines[expect.line - 1][:300]
        for column, is_right in ASPECTS.items():
            if record is None:
                known = {"time": expect.time or expect.yearless, "level": expect.level,
                         "message": expect.message or expect.message_end,
                         "values": expect.values or None}[column]
                right = None if known is None else False
            else:
                right = is_right(expect, record)
                if column == "message" and right is False and expect.wrapped:
                    right = comes_of_the_inside(expect, record)
            dispute = dispute_about(log.suite, log.name, column, text)
            if right is False and dispute and row.disputes[dispute] < dispute.most:
                row.disputes[dispute] += 1
                continue
            row.judge(column, right, f"{log.name}:{expect.line}: {text}\n    want {expect}\n"
                                     f"    got {record}")
    if log.events is not None:
        began = {line for line in by_line if log.inside is None or line in log.inside}
        began |= {line for line in by_line if line in log.events}
        for line in sorted(set(log.events) | began):
            row.judge("events", line in began and line in log.events,
                      f"{log.name}:{line}: {lines[line - 1][:200]}: "
                      + ("a record begins here" if line in began else "no record begins here"))
    if log.messages is not None:
        said = [record.get("message", "").rstrip("\n") for record in records]
        # An empty line is no record.
        wanted = [message.rstrip("\n") for message in log.messages if message.rstrip("\n")]
        row.judge("events", same_texts(wanted, said),
                  f"{log.name}:\n    want {wanted}\n    got {said}")


def comes_of_the_inside(expect: Expect, record: Record) -> bool:
    """Whether the message is what comes of the text in the envelope by itself."""
    alone = records_of((expect.message_end or "").encode() + b"\n")
    return [one["message"] for one in alone] == [record["message"]]


def same_texts(wanted: list[str], said: list[str]) -> bool:
    """Whether each text is the message of one record, but for a header that it may have lost."""
    left = list(said)
    for text in wanted:
        whole = [message for message in left if message == text]
        rest = [message for message in left if message and text.endswith(message)
                and "\n" not in text.removesuffix(message)]
        if not whole and not rest:
            return False
        left.remove((whole or rest)[0])
    return not left


def total_of(rows: dict[str, Row]) -> Row:
    total = Row()
    for row in rows.values():
        for column in COLUMNS:
            total.right[column] += row.right[column]
            total.judged[column] += row.judged[column]
    return total


def too_low(total: Row, floors: str) -> list[str]:
    """What is below `floors`: "time=99,level=99", in percent."""
    low = []
    for floor in filter(None, floors.split(",")):
        column, least = floor.split("=")
        judged = total.judged[column]
        if judged == 0 or 100 * total.right[column] / judged < float(least):
            low.append(f"{column}: {total.cell(column) or 'nothing judged'}, at least {least} %")
    return low


def table(rows: dict[str, Row]) -> str:
    out = ["| logs | " + " | ".join(COLUMNS) + " |", "|---" * (len(COLUMNS) + 1) + "|"]
    for name, row in rows.items():
        if any(row.judged.values()):
            out.append(f"| {name} | " + " | ".join(row.cell(column) for column in COLUMNS) + " |")
    total = total_of(rows)
    out.append("| **all** | " + " | ".join(total.cell(column) for column in COLUMNS) + " |")
    return "\n".join(out)


def disputes(rows: dict[str, Row]) -> str:
    out = ["Left out, with what the truth does there that we do not:", ""]
    for name, row in rows.items():
        for dispute, count in row.disputes.items():
            out.append(f"- {name}, {dispute.column} of {count}: it {dispute.why}.")
    return "\n".join(out)


def states(lines: list[str]) -> str:
    """The optional cases of JSON Schema, file by file."""
    if not lines:
        return ""
    return "\n".join(["Optional cases of JSON Schema, right and judged:", "",
                      *(f"- {line}" for line in lines)])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, metavar="DIR")
    parser.add_argument("--only", metavar="FOLDER", help="this folder alone")
    parser.add_argument("--show", metavar="ROW", help="what is wrong in rows with this in the name")
    parser.add_argument("--most", type=int, default=20, metavar="N", help="so many at most")
    parser.add_argument("--least", default="", metavar="COLUMN=PERCENT,…", help="else exit 1")
    parser.add_argument("--write", type=Path, metavar="FILE", help="the table, as a page of docs/")
    options = parser.parse_args()
    rows: dict[str, Row] = {}
    for folder, load in FOLDERS.items():
        root = options.data / folder
        if not root.is_dir() or (options.only and options.only != folder):
            continue
        for log in load(root):
            judge(log, rows.setdefault(log.suite, Row()))
    if (options.data / "json-parsing").is_dir() and options.only in (None, "json-parsing"):
        minefield(options.data / "json-parsing", rows.setdefault("json minefield", Row()))
    if (options.data / "trace-context").is_dir() and options.only in (None, "trace-context"):
        trace_context(options.data / "trace-context", rows.setdefault("trace context", Row()))
    optional = []
    if (options.data / "json-schema").is_dir() and options.only in (None, "json-schema"):
        optional = json_schema(options.data / "json-schema",
                               lambda name: rows.setdefault(name, Row()))
    print(table(rows))
    print(disputes(rows))
    print(states(optional))
    if options.write:
        page = PAGE.format(table=table(rows), disputes=disputes(rows), states=states(optional))
        options.write.write_text(page.rstrip() + "\n", encoding="utf-8")
    low = too_low(total_of(rows), options.least)
    for text in low:
        print(f"too low: {text}", file=sys.stderr)
    broken = sum(row.broken for row in rows.values())
    if broken:
        print(f"{broken} inputs broke the program", file=sys.stderr)
    for name, row in rows.items():
        shown = row.wrong[: options.most] if options.show and options.show in name else []
        shown += [text for text in row.wrong if text.startswith("broken")][:1]
        for story in shown:
            print(f"{name}: {story}")
    return 1 if broken or low else 0


if __name__ == "__main__":
    sys.exit(main())
