# SPDX-License-Identifier: Apache-2.0
"""Counters and histograms that the config makes of records, on /metrics in both of its forms."""

from __future__ import annotations

import json
import re
import signal
from typing import Any

from harness import admin
from harness.poll import until
from harness.process import Waybill
from harness.runner import Runner

OPENMETRICS = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5"
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
SPAN = "00f067aa0ba902b7"
CONFIG: dict[str, Any] = {
    "service": {"name": "shop"},
    "inputs": {"pipe": {"type": "stdin"}},
    "outputs": {"out": {"type": "console", "style": "json"}},
    "admin": {"listen": "127.0.0.1:0"},
    "metrics": {
        "count": [{"name": "http_requests", "by": ["method", "route", "status"],
                   "when": "context.route exists"},
                  {"name": "errors", "by": ["service_name", "error.kind"],
                   "when": "level >= ERROR"}],
        "histogram": [{"name": "http_seconds", "field": "took", "by": ["method"],
                       "buckets": [0.1, 1, 10], "help": "How long requests took."}],
    },
}


def start(waybill: Runner, config: dict[str, Any] | None = None) -> Waybill:
    return waybill.start("run", config=config or CONFIG).wait_ready()


def tcp_address(process: Waybill) -> str:
    found = re.search(r"http://(\S+:\d+)", process.err.wait_for("http://"))
    assert found
    return found.group(1)


def request(n: int, **more: Any) -> str:
    return json.dumps({"level": "info", "msg": "done", "method": "GET", "route": f"/orders/{n}",
                       "status": 200, "took": "50ms", **more}) + "\n"


def test_what_lines_say_is_counted(waybill: Runner) -> None:
    process = start(waybill)
    process.write("".join(request(n) for n in range(40)))
    process.write(request(1, status=500, took="2s", level="error", error="refused"))
    process.write("level=info msg=done method=POST route=/orders?x=1 status=201 took=20ms\n")
    process.write("no request at all\n")
    process.wait_delivered("out", 43)
    metrics = process.metrics()
    orders = {"method": "GET", "route": "/orders/{id}"}
    assert metrics.value("http_requests_total", **orders, status="200") == 40
    assert metrics.value("http_requests_total", **orders, status="500") == 1
    assert metrics.value("http_requests_total", method="POST", route="/orders",
                         status="201") == 1
    assert metrics.value("http_seconds_bucket", method="GET", le="0.1") == 40
    assert metrics.value("http_seconds_bucket", method="GET", le="1") == 40
    assert metrics.value("http_seconds_bucket", method="GET", le="+Inf") == 41
    assert metrics.value("http_seconds_count", method="POST") == 1
    assert abs(metrics.value("http_seconds_sum", method="GET") - 4) < 1e-9
    assert sum(value for (name, _), value in metrics.samples.items()
               if name == "errors_total") == 1
    assert metrics.value("waybill_metric_skipped_total", metric="http_seconds") == 1
    assert metrics.value("waybill_metric_series", metric="http_requests") == 3
    assert metrics.value("waybill_metric_overflow_total", metric="http_requests") == 0


def test_openmetrics_goes_to_who_asks_and_has_exemplars(waybill: Runner) -> None:
    process = start(waybill)
    process.write(request(7, traceparent=f"00-{TRACE}-{SPAN}-01", ts="2026-01-02T03:04:05.678Z"))
    process.wait_delivered("out", 1)
    address = tcp_address(process)
    plain = admin.get_tcp(address, "/metrics")
    assert plain.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert TRACE not in plain.text and "# EOF" not in plain.text
    page = admin.get_tcp(address, "/metrics", accept=OPENMETRICS)
    assert page.headers["content-type"] == \
        "application/openmetrics-text; version=1.0.0; charset=utf-8"
    assert page.text.endswith("\n# EOF\n") and "\n\n" not in page.text
    exemplar = f' # {{trace_id="{TRACE}",span_id="{SPAN}"}} '
    assert (f'http_requests_total{{method="GET",route="/orders/{{id}}",status="200"}} 1'
            f"{exemplar}1 1767323045.678\n") in page.text
    assert (f'http_seconds_bucket{{method="GET",le="0.1"}} 1{exemplar}0.05 1767323045.678\n'
            ) in page.text
    assert "# UNIT http_seconds seconds\n# HELP http_seconds How long requests took.\n" \
        in page.text
    assert page.text.count(TRACE) == 2
    # Every family stands once and in one piece, and every sample belongs to the one above it.
    family, seen = "", set()
    for line in page.text.splitlines():
        if line.startswith("# TYPE "):
            family = line.split(" ")[2]
            assert family not in seen, family
            seen.add(family)
        elif not line.startswith("#"):
            name = re.split(r"[{ ]", line, maxsplit=1)[0]
            ends = ("", "_total", "_bucket", "_count", "_sum")
            assert name in {family + end for end in ends}, line


