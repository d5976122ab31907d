// SPDX-License-Identifier: Apache-2.0
#include "outputs/loki/encoder.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "outputs/loki/test_bench.h"

namespace waybill::outputs::loki {
namespace {

using test::decode;
using test::Entry;
using test::One;
using test::Streams;

std::string value_of(const Entry& entry, std::string_view name) {
  std::string value;
  for (const auto& [key, text] : entry.metadata) {
    if (key != name) continue;
    CHECK(value.empty());  // names are unique
    value = text;
  }
  return value;
}

TEST_CASE("loki: the reference request, byte for byte") {
  // Made with protoc from push.proto: stream {a="b"}, 1700000000.000000005, "hi", trace_id=ab.
  std::string expected = from_hex(
      "0a290a077b613d2262227d121e0a080880e2cfaa061005120268691a0e0a0874726163655f696412026162");
  One one;
  one.settings.line = Line::kMessage;
  Record& record = one.records.make("whatever");
  record.message = clean("hi");
  record.trace_id = clean("ab");
  record.time_ns = 1'700'000'000'000'000'005;
  one.prepare();
  one.records.append(*one.backend);
  one.records.payload.groups[0].head = "{a=\"b\"}";
  delivery::Body body = one.records.compose(*one.backend);
  std::string plain;
  REQUIRE(snappy::Uncompress(body.bytes.data(), body.bytes.size(), &plain));
  CHECK(to_hex(plain) == to_hex(expected));
  CHECK(body.plain_size == 43);
}

TEST_CASE("loki: a record is spread over labels, metadata and line") {
  One one;
  one.records.identity.resource = {{"k8s.pod.name", "pod-1"}, {"service.version", "1.4.2"}};
  one.records.identity.resource_json = R"({"k8s.pod.name":"pod-1","service.version":"1.4.2"})";
  Record& record = one.records.parse(
      R"({"ts":"2026-01-02T03:04:05.000000006Z","level":"warn","msg":"a\nb","logger":"http",)"
      R"("user":{"id":7},"n":12345678901234567890,"request_id":"r-1","tenant_id":"acme"})");
  record.trace_id = clean("4bf92f3577b34da6a3ce929d0e0e4736");
  record.span_id = clean("00f067aa0ba902b7");
  record.trace_flags = 1;
  record.trace_origin = TraceOrigin::kField;
  record.correlation_id = json("c\\\"1");
  auto [labels, entry] = one.send();
  CHECK(labels == R"({level="WARN", service_name="checkout"})");
  CHECK(entry.time_ns == 1'767'323'045'000'000'006);
  CHECK(entry.line == R"({"message":"a\nb","logger":"http",)"
                      R"("context":{"user":{"id":7},"n":12345678901234567890}})");
  std::vector<std::pair<std::string, std::string>> expected = {
      {"trace_id", "4bf92f3577b34da6a3ce929d0e0e4736"},
      {"span_id", "00f067aa0ba902b7"},
      {"trace_flags", "01"},
      {"trace_origin", "field"},
      {"request_id", "r-1"},
      {"correlation_id", "c\"1"},
      {"tenant_id", "acme"},
      {"k8s_pod_name", "pod-1"},
      {"service_version", "1.4.2"}};
  CHECK(entry.metadata == expected);
}

TEST_CASE("loki: chosen labels, sorted, with values as Go quotes them") {
  One one;
  one.settings.labels = {"k8s.namespace.name", "env"};
  one.records.identity.service_name = "a\"b\\c\nd\x01";
  one.records.identity.resource = {{"k8s.namespace.name", "größe"}, {"team", "x"}};
  one.records.parse(R"({"level":"info","msg":"m"})");
  auto [labels, entry] = one.send();
  CHECK(labels == "{k8s_namespace_name=\"größe\", service_name=\"a\\\"b\\\\c\\nd\\x01\"}");
  CHECK(entry.line == R"({"level":"INFO","message":"m"})");
  CHECK(entry.metadata == std::vector<std::pair<std::string, std::string>>{{"team", "x"}});
}

TEST_CASE("loki: a line's own service makes its own stream, once per request") {
  One one;
  one.prepare();
  for (const char* service : {"a", "b", "a", "a\\u0041", "b"}) {
    one.records.parse(R"({"level":"info","msg":"m","service_name":")" + std::string(service) +
                      "\"}");
    one.records.append(*one.backend);
  }
  Streams streams = decode(one.records.compose(*one.backend));
  CHECK(streams.size() == 3);
  CHECK(streams[R"({level="INFO", service_name="a"})"].size() == 2);
  CHECK(streams[R"({level="INFO", service_name="aA"})"].size() == 1);
  // The next request has the same streams, though its groups are numbered anew.
  one.records.payload.clear();
  one.records.append(*one.backend);
  streams = decode(one.records.compose(*one.backend));
  REQUIRE(streams.size() == 1);
  CHECK(streams.begin()->first == R"({level="INFO", service_name="b"})");
}

TEST_CASE("loki: a part of a payload is composed of just these records") {
  One one;
  one.prepare();
  const char* levels[] = {"info", "error", "info", "error", "info", "info"};
  for (int i = 0; i < 6; ++i) {
    one.records.parse(R"({"level":")" + std::string(levels[i]) + R"(","msg":"m)" +
                      std::to_string(i) + "\"}");
    one.records.append(*one.backend);
  }
  Streams streams = decode(one.records.compose(*one.backend, {0, 1, 4, 5}));
  auto lines = [&](const std::string& labels) {
    std::string all;
    for (const Entry& entry : streams[labels]) all += entry.line;
    return all;
  };
  CHECK(lines(R"({level="INFO", service_name="checkout"})") ==
        R"({"message":"m0"}{"message":"m4"}{"message":"m5"})");
  CHECK(lines(R"({level="ERROR", service_name="checkout"})") == R"({"message":"m1"})");
  streams = decode(one.records.compose(*one.backend, {3}));
  CHECK(streams.size() == 1);
}

