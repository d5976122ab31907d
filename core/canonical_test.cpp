// SPDX-License-Identifier: Apache-2.0
#include "core/canonical.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "core/cut.h"
#include "core/test_support.h"

using namespace waybill;
using testing::Lines;

namespace {

// The context of a JSON line after these paths have been cut.
std::string context_without(std::string_view line, const std::vector<std::string>& cuts) {
  Lines lines;
  WalkOutcome outcome;
  lines.put_json(line, &outcome);
  REQUIRE(outcome == WalkOutcome::kObject);
  for (const std::string& path : cuts) {
    uint32_t index = lines.index_of(path);
    REQUIRE(index != 0);
    cut_field(lines.batch(), lines.record(), index);
  }
  CHECK(has_context(lines.batch(), lines.record()) == (lines.context() != "{}"));
  return lines.context();
}

std::string rfc3339(int64_t ns, int digits) {
  char text[40];
  return std::string(text, write_rfc3339(ns, digits, text));
}

Text text_of(std::string_view bytes) { return Text(bytes, TextForm::kClean); }

}  // namespace

TEST_CASE("canonical: what is not cut is copied as it stands") {
  constexpr std::string_view line = R"({"a": 1.50 ,"b":"x\u0041" , "c":[1, 2],"d":{ }})";
  CHECK(context_without(line, {}) == R"({"a": 1.50 ,"b":"x\u0041" , "c":[1, 2],"d":{ }})");
  CHECK(context_without(line, {"a"}) == R"({"b":"x\u0041" , "c":[1, 2],"d":{ }})");
  CHECK(context_without(line, {"b"}) == R"({"a": 1.50,"c":[1, 2],"d":{ }})");
  CHECK(context_without(line, {"d"}) == R"({"a": 1.50 ,"b":"x\u0041" , "c":[1, 2]})");
  CHECK(context_without(line, {"a", "d"}) == R"({"b":"x\u0041" , "c":[1, 2]})");
  CHECK(context_without(line, {"b", "c"}) == R"({"a": 1.50,"d":{ }})");
  CHECK(context_without(line, {"a", "c"}) == R"({"b":"x\u0041","d":{ }})");
  CHECK(context_without(line, {"a", "b", "c", "d"}) == "{}");
  CHECK(context_without("{}", {}) == "{}");
  CHECK(context_without(R"({ "a" : 1 })", {"a"}) == "{}");
}

TEST_CASE("canonical: cuts inside of objects") {
  constexpr std::string_view line = R"({"x":1,"o":{"p":{"q":1,"r":2},"s":3},"y":[{"z":4}]})";
  CHECK(context_without(line, {"o.s"}) == R"({"x":1,"o":{"p":{"q":1,"r":2}},"y":[{"z":4}]})");
  CHECK(context_without(line, {"o.p.q"}) == R"({"x":1,"o":{"p":{"r":2},"s":3},"y":[{"z":4}]})");
  // An object all of whose members are cut goes with them.
  CHECK(context_without(line, {"o.p.q", "o.p.r"}) == R"({"x":1,"o":{"s":3},"y":[{"z":4}]})");
  CHECK(context_without(line, {"o.p.r", "o.s", "o.p.q"}) == R"({"x":1,"y":[{"z":4}]})");
  CHECK(context_without(line, {"o.p"}) == R"({"x":1,"o":{"s":3},"y":[{"z":4}]})");
  CHECK(context_without(line, {"x", "o.s", "y"}) == R"({"o":{"p":{"q":1,"r":2}}})");
  // Duplicates inside of an array's objects.
  CHECK(context_without(R"({"a":[1,{"k":1,"l":2,"k":3},[{"m":1,"m":2}]]})", {}) ==
        R"({"a":[1,{"l":2,"k":3},[{"m":2}]]})");
}

TEST_CASE("canonical: a line's own context comes first, and nothing clashes with it") {
  auto with_own = [](std::string_view line) {
    Lines lines;
    lines.put_json(line);
    lines.record().own_context = lines.index_of("context");
    REQUIRE(lines.record().own_context != 0);
    return lines.context();
  };
  CHECK(with_own(R"({"a":1,"context":{"b":2},"c":3})") == R"({"b":2,"a":1,"c":3})");
  CHECK(with_own(R"({"context":{}})") == "{}");
  CHECK(with_own(R"({"a":1,"context":{"a":2}})") == R"({"a":2,"a_2":1})");
  // Suffixes that are in use already, on either side.
  CHECK(with_own(R"({"a":1,"context":{"a":2,"a_2":3}})") == R"({"a":2,"a_2":3,"a_3":1})");
  CHECK(with_own(R"({"a":1,"a_2":4,"context":{"a":2}})") == R"({"a":2,"a_3":1,"a_2":4})");
  CHECK(with_own(R"({"a":1,"a_2":4,"context":{"a":2,"a_2":5}})") ==
        R"({"a":2,"a_2":5,"a_3":1,"a_2_2":4})");
  // The same characters, written differently.
  CHECK(with_own(R"({"\u0061":1,"context":{"a":2}})") == R"({"a":2,"\u0061_2":1})");
  CHECK(with_own(R"({"a":1,"context":{"\u0061":2,"\u0061_2":3}})") ==
        R"({"\u0061":2,"\u0061_2":3,"a_3":1})");
  // A context inside the context is nothing special.
  CHECK(with_own(R"({"context":{"context":{"a":1}},"a":2})") == R"({"context":{"a":1},"a":2})");
}

