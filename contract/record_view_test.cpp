// SPDX-License-Identifier: Apache-2.0
#include "contract/record_view.h"

#include "contract/test_schemas.h"
#include "core/cut.h"
#include "core/test_support.h"

using namespace waybill;
using namespace waybill::contract;
using namespace waybill::contract::testing;

namespace {

// Lifts the member as a parser does.
void lift(waybill::testing::Lines& lines, std::string_view path) {
  cut_field(lines.batch(), lines.record(), lines.index_of(path));
}

std::vector<std::string> judged(const Program& program, waybill::testing::Lines& lines,
                                const Identity& identity = {}) {
  Arena arena;
  RecordView view;
  Value value = view.of(lines.batch(), lines.record(), identity, arena);
  Validator validator;
  std::vector<Violation> violations;
  validator.explain(program, value, view.size(), violations);
  std::vector<std::string> texts;
  for (const Violation& one : violations) texts.push_back(one.path + " " + one.message);
  return texts;
}

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("record view: alternatives about a text cost no more for each level") {
  // Each level asks twice as often as the one above it.
  std::string schema = R"({"$defs":{"a0":{"anyOf":[{"pattern":"^x"},{"pattern":"^y"}]})";
  for (int i = 1; i <= 60; ++i) {
    std::string ref = R"({"$ref":"#/$defs/a)" + std::to_string(i - 1) + "\"}";
    schema +=
        ",\"a" + std::to_string(i) + R"(":{"anyOf":[false,{"allOf":[)" + ref + "," + ref + "]}]}";
  }
  auto program = compiled(schema + R"(},"properties":{"message":{"$ref":"#/$defs/a60"},
    "logger":{"$ref":"#/$defs/a60"}}})");
  waybill::testing::Lines lines;
  Record& record = lines.put("x");
  // Two texts at one place, of which one is longer.
  record.message = Text("xyz", TextForm::kClean);
  record.logger = Text(record.message.data, 1, TextForm::kClean);
  CHECK(judged(*program, lines) == Texts{});
  record.message = Text("zyx", TextForm::kClean);
  Texts said = judged(*program, lines);
  REQUIRE(said.size() == 1);
  CHECK(said[0].starts_with("/message expected"));
}

TEST_CASE("record view: canonical keys, and what is left of the line as its context") {
  waybill::testing::Lines lines;
  Record& record = lines.put_json(
      R"({"ts":1,"lvl":"warn","msg":"a\tb","http":{"id":"x","code":200},"n":[1,2]})");
  for (const char* path : {"ts", "lvl", "msg", "http.id"}) lift(lines, path);
  record.time_said = true;
  record.time_ns = 1'714'557'600'000'000'000;
  record.time_digits = 3;
  record.level = Level::kWarn;
  record.message = Text("a\\tb", 4, TextForm::kJson);
  record.request_id = Text("x", TextForm::kClean);
  auto program = compiled(R"({"required":["timestamp","level","service_name","message"],
    "properties":{
      "timestamp":{"const":"2024-05-01T10:00:00.000Z"},"level":{"const":"WARN"},
      "service_name":{"const":"pay"},"message":{"const":"a\u0009b","maxLength":3},
      "request_id":{"const":"x"},
      "context":{"const":{"http":{"code":200},"n":[1,2]}}},
    "additionalProperties":false})");
  Identity identity;
  identity.service_name = "pay";
  CHECK(judged(*program, lines, identity) == Texts{});
  auto strict = compiled(R"({"properties":{"context":{"properties":{"n":{"items":{"maximum":1}}},
    "additionalProperties":false}}})");
  CHECK(judged(*strict, lines) ==
        Texts{"/context/http expected nothing here, got an object of 1 member",
              "/context/n/1 expected at most 1, got 2"});
}

