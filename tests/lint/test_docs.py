# SPDX-License-Identifier: Apache-2.0
"""What the documents show works: every config is checked, every command line exists, every path
that is named is there."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from harness.programs import NoBinary, waybill_binary
from harness.runner import Runner
from harness.tree import ROOT, files, with_suffix

FENCE = re.compile(r"^( *)```(\w*)[^\n]*\n(.*?)^\1```", re.MULTILINE | re.DOTALL)
ARCHITECTURE = ROOT / "docs" / "ARCHITECTURE.md"


@dataclass(frozen=True)
class Block:
    """A fenced block of a document."""

    place: str
    language: str
    text: str


def blocks(*languages: str) -> Iterator[Block]:
    """The blocks of these languages in every document."""
    for path in with_suffix(".md"):
        text = path.read_text(encoding="utf-8")
        for found in FENCE.finditer(text):
            line = text.count("\n", 0, found.start()) + 1
            indent, language, body = found.groups()
            body = "\n".join(each.removeprefix(indent) for each in body.split("\n"))
            if language in languages:
                yield Block(f"{path.relative_to(ROOT)}:{line}", language, body)


def configs() -> Iterator[tuple[str, str]]:
    """(where it stands, its text) of every config that is shown or shipped."""
    for block in blocks("yaml"):
        if "apiVersion:" not in block.text and not block.text.startswith("tests:"):
            yield block.place, block.text
    for path in with_suffix(".yaml", ".yml"):
        name = str(path.relative_to(ROOT))
        if not name.startswith(("deploy/", "examples/", "docs/", "bench/")):
            continue
        text = path.read_text(encoding="utf-8")
        if "apiVersion:" not in text:
            yield name, text
            continue
        for manifest in yaml.safe_load_all(text):
            yield from _config_maps(name, manifest)


def _config_maps(name: str, manifest: Any) -> Iterator[tuple[str, str]]:
    if isinstance(manifest, dict) and manifest.get("kind") == "ConfigMap":
        for key, text in manifest.get("data", {}).items():
            if key.startswith("waybill") and key.endswith((".yaml", ".yml")):
                yield f"{name} ({key})", text


CONFIGS = dict(configs())


def test_there_is_something_to_check() -> None:
    assert CASES, "docs/cli.md shows some tests"
    assert len(CONFIGS) >= 3 and len(COMMAND_LINES) >= 5, "README.md, docs/ and deploy/ show some"


@pytest.mark.parametrize("place", CONFIGS)
def test_a_shown_config_is_right(waybill: Runner, tmp_path: Path, place: str) -> None:
    text = CONFIGS[place]
    secret = tmp_path / "secret"
    secret.write_text("-----BEGIN a secret of sixteen bytes or more-----\n")
    secret.chmod(0o600)
    keys = tmp_path / "keys"
    keys.write_text("[default]\naws_access_key_id = a\naws_secret_access_key = b\n")
    # Files with secrets are there where it runs, not here; so are variables.
    text = re.sub(r"(credentials_file: *)/[^\s,}]+", rf"\1keys", text)
    text = re.sub(r"(_file: *)[\"']?/[^\s\"',}]+[\"']?", rf"\1{secret}", text)
    names = re.findall(r"\$\{(\w+)\}", text)
    ended = waybill.run("check", config=text, env={name: "value" for name in names})
    assert ended.code == 0, ended.err


CASES = {block.place: block.text for block in blocks("yaml") if block.text.startswith("tests:")}


@pytest.mark.parametrize("place", CASES)
def test_shown_tests_of_a_config_pass(waybill: Runner, tmp_path: Path, place: str) -> None:
    config = {"inputs": {"app": {"type": "file", "include": ["/var/log/app/*.log"]}},
              "sample": {"rules": [{"when": "message == 'GET /healthz'", "probability": 0}]},
              "outputs": {"loki": {"type": "loki", "endpoint": "http://127.0.0.1:9"}}}
    (tmp_path / "cases.yaml").write_text(CASES[place])
    ended = waybill.run("test", str(tmp_path / "cases.yaml"), config=config)
    assert ended.code == 0, ended.out + ended.err


def command_lines() -> Iterator[tuple[str, list[str]]]:
    """(where, the words from `waybill` on) of every command line that is shown."""
    for block in blocks("sh", "bash", "console", "shell"):
        for line in block.text.replace("\\\n", " ").split("\n"):
            line = line.removeprefix("$ ").split(" #")[0]
            for part in re.split(r"[|;&]+", line):
                words = part.split()
                while words and "=" in words[0] and not words[0].startswith("-"):
                    words.pop(0)  # VARIABLE=value in front
                if words and words[0] in ("sudo", "exec"):
                    words.pop(0)
                if words and Path(words[0]).name == "waybill":
                    yield f"{block.place}: {part.strip()}", words[1:]


COMMAND_LINES = dict(command_lines())
COMMANDS = ("run", "exec", "replay", "check", "explain", "health", "ledger", "version", "reference",
            "schema", "setup", "lint", "trace", "test", "completion", "man")


@pytest.mark.parametrize("place", COMMAND_LINES)
def test_a_shown_command_line_exists(binary: Path, place: str) -> None:
    words = COMMAND_LINES[place]
    if "--" in words:
        words = words[: words.index("--")]
    command = words[0] if words and not words[0].startswith(("-", "<", ">", "2>")) else "run"
    assert command in COMMANDS, f"{command} is no command"
    # These have commands of their own.
    below = words[1:2] if command in ("schema", "setup") else []
    asked = [str(binary), command, *below, "--help"]
    shown = subprocess.run(asked, capture_output=True, text=True, check=True).stdout
    for flag in (word.split("=")[0] for word in words if word.startswith("-") and word != "-"):
        assert flag == "--help" or re.search(rf"(^|[\s,]){re.escape(flag)}\b", shown), flag


def test_the_map_names_every_folder() -> None:
    text = ARCHITECTURE.read_text(encoding="utf-8")
    tops = {path.relative_to(ROOT).parts[0] for path in files()
            if len(path.relative_to(ROOT).parts) > 1}
    missing = [top for top in sorted(tops)
               if not re.search(rf"(^|[\s`]){re.escape(top)}/", text, re.MULTILINE)
               and not top.startswith(".")]
    assert not missing, f"{ARCHITECTURE.name} does not name {missing}"


def test_paths_that_documents_name_exist() -> None:
    tops = {path.relative_to(ROOT).parts[0] for path in files()}
    wrong = []
    for path in with_suffix(".md"):
        text = path.read_text(encoding="utf-8")
        for name in re.findall(r"`([\w.-]+/[\w./-]*)`", text):
            if name.split("/")[0] in tops and not (ROOT / name).exists():
                wrong.append(f"{path.relative_to(ROOT)}: {name}")
        for name in re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", text):
            if not (path.parent / name).exists():
                wrong.append(f"{path.relative_to(ROOT)}: a link to {name}")
    assert not wrong, "\n".join(wrong)


def test_the_map_of_threads_names_every_thread() -> None:
    """Each thread that is given a name in the code stands in the table."""
    text = ARCHITECTURE.read_text(encoding="utf-8")
    named = set()
    for path in with_suffix(".cpp"):
        body = path.read_text(encoding="utf-8")
        named |= set(re.findall(r'pthread_setname_np\([^;]*?"([a-z]+)', body))
    assert named, "no thread has a name"
    missing = [name for name in sorted(named) if f"`{name}" not in text]
    assert not missing, f"{ARCHITECTURE.name} does not name the threads {missing}"


def has_binary() -> bool:
    try:
        waybill_binary()
    except NoBinary:
        return False
    return True


@pytest.mark.skipif(not has_binary(), reason="there is no binary to ask")
def test_the_reference_is_what_the_program_prints(binary: Path) -> None:
    for path in (ROOT / "docs").glob("*"):
        shown = {"config.md": "markdown", "config-reference.md": "markdown",
                 "waybill.schema.json": "json-schema"}.get(path.name)
        if shown is None:
            continue
        asked = [str(binary), "reference", "--format", shown]
        printed = subprocess.run(asked, capture_output=True, text=True, check=True,
                                 env={"PATH": os.environ["PATH"]}).stdout
        assert path.read_text(encoding="utf-8").strip().endswith(printed.strip()) or \
            printed.strip() in path.read_text(encoding="utf-8"), f"docs/{path.name} is outdated"
