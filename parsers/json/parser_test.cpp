// SPDX-License-Identifier: Apache-2.0
// The JSON parser's own rules: ranks, what does not fit, records that pass through, repair.
#include <doctest/doctest.h>

#include <string>

#include "parsers/test_support.h"

using waybill::Level;
using waybill::TraceFields;
using waybill::TraceOrigin;
using waybill::parsers::testing::Parsed;
using waybill::parsers::testing::Setup;

namespace {

std::string json(std::string_view line, const Setup& setup = {}) {
  return Parsed(line, setup).json();
}

constexpr std::string_view kOurs =
    R"({"timestamp":"2026-01-02T03:04:05.678Z","level":"WARN","service_name":"shop",)"
    R"("trace_id":"4bf92f3577b34da6a3ce929d0e0e4736","trace_origin":"inherited","message":"m",)"
    R"("error":{"kind":"db","type":"E","code":"42","message":"x","stack":"s"},)"
    R"("context":{"a":1,"level_text":"warning"},"resource":{"host.name":"far"},)"
    R"("source":{"input":"app","path":"/x","offset":7,"format":"json"},"sample_rate":10,)"
    R"("schema_errors":[{"path":"/a"}],"id":"00112233445566778899aabbccddeeff"})";

}  // namespace

TEST_CASE("json: of several names for one thing the first in rank is lifted, the others stay") {
  CHECK(json(R"({"message":"second","msg":"first"})") ==
        R"({"service_name":"unknown_service","message":"first","context":{"message":"second"}})");
  CHECK(
      json(R"({"event":"c","message":"b","msg":"a"})") ==
      R"({"service_name":"unknown_service","message":"a","context":{"event":"c","message":"b"}})");
  CHECK(json(R"({"severity":"WARN","level":"info"})") ==
        R"({"level":"INFO","service_name":"unknown_service","context":{"severity":"WARN"}})");
  Parsed times(R"({"time":"2026-01-02T03:04:06Z","ts":1767323045})");
  CHECK(times.time() == "2026-01-02T03:04:05.000Z");
  CHECK(times.json() ==
        R"({"service_name":"unknown_service","context":{"time":"2026-01-02T03:04:06Z"}})");
  Parsed ids(R"({"traceId":"b","trace_id":"a","spanID":"d","spanId":"c"})");
  CHECK(ids.pointed(&TraceFields::trace_id) == R"("a")");
  CHECK(ids.pointed(&TraceFields::span_id) == R"("c")");
}

TEST_CASE("json: a value that does not fit stays, and makes way for the next name") {
  CHECK(json(R"({"level":"banana","severity":"ERROR"})") ==
        R"({"level":"ERROR","service_name":"unknown_service","context":{"level":"banana"}})");
  CHECK(json(R"({"level":"banana"})") ==
        R"({"service_name":"unknown_service","context":{"level":"banana"}})");
  CHECK(json(R"({"level":{"a":1},"msg":7,"message":null,"logger":[1],"caller":""})") ==
        R"({"service_name":"unknown_service","context":{"level":{"a":1},"msg":7,"message":null,)"
        R"("logger":[1],"caller":""}})");
  Parsed time(R"({"ts":"yesterday","time":5,"timestamp":"2026-13-01T00:00:00Z","@timestamp":)"
              R"("2026-01-02T03:04:05Z"})");
  CHECK(time.time() == "2026-01-02T03:04:05.000Z");
  CHECK(time.json() == R"({"service_name":"unknown_service","context":{"ts":"yesterday","time":5,)"
                       R"("timestamp":"2026-13-01T00:00:00Z"}})");
  // A level of a number that only one family knows is not guessed at.
  for (std::string_view number : {"0", "3", "7", "-4", "100", "1.5"}) {
    CAPTURE(number);
    Parsed line(R"({"level":)" + std::string(number) + "}");
    CHECK_FALSE(line->level_said);
    CHECK(line->level == Level::kNone);
  }
}

TEST_CASE("json: without time the read time holds, without level none does") {
  Parsed line(R"({"msg":"m"})");
  CHECK_FALSE(line->time_said);
  CHECK(line->time_ns == waybill::parsers::testing::kReadNs);
  CHECK(line->level == Level::kNone);
  CHECK(json("{}") == R"({"service_name":"unknown_service"})");
}