def test_too_many_values_are_other_and_that_is_said_once(waybill: Runner) -> None:
    config = CONFIG | {"metrics": {"max_series": 5, "count": [{"name": "logins", "by": ["user"]}]}}
    process = start(waybill, config)
    process.write("".join(f'{{"msg":"x","user":"u{n}"}}\n' for n in range(1000)))
    process.wait_delivered("out", 1000)
    metrics = process.metrics()
    assert metrics.value("logins_total", user="other") == 995
    assert metrics.value("waybill_metric_series", metric="logins") == 6
    assert metrics.value("waybill_metric_overflow_total", metric="logins") == 995
    assert process.err.text.count("counted as `other`") == 1


def test_records_that_sampling_keeps_back_are_counted(waybill: Runner) -> None:
    config = CONFIG | {"sample": {"rules": [{"probability": 0}]}}
    process = start(waybill, config)
    process.write("".join(request(n) for n in range(10)))
    until(lambda: process.output("out")["sampled"] == 10, "ten records that are kept back")
    assert process.metrics().value("http_requests_total", method="GET", route="/orders/{id}",
                                   status="200") == 10


def test_series_survive_a_reload_unless_their_metric_changes(waybill: Runner) -> None:
    process = start(waybill)
    process.write(request(1))
    process.wait_delivered("out", 1)
    changed = {"count": [CONFIG["metrics"]["count"][0]],
               "histogram": [{"name": "http_seconds", "field": "took"}]}
    address = tcp_address(process)
    waybill.write_config(CONFIG | {"admin": {"listen": "127.0.0.1:0"}, "metrics": changed})
    process.signal(signal.SIGHUP)
    process.err.wait_for("reloaded")
    process.write(request(2))
    process.wait_delivered("out", 2)
    metrics = admin.Metrics(admin.get_tcp(address, "/metrics").text)
    assert metrics.value("http_requests_total", method="GET", route="/orders/{id}",
                         status="200") == 2
    assert metrics.value("http_seconds_count") == 1
    assert "errors_total" not in metrics.names()


def test_what_is_redacted_is_no_label(waybill: Runner) -> None:
    config = CONFIG | {"metrics": {"count": [{"name": "keys", "by": ["key"]}]}}
    process = start(waybill, config)
    process.write('{"msg":"x","key":"AKIAIOSFODNN7EXAMPLE"}\n')
    process.wait_delivered("out", 1)
    page = process.page("/metrics").text
    assert "keys_total{" in page and "AKIAIOSFODNN7" not in page


def test_explain_shows_what_is_counted(waybill: Runner) -> None:
    line = request(42, took="x").strip()
    shown = waybill.run("explain", line, config=CONFIG).out
    assert 'metrics  http_requests_total{method="GET",route="/orders/{id}",status="200"} gets 1' \
        in shown
    assert "http_seconds takes nothing: context.took is no number" in shown
    assert "errors_total" not in shown


def test_check_says_what_is_wrong_and_where(waybill: Runner) -> None:
    text = ('metrics:\n  count:\n    - {name: n, by: [trace_id]}\n    - {name: waybill_x}\n'
            '  histogram:\n    - {name: h, field: f, buckets: [2, 1]}\n    - {nam: h}\n')
    ended = waybill.run("check", config=text)
    assert ended.code == 2
    for place, words in (
        ("waybill.yaml:3:", "traces are given as exemplars anyway"),
        ("waybill.yaml:4:", "choose another name"),
        ("waybill.yaml:6:", "not above the bound before it"),
        ("waybill.yaml:7:", "did you mean 'name'?"),
    ):
        assert any(place in line and words in line for line in ended.err.splitlines()), ended.err


def test_check_warns_where_nobody_can_scrape(waybill: Runner) -> None:
    config = {key: value for key, value in CONFIG.items() if key != "admin"}
    ended = waybill.run("check", config=config)
    assert ended.code == 0 and "set admin.listen" in ended.err
    assert "admin.listen" not in waybill.run("check", config=CONFIG).err
