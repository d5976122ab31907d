# SPDX-License-Identifier: Apache-2.0
"""A component is a folder and a line in its kind's registry.inc: never one without the other."""

from __future__ import annotations

import re

import pytest
from harness.tree import ROOT

# kind -> (the macro of its lines, folders that are no components)
KINDS = {
    "inputs": ("INPUT", {"tls"}),
    "outputs": ("OUTPUT", {"http", "writer"}),
    "parsers": ("PARSER", {"common", "envelopes", "errors", "multiline"}),
}


def registered(kind: str) -> list[str]:
    macro = KINDS[kind][0]
    text = (ROOT / kind / "registry.inc").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line and not line.startswith("//")]
    names = [re.fullmatch(rf"{macro}\(([a-z][a-z0-9_]*)\)", line) for line in lines]
    assert all(names), f"{kind}/registry.inc: {lines}"
    return [name.group(1) for name in names if name]


def folders(kind: str) -> set[str]:
    found = {path.name for path in (ROOT / kind).iterdir() if path.is_dir()}
    return {name for name in found if not name.startswith(("_", "."))} - KINDS[kind][1]


@pytest.mark.parametrize("kind", KINDS)
def test_folders_and_lines_are_the_same(kind: str) -> None:
    names = registered(kind)
    assert len(set(names)) == len(names)
    assert set(names) == folders(kind)


@pytest.mark.parametrize("kind", KINDS)
def test_each_component_is_tested(kind: str) -> None:
    bare = [name for name in registered(kind) if not list((ROOT / kind / name).glob("*_test.cpp"))]
    assert not bare, f"{kind}: no *_test.cpp in {bare}"


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_upstream_names_a_component(kind: str) -> None:
    """Only its own folder includes a component's headers; the daemon alone may know `exec`."""
    wrong = []
    for path in (ROOT / kind).glob("*.cpp"):
        for name in re.findall(rf'#include "{kind}/([a-z0-9_]+)/', path.read_text("utf-8")):
            if name in registered(kind):
                wrong.append(f"{path.name} includes {kind}/{name}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("kind", KINDS)
def test_namespaces_are_folders(kind: str) -> None:
    for name in registered(kind):
        found = set()
        for path in (ROOT / kind / name).glob("*.cpp"):
            found |= set(re.findall(rf"^namespace waybill::{kind}::(\w+)", path.read_text("utf-8"),
                                    re.MULTILINE))
        assert found <= {name}, f"{kind}/{name}: {found}"
