# SPDX-License-Identifier: Apache-2.0
"""The real backends as session fixtures. Where one cannot be had, its tests are skipped."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest
from servers import cache, kafka as kafka_server, loki as loki_server
from servers import opensearch as opensearch_server, otelcol as otelcol_server
from servers import prometheus as prometheus_server
from servers.process import keep_servers

REQUIRE = "WAYBILL_REQUIRE_BACKENDS"


@pytest.fixture(scope="session")
def kafka(request: pytest.FixtureRequest) -> Iterator[kafka_server.Kafka]:
    """A Kafka broker shared by all tests."""
    yield from _serve(kafka_server, request)


@pytest.fixture(scope="session")
def loki(request: pytest.FixtureRequest) -> Iterator[loki_server.Loki]:
    """A Loki shared by all tests."""
    yield from _serve(loki_server, request)


@pytest.fixture(scope="session")
def opensearch(request: pytest.FixtureRequest) -> Iterator[opensearch_server.OpenSearch]:
    """An OpenSearch node shared by all tests."""
    yield from _serve(opensearch_server, request)


@pytest.fixture(scope="session")
def otelcol(request: pytest.FixtureRequest) -> Iterator[otelcol_server.OtelCol]:
    """A collector shared by all tests."""
    yield from _serve(otelcol_server, request)


@pytest.fixture(scope="session")
def prometheus(request: pytest.FixtureRequest) -> Iterator[prometheus_server.Prometheus]:
    """A Prometheus shared by all tests."""
    yield from _serve(prometheus_server, request)


@pytest.fixture
def unique() -> str:
    """A name no other test or run has, fit for a service, an index, a dataset and a label."""
    return f"wb{uuid.uuid4().hex[:12]}"


def _serve(module: ModuleType, request: pytest.FixtureRequest) -> Iterator[Any]:
    missing = ""
    try:
        server = module.start(_build(module, request))
    except cache.Unavailable as reason:
        missing = f"{module.RECIPE.title} is not available: {reason}"
    if missing:  # said out here, where pytest does not repeat the exception it came from
        _without(missing)
    yield server
    if not keep_servers():
        server.stop()


def _build(module: ModuleType, request: pytest.FixtureRequest) -> Any:
    """Says what a first run waits for: pytest alone would be silent for all that time."""
    reporter = request.config.pluginmanager.get_plugin("terminalreporter")
    if reporter and not module.RECIPE.is_built(cache.root()):
        reporter.write_line(f"\nbuilding {module.RECIPE.title}, once: {module.RECIPE.lasts}")
    return module.build(cache.root())


def _without(reason: str) -> None:
    if os.environ.get(REQUIRE) == "1":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)
