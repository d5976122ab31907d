# SPDX-License-Identifier: Apache-2.0
"""The little HTTP and waiting that the backends' helpers share; standard library only."""

from __future__ import annotations

import http.client
import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

T = TypeVar("T")

# The servers are local: a proxy named in the environment has no business between.
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True)
class Reply:
    """An HTTP answer, whatever its status: tests look at refusals as often as at success."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body as JSON; a refusal's text if it is none, so that the failure shows it."""
        try:
            return json.loads(self.body)
        except ValueError:
            text = self.body[:500].decode("utf-8", "replace")
            raise ValueError(f"status {self.status}, not JSON: {text}") from None


def request(
    method: str,
    url: str,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    timeout: float = 30.0,
) -> Reply:
    """One exchange. Raises OSError only when there was no HTTP answer at all."""
    ask = urllib.request.Request(url, data=body, headers=dict(headers or {}), method=method)
    try:
        with _opener.open(ask, timeout=timeout) as reply:
            return Reply(reply.status, reply.headers, reply.read())
    except urllib.error.HTTPError as refusal:
        with refusal:
            return Reply(refusal.code, refusal.headers, refusal.read())
    except http.client.HTTPException as broken:
        raise ConnectionError(f"{url}: {broken!r}") from broken


def post_json(url: str, value: Any) -> Reply:
    """Posts a JSON document, as the hand-written pushes of the tests do."""
    return request("POST", url, json.dumps(value).encode(), {"Content-Type": "application/json"})


def until(
    look: Callable[[], T | None],
    what: str | Callable[[], str],
    limit: float = 20.0,
    every: float = 0.05,
) -> T:
    """Polls `look` until it gives something true; TimeoutError names what never came."""
    deadline = time.monotonic() + limit
    while True:
        seen = look()
        if seen:
            return seen
        if time.monotonic() >= deadline:
            text = what if isinstance(what, str) else what()
            raise TimeoutError(f"after {limit:g} s still no {text}")
        time.sleep(every)


def until_count(look: Callable[[], list[T]], count: int, what: str, limit: float) -> list[T]:
    """Polls until at least `count` are there; says how many were, when they never come."""
    seen: list[T] = []

    def enough() -> bool:
        seen[:] = look()
        return len(seen) >= count

    until(enough, lambda: f"{count} {what}, only {len(seen)}", limit)
    return seen
