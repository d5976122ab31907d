# SPDX-License-Identifier: Apache-2.0
"""The documents name what the program has: every option, every key name, every metric."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from harness.tree import ROOT

BEGIN, END = "<!-- reference:begin -->", "<!-- reference:end -->"
DOCS = ROOT / "docs"


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def test_the_reference_in_the_docs_is_what_the_program_prints(binary: Path) -> None:
    printed = subprocess.run([str(binary), "reference"], capture_output=True, text=True,
                             check=True).stdout
    text = text_of(DOCS / "configuration.md")
    assert text.count(BEGIN) == 1 and text.count(END) == 1
    shown = text[text.index(BEGIN) + len(BEGIN):text.index(END)]
    assert shown.strip() == printed.strip(), \
        f"put what `waybill reference` prints between {BEGIN} and {END}"


def test_every_key_name_stands_in_the_formats_page() -> None:
    code = text_of(ROOT / "parsers" / "common" / "names.inc")
    names = re.findall(r'Name\{"([^"]+)", Slot::(?!kInside\b)\w+', code)
    of_dialects = re.findall(r'DialectName\{\{"([^"]+)"',
                             text_of(ROOT / "parsers" / "common" / "dialects.cpp"))
    signs = re.findall(r'Name\{"([^"]+)".*sign::', code)
    assert len(names) > 100 and len(of_dialects) > 20 and len(signs) > 20
    names += of_dialects + signs
    text = text_of(DOCS / "formats.md")
    missing = [name for name in names if f"`{name}`" not in text]
    assert not missing, f"docs/formats.md does not name {missing}"


def test_names_stand_in_rank_order() -> None:
    code = text_of(ROOT / "parsers" / "common" / "names.inc")
    rows = [row for row in text_of(DOCS / "formats.md").split("\n") if row.startswith("| `")]
    slots: dict[str, list[tuple[int, str]]] = {}
    for name, slot, rank in re.findall(r'Name\{"([^"]+)", Slot::(\w+), (\d+)', code):
        if slot != "kInside" and not slot.startswith("kRecord"):
            slots.setdefault(slot, []).append((int(rank), name))
    for slot, ranked in slots.items():
        names = [name for _, name in sorted(ranked, key=lambda each: each[0])]
        holding = [row for row in rows if all(f"`{name}`" in row for name in names)]
        if not holding or len(names) < 2:
            continue
        cell = holding[0].split("|")[2]
        places = [cell.index(f"`{name}`") for name in names]
        assert places == sorted(places), f"{slot}: docs/formats.md has another order"


def test_the_metrics_page_names_exactly_what_there_is() -> None:
    name = r"\b(?:waybill|process)_[a-z_]+[a-z]\b"
    code = text_of(ROOT / "daemon" / "admin" / "metrics.cpp")
    made = set(re.findall(rf'"({name})"', code))
    shown = set(re.findall(rf"^\| `({name})", text_of(DOCS / "metrics.md"), re.MULTILINE))
    assert made and made == shown, f"not in both: {sorted(made ^ shown)}"
