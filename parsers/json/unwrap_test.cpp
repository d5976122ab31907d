// SPDX-License-Identifier: Apache-2.0
// JSON inside of JSON strings, and at the end of lines of text.
#include "parsers/json/unwrap.h"

#include <doctest/doctest.h>

#include <string>

#include "parsers/test_support.h"

using namespace waybill;
using namespace waybill::parsers;
using namespace waybill::parsers::testing;

namespace {

constexpr uint32_t kParts =
    part::kLevel | part::kMessage | part::kCode | part::kError | part::kContext | part::kIds;

std::string json_of(std::string_view line) { return Parsed(line).canonical_parts(kParts); }
std::string time_of(std::string_view line) { return Parsed(line).time(); }

}  // namespace

TEST_CASE("unwrap: the inner object is the record, the rest of the outer one its context") {
  std::string_view line =
      R"_({"log":"{\"level\":\"warn\",\"msg\":\"slow \\\"x\\\"\",\"ts\":1767323045,\"n\":1}\n",)_"
      R"_("stream":"stdout","time":"2026-01-02T09:00:00Z","kubernetes":{"pod":"p"}})_";
  CHECK(json_of(line) ==
        R"_({"level":"WARN","message":"slow \"x\"","context":{"n":1,"stream":"stdout",)_"
        R"_("time":"2026-01-02T09:00:00Z","kubernetes":{"pod":"p"}}})_");
  CHECK(time_of(line) == "2026-01-02T03:04:05.000Z");
}

TEST_CASE("unwrap: what only the outer one says holds, what both say is kept apart") {
  std::string_view line =
      R"_({"time":"2026-01-02T03:04:05Z","level":"info","logger":"outer","n":1,"n_2":2,)_"
      R"_("message":"{\"level\":\"error\",\"message\":\"m\",\"n\":3,\"err\":\"e\"}"})_";
  CHECK(json_of(line) ==
        R"_({"level":"ERROR","message":"m","logger":"outer","error":{"message":"e"},)_"
        R"_("context":{"n":3,"level_2":"info","n_3":1,"n_2":2}})_");
  CHECK(time_of(line) == "2026-01-02T03:04:05.000Z");
}

TEST_CASE("unwrap: an inner object without a message leaves it") {
  CHECK(json_of(R"_({"level":"info","msg":"{\"a\":1}","b":2})_") ==
        R"_({"level":"INFO","message":"{\"a\":1}","context":{"a":1,"b":2}})_");
}

TEST_CASE("unwrap: two levels deep, and no deeper") {
  CHECK(json_of(R"_({"msg":"{\"msg\":\"{\\\"msg\\\":\\\"m\\\",\\\"a\\\":1}\",\"b\":2}","c":3})_") ==
        R"_({"message":"m","context":{"a":1,"b":2,"c":3}})_");
  CHECK(json_of(R"_({"msg":"{\"msg\":\"{\\\"msg\\\":\\\"{\\\\\\\"a\\\\\\\":1}\\\"}\"}"})_") ==
        R"_({"message":"{\"a\":1}"})_");
}

TEST_CASE("unwrap: what is no object with members stays a message") {
  for (std::string_view message : {R"({})", R"({\"a\":})", R"({\"a\":1} and more)", R"({a: \"b\"})",
                                   R"([\"a\"])", R"({\"a\":1)", R"({\")"}) {
    std::string line = R"({"message":")" + std::string(message) + R"("})";
    CHECK(json_of(line) == line);
  }
  CHECK(json_of(R"_({"log":"plain\n","n":1})_") == R"_({"message":"plain","context":{"n":1}})_");
  CHECK(json_of(R"_({"log":"plain","msg":"m"})_") ==
        R"_({"message":"m","context":{"log":"plain"}})_");
  CHECK(json_of(R"_({"log":{"level":"warn"},"msg":"m"})_") ==
        R"_({"level":"WARN","message":"m"})_");
}

