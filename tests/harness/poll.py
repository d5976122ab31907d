# SPDX-License-Identifier: Apache-2.0
"""Waiting for a condition, never for a time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

LIMIT = 60.0  # seconds; far more than anything takes, even under a sanitizer on a busy machine
PAUSE = 0.01


class NeverHappened(AssertionError):
    """The condition did not come true within the limit."""


def until(
    condition: Callable[[], T], what: str | Callable[[], str], limit: float = LIMIT
) -> T:
    """Polls until `condition` gives something true, and gives that. `what` says what was missed."""
    deadline = time.monotonic() + limit
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() >= deadline:
            words = what if isinstance(what, str) else what()
            raise NeverHappened(f"not within {limit:g} s: {words}")
        time.sleep(PAUSE)


def stays(condition: Callable[[], object], what: str, duration: float) -> None:
    """Asserts that `condition` is true now and for `duration` seconds on."""
    deadline = time.monotonic() + duration
    while time.monotonic() < deadline:
        assert condition(), what
        time.sleep(PAUSE)