TEST_CASE("loki: equal times of a stream are moved apart, across requests, too") {
  One one;
  one.prepare();
  auto send_at = [&](int64_t time_ns, const char* level) {
    one.records.parse(R"({"level":")" + std::string(level) + R"(","msg":"tick"})").time_ns =
        time_ns;
    one.records.append(*one.backend);
  };
  for (int i = 0; i < 3; ++i) send_at(1000, "info");
  send_at(1000, "error");
  send_at(2000, "info");
  send_at(1000, "info");
  Streams streams = decode(one.records.compose(*one.backend));
  std::vector<int64_t> times;
  for (const Entry& e : streams[R"({level="INFO", service_name="checkout"})"]) {
    times.push_back(e.time_ns);
  }
  CHECK(times == std::vector<int64_t>{1000, 1001, 1002, 2000, 1003});
  CHECK(streams[R"({level="ERROR", service_name="checkout"})"][0].time_ns == 1000);
  one.records.payload.clear();
  send_at(1000, "info");
  streams = decode(one.records.compose(*one.backend));
  CHECK(streams.begin()->second[0].time_ns == 1004);
}

TEST_CASE("loki: distinct times stay distinct when ranges overlap") {
  DistinctTimes times;
  std::vector<int64_t> sent;
  for (int64_t t = 0; t < 100; ++t) sent.push_back(times.next(7, 5000 + t));
  for (int64_t t = 0; t < 100; ++t) sent.push_back(times.next(7, 5050 + t));
  for (int i = 0; i < 5000; ++i) sent.push_back(times.next(7, 9'000'000));
  std::sort(sent.begin(), sent.end());
  CHECK(std::adjacent_find(sent.begin(), sent.end()) == sent.end());
  CHECK(times.next(8, 9'000'000) == 9'000'000);
}

TEST_CASE("loki: line: message and original") {
  One one;
  std::string bytes = "{\"level\":\"info\",\"msg\":\"caf\\u00e9 \\\"q\\\"\",\"n\":1}";
  SUBCASE("message") {
    one.settings.line = Line::kMessage;
    one.records.parse(bytes);
    CHECK(one.send().second.line == "café \"q\"");
  }
  SUBCASE("without a message, the line") {
    one.settings.line = Line::kMessage;
    one.records.parse(R"({"level":"info","n":1})");
    CHECK(one.send().second.line == R"({"level":"info","n":1})");
  }
  SUBCASE("original") {
    one.settings.line = Line::kOriginal;
    one.records.parse(bytes);
    CHECK(one.send().second.line == bytes);
  }
  SUBCASE("original bytes that are no UTF-8 are replaced") {
    one.settings.line = Line::kOriginal;
    one.records.make("a\xff\xc3(\xe2\x82\xac\xe2\x82").message = clean("x");
    CHECK(one.send().second.line == "a\uFFFD\uFFFD(€\uFFFD\uFFFD");
  }
  SUBCASE("a level that is no label is metadata where the line does not say it") {
    one.settings.line = Line::kMessage;
    one.settings.labels = {"service_name"};
    one.records.parse(bytes);
    auto [labels, entry] = one.send();
    CHECK(labels == R"({service_name="checkout"})");
    CHECK(value_of(entry, "level") == "INFO");
  }
}

