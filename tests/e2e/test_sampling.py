# SPDX-License-Identifier: Apache-2.0
"""What need not be sent is not sent, and every record that is says how many it stands for."""

from __future__ import annotations

import json
import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from harness.backend import ElasticBackend, LokiBackend, OtlpBackend
from harness.poll import until
from harness.runner import Runner


def config_of(*rules: dict[str, Any], out: Path | None = None, **more: Any) -> dict[str, Any]:
    output = ({"type": "file", "path": str(out), "batch": {"delay": "10ms"}} if out
              else {"type": "console", "style": "json"})
    return {"service": {"name": "shop"}, "inputs": {"pipe": {"type": "stdin"}},
            "sample": {"rules": list(rules), **more}, "outputs": {"o": output}}


def lines_of(*records: dict[str, Any]) -> bytes:
    return "".join(json.dumps(record) + "\n" for record in records).encode()


def weights(records: list[dict[str, Any]]) -> Counter[tuple[str, str]]:
    total: Counter[tuple[str, str]] = Counter()
    for record in records:
        total[record["service_name"], record["level"]] += record.get("sample_rate", 1)
    return total


def test_two_sidecars_keep_the_same_traces(waybill: Runner) -> None:
    draw = random.Random(5)
    traces = [f"{draw.getrandbits(128):032x}" for _ in range(400)]
    config = config_of({"probability": 0.25})

    def kept(message: str) -> list[dict[str, Any]]:
        lines = lines_of(*({"msg": message, "level": "info", "trace_id": t} for t in traces))
        return waybill.run("run", config=config, stdin=lines).records

    one, other = kept("a"), kept("b")
    assert [r["trace_id"] for r in one] == [r["trace_id"] for r in other]
    # As OpenTelemetry has it: the last 56 bits against a threshold.
    assert [r["trace_id"] for r in one] == [t for t in traces if int(t[-14:], 16) >= 3 << 54]
    assert all(r["sample_rate"] == 4 for r in one)


def test_tracestate_flags_and_errors(waybill: Runner) -> None:
    low, high = "4bf92f3577b34da6a300000100000001", "4bf92f3577b34da6a3ffffffffffffff"
    lines = lines_of(
        {"msg": "low", "level": "info", "trace_id": low},
        {"msg": "high", "level": "info", "trace_id": high},
        {"msg": "rv", "level": "info", "trace_id": low, "tracestate": "ot=rv:ffffffffffffff"},
        {"msg": "no rv", "level": "info", "trace_id": high, "tracestate": "ot=rv:00000000000000"},
        {"msg": "error", "level": "error", "trace_id": low},
        {"msg": "audit", "level": "info", "trace_id": low, "logger": "audit"},
        {"msg": "sampled", "level": "info", "trace_id": low, "trace_flags": "01",
         "tracestate": "ot=th:c"},
        {"msg": "not sampled", "level": "info", "trace_id": high, "trace_flags": "00"})
    config = config_of({"probability": 0.5}, always="logger == 'audit'")
    rates = {r["message"]: r.get("sample_rate") for r in
             waybill.run("run", config=config, stdin=lines).records}
    assert rates == {"high": 2, "rv": 2, "error": None, "audit": None, "not sampled": 2}
    config["sample"]["sampled_flag"] = "follow"
    rates = {r["message"]: r.get("sample_rate") for r in
             waybill.run("run", config=config, stdin=lines).records}
    assert rates == {"high": 2, "rv": 2, "error": None, "audit": None, "sampled": 4}


def test_lines_of_one_request_have_one_verdict(waybill: Runner) -> None:
    lines = lines_of(*({"msg": f"m{k}", "level": "info", "request_id": f"r-{n}"}
                       for n in range(200) for k in range(3)))
    records = waybill.run("run", config=config_of({"probability": 0.5}), stdin=lines).records
    assert set(Counter(r["request_id"] for r in records).values()) == {3}
    assert 120 < len(records) / 3 * 2 < 280


