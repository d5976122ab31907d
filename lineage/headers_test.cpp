// SPDX-License-Identifier: Apache-2.0
#include "lineage/headers.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "core/test_support.h"
#include "lineage/trace_context.h"

using namespace waybill;
using namespace waybill::lineage;
using testing::Lines;

namespace {

const std::string kTrace = "4bf92f3577b34da6a3ce929d0e0e4736";
const std::string kSpan = "00f067aa0ba902b7";
const std::string kParent = "00-" + kTrace + "-" + kSpan + "-01";

struct Told {
  std::string record;   // the trace and ids of the canonical form
  std::string refused;  // carriers, each with a blank behind it
};

Told told(Lines& lines, const Findings& findings, uint32_t parts) {
  Told result{lines.canonical(parts), ""};
  for (size_t i = 0; i < static_cast<size_t>(Carrier::kCount); ++i) {
    auto carrier = static_cast<Carrier>(i);
    if (findings.has_refused(carrier)) result.refused += std::string(carrier_name(carrier)) + " ";
  }
  return result;
}

// A line that is nothing but text.
Told in_text(std::string_view text) {
  Lines lines;
  Record& record = lines.put(text);
  record.format = "text";
  record.message = Text(record.line, TextForm::kRaw);
  Findings findings = resolve_trace(lines.batch(), record);
  return told(lines, findings, part::kTrace | part::kIds);
}

// A JSON line in which the parser has pointed out nothing.
Told in_json(std::string_view json, const std::vector<std::string>& baggage = {},
             uint32_t parts = part::kTrace | part::kIds) {
  Lines lines;
  WalkOutcome outcome;
  Record& record = lines.put_json(json, &outcome);
  REQUIRE(outcome == WalkOutcome::kObject);
  record.format = "json";
  Findings findings = resolve_trace(lines.batch(), record, baggage);
  return told(lines, findings, parts);
}

// As the canonical form has it.
std::string trace(const std::string& origin, const std::string& flags = "01",
                  const std::string& more = "") {
  return R"({"trace_id":")" + kTrace + R"(","span_id":")" + kSpan + R"(")" +
         (flags.empty() ? "" : R"(,"trace_flags":")" + flags + "\"") + more +
         R"(,"trace_origin":")" + origin + R"("})";
}

}  // namespace

TEST_CASE("headers: their names, in every spelling") {
  for (std::string_view name :
       {"traceparent", "Traceparent", "TRACEPARENT", "TrAcEpArEnT", "trace-parent",
        "HTTP_TRACEPARENT", "http.request.header.traceparent", "http_traceparent",
        "rpc.grpc.request.metadata.traceparent", "grpc-metadata-traceparent"}) {
    CAPTURE(name);
    CHECK(header_of(name) == Header::kTraceparent);
  }
  CHECK(header_of("X-B3-TraceId") == Header::kB3TraceId);
  CHECK(header_of("x_b3_trace_id") == Header::kB3TraceId);
  CHECK(header_of("HTTP_X_AMZN_TRACE_ID") == Header::kXray);
  CHECK(header_of("b3") == Header::kB3);
  CHECK(header_of("Grpc-Trace-Bin") == Header::kGrpcTrace);
  CHECK(header_of("x-request-id") == Header::kRequestId);
  CHECK(header_of("X-Trace-ID") == Header::kTraceId);
  for (std::string_view name : {"", "t", "trace_id", "request_id", "b32", "parent", "traceparents",
                                "xtraceparent", "x-request-id-2", "tracestat"}) {
    CAPTURE(name);
    CHECK_FALSE(header_of(name).has_value());
  }
}

