# SPDX-License-Identifier: Apache-2.0
"""The flight recorder, the probability that adapts, and templates that outlive a run."""

from __future__ import annotations

import json
import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from harness.poll import until
from harness.runner import Runner

LOW = "4bf92f3577b34da6a300000100000001"  # dropped by a probability of 0.5
HIGH = "4bf92f3577b34da6a3ffffffffffffff"


def config_of(*rules: dict[str, Any], out: Path | None = None, **more: Any) -> dict[str, Any]:
    output = ({"type": "file", "path": str(out), "batch": {"delay": "10ms"}} if out
              else {"type": "console", "style": "json"})
    return {"service": {"name": "shop"}, "inputs": {"pipe": {"type": "stdin"}},
            "sample": {"rules": list(rules), **more}, "outputs": {"o": output}}


def line(message: str, trace: str | None, level: str = "info", second: float = 5,
         **more: Any) -> dict[str, Any]:
    made = {"ts": f"2026-01-02T03:{int(second // 60):02}:{second % 60:06.3f}Z", "level": level,
            "msg": message, **more}
    return made | ({"trace_id": trace} if trace else {})


def bytes_of(*lines: dict[str, Any]) -> bytes:
    return "".join(json.dumps(one) + "\n" for one in lines).encode()


def test_an_error_sends_what_waited_of_its_trace_in_order(waybill: Runner) -> None:
    lines = bytes_of(
        line("a", LOW, "debug", took=5), line("kept", HIGH), line("b", LOW, user="ann \"x\""),
        line("no trace", None, request_id="r-2"), line("boom", LOW, "error"), line("c", LOW),
        line("boom", HIGH, "error"), line("d", HIGH), line("e", LOW, "error"))
    records = waybill.run("run", config=config_of(
        {"when": "request_id exists and not (trace_id exists)", "probability": 0},
        {"probability": 0.5}, recorder={"memory": "8MiB", "max_age": "30s"}), stdin=lines).records
    said = [(r["message"], r.get("sample_rate"), r["source"].get("sampled_by")) for r in records]
    assert said == [
        ("kept", 2, None), ("a", 0, "error"), ("b", 0, "error"), ("boom", None, None),
        ("c", None, None), ("boom", None, None), ("d", None, None), ("e", None, None)]
    released = records[1]
    assert released["context"] == {"took": 5} and released["level"] == "DEBUG"
    assert released["timestamp"] == "2026-01-02T03:00:05.000Z" and released["trace_id"] == LOW
    assert released["source"]["offset"] == 0 and len(released["id"]) == 32
    assert records[2]["context"] == {"user": 'ann "x"'}


def test_lines_of_text_and_requests_wait_as_well(waybill: Runner) -> None:
    lines = (b"2026-01-02 03:04:05 INFO  [main] shop.Cart - looking for it request_id=r-7\n"
             b"2026-01-02 03:04:06 ERROR [main] shop.Cart - not there request_id=r-7\n")
    one, two = waybill.run("run", config=config_of({"probability": 0}, recorder={}),
                           stdin=lines).records
    assert one["source"]["sampled_by"] == "error" and one["sample_rate"] == 0
    assert "looking for it" in one["message"] and one["request_id"] == "r-7"
    assert two["level"] == "ERROR" and "sample_rate" not in two