def test_a_storm_is_bounded_and_its_count_exact(waybill: Runner, tmp_path: Path) -> None:
    storm = 100_000
    line = {"ts": "2026-01-02T03:04:05Z", "level": "error", "msg": "cannot reach the database"}
    process = waybill.start("run", config=config_of(
        {"dedupe": {"window": "300ms"}}, out=tmp_path / "out.jsonl")).wait_ready()
    process.write(lines_of(line) * storm)

    def told() -> int:
        return sum(r.get("sample_rate", 1) for r in waybill.written())

    until(lambda: (tmp_path / "out.jsonl").exists() and told() == storm, process.story)
    counts = process.output("o")
    records = waybill.written()
    assert counts["records"] == storm
    assert counts["synthetic"] + counts["records"] == counts["folded"] + counts["delivered"]
    assert counts["synthetic"] > 0 and counts["sampled"] == 0
    assert len(records) == counts["delivered"] < storm / 100
    assert process.metrics().value("waybill_sampled_out_total", rule="dedupe_1") == counts["folded"]
    one = next(r for r in records if r["message"].startswith("suppressed"))
    assert one["message"].endswith(": cannot reach the database") and one["level"] == "ERROR"
    assert one["context"]["suppressed"] == one["sample_rate"]
    assert one["context"]["first"] == one["context"]["last"] == "2026-01-02T03:04:05.000000000Z"
    assert one["service_name"] == "shop" and len(one["id"]) == 32
    process.close_stdin()
    assert process.wait() == 0


def test_what_is_suppressed_at_the_end_is_told(waybill: Runner) -> None:
    lines = lines_of(*[{"ts": "2026-01-02T03:04:05Z", "level": "error", "msg": "a"}] * 50,
                     *[{"ts": "2026-01-02T03:04:05Z", "level": "warn", "msg": "b"}] * 50)
    config = config_of({"when": "level == ERROR", "dedupe": {"window": "1h"}},
                       {"limit": {"rate": "1/h", "key": "level"}})
    records = waybill.run("run", config=config, stdin=lines).records
    assert len(records) == 4
    assert weights(records) == {("shop", "ERROR"): 50, ("shop", "WARN"): 50}


def test_a_burst_by_event_time(waybill: Runner) -> None:
    lines = lines_of(*({"ts": f"2026-01-02T03:04:{second:02}Z", "level": "info",
                        "msg": f"polled {n} times", "logger": "poll"}
                       for second in range(3) for n in range(100)))
    config = config_of({"when": "logger == 'poll'",
                        "burst": {"first": 10, "then_every": 30, "per": "1s"}})
    records = waybill.run("run", config=config, stdin=lines).records
    assert [r["message"] for r in records[:13]] == [
        *(f"polled {n} times" for n in range(10)), *(f"polled {n} times" for n in (39, 69, 99))]
    assert Counter(r["timestamp"][:19] for r in records) == {
        f"2026-01-02T03:04:0{second}": 13 for second in range(3)}
    assert sum(r.get("sample_rate", 1) for r in records) == 300


def test_counts_are_right_when_weighted(waybill: Runner) -> None:
    draw = random.Random(11)
    lines = [{"ts": f"2026-01-02T03:04:{n // 500:02}.{n % 500:03}Z",
              "level": draw.choice(["debug", "info", "warn", "error"]),
              "service_name": draw.choice("abc"), "msg": f"kind {draw.choice('xyz')} no {n}",
              "trace_id": f"{draw.getrandbits(128):032x}"} for n in range(20_000)]
    truth = Counter((line["service_name"], line["level"].upper()) for line in lines)
    config = config_of({"when": "level == DEBUG", "probability": 0.1},
                       {"burst": {"first": 5, "then_every": 20}},
                       {"limit": {"rate": "100/s"}}, {"dedupe": {"similar": True}})
    records = waybill.run("run", config=config, stdin=lines_of(*lines)).records
    assert len(records) < 6_000
    for key, total in weights(records).items():
        deviation = 5 * (9 * truth[key]) ** 0.5 if key[1] == "DEBUG" else 0.01
        assert abs(total - truth[key]) <= deviation, key
    assert weights(records).keys() == truth.keys()


def test_every_output_says_the_rate(
    waybill: Runner, loki_backend: LokiBackend, elastic_backend: ElasticBackend,
    otlp_backend: OtlpBackend,
) -> None:
    quick = {"batch": {"delay": "10ms"}}
    config = config_of({"probability": 0.5})
    config["outputs"] = {
        "loki": {"type": "loki", "endpoint": loki_backend.url, **quick},
        "es": {"type": "elasticsearch", "endpoints": [elastic_backend.url],
               "data_stream": "logs-a-default", **quick},
        "otlp": {"type": "otlp", "endpoint": otlp_backend.url, **quick}}
    line = {"msg": "high", "level": "info", "trace_id": "4bf92f3577b34da6a3ffffffffffffff"}
    ended = waybill.run("run", config=config, stdin=lines_of(line))
    assert ended.code == 0, ended.err
    assert '"sample_rate":2' in str(loki_backend.taken[-1])
    assert elastic_backend.taken[-1].source["waybill.sample_rate"] == 2
    assert "sample_rate" in str(otlp_backend.taken[-1])


