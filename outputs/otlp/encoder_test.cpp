// SPDX-License-Identifier: Apache-2.0
#include "outputs/otlp/encoder.h"

#include <doctest/doctest.h>

#include "outputs/otlp/test_bench.h"

namespace waybill::outputs::otlp {
namespace {

using test::decode;
using test::kUid;
using test::LogRecord;
using test::One;
using test::ResourceLogs;
using test::ScopeLogs;

TEST_CASE("otlp: the reference record, byte for byte") {
  // Made with protoc: service.name=api, INFO, "hi", flags 1, no attributes; 96 bytes.
  std::string expected = from_hex(
      "0a5e0a170a150a0c736572766963652e6e616d6512050a03617069124312410905002a36fe9c971710091a04494e"
      "464f2a040a02686945010000004a104bf92f3577b34da6a3ce929d0e0e4736520800f067aa0ba902b75906002a36"
      "fe9c9717");
  REQUIRE(expected.size() == 96);
  One one;
  one.records.identity.service_name = "api";
  Record& record = one.records.make("x");
  record.message = clean("hi");
  record.level = Level::kInfo;
  record.time_ns = 1'700'000'000'000'000'005;
  record.time_said = true;
  record.read_ns = 1'700'000'000'000'000'006;
  record.trace_id = clean("4bf92f3577b34da6a3ce929d0e0e4736");
  record.span_id = clean("00f067aa0ba902b7");
  record.trace_flags = 1;
  one.prepare();
  one.records.append(*one.backend);
  std::string body(one.records.compose(*one.backend).bytes.view());
  // Ours has the id behind it, so the messages around it are longer.
  std::string uid = from_hex("3234 0a0e") + "log.record.uid" + from_hex("1222 0a20") +
                    "a0a1a2a3a4a5a6a7a8a9aaabacadaeaf";
  std::string rebuilt = expected.substr(expected.find(from_hex("0905002a"))) + uid;
  auto wrap = [](char tag, const std::string& content) {
    std::string out(1, tag);
    size_t size = content.size();
    for (; size >= 0x80; size >>= 7) out += static_cast<char>(size | 0x80);
    out += static_cast<char>(size);
    return out + content;
  };
  rebuilt = wrap(0x12, wrap(0x12, rebuilt));
  rebuilt = wrap(0x0a, expected.substr(2, 25) + rebuilt);
  CHECK(to_hex(body) == to_hex(rebuilt));
}

TEST_CASE("otlp: every place of a record") {
  One one;
  one.records.source->path = "/var/log/app.log";
  one.records.source->stream = "stderr";
  one.records.identity.resource = {{"host.name", "node"}, {"service.version", "1.4.2"}};
  Record& record = one.records.parse(
      R"({"ts":"2026-01-02T03:04:05.000000006Z","level":"notice","msg":"a\n\"b\"","logger":"http",)"
      R"("caller":"server/h.go:042","thread":"main","request_id":"r-1","tenant_id":"acme",)"
      R"("correlation_id":"c\u00e9"})");
  record.trace_id = clean("4bf92f3577b34da6a3ce929d0e0e4736");
  record.span_id = clean("00f067aa0ba902b7");
  record.trace_flags = 0;
  record.parent_span_id = clean("00f067aa0ba902b8");
  record.tracestate = clean("a=b");
  record.trace_origin = TraceOrigin::kInherited;
  ErrorInfo error;
  error.kind = clean("timeout");
  error.code = clean("ETIMEDOUT");
  error.message = clean("slow");
  error.stack = json("at a\\nat b");
  record.error = &error;
  one.prepare();
  one.records.append(*one.backend);
  auto all = one.send_all();
  REQUIRE(all.size() == 1);
  CHECK(all[0].resource == "service.name=s:checkout, host.name=s:node, service.version=s:1.4.2");
  REQUIRE(all[0].scopes.size() == 1);
  CHECK(all[0].scopes[0].name == "http");
  const LogRecord& sent = all[0].scopes[0].records.at(0);
  CHECK(sent.time == 1'767'323'045'000'000'006u);
  CHECK(sent.observed == static_cast<uint64_t>(TestRecords::kReadNs));
  CHECK(sent.severity == 10);
  CHECK(sent.severity_text == "notice");
  CHECK(sent.body == "s:a\n\"b\"");
  CHECK(sent.flags == 0);
  CHECK(sent.trace_id == "4bf92f3577b34da6a3ce929d0e0e4736");
  CHECK(sent.span_id == "00f067aa0ba902b7");
  CHECK(sent.attributes ==
        std::string(kUid) +
            ", log.file.path=s:/var/log/app.log, log.iostream=s:stderr, request_id=s:r-1, "
            "correlation_id=s:cé, tenant_id=s:acme, parent_span_id=s:00f067aa0ba902b8, "
            "tracestate=s:a=b, trace_origin=s:inherited, thread.name=s:main, "
            "code.file.path=s:server/h.go, code.line.number=i:42, exception.message=s:slow, "
            "exception.stacktrace=s:at a\nat b, error.type=s:ETIMEDOUT, error.code=s:ETIMEDOUT, "
            "error.kind=s:timeout");
}

TEST_CASE("otlp: a line without time and level has neither") {
  One one;
  one.records.parse(R"({"msg":"m"})");
  LogRecord sent = one.send();
  CHECK(sent.time == 0);
  CHECK(sent.observed == static_cast<uint64_t>(TestRecords::kReadNs));
  CHECK(sent.severity == 0);
  CHECK(sent.severity_text == "");
  CHECK(sent.flags == -1);
  CHECK(sent.trace_id == "");
  one.records.parse(R"({"k":1})");
  CHECK(one.send().body == "absent");
}

TEST_CASE("otlp: the context becomes attributes with their types") {
  One one;
  CHECK(one.attributes_of(R"({"a":"x","b":true,"c":false,"d":null,"e":-7,"f":0.5})") ==
        "a=s:x, b=b:true, c=b:false, d=null, e=i:-7, f=d:0.5");
  CHECK(
      one.attributes_of(R"({"o":{"p":{"q":1},"r":[]},"v":[1,"two",[3.5],{"k":null},{}],"w":{}})") ==
      "o={p={q=i:1}, r=[]}, v=[i:1, s:two, [d:3.5], {k=null}, {}], w={}");
  CHECK(one.attributes_of(R"({"q\"k":"a\\b\u00e9\ud83d\ude00\n","n":"\u0000x","":"empty"})") ==
        std::string("q\"k=s:a\\bé😀\n, n=s:\0x, =s:empty", 34));
  CHECK(one.attributes_of(R"({"k\u0065y":{"i\tn":"v\"v"}})") == "key={i\tn=s:v\"v}");
}