TEST_CASE("headers in text: every carrier") {
  const std::string t = kTrace, s = kSpan;
  const std::string wrapped =  // kParent in base64
      "MDAtNGJmOTJmMzU3N2IzNGRhNmEzY2U5MjlkMGUwZTQ3MzYtMDBmMDY3YWEwYmE5MDJiNy0wMQ==";
  for (const std::string& text : std::vector<std::string>{
           "GET / HTTP/1.1\r\nHost: x\r\ntraceparent: " + kParent + "\r\nAccept: */*",
           "headers: map[Accept:[*/*] Traceparent:[" + kParent + "] X-A:[1]]",
           "headers={'accept': '*/*', 'traceparent': '" + kParent + "'}",
           "headers=[('traceparent', b'" + kParent + "')]",
           R"({"accept":"*/*","traceparent":")" + kParent + R"("})",
           R"(body {\"traceparent\":\")" + kParent + R"(\"})",
           "{:traceparent=>\"" + kParent + "\"}",
           "metadata traceparent=" + kParent + ",user=1",
           "RecordHeader(key = traceparent, value = " + kParent + ")",
           "key=traceparent value=" + kParent,
           "HTTP_TRACEPARENT=" + kParent,
           "key=traceparent value=" + wrapped,
           "metadata: grpc-trace-bin: AABL+S81d7NNpqPOkp0ODkc2AQDwZ6oLqQK3AgE=",
           "metadata=map[grpc-trace-bin:[AABL+S81d7NNpqPOkp0ODkc2AQDwZ6oLqQK3AgE]]",
           "b3: " + t + "-" + s + "-1",
           "B3=" + t + "-" + s + "-d",
           "X-B3-TraceId: " + t + "\nX-B3-SpanId: " + s + "\nX-B3-Sampled: 1",
           "x-b3-sampled=1 x-b3-spanid=" + s + " x-b3-traceid=" + t,
           "uber-trace-id: " + t + ":" + s + ":0:1",
           "uber-trace-id=" + t + "%3A" + s + "%3A0%3A1",
           "X-Amzn-Trace-Id: Root=1-4bf92f35-77b34da6a3ce929d0e0e4736;Parent=" + s + ";Sampled=1",
           "X-Amzn-Trace-Id: Root=1-4bf92f35-77b34da6a3ce929d0e0e4736; Parent=" + s + "; Sampled=1",
           "X-Cloud-Trace-Context: " + t + "/67667974448284343;o=1 next",
           "trace_id=" + t + " span_id=" + s + " trace_flags=01",
           "traceId: " + t + ", spanId: " + s + ", trace_sampled: true"}) {
    CAPTURE(text);
    Told result = in_text(text);
    CHECK(result.record == trace("text"));
    CHECK(result.refused == "");
  }
  CHECK(in_text("logging.googleapis.com/trace=projects/p-1/traces/" + t + " x").record ==
        R"({"trace_id":")" + t + R"(","trace_origin":"text"})");
  CHECK(in_text(
            "x-datadog-trace-id: 5208512171318403364 x-datadog-parent-id: 74 "
            "x-datadog-sampling-priority: 1 x-datadog-tags: _dd.p.dm=-1,_dd.p.tid=66f8e1a200000000")
            .record == R"({"trace_id":"66f8e1a20000000048485a3953bb6124",)"
                       R"("span_id":"000000000000004a","trace_flags":"01","trace_origin":"text"})");
  CHECK(in_text("dd.trace_id=5208512171318403364 dd.span_id=74").record ==
        R"({"trace_id":"000000000000000048485a3953bb6124","span_id":"000000000000004a",)"
        R"("trace_origin":"text"})");
  CHECK(in_text("X-Trace-ID: 4bf92f35-77b3-4da6-a3ce-929d0e0e4736").record ==
        R"({"trace_id":")" + t + R"(","trace_origin":"text"})");
}

TEST_CASE("headers in text: tracestate, baggage, request ids") {
  CHECK(in_text("traceparent: " + kParent + " tracestate: foo=1,bar=2").record ==
        trace("text", "01", R"(,"tracestate":"foo=1,bar=2")"));
  CHECK(in_text("{'traceparent': '" + kParent + "', 'tracestate': 'foo=1, bar=2'}").record ==
        trace("text", "01", R"(,"tracestate":"foo=1, bar=2")"));
  // Several headers are one list.
  CHECK(in_text("traceparent: " + kParent + "\ttracestate: foo=1\ttracestate: bar=2").record ==
        trace("text", "01", R"(,"tracestate":"foo=1,bar=2")"));
  // It is none without its traceparent.
  CHECK(in_text("tracestate: foo=1").record == "{}");
  CHECK(in_text("baggage: user=1,tenant_id=acme").record == R"({"tenant_id":"acme"})");
  CHECK(in_text("X-Request-ID: " + kTrace).record == R"({"request_id":")" + kTrace + R"("})");
  CHECK(in_text("start of request, requestId=r-17, ok").record == R"({"request_id":"r-17"})");
  CHECK(in_text("[req_id:42] x-correlation-id: c/1").record ==
        R"({"request_id":"42","correlation_id":"c/1"})");
  CHECK(in_text("the request id is unknown, request_id abc").record == "{}");
  CHECK(in_text("request_id=\x1b[31mred").record == "{}");
  CHECK(in_text("request_id=" + std::string(300, 'x')).record == "{}");
}

TEST_CASE("headers in text: what breaks its rules is refused") {
  for (const auto& one : std::vector<std::pair<std::string, std::string>>{
           {"traceparent: " + kParent + ".", "traceparent "},
           {"traceparent: " + kParent + "-x", "traceparent "},
           {"traceparent: cc" + kParent.substr(2) + ".what", "traceparent "},
           {"traceparent: 00-" + kTrace + "-00F067AA0BA902B7-01", "traceparent "},
           {"b3: " + kTrace + "-" + kSpan + "-", "b3 "},
           {"x-b3-traceid: " + kTrace + " x-b3-sampled: 1", "b3 "},
           {"uber-trace-id: " + kTrace + ":" + kSpan + ":0", "uber-trace-id "},
           {"X-Amzn-Trace-Id: Root=1-4bf92f35", "xray "},
           {"X-Cloud-Trace-Context: " + kTrace + "/x", "google "},
           {"x-datadog-trace-id: abc", "datadog "},
           {"X-Trace-ID: banana", "trace_id "}}) {
    CAPTURE(one.first);
    Told result = in_text(one.first);
    CHECK(result.record == "{}");
    CHECK(result.refused == one.second);
  }
  CHECK(in_text("b3: 0 x-b3-sampled: 1").refused == "");
  CHECK(in_text("traceparent: -").refused == "");
  CHECK(in_text("traceparent: " + kParent + " tracestate: Foo=1").record == trace("text"));
}

TEST_CASE("headers: two traceparents of two traces count neither") {
  const std::string other = "00-12345678901234567890123456789012-1234567890123456-01";
  CHECK(in_text("traceparent: " + kParent + " traceparent: " + other).record == "{}");
  CHECK(in_json(R"({"headers":[["traceparent",")" + kParent + R"("],["traceparent",")" + other +
                R"("]]})")
            .record == "{}");
  CHECK(
      in_json(R"({"headers":{"Traceparent":[")" + kParent + R"(",")" + other + R"("]}})").refused ==
      "traceparent ");
  CHECK(
      in_json(R"({"traceparent":")" + other + R"(","traceparent":")" + kParent + R"("})").record ==
      "{}");
  // Of the same trace: the first span counts. Of two requests: the first request.
  CHECK(in_text("in traceparent=" + kParent + " out traceparent=00-" + kTrace +
                "-1111111111111111-01")
            .record == trace("text"));
  CHECK(in_json(R"({"request":{"headers":{"traceparent":")" + kParent +
                R"("}},"upstream":{"headers":{"traceparent":")" + other + R"("}}})")
            .record == trace("field"));
}

TEST_CASE("headers in JSON: dumps in every form") {
  for (const std::string& json : std::vector<std::string>{
           R"({"TraceParent":")" + kParent + R"("})",
           R"({"headers":{"traceparent":")" + kParent + R"("}})",
           R"({"req":{"headers":{"accept":"*/*","TRACEPARENT":")" + kParent + R"("}}})",
           R"({"headers":{"Traceparent":[")" + kParent + R"("]}})",
           R"({"headers":[["accept","*/*"],["traceparent",")" + kParent + R"("]]})",
           R"({"headers":[{"key":"traceparent","value":")" + kParent + R"("}]})",
           R"({"h":[{"name":"accept","value":"x"},{"name":"Traceparent","value":")" + kParent +
               R"("}]})",
           R"({"properties":{"headers":{"traceparent":")" + kParent + R"("},"delivery_mode":2}})",
           R"({"http.request.header.traceparent":[")" + kParent + R"("]})",
           R"({"metadata":"accept=x, traceparent=)" + kParent + R"("})",
           R"({"headers":"GET / HTTP/1.1\r\ntraceparent: )" + kParent + R"(\r\nHost: x\r\n"})",
           R"({"b3":")" + kTrace + "-" + kSpan + R"(-1"})",
           R"({"x-b3-traceid":")" + kTrace + R"(","x-b3-spanid":")" + kSpan +
               R"(","x-b3-sampled":"1"})",
           R"({"uber-trace-id":")" + kTrace + ":" + kSpan + R"(:0:1"})"}) {
    CAPTURE(json);
    Told result = in_json(json);
    CHECK(result.record == trace("field"));
    CHECK(result.refused == "");
  }
  CHECK(
      in_json(
          R"({"headers":{"x-request-id":"r-1","x-correlation-id":"c-1","baggage":"tenant_id=t"}})")
          .record == R"({"request_id":"r-1","correlation_id":"c-1","tenant_id":"t"})");
  CHECK(in_json(R"({"x-b3-traceid":")" + kTrace + R"("})").record ==
        R"({"trace_id":")" + kTrace + R"(","trace_origin":"field"})");
  CHECK(in_json(R"({"x-trace-id":"4bf92f35-77b3-4da6-a3ce-929d0e0e4736"})").record ==
        R"({"trace_id":")" + kTrace + R"(","trace_origin":"field"})");
}

TEST_CASE("headers in JSON: what is taken whole is cut, what says more stays") {
  constexpr uint32_t context = part::kContext;
  auto left = [&](const std::string& json) { return in_json(json, {}, context).record; };
  const std::string both = R"("x-b3-traceid":")" + kTrace + R"(","x-b3-spanid":")" + kSpan + "\"";
  CHECK(left("{" + both + R"(,"x-b3-sampled":"1"})") == "{}");
  CHECK(left("{" + both + R"(,"x-b3-sampled":"0","x-b3-flags":"1"})") ==
        R"({"context":{"x-b3-sampled":"0","x-b3-flags":"1"}})");
  CHECK(left(R"({"b3":")" + kTrace + "-" + kSpan + R"(-1"})") == "{}");
  std::string debug = R"({"b3":")" + kTrace + "-" + kSpan + R"(-d"})";
  CHECK(left(debug) == R"({"context":)" + debug + "}");
  std::string nested = R"({"headers":{"traceparent":")" + kParent + R"("}})";
  CHECK(left(nested) == R"({"context":)" + nested + "}");
  std::string broken = R"({"b3":")" + kTrace + R"(-"})";
  CHECK(left(broken) == R"({"context":)" + broken + "}");
  std::string xray = R"({"x-amzn-trace-id":"Root=1-4bf92f35-77b34da6a3ce929d0e0e4736;)"
                     R"(Self=1-67891234-12456789abcdef012345678"})";
  CHECK(left(xray) == R"({"context":)" + xray + "}");
}

TEST_CASE("baggage: members that the config names go to the context") {
  std::string line = R"({"baggage":"tier=gold%20plus,tenant_id=t%22,x=1","k":1})";
  CHECK(in_json(line, {"tier", "absent"}, part::kIds | part::kContext).record ==
        R"({"tenant_id":"t\"","context":{"baggage":"tier=gold%20plus,tenant_id=t%22,x=1","k":1,)"
        R"("baggage.tier":"gold plus"}})");
  Told bad = in_json(R"({"baggage":"tenant_id=%ff%fe"})");
  CHECK(bad.record == "{}");
  CHECK(bad.refused == "baggage ");
}

TEST_CASE("a tracestate of 64 KiB is refused and stays") {
  std::string state = "a=" + std::string(64 * 1024, 'x');
  std::string line =
      R"({"headers":{"traceparent":")" + kParent + R"(","tracestate":")" + state + R"("}})";
  Told result = in_json(line);
  CHECK(result.record == trace("field"));
  CHECK(result.refused == "tracestate ");
  CHECK(in_json(line, {}, part::kContext).record == R"({"context":)" + line + "}");
  std::string text = "traceparent: " + kParent + " tracestate: " + state;
  CHECK(in_text(text).record == trace("text"));
}