def test_templates_are_shown_when_asked(waybill: Runner) -> None:
    config = config_of(templates=True)
    one, two = waybill.run("run", config=config, stdin=b"took 5 ms\ntook 7 ms\n").records
    assert one["context"]["template"] == two["context"]["template"] == "took <*> ms"
    assert one["context"]["template_id"] == two["context"]["template_id"]
    assert len(one["context"]["template_id"]) == 16


def test_a_record_that_passes_through_is_not_sampled_again(waybill: Runner) -> None:
    config = config_of({"probability": 0.5})
    line = {"msg": "high", "level": "info", "trace_id": "4bf92f3577b34da6a3ffffffffffffff"}
    first = waybill.run("run", config=config, stdin=lines_of(line)).records
    again = waybill.run("run", config=config_of({"probability": 0}), stdin=lines_of(*first)).records
    assert again == first


def test_a_reload_changes_the_rules_and_tells_what_was_kept_back(
    waybill: Runner, tmp_path: Path,
) -> None:
    out = tmp_path / "out.jsonl"
    process = waybill.start("run", config=config_of(
        {"dedupe": {"window": "1h"}}, out=out)).wait_ready()
    process.write(b"a\na\na\n")
    until(lambda: process.output("o")["folded"] == 2, process.story)
    waybill.write_config(config_of({"name": "none", "probability": 0}, out=out))
    process.reload()
    until(lambda: process.output("o")["delivered"] == 2, process.story)
    process.write(b"b\n")
    until(lambda: process.output("o")["sampled"] == 1, process.story)
    assert process.metrics().value("waybill_sampled_out_total", rule="none") == 1
    assert process.metrics().value("waybill_sampled_out_total", rule="dedupe_1") == 2
    process.close_stdin()
    assert process.wait() == 0
    assert [r["message"] for r in waybill.written()] == ["a", "suppressed 2: a"]


def test_explain_says_why(waybill: Runner) -> None:
    config = config_of({"when": "level == DEBUG", "probability": 0.1}, {"probability": 0.5},
                       {"burst": {}}, {"limit": {"rate": "5/s"}}, {"dedupe": {}})
    line = json.dumps({"msg": "a", "level": "info", "trace_id": "4bf92f3577b34da6a3ffffffffffffff"})
    out = waybill.run("explain", line, config=config).out
    assert "sample   sent, and stands for 2" in out
    for said in ("probability_1 is not about it: level == DEBUG",
                 "probability_2 keeps it: randomness ffffffffffffff of the trace id's last 56 bits",
                 "burst_3 keeps it: number 1 in 1s like 'a'",
                 "limit_4 keeps it: 4 tokens left in the bucket of service_name 'shop'",
                 "dedupe_5 keeps it: the first one of its window"):
        assert said in out
    ended = waybill.run("explain", config=config, stdin=(line + "\n").encode() * 2)
    assert "sample   not sent: folded by dedupe_5" in ended.out
    assert ended.out.count("output   ") == 1


@pytest.mark.parametrize("rule, said", [
    ({"when": "level >= ERROR", "probability": 0.1}, "escape probability"),
    ({"when": "level == INFO and level == WARN", "dedupe": {}}, "no record is as `when` wants it"),
])
def test_check_warns_of_what_can_never_fire(
    waybill: Runner, rule: dict[str, Any], said: str,
) -> None:
    ended = waybill.run("check", config=config_of(rule))
    assert ended.code == 0
    assert "sample.rules[0]: warning: can never fire" in ended.err and said in ended.err


@pytest.mark.parametrize("sample, said", [
    ({"rules": [{"when": "level = INFO", "probability": 0.1}]}, "column 7: write == to compare"),
    ({"rules": [{"limit": {"rate": "fast"}}]}, "is no rate"),
    ({"recorder": {"memory": "8 apples"}}, "sample.recorder.memory"),
    ({"adaptive": {}}, "needs 'target', the bytes a second that each service may send: 1MiB"),
])
def test_check_says_what_is_wrong(waybill: Runner, sample: dict[str, Any], said: str) -> None:
    ended = waybill.run("check", config={"sample": sample})
    assert ended.code == 2
    assert said in ended.err