TEST_CASE("otlp: numbers are exact, or text") {
  One one;
  struct Case {
    const char* number;
    const char* expected;
  };
  for (const Case& c : {
           Case{"0", "i:0"},
           Case{"-0", "d:-0"},
           Case{"9223372036854775807", "i:9223372036854775807"},
           Case{"-9223372036854775808", "i:-9223372036854775808"},
           Case{"9223372036854775808", "s:9223372036854775808"},
           Case{"12345678901234567890123", "s:12345678901234567890123"},
           Case{"0.1", "d:0.1"},
           Case{"1.0", "d:1"},
           Case{"1e3", "d:1000"},
           Case{"-2.50E-3", "d:-0.0025"},
           Case{"0.0", "d:0"},
           Case{"0e10", "d:0"},
           Case{"1700000000.123456", "d:1700000000.123456"},
           Case{"0.30000000000000004", "d:0.30000000000000004"},
           Case{"0.300000000000000041", "s:0.300000000000000041"},
           Case{"100000000000000000000.0", "d:1e+20"},
           Case{"1234567890123456.7", "s:1234567890123456.7"},
           Case{"1234567890123456.8", "d:1234567890123456.8"},
           Case{"1e400", "s:1e400"},
           Case{"1e-400", "s:1e-400"},
           Case{"5e-324", "d:5e-324"},
           Case{"1.23456e-320", "s:1.23456e-320"},
           Case{"3.14159265358979323846", "s:3.14159265358979323846"},
       }) {
    CHECK_MESSAGE(
        one.attributes_of(fmt::format("{{\"n\":{}}}", c.number)) == fmt::format("n={}", c.expected),
        std::string(c.number));
  }
}

TEST_CASE("otlp: keys of the record win, and nothing is lost") {
  One one;
  one.records.source->path = "/real";
  CHECK(one.attributes_of(R"({"log.file.path":"/said","log.file.path_2":"taken",)"
                          R"("log.iostream":"free","log.record.uid":7,"x":1})") ==
        "log.file.path=s:/real, log.file.path_3=s:/said, log.file.path_2=s:taken, "
        "log.iostream=s:free, log.record.uid_2=i:7, x=i:1");
}

