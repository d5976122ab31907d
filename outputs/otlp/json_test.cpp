// SPDX-License-Identifier: Apache-2.0
// OTLP/JSON: as the specification shows it, and the same as protobuf says.
#include <doctest/doctest.h>

#include "outputs/otlp/test_bench.h"

namespace waybill::outputs::otlp {
namespace {

using test::decode;
using test::One;
using test::ResourceLogs;

std::string text_of(const delivery::Body& body) {
  CHECK(body.plain_size == body.bytes.size());
  return std::string(body.bytes.view());
}

TEST_CASE("otlp: a request in JSON, byte for byte") {
  One one;
  one.settings.protocol = Protocol::kHttpJson;
  one.records.identity.service_name = "a\"pi";
  one.records.identity.resource = {{"host.name", "n\\1"}};
  Record& record = one.records.make("x");
  record.message = clean("hi");
  record.level = Level::kInfo;
  record.logger = raw("l\"g");
  record.time_ns = 1'700'000'000'000'000'005;
  record.time_said = true;
  record.read_ns = 1'700'000'000'000'000'006;
  record.trace_id = clean("4bf92f3577b34da6a3ce929d0e0e4736");
  record.span_id = clean("00f067aa0ba902b7");
  record.trace_flags = 1;
  one.prepare();
  one.records.append(*one.backend);
  CHECK(text_of(one.records.compose(*one.backend)) ==
        R"({"resourceLogs":[{"resource":{"attributes":[)"
        R"({"key":"service.name","value":{"stringValue":"a\"pi"}},)"
        R"({"key":"host.name","value":{"stringValue":"n\\1"}}]},)"
        R"("scopeLogs":[{"scope":{"name":"l\"g"},"logRecords":[{)"
        R"("timeUnixNano":"1700000000000000005","observedTimeUnixNano":"1700000000000000006",)"
        R"("severityNumber":9,"severityText":"INFO","body":{"stringValue":"hi"},"attributes":[)"
        R"({"key":"log.record.uid","value":{"stringValue":"a0a1a2a3a4a5a6a7a8a9aaabacadaeaf"}}],)"
        R"("flags":1,"traceId":"4bf92f3577b34da6a3ce929d0e0e4736",)"
        R"("spanId":"00f067aa0ba902b7"}]}]}]})");
  CHECK(one.backend->endpoint().headers ==
        std::vector<std::string>{"Content-Type: application/json"});
  CHECK(one.backend->preview(one.records.payload) == text_of(one.records.compose(*one.backend)));
}

// What the attributes of a line are in JSON, but for its uid.
std::string attributes_of(std::string_view line) {
  One one;
  one.settings.protocol = Protocol::kHttpJson;
  one.prepare();
  one.records.parse(line);
  one.records.append(*one.backend);
  std::string text = text_of(one.records.compose(*one.backend));
  std::string uid = R"("a0a1a2a3a4a5a6a7a8a9aaabacadaeaf"}})";
  size_t begin = text.find(uid) + uid.size() + 1;
  size_t end = text.rfind("]}]}]}]}");
  REQUIRE(end != text.npos);
  return begin > end ? "" : text.substr(begin, end - begin);
}

std::string pair(std::string_view key, std::string_view value) {
  return fmt::format(R"({{"key":{},"value":{}}})", key, value);
}

TEST_CASE("otlp: values in JSON") {
  CHECK(attributes_of(R"({"a":"x\ny","b":true,"c":false,"d":null})") ==
        pair("\"a\"", R"({"stringValue":"x\ny"})") + "," + pair("\"b\"", R"({"boolValue":true})") +
            "," + pair("\"c\"", R"({"boolValue":false})") + "," + pair("\"d\"", "{}"));
  CHECK(attributes_of(R"({"v":[1,"two",[],{"k":{}}],"w":{}})") ==
        pair("\"v\"", R"({"arrayValue":{"values":[{"intValue":"1"},{"stringValue":"two"},)"
                      R"({"arrayValue":{"values":[]}},{"kvlistValue":{"values":[)" +
                          pair("\"k\"", R"({"kvlistValue":{"values":[]}})") + "]}}]}}") +
            "," + pair("\"w\"", R"({"kvlistValue":{"values":[]}})"));
  for (auto [number, value] :
       {std::pair("9223372036854775807", R"({"intValue":"9223372036854775807"})"),
        {"-7", R"({"intValue":"-7"})"},
        {"9223372036854775808", R"({"stringValue":"9223372036854775808"})"},
        {"0.50", R"({"doubleValue":0.50})"},
        {"-0", R"({"doubleValue":-0})"},
        {"1e3", R"({"doubleValue":1e3})"},
        {"1e400", R"({"stringValue":"1e400"})"}}) {
    CHECK(attributes_of(fmt::format("{{\"n\":{}}}", number)) == pair("\"n\"", value));
  }
}

