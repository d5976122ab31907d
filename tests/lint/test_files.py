# SPDX-License-Identifier: Apache-2.0
"""Every file: its licence, its size, its width, and words that must not stand in it."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from harness.tree import ROOT, files, sources, with_suffix

LICENCE = "SPDX-License-Identifier: Apache-2.0"
MOST_COLUMNS = 100
MOST_LINES = {"_test.cpp": 600, ".cpp": 450, ".h": 300, ".py": 400}
# path -> why it may be longer.
LONGER: dict[str, str] = {}
# Generated, or of others.
FOREIGN = ("tests/backends/servers/recipes/", "tests/fuzz/corpus/")
# A word, and where it may stand all the same.
FORBIDDEN = {
    "unfinished work": re.compile(r"\b(TODO|FIXME|XXX|HACK)\b"),
    "a path of somebody's machine": re.compile(r"(?<![\w.])/(work|home/[a-z]+|root)/"),
    "a private name of the design": re.compile(r"\bDESIGN\.md\b|\bDESIGN §"),
    "left by a merge": re.compile(r"^(<<<<<<<|>>>>>>>) ", re.MULTILINE),
}
# This file names them.
NAMES_THEM = {"tests/lint/test_files.py"}


def own(paths: list[Path]) -> list[Path]:
    return [path for path in paths if not name_of(path).startswith(FOREIGN)]


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def most_lines(path: Path) -> int:
    return next(most for suffix, most in MOST_LINES.items() if path.name.endswith(suffix))


def text_files() -> list[Path]:
    suffixes = (".h", ".cpp", ".c", ".py", ".md", ".cmake", ".txt", ".inc", ".yaml", ".yml",
                ".json", ".sh", ".ini", "Makefile", "Dockerfile", ".service")
    return own(with_suffix(*suffixes))


def test_sources_begin_with_their_licence() -> None:
    bare = []
    for path in own(with_suffix(".h", ".cpp", ".c", ".py", ".cmake", "CMakeLists.txt", ".sh")):
        first = path.read_text(encoding="utf-8").split("\n")[:2]
        if not any(LICENCE in line for line in first) and path.stat().st_size:
            bare.append(name_of(path))
    assert not bare, "\n".join(bare)


def test_no_file_is_too_long_to_hold_in_the_head() -> None:
    long = []
    for path in own(with_suffix(*MOST_LINES)):
        lines = path.read_text(encoding="utf-8").count("\n")
        if lines > most_lines(path) and name_of(path) not in LONGER:
            long.append(f"{name_of(path)}: {lines} lines, {most_lines(path)} at most")
    assert not long, "\n".join(long)


def test_what_may_be_longer_still_is() -> None:
    for name in LONGER:
        path = ROOT / name
        assert path.read_text(encoding="utf-8").count("\n") > most_lines(path), name


def test_lines_fit_a_screen() -> None:
    wide = []
    for path in own([*sources(), *with_suffix(".c", ".py", ".cmake")]):
        for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1):
            link = "http://" in line or "https://" in line
            if len(line) > MOST_COLUMNS and not link:
                wide.append(f"{name_of(path)}:{number}: {len(line)} columns")
    assert not wide, "\n".join(wide)


def test_sources_are_formatted() -> None:
    tool = shutil.which("clang-format-14")
    if tool is None:
        pytest.skip("clang-format-14 is not installed: the format of sources was not checked")
    paths = own(with_suffix(".h", ".cpp"))
    done = subprocess.run([tool, "--dry-run", *paths], cwd=ROOT, capture_output=True, text=True,
                          check=True, timeout=120)
    faulty = sorted({line.split(":")[0] for line in done.stderr.splitlines() if "warning:" in line})
    assert not faulty, "`make format` mends them:\n" + "\n".join(faulty)


def test_line_ends_and_blanks() -> None:
    wrong = []
    for path in text_files():
        text = path.read_bytes()
        for fault, found in (
            ("carriage returns", b"\r\n" in text),
            ("blanks at a line's end", re.search(rb"[ \t]\n", text)),
            ("no line end at the end", text and not text.endswith(b"\n")),
            ("empty lines at the end", text.endswith(b"\n\n")),
        ):
            if found:
                wrong.append(f"{name_of(path)}: {fault}")
        if path.suffix in (".h", ".cpp", ".c", ".py", ".yaml", ".yml") and b"\t" in text:
            wrong.append(f"{name_of(path)}: a tab")
    assert not wrong, "\n".join(wrong)


def test_words_that_must_not_stand_anywhere() -> None:
    wrong = []
    for path in text_files():
        if name_of(path) in NAMES_THEM:
            continue
        text = path.read_text(encoding="utf-8")
        for what, pattern in FORBIDDEN.items():
            found = pattern.search(text)
            if found:
                line = text.count("\n", 0, found.start()) + 1
                wrong.append(f"{name_of(path)}:{line}: {what}: {found.group(0).strip()}")
    assert not wrong, "\n".join(wrong)


def test_headers_are_guarded() -> None:
    bare = [name_of(path) for path in own(with_suffix(".h"))
            if "#pragma once" not in path.read_text(encoding="utf-8")]
    assert not bare, "\n".join(bare)


def test_nothing_built_is_kept() -> None:
    kept = [name_of(path) for path in files()
            if path.suffix in (".o", ".a", ".so", ".pyc") or path.parts[-2] == "__pycache__"]
    assert not kept, "\n".join(kept)


def test_python_says_its_types() -> None:
    bare = []
    for path in own(with_suffix(".py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                continue
            given = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
            untyped = [arg.arg for arg in given
                       if arg.annotation is None and arg.arg not in ("self", "cls")]
            if untyped or node.returns is None:
                bare.append(f"{name_of(path)}:{node.lineno}: {node.name}({', '.join(untyped)})")
    assert not bare, "\n".join(bare)
