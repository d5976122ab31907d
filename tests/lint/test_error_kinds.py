# SPDX-License-Identifier: Apache-2.0
"""What docs/formats.md says of kinds of errors is what the tables hold."""

from __future__ import annotations

import re

from harness.tree import ROOT

TABLES = ROOT / "parsers" / "errors"
ROW = re.compile(r"^\| `(network|timeout|fs|auth|db)` \| (.*) \| (.*) \| (.*) \|$", re.MULTILINE)


def table(file: str, macro: str) -> dict[str, str]:
    """name -> kind, of one macro of a table."""
    text = (TABLES / file).read_text(encoding="utf-8")
    found = re.findall(rf'^{macro}\("((?:[^"\\]|\\.)*)", k(\w+)\)', text, re.MULTILINE)
    assert found, f"{file} has no {macro}"
    twice = {name for name, _ in found if [each for each, _ in found].count(name) > 1}
    assert not twice, f"{file}: {twice} more than once"
    return {name: kind.lower() for name, kind in found}


def test_the_kinds_that_are_shown_are_those_of_the_tables() -> None:
    classes = table("classes.inc", "CLASS") | table("classes.inc", "NAMESPACE")
    columns = [classes, table("codes.inc", "CODE"), table("phrases.inc", "PHRASE")]
    text = (ROOT / "docs" / "formats.md").read_text(encoding="utf-8")
    rows = ROW.findall(text)
    assert {row[0] for row in rows} == {"network", "timeout", "fs", "auth", "db"}
    for kind, *cells in rows:
        for cell, known in zip(cells, columns, strict=True):
            for name in re.findall(r"`([^`]+)`", cell):
                assert known.get(name) == kind, f"{name} is shown as {kind}"


def test_phrases_are_in_small_letters() -> None:
    assert all(phrase == phrase.lower() for phrase in table("phrases.inc", "PHRASE"))