TEST_CASE("unwrap: duplicate keys and bad bytes of both are counted") {
  Parsed line("{\"a\":1,\"a\":2,\"msg\":\"{\\\"b\\\":1,\\\"b\\\":2,\\\"c\\\":\\\"\xff\\\"}\"}");
  CHECK(line->marks.duplicate_keys == 2);
  CHECK(line->marks.repaired);
  CHECK(line.canonical_parts(part::kContext) == R"_({"context":{"b":2,"c":"�","a":2}})_");
}

TEST_CASE("text: a message that is one JSON object") {
  std::string_view line = R"_(2026-01-02T03:04:05Z INFO {"user":1,"msg":"x","level":"debug"})_";
  CHECK(json_of(line) ==
        R"_({"level":"INFO","message":"x","context":{"user":1,"level":"debug"}})_");
  CHECK(json_of(R"_(I0102 03:04:05.678901      71 pay.go:12] {"a":1})_") ==
        R"_({"level":"INFO","message":"{\"a\":1}","caller":"pay.go:12","context":{"a":1,)_"
        R"_("pid":71}})_");
  // Without a level in front the object's own counts, and it may name ids and errors.
  CHECK(
      json_of(
          R"_(2026-01-02 03:04:05 {"level":"warn","message":"x","request_id":"r","error":"e"})_") ==
      R"_({"level":"WARN","request_id":"r","message":"x","error":{"message":"e"}})_");
}

TEST_CASE("text: a JSON object at the end of a message") {
  CHECK(json_of("2026-01-02T03:04:05.678Z\tINFO\tmain\tmain.go:9\tstarted it\t{\"k\": \"v\", "
                "\"n\": [1]}") ==
        R"_({"level":"INFO","message":"started it","logger":"main","caller":"main.go:9",)_"
        R"_("context":{"k": "v", "n": [1]}})_");
  // Without zap's tab the message stays in full.
  CHECK(json_of(R"_(2026-01-02 03:04:05 INFO got a=1 {"a":2,"b":{"c":"x=y"}})_") ==
        R"_({"level":"INFO","message":"got a=1 {\"a\":2,\"b\":{\"c\":\"x=y\"}}",)_"
        R"_("context":{"a":2,"b":{"c":"x=y"},"a_2":1}})_");
  for (std::string_view prose :
       {"got {a}", "got {\"a\"}", "got x{\"a\":1}", "}", "got {\"a\":1} }"}) {
    Parsed line(prose);
    CHECK(line.message() == prose);
    CHECK_FALSE(has_context(line.batch(), line.record()));
  }
}

TEST_CASE("text: an object in a message does not pose as a Waybill record") {
  Parsed line(R"_(2026-01-02 03:04:05 INFO {"id":"00112233445566778899aabbccddeeff",)_"
              R"_("source":{"input":"x"},"timestamp":"2026-01-02T03:04:05Z"})_");
  CHECK(line->passed == nullptr);
}

TEST_CASE("text: a trace id in the object at a message's end is pointed out") {
  Parsed line(
      "2026-01-02T03:04:05.678Z\tINFO\tmain\tmain.go:9\tx trace_id=1\t{\"trace_id\": "
      "\"4bf92f3577b34da6a3ce929d0e0e4736\"}");
  CHECK(line.pointed(&TraceFields::trace_id) == R"("4bf92f3577b34da6a3ce929d0e0e4736")");
}

TEST_CASE("text: `log` in a message, as a pair or in an object, is no message") {
  CHECK(json_of("2026-01-02 03:04:05 INFO x log=abc n=1") ==
        R"_({"level":"INFO","message":"x log=abc n=1","context":{"log":"abc","n":1}})_");
  CHECK(json_of(R"_(2026-01-02 03:04:05 INFO x {"log":"abc"})_") ==
        R"_({"level":"INFO","message":"x {\"log\":\"abc\"}","context":{"log":"abc"}})_");
}