def test_what_is_too_old_or_for_what_there_is_no_room_is_not_sent(
    waybill: Runner, tmp_path: Path,
) -> None:
    out = tmp_path / "out.jsonl"
    process = waybill.start("run", config=config_of(
        {"probability": 0}, out=out,
        recorder={"memory": "64KiB", "max_age": "10s", "max_traces": 50})).wait_ready()
    # Too old when its trace errs.
    process.write(bytes_of(line("old", LOW, second=1), line("young", LOW, second=15),
                           line("boom", LOW, "error", second=20)))
    until(lambda: process.output("o")["delivered"] == 2, process.story)
    assert [r["message"] for r in waybill.written()] == ["young", "boom"]
    # Two hundred traces are more than 50, and their lines more than there is room for.
    draw = random.Random(1)
    traces = [f"{draw.getrandbits(128):032x}" for _ in range(200)]
    process.write(bytes_of(*(line("x" * 300, t, second=20) for t in traces for _ in range(3))))
    until(lambda: process.output("o")["sampled"] == 601, process.story)
    metrics = process.metrics()
    waiting = metrics.value("waybill_recorder_lines")
    gone = {reason: metrics.value("waybill_recorder_evicted_total", reason=reason)
            for reason in ("bytes", "traces", "age", "changed")}
    assert 0 < waiting < 200 and metrics.value("waybill_recorder_bytes") <= 64 * 1024
    assert gone["age"] == 1 and gone["bytes"] + gone["traces"] == 600 - waiting
    assert metrics.value("waybill_recorder_released_total") == 1
    assert metrics.value("waybill_output_records_total", output="o", result="sampled") == (
        601 - waiting)
    assert process.ledger()["recorder"]["lines"] == waiting
    process.write(bytes_of(line("boom", traces[-1], "error", second=21),
                           line("boom", traces[0], "error", second=21)))
    until(lambda: process.output("o")["delivered"] == 7, process.story)
    assert process.output("o")["sampled"] == 598
    process.close_stdin()
    assert process.wait() == 0


def test_held_lines_do_not_hold_a_checkpoint(waybill: Runner, tmp_path: Path) -> None:
    log, out = tmp_path / "app.log", tmp_path / "out.jsonl"
    config = config_of({"probability": 0}, out=out, recorder={})
    config["inputs"] = {"app": {"type": "file", "include": [str(log)], "start_at": "beginning"}}
    log.write_bytes(bytes_of(*(line(f"a{n}", LOW) for n in range(100))))
    assert waybill.run("run", "--once", config=config).code == 0
    # All of it was settled; an error in the next run has nothing of this one.
    with log.open("ab") as more:
        more.write(bytes_of(line("b", LOW), line("boom", LOW, "error")))
    assert waybill.run("run", "--once", config=config).code == 0
    assert [r["message"] for r in waybill.written()] == ["b", "boom"]
    assert waybill.run("run", "--once", config=config).code == 0
    assert len(waybill.written()) == 2


def test_a_reload_keeps_what_waits_unless_the_outputs_change(
    waybill: Runner, tmp_path: Path,
) -> None:
    out = tmp_path / "out.jsonl"
    process = waybill.start("run", config=config_of(
        {"probability": 0}, out=out, recorder={})).wait_ready()
    process.write(bytes_of(line("a", LOW), line("b", HIGH)))
    until(lambda: process.output("o")["sampled"] == 2, process.story)
    config = config_of({"probability": 0.1}, out=out, recorder={})
    waybill.write_config(config)
    assert process.reload() == "applied"
    process.write(bytes_of(line("boom", LOW, "error")))
    until(lambda: process.output("o")["delivered"] == 2, process.story)
    config["outputs"]["other"] = {"type": "file", "path": str(tmp_path / "other.jsonl"),
                                  "batch": {"delay": "10ms"}}
    waybill.write_config(config)
    assert process.reload() == "applied"
    process.write(bytes_of(line("boom", HIGH, "error")))
    until(lambda: process.output("other")["delivered"] == 1, process.story)
    until(lambda: process.output("o")["delivered"] == 3, process.story)
    assert process.output("o")["sampled"] == 1
    assert process.metrics().value("waybill_recorder_evicted_total", reason="changed") == 1
    process.close_stdin()
    assert process.wait() == 0
    assert [r["message"] for r in waybill.written()] == ["a", "boom", "boom"]