TEST_CASE("loki: over-long lines are cut between characters, with a mark") {
  One one;
  one.settings.line = Line::kMessage;
  one.settings.max_line_bytes = 256;
  std::string text;
  for (int i = 0; i < 200; ++i) text += "é";
  one.records.make("x").message = raw(text);
  std::string line = one.send().second.line;
  CHECK(line.size() <= 256);
  size_t mark = line.find("…[truncated ");
  REQUIRE(mark != std::string::npos);
  CHECK(mark % 2 == 0);
  CHECK(line.substr(mark) == "…[truncated " + std::to_string(400 - mark) + " bytes]");
}

TEST_CASE("loki: lengths of every width") {
  for (size_t size : {0u, 1u, 50u, 100u, 127u, 128u, 129u, 16000u, 16383u, 16384u, 200000u}) {
    One one;
    one.settings.line = Line::kMessage;
    std::string text(size, 'x');
    one.records.make("short").message = clean(text);
    CHECK(one.send().second.line == (size == 0 ? "short" : text));
  }
}

TEST_CASE("loki: ids too long for metadata are cut there and whole in the line") {
  One one;
  std::string id(70'000, 'i');
  Record& record = one.records.make("x");
  record.message = clean("m");
  record.request_id = clean(id);
  Entry entry = one.send().second;
  CHECK(value_of(entry, "request_id").size() == 2048);
  CHECK(entry.line.find("\"request_id\":\"" + id) != std::string::npos);
}

TEST_CASE("loki: a resource too large for metadata goes to the line") {
  One one;
  for (int i = 0; i < 150; ++i) {
    one.records.identity.resource.emplace_back("a" + std::to_string(i), "v");
  }
  one.records.identity.resource_json = R"({"all":"of it"})";
  one.records.make("x").message = clean("m");
  Entry entry = one.send().second;
  CHECK(entry.metadata.empty());
  CHECK(entry.line == R"({"message":"m","resource":{"all":"of it"}})");
}

TEST_CASE("loki: names that Loki would make one are kept apart") {
  One one;
  one.records.identity.resource = {{"k8s.pod.name", "1"}, {"k8s_pod_name", "2"}, {"trace.id", "3"}};
  one.records.make("x").message = clean("m");
  Entry entry = one.send().second;
  CHECK(value_of(entry, "k8s_pod_name") == "1");
  CHECK(value_of(entry, "k8s_pod_name_2") == "2");
  CHECK(value_of(entry, "trace_id_2") == "3");
}

TEST_CASE("loki: a record that passes through keeps its own resource") {
  One one;
  one.settings.labels = {"service_name", "level", "k8s.namespace.name"};
  one.records.identity.resource = {{"k8s.namespace.name", "ours"}, {"host.name", "here"}};
  one.records.parse(
      R"({"timestamp":"2026-01-02T03:04:05.000Z","level":"INFO","service_name":"far",)"
      R"("message":"m","resource":{"k8s.namespace.name":"theirs","host.name":"there","n":3},)"
      R"("source":{"input":"i","path":"/p"},"id":"0123456789abcdef0123456789abcdef"})");
  auto [labels, entry] = one.send();
  CHECK(labels == R"({k8s_namespace_name="theirs", level="INFO", service_name="far"})");
  CHECK(value_of(entry, "host_name") == "there");
  CHECK(value_of(entry, "n") == "3");
  CHECK(entry.line == R"({"message":"m"})");
}

TEST_CASE("loki: names") {
  CHECK(sanitised_name("k8s.pod.name") == "k8s_pod_name");
  CHECK(sanitised_name("a..b__c-d") == "a_b_c_d");
  CHECK(sanitised_name("9lives") == "key_9lives");
  CHECK(sanitised_name("größe") == "gr_e");
  CHECK(sanitised_name("...") == "attribute");
  CHECK(sanitised_name("") == "attribute");
}

}  // namespace
}  // namespace waybill::outputs::loki
