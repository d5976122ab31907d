// SPDX-License-Identifier: Apache-2.0
#include "lineage/trace_context.h"

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

#include "core/test_support.h"

using namespace waybill;
using namespace waybill::lineage;
using testing::Lines;

namespace {

constexpr std::string_view kParent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

using Pointers = std::vector<std::pair<uint32_t TraceFields::*, std::string>>;

// A JSON line whose trace fields a parser has pointed out, resolved.
Lines resolved(std::string_view json, const Pointers& pointers, std::string_view message = {}) {
  Lines lines;
  WalkOutcome outcome;
  Record& record = lines.put_json(json, &outcome);
  REQUIRE(outcome == WalkOutcome::kObject);
  record.format = "json";
  for (const auto& [field, path] : pointers) {
    uint32_t index = lines.index_of(path);
    REQUIRE(index != 0);
    record.trace_fields.*field = index + 1;
  }
  if (!message.empty()) record.message = Text(message, TextForm::kClean);
  resolve_trace(lines.batch(), record);
  return lines;
}

std::string outcome(const Lines& lines) { return lines.canonical(part::kTrace | part::kContext); }

// The trace of a line that is nothing but text.
std::string of_text(std::string_view text) {
  Lines lines;
  Record& record = lines.put(text);
  record.format = "text";
  record.message = Text(record.line, TextForm::kRaw);
  resolve_trace(lines.batch(), record);
  return lines.canonical(part::kTrace);
}

}  // namespace

TEST_CASE("trace context: from fields, which are cut") {
  std::string all =
      R"({"trace_id":"4bf92f3577b34da6a3ce929d0e0e4736","span_id":"00F067AA0BA902B7",)"
      R"("parent_span_id":"53995c3f42cd8ad8","flags":"01","state":"a=b","k":1})";
  CHECK(outcome(resolved(all, {{&TraceFields::trace_id, "trace_id"},
                               {&TraceFields::span_id, "span_id"},
                               {&TraceFields::parent_span_id, "parent_span_id"},
                               {&TraceFields::flags, "flags"},
                               {&TraceFields::tracestate, "state"}})) ==
        R"({"trace_id":"4bf92f3577b34da6a3ce929d0e0e4736","span_id":"00f067aa0ba902b7",)"
        R"("trace_flags":"01","parent_span_id":"53995c3f42cd8ad8","tracestate":"a=b",)"
        R"("trace_origin":"field","context":{"k":1}})");
}

TEST_CASE("trace context: what is no id stays, and a span alone is no context") {
  CHECK(outcome(resolved(R"({"t":"abc123","s":"00f067aa0ba902b7"})",
                         {{&TraceFields::trace_id, "t"}, {&TraceFields::span_id, "s"}})) ==
        R"({"context":{"t":"abc123","s":"00f067aa0ba902b7"}})");
  CHECK(outcome(resolved(R"({"t":"0"})", {{&TraceFields::trace_id, "t"}})) ==
        R"({"context":{"t":"0"}})");
  CHECK(outcome(resolved(R"({"s":"00f067aa0ba902b7"})", {{&TraceFields::span_id, "s"}})) ==
        R"({"context":{"s":"00f067aa0ba902b7"}})");
  CHECK(outcome(resolved(R"({"t":"4bf92f3577b34da6a3ce929d0e0e4736","s":"x","f":"zz"})",
                         {{&TraceFields::trace_id, "t"},
                          {&TraceFields::span_id, "s"},
                          {&TraceFields::flags, "f"}})) ==
        R"({"trace_id":"4bf92f3577b34da6a3ce929d0e0e4736","trace_origin":"field",)"
        R"("context":{"s":"x","f":"zz"}})");
}

TEST_CASE("trace context: a traceparent, and the fields beside it") {
  std::string parent = R"({"p":")" + std::string(kParent) + R"(")";
  CHECK(outcome(resolved(parent + R"(,"st":"a=b"})",
                         {{&TraceFields::traceparent, "p"}, {&TraceFields::tracestate, "st"}})) ==
        R"({"trace_id":"4bf92f3577b34da6a3ce929d0e0e4736","span_id":"00f067aa0ba902b7",)"
        R"("trace_flags":"01","tracestate":"a=b","trace_origin":"field"})");
  // The span that wrote the line is its own field's.
  CHECK(outcome(
            resolved(parent + R"(,"t":"4bf92f3577b34da6a3ce929d0e0e4736","s":"a2fb4a1d1a96d312"})",
                     {{&TraceFields::traceparent, "p"},
                      {&TraceFields::trace_id, "t"},
                      {&TraceFields::span_id, "s"}})) ==
        R"({"trace_id":"4bf92f3577b34da6a3ce929d0e0e4736","span_id":"a2fb4a1d1a96d312",)"
        R"("trace_flags":"01","trace_origin":"field"})");
  // The line's own trace id beats the header; that of another trace stays, and says nothing.
  CHECK(outcome(resolved(parent + R"(,"t":"48485a3953bb6124","s":"a2fb4a1d1a96d312"})",
                         {{&TraceFields::traceparent, "p"},
                          {&TraceFields::trace_id, "t"},
                          {&TraceFields::span_id, "s"}})) ==
        R"({"trace_id":"000000000000000048485a3953bb6124","span_id":"a2fb4a1d1a96d312",)"
        R"("trace_origin":"field","context":)" +
            parent + "}}");
  CHECK(outcome(resolved(R"({"p":"00-bad"})", {{&TraceFields::traceparent, "p"}})) ==
        R"({"context":{"p":"00-bad"}})");
}

