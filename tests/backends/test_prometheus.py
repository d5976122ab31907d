# SPDX-License-Identifier: Apache-2.0
"""A real Prometheus scrapes a daemon: its own metrics, those made of records, and their traces."""

from __future__ import annotations

import json
import re
import time
from typing import Any

from harness.runner import Runner
from servers.prometheus import Prometheus

TRACE = "4bf92f3577b34da6a3ce929d0e0e47{:02x}"
SPAN = "00f067aa0ba902b7"
CONFIG: dict[str, Any] = {
    "service": {"name": "shop"},
    "inputs": {"pipe": {"type": "stdin"}},
    "outputs": {"out": {"type": "console", "style": "json"}},
    "admin": {"listen": "127.0.0.1:0"},
    "metrics": {
        "count": [{"name": "http_requests", "by": ["method", "route", "status"]}],
        "histogram": [{"name": "http_seconds", "field": "took_ms", "by": ["route"]}],
    },
}


def line(n: int, took_ms: int, status: int = 200) -> str:
    return json.dumps({
        "ts": time.time(), "level": "info", "msg": "done", "method": "GET",
        "route": f"/orders/{n}?page=1", "status": status, "took_ms": took_ms,
        "traceparent": f"00-{TRACE.format(n)}-{SPAN}-01",
    }) + "\n"


def test_counts_histograms_and_exemplars(
    waybill: Runner, prometheus: Prometheus, unique: str
) -> None:
    began = time.time()
    process = waybill.start("run", config=CONFIG).wait_ready()
    found = re.search(r"http://(\S+:\d+)", process.err.wait_for("http://"))
    assert found
    with prometheus.scraping(found.group(1), unique):
        process.write("".join(line(n, 40) for n in range(90)))
        process.write("".join(line(n, 400) for n in range(90, 99)))
        process.write(line(99, 4000, 500))
        process.wait_delivered("out", 100)
        here = f'job="{unique}"'
        prometheus.wait_for(f'http_requests_total{{{here},status="200"}}', 99)
        failed = prometheus.wait_for(f'http_requests_total{{{here},status="500"}}', 1)
        assert failed.labels["route"] == "/orders/{id}" and failed.labels["method"] == "GET"
        prometheus.wait_for(f"http_seconds_count{{{here}}}", 100)
        buckets = prometheus.query(f'http_seconds_bucket{{{here}}}')
        counts = {float(one.labels["le"]): one.value for one in buckets}
        assert (counts[0.025], counts[0.05], counts[0.5], counts[5]) == (0, 90, 99, 100)
        (median,) = prometheus.query(
            f"histogram_quantile(0.5, sum by (le) (http_seconds_bucket{{{here}}}))")
        assert 0.025 < median.value <= 0.05
        prometheus.wait_for(f'waybill_output_records_total{{{here},result="delivered"}}', 100)
        # All of the daemon's own is there, too, and Prometheus found no fault with the page.
        prometheus.wait_for(f"up{{{here}}}", 1)
        prometheus.wait_for(f"count(waybill_build_info{{{here}}})", 1)

        slow = prometheus.exemplars(f'http_seconds_bucket{{{here},le="5.0"}}', began - 60,
                                    time.time() + 60)
        assert [one.labels for one in slow] == [{"trace_id": TRACE.format(99), "span_id": SPAN}]
        assert slow[0].value == 4 and abs(slow[0].timestamp - time.time()) < 60
        counted = prometheus.exemplars(f'http_requests_total{{{here},status="500"}}', began - 60,
                                       time.time() + 60)
        assert [one.labels["trace_id"] for one in counted] == [TRACE.format(99)]
        labels = {name for one in buckets for name in one.labels}
        assert "trace_id" not in labels