TEST_CASE("otlp: half of a surrogate pair is no character in JSON") {
  CHECK(attributes_of(R"({"a":"x\ud83d\ude00\u0041"})") ==
        pair("\"a\"", R"({"stringValue":"x😀A"})"));
  CHECK(attributes_of(R"({"a":"\ud800x"})") == pair("\"a\"", "{\"stringValue\":\"\uFFFDx\"}"));
  CHECK(attributes_of(R"({"a\udc00":1})") == pair("\"a\uFFFD\"", R"({"intValue":"1"})"));
  // A backslash before "ud800" is none of it.
  CHECK(attributes_of(R"({"a":"\\ud800"})") == pair("\"a\"", R"({"stringValue":"\\ud800"})"));
}

std::string all_text(const std::vector<ResourceLogs>& all) {
  std::string text;
  for (const ResourceLogs& logs : all) {
    text += "resource " + logs.resource + "\n";
    for (const test::ScopeLogs& scope : logs.scopes) {
      text += " scope " + scope.name + "\n";
      for (const test::LogRecord& record : scope.records) {
        text += fmt::format("  {} {} {} {} {} {} {} {} [{}]\n", record.time, record.observed,
                            record.severity, record.severity_text, record.body, record.trace_id,
                            record.span_id, record.flags, record.attributes);
      }
    }
  }
  return text;
}

void add_lines(One& one) {
  for (const char* line :
       {R"({"ts":"2026-01-02T03:04:05.000000006Z","level":"notice","logger":"http",)"
        R"("msg":"a\n\"b\"","caller":"server/h.go:042","thread":"main","request_id":"r-1",)"
        R"("tenant_id":"acme",)"
        R"("o":{"p":{"q":-1},"r":[]},"n":9007199254740993,"f":0.1,"x":null,"t":true})",
        R"({"service_name":"a","logger":"x","msg":"1","log.record.uid":7})",
        R"({"service_name":"\u0061","logger":"\u0078","msg":"2","e":"\u00e9\\"})",
        R"({"timestamp":"2026-01-02T03:04:05.000Z","message":"m","service_name":"far",)"
        R"("context":{"k":1},"resource":{"host.name":"there","n":3},"sample_rate":10,)"
        R"("schema_errors":[{"path":"/x"}],"source":{"input":"i","path":"/p","stream":"stdout"},)"
        R"("id":"a0a1a2a3a4a5a6a7a8a9aaabacadaeaf"})"}) {
    Record& record = one.records.parse(line);
    record.trace_id = clean("4bf92f3577b34da6a3ce929d0e0e4736");
    record.span_id = clean("00f067aa0ba902b7");
    record.trace_flags = 1;
    one.records.append(*one.backend);
  }
}

TEST_CASE("otlp: gRPC sends what a spool holds as JSON") {
  One json;
  json.settings.protocol = Protocol::kHttpJson;
  json.prepare();
  add_lines(json);
  One plain;
  plain.prepare();
  add_lines(plain);
  Settings grpc_settings;
  grpc_settings.protocol = Protocol::kGrpc;
  Backend grpc(grpc_settings, test::test_urls());
  REQUIRE(grpc.prepare(json.records.identity));
  std::string converted = all_text(decode(json.records.compose(grpc)));
  CHECK(converted == all_text(decode(plain.records.compose(*plain.backend))));
  CHECK(converted.find("resource service.name=s:far, host.name=s:there, n=i:3") != converted.npos);
  for (uint32_t i = 0; i < json.records.payload.group_count; ++i) {
    CHECK(grpc.request_key(json.records.payload.groups[i]) == "");
  }
}

TEST_CASE("otlp: over HTTP the other form of a spool is a request of its own") {
  One one;
  one.settings.protocol = Protocol::kHttpJson;
  one.prepare();
  one.records.parse(R"({"msg":"json"})");
  one.records.append(*one.backend);
  One plain;
  plain.prepare();
  plain.records.identity = one.records.identity;
  one.records.parse(R"({"msg":"protobuf"})");
  one.records.append(*plain.backend);
  const delivery::Payload& payload = one.records.payload;
  REQUIRE(payload.group_count == 2);
  CHECK(plain.backend->request_key(payload.groups[0]) == "Content-Type: application/json");
  CHECK(plain.backend->request_key(payload.groups[1]) == "");
  CHECK(one.backend->request_key(payload.groups[0]) == "");
  CHECK(one.backend->request_key(payload.groups[1]) == "Content-Type: application/x-protobuf");
  CHECK(one.records.compose(*plain.backend).bytes.empty());
  CHECK(text_of(one.records.compose(*plain.backend, {0})).starts_with("{\"resourceLogs\""));
  CHECK(decode(one.records.compose(*one.backend, {1}))[0].scopes[0].records[0].body ==
        "s:protobuf");
}

}  // namespace
}  // namespace waybill::outputs::otlp
