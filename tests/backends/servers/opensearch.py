# SPDX-License-Identifier: Apache-2.0
"""OpenSearch as one embedded node: takes `_bulk` as Elasticsearch does, and is free to fetch."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

from . import cache, process, web

OLDEST_JAVA = 11
MATCH_ALL: dict[str, Any] = {"match_all": {}}
LENIENT = "ignore_unavailable=true&allow_no_indices=true"
PAGE = 10_000  # the most that one answer may hold

# Java compiles it when it starts it.
NODE = Path(__file__).parent / "recipes" / "opensearch" / "Node.java"

LOG4J = """\
status = error
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = [%d{ISO8601}][%-5p][%c{1.}] %m%n
rootLogger.level = warn
rootLogger.appenderRef.console.ref = console
"""


def _make(shop: cache.Workshop) -> None:
    shop.run(
        [cache.need("mvn"), "--quiet", "--batch-mode", "dependency:copy-dependencies"]
        + ["-DincludeScope=runtime", f"-DoutputDirectory={shop.out / 'lib'}"]
    )


RECIPE = cache.Recipe("opensearch", "2.17.0.0", "half a minute", _make)


class OpenSearch:
    """A running node. `url` is what `--to es=URL` takes."""

    def __init__(self, running: process.Running, plan: process.Plan, built: Path) -> None:
        self._running, self._plan, self._built = running, plan, built
        self.url = f"http://127.0.0.1:{running.ports['http']}"
        self.log = running.log

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """One API call as JSON. A refusal raises, with the server's reason."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"} if data else {}
        reply = web.request(method, f"{self.url}/{path}", data, headers)
        if reply.status >= 300:
            raise ValueError(f"{method} {path}: {reply.status} {reply.body.decode()[:1000]}")
        return reply.json()

    def refresh(self, index: str) -> None:
        """Makes all that was acknowledged visible to a search. No index yet is no fault."""
        self.call("POST", f"{index}/_refresh?{LENIENT}")

    def search(
        self, index: str, query: dict[str, Any] | None = None
    ) -> list[dict[str, Any]]:
        """All hits (`_index`, `_id`, `_source`) after a refresh, in the order of arrival.

        `index` may be a data stream or a pattern; [] when there is none such.
        """
        self.refresh(index)
        ask = {"query": query or MATCH_ALL, "size": PAGE, "sort": ["_doc"]}
        answer = self.call("POST", f"{index}/_search?scroll=1m&{LENIENT}", ask)
        hits: list[dict[str, Any]] = []
        while answer["hits"]["hits"]:
            hits += answer["hits"]["hits"]
            again = {"scroll": "1m", "scroll_id": answer["_scroll_id"]}
            answer = self.call("POST", "_search/scroll", again)
        if "_scroll_id" in answer:
            self.call("DELETE", "_search/scroll", {"scroll_id": answer["_scroll_id"]})
        return hits

    def count(self, index: str, query: dict[str, Any] | None = None) -> int:
        """How many hits a search would give."""
        self.refresh(index)
        ask = {"query": query or MATCH_ALL}
        return int(self.call("POST", f"{index}/_count?{LENIENT}", ask)["count"])

    def wait_for(
        self,
        index: str,
        count: int = 1,
        query: dict[str, Any] | None = None,
        limit: float = 20.0,
    ) -> list[dict[str, Any]]:
        """Polls until `count` hits or more are there; TimeoutError says how many were."""
        web.until(
            lambda: self.count(index, query) >= count,
            lambda: f"{count} documents in {index}, only {self.count(index, query)}",
            limit,
        )
        return self.search(index, query)

    def put_data_stream_template(
        self,
        name: str = "waybill-tests-logs",
        pattern: str = "logs-*-*",
        properties: dict[str, Any] | None = None,
        priority: int = 100,
    ) -> None:
        """Makes indices of `pattern` data streams, as Elasticsearch does for logs by itself.

        It stays with a kept server. A template of a test's own needs its own name and priority.
        """
        mapping = {"@timestamp": {"type": "date"}, **(properties or {})}
        self.call(
            "PUT",
            f"_index_template/{name}",
            {
                "index_patterns": [pattern],
                "data_stream": {},
                "priority": priority,
                "template": {
                    "settings": {"number_of_shards": 1, "number_of_replicas": 0},
                    "mappings": {"properties": mapping},
                },
            },
        )

    def end(self) -> None:
        """Ends a private one, for a while."""
        self._running.end()

    def again(self) -> None:
        """Starts it again, over its data."""
        running = self._running
        command = _command(self._built, Path(running.folder), running.ports["http"])
        self._running = process.again(self._plan, running, command)

    def stop(self) -> None:
        """Ends the server. Tests leave that to the fixture, unless they started it themselves."""
        self._running.stop()


def build(cache_dir: Path) -> Path:
    """The folder with the node's jars, fetched on first use. Raises Unavailable."""
    _need_java()
    return RECIPE.build(cache_dir)


def start(built: Path, private: bool = False) -> OpenSearch:
    """Starts the node or finds it running."""
    plan = process.Plan(
        RECIPE.title,
        process.identity(__file__, built),
        lambda folder: _prepare(built, folder),
        _healthy,
        limit=120.0,
    )
    return OpenSearch(process.start(plan, private), plan, built)


def _prepare(built: Path, folder: Path) -> tuple[list[str], process.Ports]:
    """The runner keeps a configuration that it finds in its node's folder."""
    config = folder / "base" / "node_1" / "config"
    config.mkdir(parents=True)
    (config / "opensearch.yml").write_text(json.dumps(_settings()), encoding="utf-8")
    (config / "log4j2.properties").write_text(LOG4J, encoding="utf-8")
    http = process.free_port_between(7300, 9298)  # above 9299 the runner refuses to go
    return _command(built, folder, http), {"http": http}


def _command(built: Path, folder: Path, http: int) -> list[str]:
    command = [cache.need("java"), "-Xms256m", "-Xmx1g", "-cp", f"{built / 'lib'}/*"]
    command += [str(NODE), "-numOfNode", "1"]
    command += ["-basePath", str(folder / "base"), "-clusterName", folder.name]
    command += ["-baseHttpPort", str(http - 1)]  # it listens on the next one
    return command


def _settings() -> dict[str, Any]:
    """JSON is YAML enough for the node too. A nearly full disk is not what the tests are about."""
    return {
        "network.host": "127.0.0.1",
        "transport.port": 0,
        "discovery.type": "single-node",
        "cluster.routing.allocation.disk.threshold_enabled": False,
    }


def _healthy(folder: Path, ports: process.Ports) -> bool:
    """The cluster's name is checked, since the runner moves on from a port that is taken."""
    reply = web.request("GET", f"http://127.0.0.1:{ports['http']}/_cluster/health")
    if reply.status != 200:
        return False
    state = reply.json()
    return state.get("cluster_name") == folder.name and state.get("status") != "red"


def _need_java() -> None:
    """The runner cannot tell its user that Java is too old; we can."""
    said = subprocess.run(
        [cache.need("java"), "-version"], capture_output=True, text=True, check=False
    )
    found = re.search(r'version "(?:1\.)?(\d+)', said.stderr + said.stdout)
    if found is None or int(found.group(1)) < OLDEST_JAVA:
        raise cache.Unavailable(f"java {OLDEST_JAVA} or later needed: {said.stderr.strip()[:100]}")
