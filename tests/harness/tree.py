# SPDX-License-Identifier: Apache-2.0
"""The files of the repository, for tests that read them."""

from __future__ import annotations

import functools
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@functools.lru_cache(maxsize=None)
def files() -> tuple[Path, ...]:
    """Every file that is tracked or could be: what .gitignore names is left out. Without git
    (an unpacked archive) all files but the build's are given."""
    ask = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    answer = subprocess.run(ask, capture_output=True, check=False)
    if answer.returncode == 0:
        named = [ROOT / name.decode() for name in answer.stdout.split(b"\0") if name]
    else:
        named = [path for path in ROOT.rglob("*") if not _made(path.relative_to(ROOT))]
    return tuple(sorted(path for path in named if path.is_file()))


def _made(path: Path) -> bool:
    return path.parts[0] == "build" or any(
        part.startswith(".") or part == "__pycache__" for part in path.parts
    )


def with_suffix(*suffixes: str) -> list[Path]:
    """The files whose names end so."""
    return [path for path in files() if path.name.endswith(suffixes)]


def sources() -> list[Path]:
    """C++ headers and sources."""
    return with_suffix(".h", ".cpp")
