// SPDX-License-Identifier: Apache-2.0
#include "inputs/journald/entry_line.h"

#include <doctest/doctest.h>

#include <initializer_list>

using waybill::inputs::journald::EntryLine;

namespace {

constexpr uint64_t kTime = 1'767'323'045'678'901;

std::string line_of(std::initializer_list<std::string_view> fields) {
  EntryLine line;
  line.begin();
  for (std::string_view field : fields) line.field(field);
  return std::string(line.finish(kTime));
}

}  // namespace

TEST_CASE("journald: the fields of an entry and where they go") {
  CHECK(line_of({"MESSAGE=hello", "PRIORITY=3", "SYSLOG_IDENTIFIER=nginx",
                 "_SYSTEMD_UNIT=nginx.service", "_PID=42", "TRACE_ID=abc", "CODE_FILE=a.c",
                 "CODE_LINE=7", "_SOURCE_REALTIME_TIMESTAMP=1767323045000001"}) ==
        R"({"timestamp":"2026-01-02T03:04:05.000001Z","level":"error","service_name":"nginx",)"
        R"("message":"hello","caller":"a.c:7","trace_id":"abc","syslog_identifier":"nginx",)"
        R"("journald":{"pid":"42","systemd_unit":"nginx.service"}})"
        "\n");
}

TEST_CASE("journald: what an entry lacks is left out") {
  CHECK(line_of({}) == "{\"timestamp\":\"2026-01-02T03:04:05.678901Z\"}\n");
  CHECK(line_of({"", "=x", "nothing", "PRIORITY=9", "PRIORITY_=x"}) ==
        "{\"timestamp\":\"2026-01-02T03:04:05.678901Z\",\"priority_\":\"x\"}\n");
  CHECK(line_of({"_SOURCE_REALTIME_TIMESTAMP=soon"}) ==
        "{\"timestamp\":\"2026-01-02T03:04:05.678901Z\"}\n");
  CHECK(line_of({"_SOURCE_REALTIME_TIMESTAMP=18446744073709551615"})
            .starts_with("{\"timestamp\":\"2262-"));
}

TEST_CASE("journald: what is no service is called as it calls itself") {
  CHECK(line_of({"_SYSTEMD_UNIT=session-1.scope", "SYSLOG_IDENTIFIER=sudo"}) ==
        R"({"timestamp":"2026-01-02T03:04:05.678901Z","service_name":"sudo",)"
        R"("syslog_identifier":"sudo","journald":{"systemd_unit":"session-1.scope"}})"
        "\n");
}

TEST_CASE("journald: fields that come twice, or are called as ours, have names of their own") {
  CHECK(line_of({"A=1", "A=2", "A_2=3", "LEVEL=4", "_A=5", "_A=6", "MESSAGE=m", "MESSAGE=n"}) ==
        R"({"timestamp":"2026-01-02T03:04:05.678901Z","message":"m","a":"1","a_2":"2",)"
        R"("a_2_2":"3","level_2":"4","message_2":"n","journald":{"a":"5","a_2":"6"}})"
        "\n");
}

TEST_CASE("journald: any bytes make a line") {
  CHECK(line_of({std::string_view("MESSAGE=a\n\"b\"\0\x01\\", 15)}) ==
        R"({"timestamp":"2026-01-02T03:04:05.678901Z","message":"a\n\"b\"\u0000\u0001"})"
        "\n");
  std::string binary = "DATA=";
  for (int byte = 0; byte < 256; ++byte) binary.push_back(static_cast<char>(byte));
  std::string line = line_of({binary});
  CHECK(line.find('\n') == line.size() - 1);
}