TEST_CASE("json: a string error becomes error.message, an object keeps what is not lifted") {
  CHECK(json(R"({"error":"e"})") ==
        R"({"service_name":"unknown_service","error":{"message":"e"}})");
  CHECK(json(R"({"error":{"message":"m","name":"N","code":500,"more":[1]}})") ==
        R"({"service_name":"unknown_service","error":{"kind":"app","type":"N","code":"500",)"
        R"("message":"m"},)"
        R"("context":{"error":{"more":[1]}}})");
  CHECK(json(R"({"error":null,"err":false})") ==
        R"({"service_name":"unknown_service","context":{"error":null,"err":false}})");
}

TEST_CASE("json: ids under their usual names, as they came") {
  CHECK(json(R"({"requestId":17,"correlationId":"c","organization":{"id":"t"},)"
             R"("http":{"request":{"id":"second"}}})") ==
        R"({"service_name":"unknown_service","request_id":"17","correlation_id":"c",)"
        R"("tenant_id":"t","context":{"http":{"request":{"id":"second"}}}})");
  CHECK(json(R"({"X-Request-ID":"x","request_id":""})") ==
        R"({"service_name":"unknown_service","request_id":"x","context":{"request_id":""}})");
}

TEST_CASE("json: a line's own service wins where it is trusted") {
  for (std::string_view key :
       {"service_name", "service.name", "serviceName", "otelServiceName", "dd.service"}) {
    CAPTURE(key);
    std::string line = R"({")" + std::string(key) + R"(":"own"})";
    CHECK(json(line) == R"({"service_name":"own"})");
    CHECK(json(line, {.trust_service = false}) ==
          R"({"service_name":"unknown_service","context":)" + line + "}");
  }
}

TEST_CASE("json: a line's own context becomes the context, its own record keys go there") {
  CHECK(json(R"({"context":{"a":1},"b":2,"id":"x","source":"y","sample_rate":3})") ==
        R"({"service_name":"unknown_service","context":{"a":1,"b":2,"id":"x","source":"y",)"
        R"("sample_rate":3}})");
  CHECK(json(R"({"context":"words","b":2})") ==
        R"({"service_name":"unknown_service","context":{"context":"words","b":2}})");
  CHECK(json(R"({"a":1,"context":{"a":2}})") ==
        R"({"service_name":"unknown_service","context":{"a":2,"a_2":1}})");
}

TEST_CASE("json: a Waybill record passes unchanged") {
  waybill::Identity identity;
  identity.resource_json = R"({"host.name":"here"})";
  Parsed line(kOurs);
  REQUIRE(line->passed != nullptr);
  CHECK(line->trace_origin == TraceOrigin::kInherited);
  CHECK(line.pointed(&TraceFields::trace_id) == R"("4bf92f3577b34da6a3ce929d0e0e4736")");
  // All but the trace, which is lineage's to lift.
  std::string expected(kOurs);
  auto move_trace = [&](std::string_view piece) {
    size_t at = expected.find(piece);
    REQUIRE(at != std::string::npos);
    expected.erase(at, piece.size());
  };
  move_trace(R"("trace_id":"4bf92f3577b34da6a3ce929d0e0e4736",)");
  size_t context = expected.find(R"("level_text":"warning")");
  expected.insert(context + 22, R"(,"trace_id":"4bf92f3577b34da6a3ce929d0e0e4736")");
  CHECK(line.canonical(identity) == expected);
}

