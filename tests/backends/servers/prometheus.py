# SPDX-License-Identifier: Apache-2.0
"""Prometheus: taken out of Debian's package, told what to scrape by files, asked with PromQL."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from . import cache, process, web


def _make(shop: cache.Workshop) -> None:
    """Nothing is installed: the package is unpacked into the build's folder."""
    for package in (shop.source / "packages").read_text(encoding="utf-8").split():
        shop.run([cache.need("apt-get"), "download", package], shop.source)
    for package in sorted(shop.source.glob("*.deb")):
        shop.run([cache.need("dpkg-deb"), "-x", str(package), str(shop.out)])


RECIPE = cache.Recipe("prometheus", "bookworm", "some seconds", _make)


@dataclass(frozen=True)
class Sample:
    """One series at a moment."""

    labels: dict[str, str]
    value: float


@dataclass(frozen=True)
class Exemplar:
    """One exemplar, with the labels of its series and its own."""

    series: dict[str, str]
    labels: dict[str, str]
    value: float
    timestamp: float


class Prometheus:
    """A running Prometheus that keeps exemplars."""

    def __init__(self, running: process.Running) -> None:
        self.url = f"http://127.0.0.1:{running.ports['http']}"
        self.log = running.log
        self._running = running
        self._targets = Path(running.folder) / "targets"
        self._rules = Path(running.folder) / "rules"

    @contextmanager
    def scraping(self, address: str, job: str) -> Iterator[None]:
        """Scrapes `address` twice a second, under the label job=`job`, meanwhile."""
        path = self._targets / f"{job}.json"
        fresh = path.with_suffix(".new")
        fresh.write_text(json.dumps([{"targets": [address], "labels": {"job": job}}]))
        fresh.rename(path)
        try:
            yield
        finally:
            path.unlink(missing_ok=True)

    @contextmanager
    def with_rules(self, text: str, name: str) -> Iterator[None]:
        """Has loaded the rules in this YAML meanwhile; ValueError when it would not."""
        path = self._rules / f"{name}.yaml"
        path.write_text(text, encoding="utf-8")
        try:
            self._reload()
            yield
        finally:
            path.unlink()
            self._reload()

    def rules(self) -> dict[str, dict[str, Any]]:
        """All alert rules that are loaded, by name, as /api/v1/rules tells of them."""
        return {rule["name"]: rule for group in self._ask("rules")["groups"]
                for rule in group["rules"]}

    def range(self, promql: str, seconds: float) -> list[dict[str, Any]]:
        """The series of a range query from so long ago to now: `metric` and `values` of each."""
        now = time.time()
        found = self._ask("query_range", query=promql, start=now - seconds, end=now, step=1)
        return list(found["result"])

    def label_values(self, label: str, series: str) -> list[str]:
        """The values that a label has in some series."""
        return list(self._ask(f"label/{label}/values", **{"match[]": series}))

    def query(self, promql: str) -> list[Sample]:
        """An instant query, now."""
        return [Sample(_without_name(one["metric"]), float(one["value"][1]))
                for one in self._ask("query", query=promql)["result"]]

    def exemplars(self, promql: str, start: float, end: float) -> list[Exemplar]:
        """Of the series in a query, between two times in seconds."""
        found = self._ask("query_exemplars", query=promql, start=start, end=end)
        return [Exemplar(one["seriesLabels"], each["labels"], float(each["value"]),
                         float(each["timestamp"]))
                for one in found for each in one["exemplars"]]

    def wait_for(self, promql: str, value: float, limit: float = 20.0) -> Sample:
        """Polls until the query gives one sample with this value, or says what it gave."""
        seen: list[Sample] = []

        def there() -> bool:
            seen[:] = self.query(promql)
            return len(seen) == 1 and seen[0].value == value

        try:
            web.until(there, f"{promql} == {value}", limit)
        except TimeoutError as late:
            raise TimeoutError(f"{late}: {seen}") from None
        return seen[0]

    def stop(self) -> None:
        """Ends the server. Tests leave that to the fixture."""
        self._running.stop()

    def _reload(self) -> None:
        reply = web.request("POST", f"{self.url}/-/reload")
        if reply.status != 200:
            raise ValueError(f"reload: {reply.status} {reply.body.decode()}")

    def _ask(self, what: str, **parameters: Any) -> Any:
        reply = web.request("GET", f"{self.url}/api/v1/{what}?{urlencode(parameters)}")
        answer = reply.json()
        if reply.status != 200 or answer["status"] != "success":
            raise ValueError(f"{parameters}: {reply.status} {answer}")
        return answer["data"]


def build(cache_dir: Path) -> Path:
    """The folder with the unpacked package, got on first use. Raises Unavailable."""
    return RECIPE.build(cache_dir)


def start(built: Path, private: bool = False) -> Prometheus:
    """Starts Prometheus or finds it running."""
    plan = process.Plan(RECIPE.title, process.identity(__file__, built),
                        lambda folder: _prepare(built, folder), _healthy)
    return Prometheus(process.start(plan, private))


def promtool(built: Path) -> Path:
    """The program beside it that checks rules and tests them."""
    return built / "usr" / "bin" / "promtool"


def _prepare(built: Path, folder: Path) -> tuple[list[str], process.Ports]:
    ports = process.free_ports("http")
    (folder / "targets").mkdir()
    (folder / "rules").mkdir()
    config = folder / "prometheus.yml"  # JSON is YAML, and needs no library to write
    config.write_text(json.dumps({
        "global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"},
        "rule_files": [str(folder / "rules" / "*.yaml")],
        "storage": {"exemplars": {"max_exemplars": 10_000}},
        "scrape_configs": [{
            "job_name": "files",
            "scrape_interval": "500ms",
            "scrape_timeout": "500ms",
            "file_sd_configs": [{"files": [str(folder / "targets" / "*.json")]}],
        }],
    }), encoding="utf-8")
    return [
        str(built / "usr" / "bin" / "prometheus"),
        f"--config.file={config}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{ports['http']}",
        "--enable-feature=exemplar-storage",
        "--web.enable-lifecycle",
    ], ports


def _healthy(_: Path, ports: process.Ports) -> bool:
    return web.request("GET", f"http://127.0.0.1:{ports['http']}/-/ready").status == 200


def _without_name(labels: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in labels.items() if name != "__name__"}