TEST_CASE("trace context: a span under a header's name beside a trace id of its own") {
  CHECK(outcome(
            resolved(R"({"t":"4bf92f3577b34da6a3ce929d0e0e4736","X-B3-SpanId":"00f067aa0ba902b7"})",
                     {{&TraceFields::trace_id, "t"}, {&TraceFields::span_id, "X-B3-SpanId"}})) ==
        R"({"trace_id":"4bf92f3577b34da6a3ce929d0e0e4736","span_id":"00f067aa0ba902b7",)"
        R"("trace_origin":"field"})");
}

TEST_CASE("trace context: Datadog's decimal ids") {
  CHECK(outcome(resolved(
            R"({"dd":{"trace_id":"5208512171318403364","span_id":"74","x":1}})",
            {{&TraceFields::trace_id, "dd.trace_id"}, {&TraceFields::span_id, "dd.span_id"}})) ==
        R"({"trace_id":"000000000000000048485a3953bb6124","span_id":"000000000000004a",)"
        R"("trace_origin":"field","context":{"dd":{"x":1}}})");
  CHECK(outcome(resolved(R"({"dd":{"trace_id":5208512171318403364}})",
                         {{&TraceFields::trace_id, "dd.trace_id"}})) ==
        R"({"trace_id":"000000000000000048485a3953bb6124","trace_origin":"field"})");
  // With 128 bits they are hex; zero is none.
  CHECK(outcome(resolved(R"({"dd":{"trace_id":"4bf92f3577b34da6a3ce929d0e0e4736"}})",
                         {{&TraceFields::trace_id, "dd.trace_id"}})) ==
        R"({"trace_id":"4bf92f3577b34da6a3ce929d0e0e4736","trace_origin":"field"})");
  CHECK(
      outcome(resolved(R"({"dd":{"trace_id":"0"}})", {{&TraceFields::trace_id, "dd.trace_id"}})) ==
      R"({"context":{"dd":{"trace_id":"0"}}})");
  // A flat key, as text lines and flat JSON have it.
  Lines lines;
  Record& record = lines.put("x");
  record.format = "text";
  lines.batch().fields.push_back(Field{
      Text(std::string_view("dd.trace_id"), TextForm::kClean),
      Text(std::string_view("5208512171318403364"), TextForm::kClean), JsonType::kNumber, false});
  record.field_count = 1;
  record.trace_fields.trace_id = 1;
  resolve_trace(lines.batch(), record);
  CHECK(lines.canonical(part::kTrace) ==
        R"({"trace_id":"000000000000000048485a3953bb6124","trace_origin":"text"})");
}

TEST_CASE("trace context: flags in the forms of libraries") {
  auto flags = [](std::string_view value) {
    Lines lines = resolved(R"({"t":"48485a3953bb6124","f":)" + std::string(value) + "}",
                           {{&TraceFields::trace_id, "t"}, {&TraceFields::flags, "f"}});
    return lines.record().trace_flags;
  };
  CHECK(flags("\"01\"") == 1);
  CHECK(flags("\"00\"") == 0);
  CHECK(flags("\"ff\"") == 255);
  CHECK(flags("1") == 1);
  CHECK(flags("0") == 0);
  CHECK(flags("true") == 1);
  CHECK(flags("false") == 0);
  CHECK(flags("\"true\"") == 1);
  CHECK(flags("\"True\"") == 1);
  CHECK(flags("\"False\"") == 0);
  CHECK(flags("\"yes\"") == -1);
  CHECK(flags("\"001\"") == -1);
  CHECK(flags("-1") == -1);
  CHECK(flags("null") == -1);
}

