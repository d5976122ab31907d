# SPDX-License-Identifier: Apache-2.0
"""`./legacy | waybill`, with nothing configured at all."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from harness.backend import OtlpBackend
from harness.runner import Runner
from harness.terminal import Terminal

KEYS = [
    "timestamp", "level", "service_name", "trace_id", "span_id", "trace_flags", "trace_origin",
    "parent_span_id", "tracestate", "request_id", "correlation_id", "tenant_id", "message",
    "logger", "thread", "caller", "error", "context", "resource", "source", "sample_rate",
    "schema_errors", "id",
]
RFC3339 = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3,9}Z$")


def said_by(legacy: Path) -> bytes:
    return subprocess.run([legacy], check=True, capture_output=True, env={"TZ": "UTC"}).stdout


def test_json_into_a_pipe(waybill: Runner, legacy: Path) -> None:
    said = said_by(legacy)
    records = waybill.records(said)
    # A stack trace is one record.
    assert sum(record["message"].count("\n") + 1 for record in records) == said.count(b"\n")
    for record in records:
        keys = list(record)
        assert set(keys) <= set(KEYS)
        assert RFC3339.match(record["timestamp"]), record
        assert re.fullmatch("[0-9a-f]{32}", record["id"])
        assert record["service_name"] == "unknown_service"
        assert record["source"]["input"] == "stdin"
        order = [KEYS.index(key) for key in keys if key not in ("parent_span_id", "tracestate",
                                                                "trace_origin")]
        assert order == sorted(order), keys
    assert len({record["id"] for record in records}) == len(records)


def test_each_kind_of_line_is_understood(waybill: Runner, legacy: Path) -> None:
    records = waybill.records(said_by(legacy))
    by_format = {record["source"]["format"] for record in records}
    assert by_format == {"json", "logfmt", "text"}

    def one(part: str) -> dict[str, object]:
        (found,) = [record for record in records if part in record["message"]]
        return found

    assert one("shop 2.1 starting")["level"] == "INFO"
    cart = one("GET /cart request_id")
    assert cart["trace_id"] == "4bf92f3577b34da6a3ce929d0e0e4736"
    assert (cart["span_id"], cart["trace_flags"]) == ("00f067aa0ba902b7", "01")
    assert (cart["trace_origin"], cart["thread"]) == ("text", "worker-1")
    assert cart["request_id"] == "req-7f3a"
    query = one("query done")
    assert query["context"] == {"sql": "select * from cart where id = $1", "rows": 3,
                                "took_ms": 12.5}
    assert (query["logger"], query["caller"]) == ("db", "db/pool.go:88")
    assert query["trace_origin"] == "field"
    failed = one("payment failed")
    assert failed["error"] == {
        "kind": "network", "message": "card gateway: connection refused"}
    assert failed["context"] == {"customer": {"id": 8812, "country": "DE"},
                                 "retries": [50, 100, 200]}
    assert one("cache warmed")["context"] == {"entries": 1204, "took": "38ms", "source": "disk"}
    assert one("disk 91% full")["level"] == "WARN"
    assert one("unhandled exception")["level"] == "ERROR"


def test_pretty_on_a_terminal(waybill: Runner, legacy: Path) -> None:
    terminal = Terminal()
    process = waybill.start("run", stdin=said_by(legacy), terminal=terminal.end)
    terminal.given()
    assert process.wait() == 0
    terminal.screen.wait_for_end()
    shown = terminal.plain
    assert re.search(r"^\d\d:\d\d:\d\d\.\d{3} ERROR .*payment failed", shown, re.MULTILINE), shown
    assert "card gateway: connection refused" in shown
    assert re.search(r"trace=4bf92f35\b", shown), shown
    assert '{"timestamp"' not in shown
    assert terminal.screen.text != shown, "a terminal gets colours"


def test_no_color_is_obeyed(waybill: Runner) -> None:
    terminal = Terminal()
    process = waybill.start("run", stdin=b"ERROR a\n", terminal=terminal.end,
                            env={"NO_COLOR": "1"})
    terminal.given()
    assert process.wait() == 0
    terminal.screen.wait_for_end()
    assert "ERROR" in terminal.screen.text and "\x1b" not in terminal.screen.text


def test_60_a_terminal_is_not_attacked(waybill: Runner) -> None:
    """No control character of a line reaches it, whichever field it stands in. (A number of a list
    of faults that bite users of such daemons.)"""
    terminal = Terminal()
    evil = b'{"msg":"a\\u001b]0;owned\\u0007b\\u0085c\\u2028d","x":"\\u001b[2J",'
    evil += b'"level":"\\u001b[5m","logger":"l\\u001b[1m","service_name":"s\\n\\u001b[31m",'
    evil += b'"trace_id":"\\u001b[3m","\\u001b[4m":1}\n'
    evil += b"text \x1b]52;c;aGk=\x07 \x1b[2J end \x9b31m\r\n"
    process = waybill.start("run", stdin=evil, terminal=terminal.end, env={"NO_COLOR": "1"})
    terminal.given()
    assert process.wait() == 0
    terminal.screen.wait_for_end()
    shown = terminal.screen.bytes
    assert shown.count(b"\n") == 2
    assert not re.search(rb"[\x00-\x09\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80\xa8", shown), shown


def test_the_lines_appear_while_it_runs(waybill: Runner) -> None:
    process = waybill.start()
    process.write("the first\n")
    (first,) = process.out.wait_for_records(1)
    assert first["message"] == "the first"
    process.write("the second\n")
    assert process.out.wait_for_records(2)[1]["message"] == "the second"
    process.close_stdin()
    assert process.wait() == 0
    assert process.err.text == ""


def test_read_times_rise_line_by_line(waybill: Runner) -> None:
    records = waybill.records(b"".join(b"bare %d\n" % n for n in range(2000)))
    times = [record["timestamp"] for record in records]
    assert all(re.fullmatch(r".*\.\d{9}Z", time) for time in times)
    assert times == sorted(set(times))
    assert [record["message"] for record in records] == [f"bare {n}" for n in range(2000)]


def test_the_environment_names_service_and_resource(waybill: Runner) -> None:
    (record,) = waybill.records(
        b"x\n",
        env={
            "OTEL_SERVICE_NAME": "shop",
            "OTEL_RESOURCE_ATTRIBUTES": "service.name=other,team=a%20b,service.version=1.2",
        },
    )
    assert record["service_name"] == "shop"
    assert record["resource"]["team"] == "a b"
    assert record["resource"]["service.version"] == "1.2"


def test_an_otlp_endpoint_in_the_environment_is_used_too(
    waybill: Runner, otlp_backend: OtlpBackend
) -> None:
    ended = waybill.run("run", stdin=b"hello\n",
                        env={"OTEL_EXPORTER_OTLP_ENDPOINT": otlp_backend.url})
    assert ended.code == 0
    assert [record["message"] for record in ended.records] == ["hello"]
    assert [record.body for record in otlp_backend.taken] == ["hello"]
    assert otlp_backend.url in ended.err and ended.err.count("\n") == 1


def test_a_silent_pipe_gets_one_hint_on_a_terminal(waybill: Runner) -> None:
    """`./legacy | waybill` shows nothing while libc holds 4 KiB back: say what to do about it."""
    terminal = Terminal()
    process = waybill.start_command(
        ["sh", "-c", 'exec "$0" run 2>&1', str(waybill.binary)], terminal=terminal.end)
    terminal.given()
    terminal.screen.wait_for("waybill exec", limit=15)
    process.write("at last\n")
    terminal.screen.wait_for("at last")
    process.close_stdin()
    assert process.wait() == 0
    terminal.screen.wait_for_end()
    assert terminal.plain.count("waybill exec") == 1


def test_nothing_to_do_is_no_failure(waybill: Runner) -> None:
    ended = waybill.run("run", stdin=b"")
    assert (ended.code, ended.out, ended.err) == (0, "", "")
