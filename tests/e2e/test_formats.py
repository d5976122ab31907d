# SPDX-License-Identifier: Apache-2.0
"""Lines of many programs on one stream, without configuration."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.runner import Runner

MIXED = r"""2026-01-02T03:04:05.678901234Z stderr F {"level":"error","msg":"from a container"}
{"log":"WARNING:root:from Docker\n","stream":"stdout","time":"2026-01-02T03:04:05Z"}
<34>1 2026-01-02T03:04:05Z web-1 shop 71 ID47 [id@1 a="b"] from syslog
<11>Jan  2 03:04:05 web-1 shop[71]: from older syslog
203.0.113.9 - ada [02/Jan/2026:03:04:05 +0000] "GET /cart HTTP/1.1" 503 512 "-" "curl/8.5.0"
E0102 03:04:05.678901      71 server.go:42] from klog
2026-01-02 03:04:05,678 INFO [main] org.example.Shop: from Java
[2026-01-02 03:04:05,678] WARN [Group 1] from Kafka (kafka.group.Coordinator)
2026-01-02 03:04:05.678 UTC [71] ada@shop FATAL:  from PostgreSQL
71:M 02 Jan 2026 03:04:05.678 # from Redis
level=info ts=2026-01-02T03:04:05Z msg="from logfmt"
hello from printf
"""


def test_lines_of_many_programs_on_one_stream(waybill: Runner) -> None:
    ended = waybill.run("run", "--to", "json", stdin=MIXED.encode())
    assert ended.code == 0
    # What may go on waits for its next line, so order is kept within a program's own lines.
    seen = {record["message"]: record for record in ended.records}
    assert {text: (record["source"]["format"], record["level"]) for text, record in seen.items()} \
        == {
        "from a container": ("json", "ERROR"),
        "from Docker": ("python", "WARN"),
        "from syslog": ("syslog", "ERROR"),
        "from older syslog": ("syslog", "ERROR"),
        "GET /cart HTTP/1.1": ("access", "ERROR"),
        "from klog": ("glog", "ERROR"),
        "from Java": ("text", "INFO"),
        "from Kafka": ("kafka", "WARN"),
        "from PostgreSQL": ("postgres", "FATAL"),
        "from Redis": ("redis", "WARN"),
        "from logfmt": ("logfmt", "INFO"),
        "hello from printf": ("text", "INFO"),
    }
    year = seen["from older syslog"]["timestamp"][:4]
    times = {record["timestamp"][:19] for text, record in seen.items()
             if text != "hello from printf"}
    assert times <= {"2026-01-02T03:04:05", f"{year}-01-02T03:04:05"}
    assert [seen[text]["source"].get("stream")
            for text in ("from a container", "from Docker", "from syslog")] == [
        "stderr", "stdout", None]


@pytest.mark.parametrize("name", ["glog", "cri", "syslog", "formats"])
def test_a_format_by_its_name(waybill: Runner, name: str) -> None:
    config = {"inputs": {"in": {"type": "stdin", "format": name}},
              "outputs": {"out": {"type": "console", "style": "json"}}}
    ended = waybill.run("run", config=config, stdin=MIXED.encode())
    assert ended.code == 0
    formats = [record["source"]["format"] for record in ended.records]
    assert len(formats) == 12
    wanted = {"glog": {"glog"}, "cri": {"json"}, "syslog": {"syslog"},
              "formats": {"access", "glog", "kafka", "postgres", "redis"}}[name]
    assert set(formats) - {"none"} == wanted


def test_a_format_that_does_not_exist(waybill: Runner, tmp_path: Path) -> None:
    config = {"inputs": {"in": {"type": "stdin", "format": "glogg"}},
              "outputs": {"out": {"type": "console", "style": "json"}}}
    ended = waybill.run("check", config=config)
    assert ended.code == 2
    assert "did you mean 'glog'?" in ended.err
