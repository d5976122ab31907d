// SPDX-License-Identifier: Apache-2.0
#include "parsers/common/numeric_level.h"

#include <doctest/doctest.h>

#include <string>

#include "parsers/test_support.h"

using namespace waybill;
using namespace waybill::parsers;
using namespace waybill::parsers::testing;

namespace {

std::string level_of(std::string_view line) {
  Parsed parsed(line);
  return std::string(level_name(parsed->level)) + " " + std::to_string(parsed->severity);
}

}  // namespace

TEST_CASE("numeric levels: the keys beside them say what they mean") {
  struct Case {
    std::string_view line;
    std::string_view meant;
  };
  const Case cases[] = {
      // GELF and syslog: smaller is worse.
      {R"({"version":"1.1","host":"h","short_message":"m","level":3})", "ERROR 17"},
      {R"({"level":6,"short_message":"m","version":"1.1","host":"h"})", "INFO 9"},
      {R"({"version":"1.1","host":"h","message":"m","level":"4"})", "WARN 13"},
      {R"({"message":"m","severity":2,"facility":"daemon"})", "ERROR 18"},
      {R"({"MESSAGE":"m","PRIORITY":"7"})", "DEBUG 5"},
      // pino, bunyan, Python.
      {R"({"level":50,"msg":"m","pid":1,"hostname":"h"})", "ERROR 17"},
      {R"({"levelno":40,"message":"m"})", "WARN 13"},
      // Google Cloud and Monolog: 300 is a notice here, a warning there.
      {R"({"severity":300,"message":"m","logging.googleapis.com/trace":"t"})", "INFO 10"},
      {R"({"severity":800,"message":"m","timestampSeconds":1767323045})", "FATAL 21"},
      {R"({"message":"m","level":300,"channel":"app","datetime":"2026-01-02T03:04:05Z"})",
       "WARN 13"},
      {R"({"message":"m","level":550,"channel":"app","datetime":"2026-01-02T03:04:05Z"})",
       "ERROR 19"},
      {R"({"message":"m","level":300,"level_name":"WARNING"})", "WARN 13"},
      // Logback, .NET, OpenTelemetry.
      {R"({"message":"m","level_value":30000})", "WARN 13"},
      {R"({"message":"m","level":"INFO","level_value":40000})", "INFO 9"},
      {R"({"Message":"m","LogLevel":4,"Category":"A.B","EventId":1})", "ERROR 17"},
      {R"({"body":"m","severityNumber":18})", "ERROR 18"},
      {R"({"body":"m","severityText":"WARN","severityNumber":18})", "WARN 13"},
      // Nobody says.
      {R"({"message":"m","level":3})", " 0"},
      {R"({"msg":"m","level":-4})", " 0"},
      {R"({"message":"m","severity":300})", " 0"},
      {R"({"message":"m","level":300})", " 0"},
      {R"({"short_message":"m","level":9})", " 0"},
      {R"({"message":"m","level":3.5,"short_message":"m"})", " 0"},
      {R"({"body":"m","severityNumber":25})", " 0"},
      {R"({"message":"m","level_value":3})", " 0"},
  };
  for (const Case& each : cases) {
    CAPTURE(each.line);
    CHECK(level_of(each.line) == each.meant);
  }
}

TEST_CASE("numeric levels: the number stays as level_text, or where it was") {
  CHECK(Parsed(R"({"short_message":"m","level":3})").canonical_parts(part::kContext) ==
        R"({"context":{"level_text":"3"}})");
  CHECK(Parsed(R"({"message":"m","level":3})").canonical_parts(part::kContext) ==
        R"({"context":{"level":3}})");
}
