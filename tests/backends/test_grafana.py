# SPDX-License-Identifier: Apache-2.0
"""Every query in the dashboards and rules of `waybill setup grafana`, asked of a real Loki and a
real Prometheus that have what Waybill sends them."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from harness.backend import LokiBackend
from harness.poll import until
from harness.runner import Runner
from servers import cache, prometheus as prometheus_server
from servers.loki import Loki
from servers.prometheus import Prometheus

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


def set_up(waybill: Runner, *more: str) -> Path:
    folder = waybill.folder / "grafana"
    ended = waybill.run("setup", "grafana", "--dir", str(folder), *more)
    assert ended.code == 0, ended.err
    return folder


def panels(folder: Path, board: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """(the panel's title, the target) of every query of a dashboard."""
    text = (folder / f"dashboards/waybill/{board}.json").read_text(encoding="utf-8")
    for panel in json.loads(text)["panels"]:
        for target in panel.get("targets", []):
            yield panel["title"], target


def filled(query: str, **values: str) -> str:
    """The query with the dashboard's variables in it, as Grafana puts them."""
    for name, value in values.items():
        query = query.replace(f"${{{name}:doublequote}}", json.dumps(value))
        query = query.replace(f"${name}", value)
    assert "$" not in query, f"{query}: a variable that the dashboard does not have"
    return query


# ---- logs ----

# Options of the output: where the level is.
LEVELS = {
    "label": {},
    "label of another name": {"labels": ["service_name", "severity={level}"]},
    "line": {"labels": ["service_name"]},
    "metadata": {"labels": ["service_name"], "line": "message"},
}


def send_logs(waybill: Runner, config: Path, unique: str) -> None:
    now = time.time()
    said = [("a", "info", "cart opened", TRACE), ("a", "error", 'declined "x"', TRACE),
            ("b", "warn", "slow", TRACE), ("b", "fatal", "out of memory", "7" * 32),
            ("a", "debug", "cache hit", None), ("b", "info", "done", None)]
    text = ""
    for number, (service, level, message, trace) in enumerate(said):
        line = {"ts": now - 60 + number, "level": level, "msg": message,
                "service_name": unique + service}
        text += json.dumps({**line, "trace_id": trace} if trace else line) + "\n"
    ended = waybill.run("run", "-c", str(config), stdin=text.encode())
    assert (ended.code, ended.err) == (0, "")


@pytest.mark.parametrize("where", LEVELS)
def test_every_query_of_the_logs(waybill: Runner, loki: Loki, unique: str, where: str) -> None:
    config = waybill.write_config({"outputs": {"logs": {"type": "loki", "endpoint": loki.url,
                                                        **LEVELS[where]}}})
    folder = set_up(waybill, "-c", str(config), "--tempo", "http://tempo:3200")
    send_logs(waybill, config, unique)
    both = f'{{service_name=~"{unique}(a|b)"}}'
    loki.wait_for(both, 6)
    values = {"service": f"{unique}(a|b)", "level": ".*", "search": "", "trace_id": "",
              "__auto": "5m", "__range": "1h"}
    results: dict[str, list[dict[str, Any]]] = {}
    lines: dict[str, str] = {}
    for title, target in panels(folder, "logs"):
        if title in ("Lines", "Lines of the trace, of all services"):
            lines[title] = target["expr"]
            continue
        query = filled(target["expr"], **values)
        results[title] = loki.metric(query, target["queryType"] == "instant")
        assert results[title], f"{title}: nothing comes of {query}"

    def instant(title: str) -> dict[str, float]:
        return {one["metric"].get("service_name", ""): float(one["value"][1])
                for one in results[title]}

    assert instant("Top services by lines") == {unique + "a": 3, unique + "b": 3}
    assert instant("Services") == {"": 2}
    (found,) = [one for one in results["Traces with most errors"]
                if one["metric"]["service_name"] == unique + "a"]
    assert found["metric"]["trace_id"] == TRACE and found["value"][1] == "1"
    label = "severity" if "another" in where else "level"
    levels = {one["metric"].get(label) for one in results["Lines per second by level"]}
    assert levels == {"DEBUG", "INFO", "WARN", "ERROR", "FATAL"}
    share = [float(value) for _, value in results["Share of errors"][0]["values"]]
    assert share[-1] == pytest.approx(2 / 6), "once all lines are in the window"

    def entries(title: str, **other: str) -> list[str]:
        found = loki.query(filled(lines[title], **{**values, **other}))
        return [entry.line if where == "metadata" else json.loads(entry.line)["message"]
                for entry in found]

    assert len(entries("Lines")) == 6
    assert entries("Lines", level="WARN|FATAL") == ["slow", "out of memory"]
    # Quotes of a message are escaped where the line is JSON.
    search = 'declined "x"' if where == "metadata" else "declined"
    assert entries("Lines", search=search, trace_id=TRACE[:8]) == ['declined "x"']
    assert entries("Lines", trace_id="0") == []
    of_trace = "Lines of the trace, of all services"
    assert entries(of_trace) == [], "no trace is asked for"
    query = filled(lines[of_trace], **{**values, "trace_id": TRACE})
    mine = [entry for entry in loki.query(query) if entry.labels["service_name"].startswith(unique)]
    assert [entry.labels["service_name"][-1] for entry in mine] == ["a", "a", "b"]
    assert {entry.metadata["trace_id"] for entry in mine} == {TRACE}, "what the link goes by"
    assert {unique + "a", unique + "b"} <= set(loki.label_values("service_name"))

    rules = (folder / "rules/loki.yaml").read_text(encoding="utf-8")
    for rule in yaml.safe_load(rules)["groups"][0]["rules"]:
        query = rule["expr"].replace("offset 15m", "offset 0s")
        about = {one["metric"]["service_name"] for one in loki.metric(query, instant=True)}
        expected = {"ServiceLogsManyErrors": {"a", "b"}, "ServiceLogsFatal": {"b"},
                    "ServiceSilent": set()}[rule["alert"]]
        assert {name[-1] for name in about if name.startswith(unique)} == expected, rule["alert"]
    with loki.with_rules(rules, unique) as read:
        assert all(f"alert: {name}" in read for name in ("ServiceLogsFatal", "ServiceSilent"))


# ---- the daemons ----

SCHEMA = {"properties": {"level": {"enum": ["DEBUG", "INFO", "WARN", "ERROR", "FATAL"]}}}


def daemon_config(waybill: Runner, turned_away: str, taken: str) -> dict[str, Any]:
    schema = waybill.folder / "s.json"
    schema.write_text(json.dumps(SCHEMA), encoding="utf-8")
    out = waybill.folder / "records"
    (out / "refused.ndjson").mkdir(parents=True, exist_ok=True)
    return {
        "service": {"name": "shop"},
        "inputs": {"pipe": {"type": "stdin"},
                   "net": {"type": "tcp", "listen": "127.0.0.1:0", "framing": "octet_counting"}},
        "schema": {"file": str(schema)},
        "sample": {"rules": [{"name": "debug", "when": "level == DEBUG", "probability": 0}]},
        "outputs": {
            "files": {"type": "file", "path": str(out / "{service_name}.ndjson"),
                      "batch": {"delay": "0s"}},
            "taken": {"type": "loki", "endpoint": taken, "batch": {"delay": "0s"}},
            "turned": {"type": "loki", "endpoint": turned_away, "batch": {"delay": "0s"}},
        },
        "admin": {"listen": "127.0.0.1:0"},
    }


def records() -> str:
    said = [{"msg": "a", "level": "error", "trace_id": TRACE}, {"msg": "b", "level": "banana"},
            {"msg": "c", "level": "debug"}, {"msg": "d AKIAIOSFODNN7EXAMPLE", "level": "info"},
            {"msg": "e", "level": "info", "service_name": "refused"}]
    return "".join(json.dumps(line) + "\n" for line in said)


ADDRESS = re.compile(r"http://(\S+:\d+)")


def break_off(text: str) -> None:
    """Announces a message to the input `net`, and does not send all of it."""
    (port,) = set(re.findall(r"127\.0\.0\.1:(\d+)", text)) - {
        found.split(":")[1] for found in ADDRESS.findall(text)}
    with socket.create_connection(("127.0.0.1", int(port)), timeout=10) as connection:
        connection.sendall(b"100 half a message")


# Of the daemons' dashboard: what there is nothing of in this test.
EMPTY = {"Dropped"}


def test_every_query_of_the_daemons(
    waybill: Runner, prometheus: Prometheus, loki_backend: LokiBackend,
    absent_backend: LokiBackend, unique: str,
) -> None:
    folder = set_up(waybill)
    refusing = LokiBackend()
    refusing.always(401)
    config = daemon_config(waybill, refusing.url, loki_backend.url)
    process = waybill.start("run", "-v", config=config).wait_ready()
    found = ADDRESS.search(process.err.wait_for("http://"))
    assert found
    rules = (folder / "rules/prometheus.yaml").read_text(encoding="utf-8")
    here = f'job="{unique}"'
    with prometheus.scraping(found.group(1), unique), prometheus.with_rules(rules, unique):
        prometheus.wait_for(f"up{{{here}}}", 1)
        process.write(records())
        process.wait_delivered("taken", 4)
        until(lambda: process.output("files")["dead_lettered"] == 1, process.story)
        break_off(process.err.text)
        waybill.config_file.write_text("outputs: nonsense\n", encoding="utf-8")
        process.signal(signal.SIGHUP)
        prometheus.wait_for(f'waybill_config_reloads_total{{{here},result="refused"}}', 1)
        prometheus.wait_for(f'waybill_input_missed_total{{{here},input="net",'
                            f'reason="connection"}} > bool 0', 1)
        prometheus.wait_for(f'waybill_output_state{{{here},output="turned",'
                            f'state="misconfigured"}}', 1)
        values = {"job": unique, "instance": ".*", "__rate_interval": "1m", "__range": "5m"}

        def ask(target: dict[str, Any]) -> list[Any]:
            query = filled(target["expr"], **values)
            if target.get("instant"):
                return list(prometheus.query(query))
            return [one for one in prometheus.range(query, 10)
                    if any(value != "NaN" for _, value in one["values"])]

        for title, target in panels(folder, "daemon"):
            if title in EMPTY:
                assert ask(target) == [], title
            else:
                until(lambda: ask(target), lambda: f"{title}: {target['expr']}", 10)
        for variable in ("job", "instance"):
            assert prometheus.label_values(variable, f"waybill_build_info{{{here}}}")

        fired = {"WaybillDeadLetters", "WaybillInputMissed", "WaybillReloadRefused",
                 "WaybillOutputMisconfigured"}

        def alerting() -> set[str]:
            return {name for name, rule in prometheus.rules().items()
                    if any(alert["labels"].get("job") == unique for alert in rule["alerts"])}

        until(lambda: alerting() == fired, lambda: f"{sorted(fired)}, not {sorted(alerting())}", 20)
        loaded = prometheus.rules()
        names = {rule["alert"] for rule in yaml.safe_load(rules)["groups"][0]["rules"]}
        assert names <= set(loaded) and len(names) == 9
        unwell = [rule for name, rule in loaded.items() if name in names and rule["health"] != "ok"]
        assert not unwell
    refusing.recover()
    process.kill()
    refusing.close()


def test_a_dropped_record_alerts(waybill: Runner, prometheus: Prometheus, unique: str,
                                 loki_backend: LokiBackend) -> None:
    """And what the dashboard shows as dropped."""
    folder = set_up(waybill)
    config = daemon_config(waybill, loki_backend.url, loki_backend.url)
    config["dead_letters"] = {"size": 0}
    process = waybill.start("run", "-v", config=config).wait_ready()
    found = ADDRESS.search(process.err.wait_for("http://"))
    assert found
    (rule,) = [one for one in yaml.safe_load((folder / "rules/prometheus.yaml").read_text())
               ["groups"][0]["rules"] if one["alert"] == "WaybillRecordsDropped"]
    (dropped,) = [target["expr"] for title, target in panels(folder, "daemon")
                  if title == "Dropped"]
    with prometheus.scraping(found.group(1), unique):
        prometheus.wait_for(f'up{{job="{unique}"}}', 1)
        process.write(records())

        def samples() -> list[Any]:
            return [one for one in prometheus.query(rule["expr"]) if one.labels["job"] == unique]

        (sample,) = until(samples, "an alert", 20)
        assert (sample.labels["output"], sample.labels["reason"]) == ("files", "rejected")
        shown = filled(dropped, job=unique, instance=".*", __rate_interval="1m")
        assert [one.labels for one in prometheus.query(shown)] == [
            {"output": "files", "reason": "rejected"}]
    process.close_stdin()
    assert process.stop() == 3


# ---- the rules by themselves ----

# name -> series that make it alert, and what they are when all is well.
MEANINGS = {
    "WaybillRecordsDropped": [("waybill_dropped_total{output='o',reason='queue_full'}",
                               "0+1x60", "5x60")],
    "WaybillDeadLetters": [("waybill_output_records_total{output='o',result='dead_lettered'}",
                            "0+1x60", "5x60")],
    "WaybillUndelivered": [("waybill_oldest_undelivered_seconds{output='o'}", "400x60", "20x60")],
    "WaybillSpoolNearlyFull": [("waybill_spool_bytes{output='o'}", "90x60", "70x60"),
                               ("waybill_spool_limit_bytes{output='o'}", "100x60", "100x60")],
    "WaybillInputMissed": [("waybill_input_missed_total{input='i',reason='kernel'}",
                            "0+1x60", "5x60")],
    "WaybillReloadRefused": [("waybill_config_reloads_total{result='refused'}", "0+1x60", "1x60")],
    "WaybillOutputMisconfigured": [("waybill_output_state{output='o',state='misconfigured'}",
                                    "1x60", "0x60")],
    "WaybillOutputRefusing": [("waybill_output_state{output='o',state='retrying'}",
                               "1x60", "0x60")],
    "WaybillMemoryFull": [("waybill_memory_bytes", "99x60", "50x60"),
                          ("waybill_memory_limit_bytes", "100x60", "100x60")],
}
# What would alert were it not wanted.
WANTED = ["waybill_dropped_total{output='o',reason='schema_violation'}",
          "waybill_input_missed_total{input='i',reason='start_at'}"]


def test_what_alerts_and_what_does_not(waybill: Runner) -> None:
    """Prometheus's own tests of rules: they have a clock of their own."""
    try:
        tool = prometheus_server.promtool(prometheus_server.build(cache.root()))
    except cache.Unavailable as reason:
        pytest.skip(str(reason))
    path = set_up(waybill) / "rules/prometheus.yaml"
    rules = yaml.safe_load(path.read_text(encoding="utf-8"))["groups"][0]["rules"]
    assert [rule["alert"] for rule in rules] == list(MEANINGS)

    def series(values: int, name: str) -> list[dict[str, str]]:
        return [{"series": one[0].replace("'", '"'), "values": one[values]}
                for one in MEANINGS[name]]

    tests = []
    for name in MEANINGS:
        for values, fires in ((1, True), (2, False)):
            expr = f'count(ALERTS{{alertname="{name}",alertstate="firing"}}) or vector(0)'
            tests.append({"interval": "1m", "input_series": series(values, name),
                          "promql_expr_test": [{
                              "expr": expr, "eval_time": "30m",
                              "exp_samples": [{"labels": "{}", "value": int(fires)}]}]})
    tests.append({"interval": "1m",
                  "input_series": [{"series": one.replace("'", '"'), "values": "0+1x60"}
                                   for one in WANTED],
                  "promql_expr_test": [{"expr": "count(ALERTS) or vector(0)", "eval_time": "30m",
                                        "exp_samples": [{"labels": "{}", "value": 0}]}]})
    suite = waybill.folder / "suite.yaml"
    suite.write_text(json.dumps({"rule_files": [str(path)], "evaluation_interval": "1m",
                                 "tests": tests}), encoding="utf-8")
    done = subprocess.run([tool, "test", "rules", str(suite)], capture_output=True, text=True,
                          check=False, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