TEST_CASE("otlp: what is cut is left out, inside objects, too") {
  One one;
  Record& record = one.records.parse(R"({"o":{"keep":1,"cut":{"deep":2},"more":[3]},"x":4})");
  Token* tokens = one.records.batch().tokens.data() + record.first_token;
  for (uint32_t i = 0; i < record.token_count; ++i) {
    std::string_view key{record.json + tokens[i].key, tokens[i].key_size};
    if (key == "cut") tokens[i].flags |= Token::kCut;
    if (key == "o" || i == 0) tokens[i].flags |= Token::kHasCut;
  }
  CHECK(one.send().attributes == std::string(kUid) + ", o={keep=i:1, more=[i:3]}, x=i:4");
}

TEST_CASE("otlp: pairs of a text line") {
  One one;
  CHECK(one.attributes_of(R"({"level":"info","a":1,"a":2})") == "a=i:2");
  one.records.parse("level=info msg=\"a b\" took=12ms n=7", "logfmt");
  LogRecord sent = one.send();
  CHECK(sent.body == "s:a b");
  CHECK(sent.attributes.find("took=s:12ms") != std::string::npos);
}

TEST_CASE("otlp: lengths of every width") {
  One one;
  for (size_t size : {0u, 100u, 126u, 127u, 128u, 16000u, 16384u, 300000u}) {
    std::string text(size, 'x');
    CHECK(one.attributes_of("{\"o\":{\"k\":[\"" + text + "\"]}}") == "o={k=[s:" + text + "]}");
    // Escapes make the text shorter than the line it stands in.
    std::string escaped;
    for (size_t i = 0; i < size; ++i) escaped += "\\u0041";
    CHECK(one.attributes_of("{\"o\":[\"" + escaped + "\"]}") ==
          "o=[s:" + std::string(size, 'A') + "]");
  }
}

TEST_CASE("otlp: one ResourceLogs per service, one ScopeLogs per logger") {
  One one;
  one.prepare();
  for (const char* line :
       {R"({"service_name":"a","logger":"x","msg":"1"})", R"({"service_name":"b","msg":"2"})",
        R"({"service_name":"a","logger":"y","msg":"3"})", R"({"logger":"x","msg":"4"})",
        R"({"service_name":"a","logger":"x","msg":"5"})",
        R"({"service_name":"\u0061","logger":"\u0078","msg":"6"})"}) {
    one.records.parse(line);
    one.records.append(*one.backend);
  }
  auto text = [&](const std::vector<ResourceLogs>& all) {
    std::string out;
    for (const ResourceLogs& logs : all) {
      out += logs.resource + ":";
      for (const ScopeLogs& scope : logs.scopes) {
        out += " " + scope.name + "=";
        for (const LogRecord& record : scope.records) out += record.body.substr(2);
      }
      out += "; ";
    }
    return out;
  };
  CHECK(text(one.send_all()) ==
        "service.name=s:a: x=156 y=3; service.name=s:b: =2; "
        "service.name=s:checkout: x=4; ");
  CHECK(text(decode(one.records.compose(*one.backend, {1, 4}))) ==
        "service.name=s:a: x=5; service.name=s:b: =2; ");
}

TEST_CASE("otlp: a record that passes through keeps its own resource") {
  One one;
  one.records.identity.resource = {{"host.name", "here"}};
  one.records.parse(
      R"({"timestamp":"2026-01-02T03:04:05.000Z","message":"m","service_name":"far",)"
      R"("context":{"k":1},"resource":{"host.name":"there","n":3},"sample_rate":10,)"
      R"("schema_errors":[{"path":"/x"}],"source":{"input":"i","path":"/p","stream":"stdout"},)"
      R"("id":"a0a1a2a3a4a5a6a7a8a9aaabacadaeaf"})");
  one.prepare();
  one.records.append(*one.backend);
  auto all = one.send_all();
  REQUIRE(all.size() == 1);
  CHECK(all[0].resource == "service.name=s:far, host.name=s:there, n=i:3");
  CHECK(all[0].scopes.at(0).records.at(0).attributes ==
        std::string(kUid) +
            ", log.file.path=s:/p, log.iostream=s:stdout, sample_rate=i:10, "
            "schema_errors=[{path=s:/x}], k=i:1");
}

}  // namespace
}  // namespace waybill::outputs::otlp