TEST_CASE("record view: what was filled in is not said") {
  waybill::testing::Lines lines;
  Record& record = lines.put_json(R"({"a":1})", nullptr);
  record.trace_id = Text("4bf92f3577b34da6a3ce929d0e0e4736", TextForm::kClean);
  record.trace_origin = TraceOrigin::kGenerated;
  auto program = compiled(R"({"required":["timestamp"],"properties":{"trace_id":false}})");
  CHECK(judged(*program, lines) ==
        Texts{" expected a member \"timestamp\", got an object of 2 members without it"});
  record.trace_origin = TraceOrigin::kField;
  record.time_said = true;
  CHECK(judged(*program, lines) ==
        Texts{"/trace_id expected nothing here, got \"4bf92f3577b34da6a3ce929d0e0e4736\""});
}

TEST_CASE("record view: what could not be converted stands at its place") {
  waybill::testing::Lines lines;
  lines.put_json(R"({"level":"banana","trace_id":12,"x":{"level":1}})");
  auto program = compiled(R"({"properties":{"level":{"enum":["INFO"]},
    "trace_id":{"type":"string"},"context":{"required":["x"],"maxProperties":1}}})");
  CHECK(judged(*program, lines) ==
        Texts{"/level expected \"INFO\", got \"banana\"", "/trace_id expected string, got 12"});
}

TEST_CASE("record view: the parts of an error, and fields of a text") {
  waybill::testing::Lines lines;
  Record& record = lines.put("user=1 ok=true");
  ErrorInfo error;
  error.kind = Text("db", TextForm::kClean);
  record.error = &error;
  lines.batch().fields.push_back(
      {Text("user", TextForm::kClean), Text("1", TextForm::kClean), JsonType::kNumber});
  lines.batch().fields.push_back(
      {Text("name", TextForm::kClean), Text("a\"b", TextForm::kRaw), JsonType::kString});
  record.first_field = 0;
  record.field_count = 2;
  auto program = compiled(R"({"properties":{"error":{"const":{"kind":"db"}},
    "context":{"const":{"user":1.0,"name":"a\"b"}}},"required":["error","context"]})");
  CHECK(judged(*program, lines) == Texts{});
}

TEST_CASE("record view: times of the same second, and of others") {
  waybill::testing::Lines lines;
  RecordView view;
  auto shown = [&](int64_t time_ns, uint8_t digits) {
    Record& record = lines.put_json(R"({"a":1})");
    record.time_said = true;
    record.time_ns = time_ns;
    record.time_digits = digits;
    std::string text;
    view.of(lines.batch(), record, Identity(), lines.batch().arena)
        .each_member([&](Text key, const Value& value) {
          if (key.bytes() == "timestamp") text = value.text().bytes();
          return true;
        });
    char wanted[32];
    CHECK(text == std::string(wanted, write_rfc3339(time_ns, digits, wanted)));
  };
  for (int64_t time_ns : {int64_t{1'714'557'600'000'000'000}, int64_t{1'714'557'600'987'654'321},
                          int64_t{1'714'557'601'000'000'009}, int64_t{-1}, int64_t{-999'999'999},
                          int64_t{0}, int64_t{5}, int64_t{-1'000'000'000}, int64_t{INT64_MAX}}) {
    shown(time_ns, 9);
    shown(time_ns, 3);
  }
}

TEST_CASE("record view: what is ours is believed, what came under its name is not") {
  waybill::testing::Lines lines;
  auto program = compiled(builtin_schema());
  Record& record = lines.put_json(R"({"level":"banana","trace_id":"abc","x":1})");
  record.time_said = true;
  record.time_digits = 3;
  record.span_id = Text("00f067aa0ba902b7", TextForm::kClean);
  record.trace_origin = TraceOrigin::kField;
  Identity identity;
  identity.service_name = "pay";
  CHECK(judged(*program, lines, identity).size() == 2);
  // A record that passes has what it came with.
  Passed passed;
  record.passed = &passed;
  record.span_id = Text("0000000000000000", TextForm::kClean);
  CHECK(judged(*program, lines, identity).size() == 3);
}