TEST_CASE("canonical: a line with very many keys on both sides of its own context") {
  constexpr int kKeys = 20'000;
  std::string line = R"({"a":1)", own, expected;
  for (int i = 0; i < kKeys; ++i) {
    std::string key = "k" + std::to_string(i);
    line += ",\"" + key + "\":1";
    own += (i == 0 ? "\"o" : ",\"o") + key + "\":2";
    expected += ",\"" + key + "\":1";
  }
  own += R"(,"\u0061":2)";
  Lines lines;
  lines.put_json(line + R"(,"context":{)" + own + "}}");
  lines.record().own_context = lines.index_of("context");
  CHECK(lines.context() == "{" + own + R"(,"a_2":1)" + expected + "}");
}

TEST_CASE("canonical: the source's word for the level") {
  auto with_word = [](std::string_view line) {
    Lines lines;
    lines.put_json(line);
    lines.record().own_context = lines.index_of("context");
    lines.record().level_text = text_of("warning");
    CHECK(has_context(lines.batch(), lines.record()));
    return lines.context();
  };
  CHECK(with_word("{}") == R"({"level_text":"warning"})");
  CHECK(with_word(R"({"a":1})") == R"({"a":1,"level_text":"warning"})");
  CHECK(with_word(R"({"level_text":1})") == R"({"level_text":1,"level_text_2":"warning"})");
  CHECK(with_word(R"({"level_text":1,"level_text_2":2})") ==
        R"({"level_text":1,"level_text_2":2,"level_text_3":"warning"})");
  CHECK(with_word(R"({"context":{"level_text":1},"level_text":2})") ==
        R"({"level_text":1,"level_text_2":2,"level_text_3":"warning"})");
}

TEST_CASE("canonical: fields of a text line") {
  Lines lines;
  Record& record = lines.put("whatever");
  auto field = [&](std::string_view key, Text value, JsonType type, bool cut) {
    lines.batch().fields.push_back(Field{text_of(key), value, type, cut});
    ++record.field_count;
  };
  field("a", text_of("x"), JsonType::kString, false);
  field("b", text_of("1.5"), JsonType::kNumber, false);
  field("c", text_of("gone"), JsonType::kString, true);
  field("d", Text(std::string_view("q\"q"), TextForm::kRaw), JsonType::kString, false);
  field("e", text_of("true"), JsonType::kTrue, false);
  CHECK(lines.context() == R"({"a":"x","b":1.5,"d":"q\"q","e":true})");
  for (uint32_t i : {0u, 1u, 3u, 4u}) cut_field(lines.batch(), record, i);
  CHECK(lines.context() == "{}");
  CHECK_FALSE(has_context(lines.batch(), record));
}

