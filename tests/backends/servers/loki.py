# SPDX-License-Identifier: Apache-2.0
"""Grafana Loki: built with Go from its module, run as a single binary, asked with LogQL."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from . import cache, process, web

PACKAGE = "github.com/grafana/loki/v3"
DAY = 24 * 3600  # seconds

CONFIG = "loki.yaml"  # JSON is YAML, and needs no library to write
MOST_ENTRIES = 1_000_000  # in one answer; more is an error here, never a silent cut
MOST_BYTES = 256 << 20  # between Loki's parts, so that such an answer passes

# Limits on content are Loki's own, so that tests meet real refusals. Those on speed and on the
# size of an answer are lifted, since all tests share one tenant.
LIMITS: Mapping[str, Any] = {
    "allow_structured_metadata": True,
    "ingestion_rate_mb": 256,
    "ingestion_burst_size_mb": 512,
    "per_stream_rate_limit": "256MB",
    "per_stream_rate_limit_burst": "512MB",
    "max_global_streams_per_user": 200_000,
    "max_entries_limit_per_query": MOST_ENTRIES,
    "max_query_length": "0s",
    "split_queries_by_interval": "0s",
}


def _make(shop: cache.Workshop) -> None:
    """Two compilers at once at most: Loki's packages are large, and so is their memory."""
    linked = f"-s -w -X {PACKAGE}/pkg/util/build.Version={RECIPE.version}"
    shop.run(
        [cache.need("go"), "build", "-mod=readonly", "-trimpath", "-p", "2", "-tags", "netgo"]
        + ["-ldflags", linked, "-o", str(shop.out / "loki"), f"{PACKAGE}/cmd/loki"]
    )


RECIPE = cache.Recipe("loki", "3.7.8", "10 to 15 minutes", _make)


@dataclass(frozen=True)
class Entry:
    """One stored line. `labels` are the stream's alone, `metadata` its structured metadata."""

    time_ns: int
    line: str
    labels: dict[str, str]
    metadata: dict[str, str]


class Loki:
    """A running Loki. `url` is what `--to loki=URL` takes."""

    def __init__(self, running: process.Running, plan: process.Plan, built: Path) -> None:
        self._running, self._plan, self._built = running, plan, built
        self.url = f"http://127.0.0.1:{running.ports['http']}"
        self.log = running.log

    def query(
        self, logql: str, start_ns: int | None = None, end_ns: int | None = None
    ) -> list[Entry]:
        """The entries that a LogQL selector finds, oldest first.

        Without times it looks through all that Loki takes by default: a week back, to now.
        """
        now = time.time_ns()
        ask = {
            "query": logql,
            "start": now - 8 * DAY * 10**9 if start_ns is None else start_ns,
            "end": now + DAY * 10**9 if end_ns is None else end_ns,
            "limit": MOST_ENTRIES,
            "direction": "forward",
        }
        # Without this header Loki mixes structured metadata into the labels of the stream.
        apart = {"X-Loki-Response-Encoding-Flags": "categorize-labels"}
        url = f"{self.url}/loki/api/v1/query_range?{urlencode(ask)}"
        reply = web.request("GET", url, headers=apart)
        if reply.status != 200:
            raise ValueError(f"{logql}: {reply.status} {reply.body.decode()[:1000]}")
        found = _entries(reply.json())
        if len(found) >= MOST_ENTRIES:
            raise ValueError(f"{logql}: {MOST_ENTRIES} entries or more, narrow the time")
        return found

    def _ask(self, what: str, parameters: dict[str, Any]) -> Any:
        reply = web.request("GET", f"{self.url}/loki/api/v1/{what}?{urlencode(parameters)}")
        if reply.status != 200:
            raise ValueError(f"{parameters}: {reply.status} {reply.body.decode()[:1000]}")
        return reply.json()

    def wait_for(self, logql: str, count: int = 1, limit: float = 20.0) -> list[Entry]:
        """Polls until `count` entries or more are there; TimeoutError says how many were."""
        return web.until_count(lambda: self.query(logql), count, f"entries of {logql}", limit)

    def metric(self, logql: str, instant: bool, seconds: float = 3600) -> list[dict[str, Any]]:
        """The series of a metric query, at this moment or from so long ago to now."""
        now = time.time()
        times = {"time": now} if instant else {"start": now - seconds, "end": now, "step": "10s"}
        answer = self._ask("query" if instant else "query_range", {"query": logql, **times})
        return list(answer["data"]["result"])

    def label_values(self, label: str) -> list[str]:
        """The values that a label has in any stream of the last hour."""
        return list(self._ask(f"label/{label}/values", {}).get("data", []))

    @contextmanager
    def with_rules(self, text: str, name: str) -> Iterator[Any]:
        """The groups of the rules in this YAML, as Loki's ruler has read them; ValueError when it
        would not."""
        path = Path(self._running.folder) / "data" / "rules" / "fake" / f"{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        try:
            reply = web.request("GET", f"{self.url}/loki/api/v1/rules")
            if reply.status != 200:
                raise ValueError(f"{reply.status} {reply.body.decode()[:1000]}")
            yield reply.body.decode()
        finally:
            path.unlink()

    def end(self) -> None:
        """Ends a private one, for a while."""
        self._running.end()

    def again(self) -> None:
        """Starts it again, at the same ports; what it has received stays."""
        command = _command(self._built, Path(self._running.folder))
        self._running = process.again(self._plan, self._running, command)

    def stop(self) -> None:
        """Ends the server. Tests leave that to the fixture, unless they started it themselves."""
        self._running.stop()


