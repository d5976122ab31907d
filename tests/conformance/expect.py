# SPDX-License-Identifier: Apache-2.0
"""What a record should say, and whether it does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

Record = dict[str, Any]

# Words of sources for a level, by the level they mean (OpenTelemetry's severity ranges).
LEVELS = {
    "DEBUG": "trace debug verbose v d dbg finest finer fine silly debu deb",
    "INFO": "info information informational notice note i inf log config default system n",
    "WARN": "warn warning w wrn wrng",
    "ERROR": "error err e severe critical crit c alert dpanic failure",
    "FATAL": "fatal panic emerg emergency f",
}
LEVEL_OF = {word: level for level, words in LEVELS.items() for word in words.split()}
PINO = {10: "DEBUG", 20: "DEBUG", 30: "INFO", 40: "WARN", 50: "ERROR", 60: "FATAL"}


@dataclass
class Expect:
    """One record's truth. What is None is not known, and not judged."""

    line: int = 0  # 1-based: where the record begins
    time: str | None = None  # with a zone, or UTC without
    yearless: str | None = None  # MM-DDThh:mm:ss[.fff]
    level: str | None = None  # the source's word
    message: str | None = None
    # The message may have been taken apart further: the rest of it behind a prefix is right, too.
    message_end: str | None = None
    # The message stood in an envelope: what is in there is parsed further.
    wrapped: bool = False
    values: list[str] = field(default_factory=list)  # each is a value somewhere in the record


def level_of(word: str | int) -> str | None:
    """The level that a source's word means; None when it is not known."""
    if isinstance(word, int) or word.isdigit():
        return PINO.get(int(word))
    return LEVEL_OF.get(word.lower())


def instant(text: str) -> datetime | None:
    """An ISO time; UTC when it names no zone. Beyond microseconds it is cut."""
    text = re.sub(r"(\.\d{6})\d+", r"\1", text.strip().replace(",", "."))
    text = re.sub(r"\.(\d{1,5})(?!\d)", lambda m: "." + m[1].ljust(6, "0"), text)
    text = re.sub(r"([+-]\d\d)(\d\d)$", r"\1:\2", text.replace("Z", "+00:00"))
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        return None
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=timezone.utc)


def leaves(value: Any) -> Iterator[str]:
    """Every value in a record that is no container, as text."""
    if isinstance(value, dict):
        for inner in value.values():
            yield from leaves(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner)
    elif isinstance(value, bool):
        yield "true" if value else "false"
    elif value is not None:
        yield str(value)


def time_is_right(expect: Expect, record: Record) -> bool | None:
    said = instant(record["timestamp"])
    if expect.yearless is not None:
        wanted = instant("2000-" + expect.yearless)
        return bool(wanted and said) and said.replace(year=2000) == wanted
    if expect.time is None:
        return None
    wanted = instant(expect.time)
    if wanted is None:
        return None
    if wanted.microsecond == 0 and "." not in expect.time:
        said = said.replace(microsecond=0)  # the truth does not say more
    return abs(said - wanted) < timedelta(milliseconds=1)


def level_is_right(expect: Expect, record: Record) -> bool | None:
    wanted = level_of(expect.level) if expect.level is not None else None
    return None if wanted is None else record.get("level") == wanted


def message_is_right(expect: Expect, record: Record) -> bool | None:
    said = record.get("message", "").strip()
    if expect.message is not None:
        return said == expect.message.strip()
    if expect.message_end is not None:
        # The first line alone; a reader may leave more before it than another one.
        end, said = expect.message_end.strip(), said.split("\n")[0].strip()
        return said == end or (bool(said) and (end.endswith(said) or said.endswith(end)))
    return None


def values_are_right(expect: Expect, record: Record) -> bool | None:
    wanted = [value for value in expect.values if value not in ("", "-")]
    if not wanted:
        return None
    said = set(leaves(record))
    return all(value in said for value in wanted)


ASPECTS = {
    "time": time_is_right,
    "level": level_is_right,
    "message": message_is_right,
    "values": values_are_right,
}