TEST_CASE("canonical: all keys, in their order") {
  Source source = Lines::plain_source();
  source.path = "/var/log/a \"b\".log";
  source.stream = "stderr";
  source.peer = "10.0.0.1:5514";
  Lines lines(source);
  Record& record = lines.put_json(R"({"k":1})");
  record.time_ns = 1'767'323'045'678'000'000;
  record.time_digits = 3;
  record.level = Level::kWarn;
  record.trace_id = text_of("4bf92f3577b34da6a3ce929d0e0e4736");
  record.span_id = text_of("00f067aa0ba902b7");
  record.trace_flags = 1;
  record.parent_span_id = text_of("53995c3f42cd8ad8");
  record.tracestate = text_of("a=b");
  record.trace_origin = TraceOrigin::kField;
  record.request_id = text_of("r-1");
  record.correlation_id = text_of("c-1");
  record.tenant_id = text_of("t-1");
  record.message = Text(std::string_view(R"(say \"hi\")"), TextForm::kJson);
  record.logger = text_of("a.b");
  record.thread = text_of("main");
  record.caller = text_of("x.go:1");
  ErrorInfo error;
  error.kind = text_of("db");
  error.type = text_of("E");
  error.code = text_of("42");
  error.message = text_of("broken");
  error.stack = text_of("at x");
  record.error = &error;
  record.offset = 12345678901;
  record.format = "json";
  record.marks.truncated_bytes = 7;
  record.marks.clock_skew = -7200;
  record.marks.repaired = true;
  record.marks.duplicate_keys = 2;
  for (size_t i = 0; i < 16; ++i) record.id[i] = static_cast<uint8_t>(i * 17);
  Identity identity;
  identity.service_name = "check\"out";
  identity.resource_json = R"({"host.name":"h"})";
  CHECK(lines.canonical(part::kAll, identity) ==
        R"({"timestamp":"2026-01-02T03:04:05.678Z","level":"WARN","service_name":"check\"out",)"
        R"("trace_id":"4bf92f3577b34da6a3ce929d0e0e4736","span_id":"00f067aa0ba902b7",)"
        R"("trace_flags":"01","parent_span_id":"53995c3f42cd8ad8","tracestate":"a=b",)"
        R"("trace_origin":"field","request_id":"r-1","correlation_id":"c-1","tenant_id":"t-1",)"
        R"("message":"say \"hi\"","logger":"a.b","thread":"main","caller":"x.go:1",)"
        R"("error":{"kind":"db","type":"E","code":"42","message":"broken","stack":"at x"},)"
        R"("context":{"k":1},"resource":{"host.name":"h"},)"
        R"("source":{"input":"test","path":"/var/log/a \"b\".log","offset":12345678901,)"
        R"("stream":"stderr","peer":"10.0.0.1:5514","format":"json","truncated_bytes":7,)"
        R"("clock_skew":-7200,"repaired":true,"duplicate_keys":2},)"
        R"("id":"00112233445566778899aabbccddeeff"})");
  // Parts can be left out.
  CHECK(lines.canonical(part::kLevel | part::kMessage, identity) ==
        R"({"level":"WARN","message":"say \"hi\""})");
  CHECK(lines.canonical(0, identity) == "{}");
}

TEST_CASE("canonical: what is absent is left out, what is empty is not absent") {
  Lines lines;
  Record& record = lines.put("x");
  record.format = "none";
  record.message = text_of("x");
  record.time_digits = 9;
  CHECK(lines.canonical() ==
        R"({"timestamp":"1970-01-01T00:00:00.000000000Z","service_name":"unknown_service",)"
        R"("message":"x","source":{"input":"test","offset":0,"format":"none"},)"
        R"("id":"00000000000000000000000000000000"})");
  record.message = text_of("");
  CHECK(lines.canonical(part::kMessage) == R"({"message":""})");
  record.service_name = text_of("own");
  CHECK(lines.canonical(part::kServiceName) == R"({"service_name":"own"})");
}

TEST_CASE("canonical: what came over a network has no offset") {
  Source source = Lines::plain_source();
  source.network = true;
  Lines lines(source);
  lines.put("x").format = "text";
  CHECK(lines.canonical(part::kSource) == R"({"source":{"input":"test","format":"text"}})");
}

TEST_CASE("canonical: a record that passes through keeps its own parts") {
  Lines lines;
  Record& record = lines.put_json("{}");
  Passed passed;
  passed.source = R"({"input":"far","offset":3})";
  passed.resource = R"({"host.name":"away"})";
  passed.sample_rate = "10";
  record.schema_errors = R"([{"path":"/a"}])";
  record.passed = &passed;
  Identity identity;
  identity.resource_json = R"({"host.name":"here"})";
  CHECK(lines.canonical(part::kResource | part::kSource | part::kRate | part::kSchemaErrors,
                        identity) ==
        R"({"resource":{"host.name":"away"},"source":{"input":"far","offset":3},)"
        R"("sample_rate":10,"schema_errors":[{"path":"/a"}]})");
  passed = Passed{};
  passed.source = R"({"input":"far"})";
  CHECK(lines.canonical(part::kResource | part::kSource | part::kRate, identity) ==
        R"({"source":{"input":"far"}})");
}

TEST_CASE("canonical: times") {
  CHECK(rfc3339(0, 3) == "1970-01-01T00:00:00.000Z");
  CHECK(rfc3339(1'767'323'045'123'456'789, 9) == "2026-01-02T03:04:05.123456789Z");
  CHECK(rfc3339(1'767'323'045'123'456'789, 3) == "2026-01-02T03:04:05.123Z");
  CHECK(rfc3339(1'767'323'045'123'456'789, 6) == "2026-01-02T03:04:05.123456Z");
  CHECK(rfc3339(-1, 9) == "1969-12-31T23:59:59.999999999Z");
  CHECK(rfc3339(951'782'400'000'000'000, 3) == "2000-02-29T00:00:00.000Z");
  CHECK(rfc3339(4'107'542'400'000'000'000, 3) == "2100-03-01T00:00:00.000Z");
  CHECK(rfc3339(INT64_MAX, 9) == "2262-04-11T23:47:16.854775807Z");
  CHECK(rfc3339(INT64_MIN, 9) == "1677-09-21T00:12:43.145224192Z");
}