def build(cache_dir: Path) -> Path:
    """The folder with Loki's binary, built on first use. Raises Unavailable."""
    return RECIPE.build(cache_dir)


def start(
    built: Path, limits: Mapping[str, Any] | None = None, private: bool = False
) -> Loki:
    """Starts Loki or finds it running.

    `limits` are entries of Loki's `limits_config`. A server with any is the caller's own to stop.
    """
    chosen = {**LIMITS, **(limits or {})}
    plan = process.Plan(
        RECIPE.title,
        process.identity(__file__, built, chosen),
        lambda folder: _prepare(built, folder, chosen),
        _healthy,
    )
    return Loki(process.start(plan, private or bool(limits)), plan, built)


def _prepare(
    built: Path, folder: Path, limits: Mapping[str, Any]
) -> tuple[list[str], process.Ports]:
    ports = process.free_ports("http", "grpc")
    config = folder / CONFIG
    config.write_text(json.dumps(_config(folder, ports, limits), indent=1), encoding="utf-8")
    return _command(built, folder), ports


def _command(built: Path, folder: Path) -> list[str]:
    return [str(built / "loki"), "-target=all", f"-config.file={folder / CONFIG}"]


def _config(folder: Path, ports: process.Ports, limits: Mapping[str, Any]) -> dict[str, Any]:
    """One process, its data in one folder; ready at once, and what was pushed found at once."""
    data = folder / "data"
    roomy = {"max_recv_msg_size": MOST_BYTES, "max_send_msg_size": MOST_BYTES}
    index = {"prefix": "index_", "period": "24h"}
    schema = {"from": "2024-01-01", "store": "tsdb", "object_store": "filesystem"}
    return {
        "auth_enabled": False,
        "analytics": {"reporting_enabled": False},
        "server": _listen(ports),
        "common": {
            "instance_addr": "127.0.0.1",
            "path_prefix": str(data),
            "replication_factor": 1,
            "ring": {"kvstore": {"store": "inmemory"}},
            "storage": {
                "filesystem": {
                    "chunks_directory": str(data / "chunks"),
                    "rules_directory": str(data / "rules"),
                }
            },
        },
        "schema_config": {"configs": [{**schema, "schema": "v13", "index": index}]},
        "ingester": {
            "lifecycler": {"min_ready_duration": "0s", "final_sleep": "0s"},
            # Without a limit the ingester answers for old timestamps too. By default those are
            # sought in the store alone, where they arrive only an hour or so after the push.
            "query_store_max_look_back_period": "-1ns",
        },
        "query_range": {"parallelise_shardable_queries": False},
        # The parts look for each other now and then, and the first look comes too early.
        "frontend": {"scheduler_dns_lookup_period": "200ms"},
        "frontend_worker": {"dns_lookup_duration": "200ms", "grpc_client_config": roomy},
        "ingester_client": {"grpc_client_config": roomy},
        "limits_config": dict(limits),
    }


def _listen(ports: process.Ports) -> dict[str, Any]:
    return {
        "http_listen_address": "127.0.0.1",
        "http_listen_port": ports["http"],
        "grpc_listen_address": "127.0.0.1",
        "grpc_listen_port": ports["grpc"],
        "grpc_server_max_recv_msg_size": MOST_BYTES,
        "grpc_server_max_send_msg_size": MOST_BYTES,
        "log_level": "warn",
    }


def _healthy(_: Path, ports: process.Ports) -> bool:
    return web.request("GET", f"http://127.0.0.1:{ports['http']}/ready").status == 200


def _entries(answer: Any) -> list[Entry]:
    """One list from all streams. The sort is stable: equal times keep their stream's order."""
    found = [
        Entry(int(stamp), line, stream["stream"], (more or [{}])[0].get("structuredMetadata", {}))
        for stream in answer["data"]["result"]
        for stamp, line, *more in stream["values"]
    ]
    return sorted(found, key=lambda entry: entry.time_ns)
