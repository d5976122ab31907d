# SPDX-License-Identifier: Apache-2.0
"""An OpenTelemetry Collector that writes what it receives to a file, where tests read it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import cache, process, web

BUILDER = "go.opentelemetry.io/collector/cmd/builder"


def _make(shop: cache.Workshop) -> None:
    """The builder writes the collector's sources; compiling them is done here, gently."""
    go = cache.need("go")
    builder = f"{BUILDER}@v{RECIPE.version}"
    shop.run([go, "run", builder, "--skip-compilation", "--config", "builder.yaml"])
    shop.run(
        [go, "build", "-buildvcs=false", "-trimpath", "-p", "2", "-ldflags", "-s -w"]
        + ["-o", str(shop.out / "otelcol"), "."],
        where=shop.source / "out",
    )


RECIPE = cache.Recipe("otelcol", "0.156.0", "4 to 5 minutes", _make)


@dataclass(frozen=True)
class Record:
    """One log record with its resource and scope; attributes and body as plain Python values.

    Identifiers are lower-case hex and empty when absent, as are times and numbers 0.
    """

    time_ns: int
    observed_ns: int
    severity: int
    severity_text: str
    body: Any
    attributes: dict[str, Any]
    resource: dict[str, Any]
    scope: dict[str, Any]
    trace_id: str
    span_id: str
    flags: int
    event_name: str


class OtelCol:
    """A running collector. `url` is what `--to otlp=URL` takes, `grpc` the address for gRPC."""

    def __init__(self, built: Path, plan: process.Plan, running: process.Running) -> None:
        self._built = built
        self._plan = plan
        self._running = running
        self.url = f"http://127.0.0.1:{running.ports['http']}"
        self.grpc = f"127.0.0.1:{running.ports['grpc']}"
        self.log = running.log
        self._received = _received(Path(running.folder))
        # A kept server's file holds earlier runs, and no test of this one looks for those.
        self._from = self._received.stat().st_size if self._received.exists() else 0

    def records(self, service: str | None = None) -> list[Record]:
        """Records received since this run began, in order; of one `service.name` if given."""
        return [
            record
            for request in self._requests()
            for record in flatten(request)
            if service is None or record.resource.get("service.name") == service
        ]

    def wait_for(self, service: str, count: int = 1, limit: float = 20.0) -> list[Record]:
        """Polls until `count` records or more are there; TimeoutError says how many were."""
        return web.until_count(
            lambda: self.records(service), count, f"records of {service}", limit
        )

    def stop(self) -> None:
        """Ends the server. Tests leave that to the fixture, unless they started it themselves."""
        self._running.stop()

    def end(self) -> None:
        """Ends a private one, for a while."""
        self._running.end()

    def again(self) -> None:
        """Starts it again, at the same ports; what it has received stays."""
        command = _command(self._built, Path(self._running.folder))
        self._running = process.again(self._plan, self._running, command)

    def _requests(self) -> Iterator[dict[str, Any]]:
        """One JSON line for each request; the last may still be in the writing."""
        if not self._received.exists():
            return
        with open(self._received, "rb") as lines:
            lines.seek(self._from)
            for line in lines:
                if line.endswith(b"\n"):
                    yield json.loads(line)


def build(cache_dir: Path) -> Path:
    """The folder with the collector's binary, built on first use. Raises Unavailable."""
    return RECIPE.build(cache_dir)


def start(built: Path, private: bool = False) -> OtelCol:
    """Starts the collector or finds it running."""
    plan = process.Plan(
        RECIPE.title,
        process.identity(__file__, built),
        lambda folder: _prepare(built, folder),
        _healthy,
    )
    return OtelCol(built, plan, process.start(plan, private))


def flatten(request: dict[str, Any]) -> list[Record]:
    """The records of one OTLP/JSON request, each with the resource and scope it came under."""
    return [
        _record(record, _values(group.get("resource", {})), _scope(scoped.get("scope", {})))
        for group in request.get("resourceLogs", [])
        for scoped in group.get("scopeLogs", [])
        for record in scoped.get("logRecords", [])
    ]


def _record(record: dict[str, Any], resource: dict[str, Any], scope: dict[str, Any]) -> Record:
    return Record(
        time_ns=int(record.get("timeUnixNano", 0)),
        observed_ns=int(record.get("observedTimeUnixNano", 0)),
        severity=int(record.get("severityNumber", 0)),
        severity_text=record.get("severityText", ""),
        body=_value(record.get("body", {})),
        attributes=_values(record),
        resource=resource,
        scope=scope,
        trace_id=record.get("traceId", ""),
        span_id=record.get("spanId", ""),
        flags=int(record.get("flags", 0)),
        event_name=record.get("eventName", ""),
    )


def _scope(scope: dict[str, Any]) -> dict[str, Any]:
    named = {key: scope[key] for key in ("name", "version") if key in scope}
    return {**named, **_values(scope)}


def _values(holder: dict[str, Any]) -> dict[str, Any]:
    pairs = holder.get("attributes", [])
    return {pair["key"]: _value(pair.get("value", {})) for pair in pairs}


def _value(value: dict[str, Any]) -> Any:
    """An AnyValue as Python has it; bytes stay the base64 text that they are in JSON."""
    if "intValue" in value:
        return int(value["intValue"])
    if "doubleValue" in value:
        return float(value["doubleValue"])
    if "arrayValue" in value:
        return [_value(item) for item in value["arrayValue"].get("values", [])]
    if "kvlistValue" in value:
        pairs = value["kvlistValue"].get("values", [])
        return {pair["key"]: _value(pair.get("value", {})) for pair in pairs}
    return next(iter(value.values()), None)


def _prepare(built: Path, folder: Path) -> tuple[list[str], process.Ports]:
    ports = process.free_ports("http", "grpc")
    config = folder / "otelcol.yaml"
    config.write_text(json.dumps(_config(folder, ports), indent=1), encoding="utf-8")
    return _command(built, folder), ports


def _command(built: Path, folder: Path) -> list[str]:
    return [str(built / "otelcol"), f"--config=file:{folder / 'otelcol.yaml'}"]


def _config(folder: Path, ports: process.Ports) -> dict[str, Any]:
    """The collector's configuration. Its own metrics would want a port of their own: off."""
    protocols = {name: {"endpoint": f"127.0.0.1:{port}"} for name, port in ports.items()}
    received = {"path": str(_received(folder)), "flush_interval": "50ms", "append": True}
    return {
        "receivers": {"otlp": {"protocols": protocols}},
        "exporters": {"file": received, "debug": {}},
        "service": {
            "telemetry": {"metrics": {"level": "none"}, "logs": {"level": "info"}},
            "pipelines": {"logs": {"receivers": ["otlp"], "exporters": ["file", "debug"]}},
        },
    }


def _received(folder: Path) -> Path:
    return folder / "received.jsonl"


def _healthy(_: Path, ports: process.Ports) -> bool:
    """A request without records is taken and leaves nothing in the file."""
    return web.post_json(f"http://127.0.0.1:{ports['http']}/v1/logs", {}).status == 200