def test_what_was_held_or_learned_under_another_redaction_never_leaves(
    waybill: Runner, tmp_path: Path,
) -> None:
    out = tmp_path / "out.jsonl"
    config = config_of({"probability": 0}, out=out, recorder={}, templates=True)
    process = waybill.start("run", config=config).wait_ready()
    process.write(bytes_of(line("logged in as ann@example.com now", LOW)))
    until(lambda: process.output("o")["sampled"] == 1, process.story)
    until(lambda: "ann@example.com" in json.dumps(process.ledger()), process.story)
    config["redact"] = [{"detect": ["email"]}]
    waybill.write_config(config)
    assert process.reload() == "applied"
    process.write(bytes_of(line("boom", LOW, "error")))
    until(lambda: process.output("o")["delivered"] == 1, process.story)
    assert process.metrics().value("waybill_recorder_evicted_total", reason="changed") == 1
    until(lambda: "ann@example.com" not in json.dumps(process.ledger()), process.story)
    assert process.stop() == 0
    assert [r["message"] for r in waybill.written()] == ["boom"]
    kept = waybill.state_dir / "templates"
    assert kept.stat().st_size > 0 and b"ann@example.com" not in kept.read_bytes()
    # A start under yet another redaction does not take up what was kept.
    del config["redact"]
    process = waybill.start("run", config=config).wait_ready()
    assert "`redact` has changed" in process.err.text
    # Nor does it stay where nothing learns templates any more.
    process.write(bytes_of(line("logged in as bob@example.com now", LOW)))
    until(lambda: "bob@example.com" in json.dumps(process.ledger()), process.story)
    config["redact"] = [{"detect": ["email"]}]
    waybill.write_config({key: value for key, value in config.items() if key != "sample"})
    assert process.reload() == "applied"
    until(lambda: "bob@example.com" not in json.dumps(process.ledger()), process.story)
    assert process.stop() == 0
    assert b"bob@example.com" not in kept.read_bytes()


@pytest.mark.parametrize("by", ["start", "reload"])
def test_templates_of_another_redaction_are_removed_where_nothing_learns_any(
    waybill: Runner, tmp_path: Path, by: str,
) -> None:
    config = config_of(out=tmp_path / "out.jsonl", templates=True)
    process = waybill.start("run", config=config).wait_ready()
    process.write(b"hello bob@example.com\n")
    until(lambda: "bob@example.com" in json.dumps(process.ledger()), process.story)
    assert process.stop() == 0
    kept = waybill.state_dir / "templates"
    assert b"bob@example.com" in kept.read_bytes()
    config = {key: value for key, value in config.items() if key != "sample"}
    redacting = config | {"redact": [{"detect": ["email"]}]}
    process = waybill.start("run", config=config).wait_ready()
    assert b"bob@example.com" in kept.read_bytes()
    learned = kept.read_bytes()
    if by == "reload":
        waybill.write_config(redacting)
        assert process.reload() == "applied"
        until(lambda: b"bob@example.com" not in kept.read_bytes(), process.story)
    assert process.stop() == 0
    if by == "start":
        assert kept.read_bytes() == learned
        assert waybill.start("run", config=redacting).wait_ready().stop() == 0
        assert b"bob@example.com" not in kept.read_bytes()


def test_counts_are_right_with_errors_in_the_traces(waybill: Runner) -> None:
    draw = random.Random(17)
    lines = []
    for n in range(4_000):
        trace, service = f"{draw.getrandbits(128):032x}", draw.choice("ab")
        erred = draw.random() < 0.3
        for k in range(5):
            level = "error" if erred and k == 3 else draw.choice(["debug", "info", "warn"])
            lines.append(line(f"step {k}", trace, level, n / 100 + k / 1000, service_name=service))
    truth = Counter((one["service_name"], one["level"].upper()) for one in lines)
    ended = waybill.run("run", config=config_of(
        {"probability": 0.1}, recorder={"memory": "1MiB"}), stdin=bytes_of(*lines))
    told: Counter[tuple[str, str]] = Counter()
    for record in ended.records:
        told[record["service_name"], record["level"]] += record.get("sample_rate", 1)
    assert sum(r["source"].get("sampled_by") == "error" for r in ended.records) > 3_000
    for key, count in truth.items():
        deviation = 0 if key[1] == "ERROR" else 5 * (9 * count * 2.5) ** 0.5
        assert abs(told[key] - count) <= deviation, (key, told[key], count)
    # Every trace that erred is there as a whole, in order.
    whole: dict[str, list[str]] = {}
    for record in ended.records:
        whole.setdefault(record["trace_id"], []).append(record["message"])
    for trace in {one["trace_id"] for one in lines if one["level"] == "error"}:
        assert whole[trace] == [f"step {k}" for k in range(5)]


