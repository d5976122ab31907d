# SPDX-License-Identifier: Apache-2.0
"""How many requests a backend gets at a time, and how few while it fails."""

from __future__ import annotations

import signal
import threading
from pathlib import Path
from typing import Any

from harness.backend import Backend, ElasticBackend, LokiBackend, Reply, Request
from harness.poll import until
from harness.runner import Runner
from harness.sending import numbered


class Slow:
    """Gives requests some time to be there at once, until `together` of them were."""

    def __init__(self, backend: Backend[Any], together: int, patience: float = 0.03) -> None:
        self.backend = backend
        self.at_once = 0
        self.most = 0
        self._barrier = threading.Condition()
        self._together = together
        self._patience = patience

    def __call__(self, request: Request) -> Reply:
        with self._barrier:
            self.at_once += 1
            self.most = max(self.most, self.at_once)
            self._barrier.notify_all()
            self._barrier.wait_for(lambda: self.most >= self._together, self._patience)
        try:
            return self.backend.accept(request)
        finally:
            with self._barrier:
                self.at_once -= 1


def config_for(backend: ElasticBackend, **options: Any) -> dict[str, Any]:
    return {"inputs": {"pipe": {"type": "stdin"}},
            "outputs": {"es": {"type": "elasticsearch", "endpoints": [backend.url],
                               "data_stream": "logs-x-default",
                               "concurrency": 4, "batch": {"records": 10, "delay": "20ms"},
                               **options}}}


def lines(count: int) -> bytes:
    return ("\n".join(numbered(count)) + "\n").encode()


def test_more_requests_while_it_keeps_up(
    waybill: Runner, elastic_backend: ElasticBackend
) -> None:
    slow = Slow(elastic_backend, together=2)
    elastic_backend.always(slow)
    process = waybill.start("run", config=config_for(elastic_backend)).wait_ready()
    process.write(lines(1000))
    process.wait_delivered("es", 1000)
    assert 2 <= slow.most <= 4
    process.close_stdin()
    assert process.wait() == 0
    assert len({document.id for document in elastic_backend.taken}) == 1000


def test_one_at_a_time_keeps_the_order(waybill: Runner, loki_backend: LokiBackend) -> None:
    """The default: the order within a stream."""
    slow = Slow(loki_backend, together=2)
    loki_backend.always(slow)
    config = {"inputs": {"pipe": {"type": "stdin"}},
              "outputs": {"loki": {"type": "loki", "endpoint": loki_backend.url,
                                   "line": "message",
                                   "batch": {"records": 10, "delay": "20ms"}}}}
    process = waybill.start("run", config=config).wait_ready()
    process.write(lines(200))
    process.wait_delivered("loki", 200)
    assert slow.most == 1
    process.close_stdin()
    assert process.wait() == 0
    assert [entry.line for entry in loki_backend.taken] == numbered(200)


def test_while_it_fails_one_request_tries(
    waybill: Runner, elastic_backend: ElasticBackend
) -> None:
    """The breaker opens for all, and lets one through to see."""
    slow = Slow(elastic_backend, together=2)
    elastic_backend.always(slow)
    process = waybill.start("run", config=config_for(elastic_backend)).wait_ready()
    process.write(lines(1000))
    process.wait_delivered("es", 1000)
    assert slow.most >= 2

    busy = 0
    company: list[int] = []
    changed = threading.Condition()

    def refuse(request: Request) -> Reply:
        nonlocal busy
        with changed:
            busy += 1
            company.append(busy)
            changed.notify_all()
            changed.wait_for(lambda: busy >= 2, 0.03)  # whoever comes beside it is seen
            busy -= 1
        return Reply(503)

    before = len(elastic_backend.requests)
    elastic_backend.always(refuse)
    process.write(lines(1000))
    elastic_backend.wait_requests(before + 7)  # with full jitter more may take long
    # Those that were under way, at most four, have failed together, and the last may have seen
    # the first that tried; each next one stood alone.
    assert len(company) > 5 and set(company[5:]) == {1}, company
    elastic_backend.recover()
    process.wait_delivered("es", 2000, limit=60)
    assert process.output("es")["in_flight"] == 0
    story = process.err.text
    assert story.count("HTTP 503") == 1, story
    assert story.count("delivering again") == 1, story
    process.close_stdin()
    assert process.wait() == 0


def test_a_stop_with_several_under_way(
    waybill: Runner, elastic_backend: ElasticBackend, tmp_path: Path
) -> None:
    """All of them hang: the end comes within the grace, and everything is accounted for."""
    hanging = threading.Event()

    def hang(request: Request) -> Reply:
        hanging.wait(20)
        return Reply(503)

    slow = Slow(elastic_backend, together=2)
    elastic_backend.always(slow)
    config = {**config_for(elastic_backend), "shutdown": {"grace": "1s"}}
    process = waybill.start("run", config=config).wait_ready()
    process.write(lines(1000))
    process.wait_delivered("es", 1000)
    elastic_backend.always(hang)
    process.write(lines(1000))
    until(lambda: process.output("es")["records"] == 2000, process.story)
    process.signal(signal.SIGTERM)
    process.close_stdin()
    assert process.wait(10) == 3
    hanging.set()
    assert "1000 records not delivered; the next run delivers them" in process.err.text \
        or "1000 records not delivered: " in process.err.text, process.err.text
    elastic_backend.recover()
    process = waybill.start("run", config=config).wait_ready()
    process.wait_delivered("es", 1000)
    assert len({document.id for document in elastic_backend.taken}) == 2000
    process.close_stdin()
    assert process.wait() == 0
