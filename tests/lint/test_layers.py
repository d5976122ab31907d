# SPDX-License-Identifier: Apache-2.0
"""Includes go one way (docs/ARCHITECTURE.md, "The house"), and libraries stay where they belong."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from harness.tree import ROOT, sources

# folder -> the folders it may include, besides itself. CMakeLists.txt links just these.
MAY_INCLUDE: dict[str, set[str]] = {
    "core": set(),
    "config": {"core"},
    "parsers": {"core", "config"},
    "lineage": {"core", "config"},
    "redaction": {"core", "config"},
    "inputs": {"core", "config"},
    "contract": {"core", "config"},
    "sampling": {"core", "config"},
    "metrics": {"core", "config"},
    "delivery": {"core", "config", "inputs"},  # for inputs/checkpoint_store.h alone
    "outputs": {"core", "config", "delivery", "lineage"},
    "daemon": {"core", "config", "parsers", "lineage", "redaction", "inputs", "contract",
               "sampling", "metrics", "delivery", "outputs"},
}
# Everything may be included by what nobody includes.
TOPS = ("tests", "bench")
# Across a layer, but only these headers.
ONLY: dict[tuple[str, str], set[str]] = {
    ("delivery", "inputs"): {"inputs/checkpoint_store.h"},
}
# In a folder of components: the parts that components share.
SHARED = {"parsers": {"common", "envelopes", "errors", "multiline"},
          "outputs": {"http", "writer"}, "inputs": {"tls"}}
# What begins an include of a library -> who may.
LIBRARIES: dict[str, set[str]] = {
    "yaml-cpp/": {"config"},
    "curl/": {"outputs/http"},
    "librdkafka/": {"outputs/kafka"},
    "openssl/": {"inputs/tls"},
    "prometheus/": {"daemon/admin"},
    "boost/asio": {"inputs", "daemon"},
    "boost/beast": {"daemon/admin", "daemon/metadata"},
    "CLI/": {"daemon"},
    "protozero/": {"outputs"},
    "snappy": {"outputs"},
    "zstd": {"outputs"},
    "re2/": {"parsers", "contract", "lineage", "redaction", "sampling"},
    "date/": {"parsers"},
    "spdlog/": {"core", "delivery", "daemon"},
    "spdlog/spdlog.h": {"core"},  # others: core/log.h
}

INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^>"]+)[>"]', re.MULTILINE)


def includes(path: Path) -> Iterator[tuple[str, bool]]:
    """(what is included, whether in quotes) of a file."""
    for bracket, name in INCLUDE.findall(path.read_text(encoding="utf-8")):
        yield name, bracket == '"'


def folder_of(path: Path) -> str:
    return path.relative_to(ROOT).parts[0]


def is_test(path: Path) -> bool:
    """Tests stand beside the code, but above everything."""
    return path.name.endswith("_test.cpp") or path.name.startswith("test_")


def component_of(name: str) -> tuple[str, str] | None:
    """("outputs", "loki") of a path below a component's folder."""
    parts = name.split("/")
    return (parts[0], parts[1]) if parts[0] in SHARED and len(parts) > 2 else None


def test_arrows() -> None:
    wrong = []
    for path in sources():
        here = folder_of(path)
        if here in TOPS or is_test(path):
            continue
        assert here in MAY_INCLUDE, f"{path}: a folder without a place in the house"
        for name, quoted in includes(path):
            there = name.split("/")[0]
            if not quoted or there == here:
                continue
            allowed = ONLY.get((here, there))
            if there not in MAY_INCLUDE[here] or (allowed is not None and name not in allowed):
                wrong.append(f"{path.relative_to(ROOT)} includes {name}")
    assert not wrong, "\n".join(wrong)


def test_components_do_not_know_each_other() -> None:
    wrong = []
    for path in sources():
        here = component_of(str(path.relative_to(ROOT)))
        if is_test(path):
            continue
        for name, _ in includes(path):
            there = component_of(name)
            if there is None or here == there or folder_of(path) in ("daemon", *TOPS):
                continue
            if there[1] not in SHARED[there[0]]:
                wrong.append(f"{path.relative_to(ROOT)} includes {name}")
    assert not wrong, "\n".join(wrong)


def test_only_tests_use_what_is_for_tests() -> None:
    wrong = [f"{path.relative_to(ROOT)}: {name}"
             for path in sources() if folder_of(path) not in TOPS and not is_test(path)
             for name, _ in includes(path) if Path(name).name.startswith("test_")]
    assert not wrong, "\n".join(wrong)


def test_quoted_includes_are_root_relative_and_exist() -> None:
    wrong = [f"{path.relative_to(ROOT)}: {name}"
             for path in sources() for name, quoted in includes(path)
             if quoted and not (ROOT / name).is_file()]
    assert not wrong, "\n".join(wrong)


def test_libraries_stay_in_their_folders() -> None:
    wrong = []
    for path in sources():
        place = str(path.relative_to(ROOT).parent)
        if folder_of(path) in TOPS or is_test(path):
            continue
        for name, quoted in includes(path):
            for start, places in LIBRARIES.items():
                inside = any(place == one or place.startswith(f"{one}/") for one in places)
                if not quoted and name.startswith(start) and not inside:
                    wrong.append(f"{path.relative_to(ROOT)} includes <{name}>")
    assert not wrong, "\n".join(wrong)


def linked() -> dict[str, set[str]]:
    """folder -> the folders whose libraries CMakeLists.txt links to it, with theirs."""
    text = (ROOT / "CMakeLists.txt").read_text(encoding="utf-8")
    direct = {}
    for name, body in re.findall(r"waybill_library\((\w+)\s([^)]*)\)", text):
        direct[name] = set(re.findall(r"\bwaybill_(\w+)", body))

    def closure(name: str) -> set[str]:
        return direct[name].union(*(closure(below) for below in direct[name]))

    return {name: closure(name) for name in direct}


def test_cmake_draws_the_same_arrows() -> None:
    libraries = linked()
    assert libraries, "CMakeLists.txt has no waybill_library() that this test can read"
    for name, below in libraries.items():
        extra = below - MAY_INCLUDE[name]
        # A library comes with those that it links; includes of them are held to test_arrows.
        through = set().union(*(MAY_INCLUDE[other] for other in below))
        assert not extra - through, f"{name} links {sorted(extra - through)}"


@pytest.mark.parametrize("folder", sorted(MAY_INCLUDE))
def test_no_cycle(folder: str) -> None:
    def reaches(start: str) -> set[str]:
        return MAY_INCLUDE[start].union(*(reaches(next_) for next_ in MAY_INCLUDE[start]))

    assert folder not in reaches(folder)