def test_the_probability_adapts_to_a_target(waybill: Runner) -> None:
    draw = random.Random(3)
    lines = [line("x" * 100, f"{draw.getrandbits(128):032x}", "error" if n % 500 == 0 else "info",
                  n / 500) for n in range(30_000)]
    data = bytes_of(*lines)
    size = len(data) / len(lines)
    records = waybill.run("run", config=config_of(adaptive={"target": "20KiB"}),
                          stdin=data).records
    by_second = Counter(int(r["timestamp"][14:16]) * 60 + int(r["timestamp"][17:19])
                        for r in records)
    # At first all of it; then less and less.
    assert by_second[0] > 300 and by_second[0] > by_second[1] > by_second[3]
    later = [by_second[second] * size for second in range(20, 60)]
    assert 0.9 * 20 * 1024 < sum(later) / len(later) < 1.1 * 20 * 1024
    assert sum(r["level"] == "ERROR" for r in records) == 60
    total = sum(r.get("sample_rate", 1) for r in records)
    assert abs(total - len(lines)) < 0.1 * len(lines)


def test_explain_tells_of_recorder_and_target(waybill: Runner) -> None:
    config = config_of({"probability": 0.5}, recorder={}, adaptive={"target": "1MiB"})
    ended = waybill.run("explain", config=config, stdin=bytes_of(
        line("a", LOW), line("boom", LOW, "error"), line("b", LOW)))
    assert "not sent: sampled by probability_1" in ended.out
    assert "recorder holds it: it is sent should its trace err" in ended.out
    assert "recorder sends the line of this trace that waited" in ended.out
    released = next(one for one in ended.out.split("\n") if one.startswith("released "))
    record = json.loads(released.removeprefix("released "))
    assert record["message"] == "a" and record["source"]["sampled_by"] == "error"
    assert "probability_1 keeps it: a line of a trace that erred escapes" in ended.out


def test_check_warns_of_a_recorder_that_can_hold_nothing(waybill: Runner) -> None:
    ended = waybill.run("check", config=config_of({"dedupe": {}}, recorder={}))
    assert ended.code == 0
    assert "sample.recorder: warning: can never hold a line" in ended.err


def test_templates_outlive_a_restart_and_stand_in_the_ledger(
    waybill: Runner, tmp_path: Path,
) -> None:
    config = config_of(out=tmp_path / "out.jsonl", templates=True)

    def run(data: bytes, records: int) -> tuple[dict[str, Any], str, float]:
        process = waybill.start("run", config=config).wait_ready()
        process.write(data)

        def told() -> bool:
            top = process.ledger().get("templates", {}).get("top", [])
            return sum(int(one["records"]) for one in top) == records

        until(told, process.story)
        templates = dict(process.ledger()["templates"])
        text = waybill.run("ledger", config=config).out
        fresh = process.metrics().value("waybill_new_templates_total")
        process.close_stdin()
        assert process.wait() == 0
        return templates, text, fresh

    data = b"took 5 ms\ntook 7 ms\nready\n"
    first, text, fresh = run(data, 3)
    assert first["known"] == first["new"] == fresh == 2
    assert [(one["text"], one["records"]) for one in first["top"]] == [("took <*> ms", 2),
                                                                     ("ready", 1)]
    assert [one["text"] for one in first["newest"]] == ["ready", "took <*> ms"]
    assert "templates 2 known, 2 new" in text and "records=2" in text and "took <*> ms" in text
    second, _, fresh = run(data + b"stopped\n", 4)
    assert second["known"] == 3 and second["new"] == fresh == 1
    assert [one["text"] for one in second["newest"]] == ["stopped"]
    assert second["top"][0]["id"] == first["top"][0]["id"]
    # What is no file of ours is said, and templates are learned anew.
    kept = waybill.state_dir / "templates"
    kept.write_bytes(kept.read_bytes()[:-1])
    third, _, fresh = run(data, 3)
    assert third["known"] == fresh == 2
    assert kept.stat().st_mode & 0o777 == 0o600
