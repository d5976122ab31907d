# SPDX-License-Identifier: Apache-2.0
"""Builds servers once per user and version, and keeps them outside the clone."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

RECIPES = Path(__file__).parent / "recipes"
BUILD_LIMIT = 3600.0  # seconds for one command of a build; Loki needs a quarter of that
STAMP = "recipe.sha256"


class Unavailable(Exception):
    """This machine cannot provide the server; the text says why, for the skip message."""


def root() -> Path:
    """The folder that outlives runs and clones. Made on demand."""
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    path = home / "waybill-tests"
    path.mkdir(parents=True, exist_ok=True)
    return path


def need(tool: str) -> str:
    """The tool's path, or Unavailable: a missing compiler is a reason to skip, not to fail."""
    path = shutil.which(tool)
    if path is None:
        raise Unavailable(f"no {tool} in PATH")
    return path


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Holds a file lock. The kernel frees it with its holder, so a killed run blocks nobody."""
    with open(path, "w", encoding="utf-8") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


@dataclass(frozen=True)
class Workshop:
    """Where one build happens: sources in `source`, what is to be kept in `out`."""

    source: Path
    out: Path
    log: Path

    def run(self, command: Sequence[str], where: Path | None = None) -> None:
        """Runs one step, gently: a build of minutes must not starve the machine it shares."""
        rubbish = self.source.parent / "tmp"  # goes with the build's folder; some tools forget
        rubbish.mkdir(exist_ok=True)
        with open(self.log, "a", encoding="utf-8") as log:
            log.write(f"$ {' '.join(command)}\n")
            log.flush()
            try:
                done = subprocess.run(
                    _gently(command),
                    cwd=where or self.source,
                    env={**os.environ, "GOWORK": "off", "TMPDIR": str(rubbish)},
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    timeout=BUILD_LIMIT,
                    check=False,
                )
            except subprocess.TimeoutExpired:
                raise Unavailable(f"'{command[0]}' ran past {BUILD_LIMIT:.0f} s") from None
        if done.returncode != 0:
            why = f"'{_short(command)}' failed: {_complaint(self.log)}"
            raise Unavailable(f"{why} (see {self.log})")


@dataclass(frozen=True)
class Recipe:
    """A server in one version, and how to get it. Its folder's files are part of its identity."""

    name: str
    version: str
    lasts: str  # what a first build takes, told to whoever waits for it
    make: Callable[[Workshop], None]

    @property
    def title(self) -> str:
        """As in `loki-3.7.8`: the name of everything kept for this server."""
        return f"{self.name}-{self.version}"

    def is_built(self, cache_dir: Path) -> bool:
        """True when the cache holds this very recipe, not just this version."""
        try:
            stamp = (cache_dir / self.title / STAMP).read_text(encoding="utf-8")
        except OSError:
            return False
        return stamp == self._stamp()

    def build(self, cache_dir: Path) -> Path:
        """The folder with the built server. Builds at most once, whoever else asks meanwhile."""
        final = cache_dir / self.title
        if self.is_built(cache_dir):
            return final
        with locked(cache_dir / f"{self.title}.lock"):
            if not self.is_built(cache_dir):
                self._build_into(final)
        return final

    def _build_into(self, final: Path) -> None:
        """Builds beside `final` and renames, so that a half-built server is never found there."""
        prefix = f".{self.title}-"
        for leftover in final.parent.glob(f"{prefix}*"):  # of a killed run: we hold the lock
            shutil.rmtree(leftover, ignore_errors=True)
        scratch = Path(tempfile.mkdtemp(prefix=prefix, dir=final.parent))
        try:
            source = scratch / "source"
            shutil.copytree(RECIPES / self.name, source)
            shop = Workshop(source, scratch / "out", final.parent / f"{self.title}.build.log")
            shop.out.mkdir()
            shop.log.write_text("", encoding="utf-8")
            self.make(shop)
            (shop.out / STAMP).write_text(self._stamp(), encoding="utf-8")
            if final.exists():
                shutil.rmtree(final)
            shop.out.rename(final)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)

    def _stamp(self) -> str:
        """Changes with the version and with every file that the build reads."""
        digest = hashlib.sha256(self.version.encode())
        for path in sorted((RECIPES / self.name).iterdir()):
            digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
        return digest.hexdigest()


def tail(log: Path, lines: int, width: int = 2000) -> str:
    """The end of a log on one line."""
    return " / ".join(_lines(log)[-lines:])[-width:]


def _complaint(log: Path, width: int = 300) -> str:
    """What the last command said was wrong: Go says it last, Maven in its first error."""
    said = _lines(log)
    begin = max(n for n, line in enumerate(said) if line.startswith("$ "))
    said = said[begin + 1 :] or ["no output"]
    errors = [line.partition("[ERROR] ")[2] for line in said if "[ERROR] " in line]
    return errors[0][:width] if errors else " / ".join(said[-2:])[-width:]


def _lines(log: Path) -> list[str]:
    text = log.read_text(encoding="utf-8", errors="replace")
    return [line.strip() for line in text.splitlines() if line.strip()]


def _gently(command: Sequence[str]) -> list[str]:
    nice = shutil.which("nice")
    return [nice, "-n", "10", *command] if nice else list(command)


def _short(command: Sequence[str]) -> str:
    return " ".join([Path(command[0]).name, *command[1:2]])