TEST_CASE("trace context: in text") {
  constexpr auto found = R"({"trace_id":"4bf92f3577b34da6a3ce929d0e0e4736","trace_origin":"text"})";
  for (std::string_view text :
       {"trace_id=4bf92f3577b34da6a3ce929d0e0e4736",
        "x traceId: 4bf92f3577b34da6a3ce929d0e0e4736 y",
        "[traceID=4bf92f3577b34da6a3ce929d0e0e4736]", "trace.id=4BF92F3577B34DA6A3CE929D0E0E4736,",
        "{\"trace_id\": \"4bf92f3577b34da6a3ce929d0e0e4736\"}",
        "Trace-Id 4bf92f35-77b3-4da6-a3ce-929d0e0e4736",
        "tracer trace: trace_id=zz trace_id=4bf92f3577b34da6a3ce929d0e0e4736",
        "X-B3-TraceId: 4bf92f3577b34da6a3ce929d0e0e4736",
        "mdc.trace_id=4bf92f3577b34da6a3ce929d0e0e4736",
        "parent_trace_id=11111111111111111111111111111111 "
        "trace_id=4bf92f3577b34da6a3ce929d0e0e4736",
        "(otelTraceId='4bf92f3577b34da6a3ce929d0e0e4736')"}) {
    CAPTURE(text);
    CHECK(of_text(text) == found);
  }
  CHECK(of_text("headers: traceparent: " + std::string(kParent) + " accept: */*") ==
        R"({"trace_id":"4bf92f3577b34da6a3ce929d0e0e4736","span_id":"00f067aa0ba902b7",)"
        R"("trace_flags":"01","trace_origin":"text"})");
  CHECK(of_text("trace_id=48485a3953bb6124.") ==
        R"({"trace_id":"000000000000000048485a3953bb6124","trace_origin":"text"})");
  for (std::string_view text :
       {"", "race", "trace", "trace_id=", "trace_id=0", "trace_id=xyz",
        "trace_id=4bf92f3577b34da6a3ce929d0e0e4736a", "trace_id=4bf92f3577b34da6a3ce929d0e0e4736z",
        "trace_id=00000000000000000000000000000000", "trace_ids=4bf92f3577b34da6a3ce929d0e0e4736",
        "parent_trace_id=4bf92f3577b34da6a3ce929d0e0e4736",
        "strace_id=4bf92f3577b34da6a3ce929d0e0e4736",
        "old2traceid=4bf92f3577b34da6a3ce929d0e0e4736",
        "traceparent=4bf92f3577b34da6a3ce929d0e0e4736", "a trace 4bf92f3577b34da6a3ce929d0e0e4736",
        "Traceback (most recent call last)", "4bf92f3577b34da6a3ce929d0e0e4736",
        "trace_id\t\t\t\t\t\t\t4bf92f3577b34da6a3ce929d0e0e4736",
        "traceparent: ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}) {
    CAPTURE(text);
    CHECK(of_text(text) == "{}");
  }
}

TEST_CASE("trace context: a line full of half a key costs a look at each byte") {
  std::string line;
  for (int i = 0; i < 50'000; ++i) line += "trace";
  line += "=1 trace_id=48485a3953bb6124";
  CHECK(of_text(line) ==
        R"({"trace_id":"000000000000000048485a3953bb6124","trace_origin":"text"})");
}

TEST_CASE("trace context: fields come before text, and JSON messages are looked at, too") {
  std::string message = "trace_id=48485a3953bb6124";
  CHECK(outcome(resolved(R"({"t":"4bf92f3577b34da6a3ce929d0e0e4736"})",
                         {{&TraceFields::trace_id, "t"}}, message)) ==
        R"({"trace_id":"4bf92f3577b34da6a3ce929d0e0e4736","trace_origin":"field"})");
  CHECK(outcome(resolved(R"({"t":"banana"})", {{&TraceFields::trace_id, "t"}}, message)) ==
        R"({"trace_id":"000000000000000048485a3953bb6124","trace_origin":"text",)"
        R"("context":{"t":"banana"}})");
  // The inside of a JSON string, quotes escaped.
  Lines lines;
  Record& record = lines.put("{}");
  record.format = "json";
  record.message =
      Text(std::string_view(R"(got trace_id=\"48485a3953bb6124\" here)"), TextForm::kJson);
  resolve_trace(lines.batch(), record);
  CHECK(lines.canonical(part::kTrace) ==
        R"({"trace_id":"000000000000000048485a3953bb6124","trace_origin":"text"})");
}

TEST_CASE("trace context: a record that passes through keeps its origin") {
  Lines lines;
  Record& record = lines.put_json(R"({"trace_id":"4bf92f3577b34da6a3ce929d0e0e4736"})");
  Passed passed;
  record.passed = &passed;
  record.trace_origin = TraceOrigin::kInherited;
  record.trace_fields.trace_id = lines.index_of("trace_id") + 1;
  resolve_trace(lines.batch(), record);
  CHECK(lines.canonical(part::kTrace) ==
        R"({"trace_id":"4bf92f3577b34da6a3ce929d0e0e4736","trace_origin":"inherited"})");
  // Nothing is looked for in its message: it has been through here before.
  Record& plain = lines.put("x");
  plain.passed = &passed;
  plain.message = Text(std::string_view("trace_id=48485a3953bb6124"), TextForm::kClean);
  resolve_trace(lines.batch(), plain);
  CHECK(lines.canonical(part::kTrace) == "{}");
}