TEST_CASE("json: what only looks like a Waybill record does not pass") {
  auto passes = [](std::string line, const Setup& setup = {}) {
    return Parsed(line, setup)->passed != nullptr;
  };
  auto without = [](std::string_view from, std::string_view to) {
    std::string line(kOurs);
    size_t at = line.find(from);
    REQUIRE(at != std::string::npos);
    return line.replace(at, from.size(), to);
  };
  CHECK(passes(std::string(kOurs)));
  CHECK_FALSE(passes(std::string(kOurs), {.network = true}));
  CHECK_FALSE(passes(without(R"("input":"app",)", "")));
  CHECK_FALSE(passes(without(R"("timestamp":"2026-01-02T03:04:05.678Z",)", "")));
  // A flat key of that name is somebody else's.
  CHECK_FALSE(
      passes(R"({"timestamp":"2026-01-02T03:04:05Z","id":"00112233445566778899aabbccddeeff",)"
             R"("source.input":"app","message":"x"})"));
  CHECK_FALSE(
      passes(without("00112233445566778899aabbccddeeff", "00112233445566778899aabbccddeef")));
  CHECK_FALSE(
      passes(without("00112233445566778899aabbccddeeff", "00112233445566778899AABBCCDDEEFF")));
  CHECK_FALSE(
      passes(without("00112233445566778899aabbccddeeff", "00112233445566778899aabbccddeefg")));
  Parsed posing(kOurs, {.network = true});
  CHECK(posing->trace_origin == TraceOrigin::kNone);
  CHECK(posing.json().find(R"("id":"00112233445566778899aabbccddeeff")") != std::string::npos);
}

TEST_CASE("json: invalid UTF-8 and raw control characters are repaired and marked") {
  Parsed utf8("{\"msg\":\"a\xFF\xC3 b\"}");
  CHECK(utf8->format == "json");
  CHECK(utf8->marks.repaired);
  CHECK(utf8.message() == "a\xEF\xBF\xBD\xEF\xBF\xBD b");
  Parsed control("{\"msg\":\"a\tb\x01\"}");
  CHECK(control->format == "json");
  CHECK(control->marks.repaired);
  CHECK(control.message() == "a\tb\x01");
  Parsed both("{\"msg\":\"a\tb\xFF\",\"k\":1}");
  CHECK(both->marks.repaired);
  CHECK(both.json() ==
        "{\"service_name\":\"unknown_service\",\"message\":\"a\\u0009b\xEF\xBF\xBD\","
        "\"context\":{\"k\":1}}");
  // What a repair cannot save is text.
  CHECK(Parsed("{\"msg\":\"a\tb\" x}")->format == "text");
  CHECK(Parsed("{\"msg\":\"a\\\tb\"}").message() == "a\\\tb");
  CHECK_FALSE(Parsed(R"({"msg":"fine"})")->marks.repaired);
}

TEST_CASE("json: blanks around the object, and what is no object at all") {
  CHECK(Parsed("  \t{\"msg\":\"m\"} ")->format == "json");
  for (std::string_view line :
       {"[1,2]", "\"m\"", R"({"a":1}{"b":2})", R"(prefix {"a":1})", R"({"a":01})"}) {
    CAPTURE(line);
    Parsed parsed(line);
    CHECK(parsed->format == "text");
    CHECK(parsed.message() == line);
  }
  // Names are found behind many levels, and not looked for deeper.
  Parsed deep(R"({"a":{"level":"ERROR"},"log":{"a":{"level":"ERROR"}},"contextMap":{"x":1}})");
  CHECK(deep->level == Level::kNone);
}

TEST_CASE("json: keys that are long or odd are left alone") {
  std::string key(200, 'k');
  std::string line =
      "{\"" + key + "\":{\"" + key + "\":1},\"\":2,\"log\":{\"" + key + "\":3,\"\":4}}";
  CHECK(json(line) == R"({"service_name":"unknown_service","context":)" + line + "}");
  // An escape in a key does not make it a name: rare, and nothing is lost.
  CHECK(json(R"({"m\u0073g":"x"})") ==
        R"({"service_name":"unknown_service","context":{"m\u0073g":"x"}})");
}

TEST_CASE("json: an object on several lines, as a counted message may hold one, becomes one") {
  CHECK(json("{\"a\":\n 1,\r\n\"b\": {\n\"c\":\"x\\ny\"\n}\n}") ==
        "{\"service_name\":\"unknown_service\",\"context\":{\"a\":  1,\r \"b\": "
        "{ \"c\":\"x\\ny\" }}}");
  CHECK(json("{\"msg\":\"a\nb\",\n\"c\":1}") ==
        R"({"service_name":"unknown_service","message":"a\u000ab","context":{"c":1}})");
}
