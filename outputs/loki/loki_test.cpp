// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>
#include <snappy.h>

#include <map>
#include <protozero/pbf_reader.hpp>

#include "outputs/loki/encoder.h"
#include "outputs/test_records.h"

namespace waybill::outputs::loki {
namespace {

using http::Outcome;

http::Url test_url() {
  auto url = http::parse_url("http://loki:3100");
  REQUIRE(url);
  return *url;
}

struct Entry {
  int64_t time_ns = 0;
  std::string line;
  std::vector<std::pair<std::string, std::string>> metadata;
};
using Streams = std::map<std::string, std::vector<Entry>>;

// A push request read by another program than the one that wrote it.
Streams decode(const delivery::Body& body) {
  std::string plain;
  REQUIRE(snappy::Uncompress(body.bytes.data(), body.bytes.size(), &plain));
  CHECK(plain.size() == body.plain_size);
  Streams streams;
  protozero::pbf_reader request(plain);
  while (request.next()) {
    REQUIRE(request.tag() == 1);
    protozero::pbf_reader stream = request.get_message();
    REQUIRE(stream.next(1));
    std::string labels = stream.get_string();
    CHECK(streams.count(labels) == 0);
    while (stream.next()) {
      REQUIRE(stream.tag() == 2);
      protozero::pbf_reader fields = stream.get_message();
      Entry entry;
      while (fields.next()) {
        protozero::pbf_reader inner;
        switch (fields.tag()) {
          case 1:
            inner = fields.get_message();
            while (inner.next()) {
              int64_t value = inner.get_int64();
              entry.time_ns += inner.tag() == 1 ? value * 1'000'000'000 : value;
            }
            break;
          case 2: entry.line = fields.get_string(); break;
          default: {
            REQUIRE(fields.tag() == 3);
            inner = fields.get_message();
            REQUIRE(inner.next(1));
            std::string name = inner.get_string();
            REQUIRE(inner.next(2));
            entry.metadata.emplace_back(name, inner.get_string());
          }
        }
      }
      streams[labels].push_back(std::move(entry));
    }
  }
  return streams;
}

// One record through settings; what Loki gets of it.
struct One {
  TestRecords records;
  Settings settings;
  std::unique_ptr<Backend> backend;

  void prepare() {
    backend = std::make_unique<Backend>(settings, test_url());
    REQUIRE(backend->prepare(records.identity));
  }
  std::pair<std::string, Entry> send() {
    if (!backend) prepare();
    records.append(*backend);
    Streams streams = decode(records.compose(*backend));
    REQUIRE(streams.size() == 1);
    REQUIRE(streams.begin()->second.size() == 1);
    return {streams.begin()->first, streams.begin()->second.front()};
  }
};

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

TEST_CASE("loki: settings") {
  const Descriptor& loki = descriptor();
  CHECK(faults_of(loki, "{type: loki, endpoint: 'http://loki:3100'}") == "");
  CHECK(faults_of(loki, "{type: loki}").find("endpoint") != std::string::npos);
  auto labels = [&](const std::string& list) {
    return faults_of(loki, "{endpoint: 'http://l', labels: [" + list + "]}");
  };
  CHECK(labels("service_name, level, k8s.namespace.name, cluster") == "");
  for (std::string id : {"trace_id", "trace.id", "request_id", "tenant_id", "correlation_id"}) {
    CHECK_MESSAGE(labels(id).find("a stream of its own") != std::string::npos, id);
  }
  CHECK(labels("message").find("resource attributes") != std::string::npos);
  CHECK(labels("a.b, a_b").find("twice") != std::string::npos);
  std::string many;
  for (int i = 0; i < 16; ++i) many += "l" + std::to_string(i) + ", ";
  CHECK(labels(many + "service_name").find("16 labels") != std::string::npos);
  auto tenant = [&](const std::string& id) {
    return faults_of(loki, "{endpoint: 'http://l', tenant: \"" + id + "\"}");
  };
  CHECK(tenant("acme-1.(x)!_*'") == "");
  for (std::string id : {"a|b", "a b", "..", "a:b", "größe", "a\\r\\nX: y"}) {
    CHECK_MESSAGE(!tenant(id).empty(), id);
  }
  CHECK(!tenant(std::string(151, 'a')).empty());
  CHECK(faults_of(loki, "{endpoint: 'http://l', line: all}").find("record") != std::string::npos);
  CHECK(faults_of(loki, loki.to_section("http://l:3100/x", {})) == "");
}

TEST_CASE("loki: where requests go") {
  Settings settings;
  settings.tenant = "acme";
  Backend backend(settings, test_url());
  CHECK(backend.endpoint().urls == std::vector<std::string>{"http://loki:3100/loki/api/v1/push"});
  CHECK(backend.endpoint().headers ==
        std::vector<std::string>{"Content-Type: application/x-protobuf", "X-Scope-OrgID: acme"});
  REQUIRE(backend.probes().size() == 1);
  CHECK(backend.judge_probe({422, "at least one valid stream", "text/plain", {}}));
  CHECK_FALSE(backend.judge_probe({401, "no org id", "text/plain", {}}));
}

// ---- replies ----

struct Judged {
  One one;
  http::Verdict judge(int status, std::string_view body, uint32_t attempt = 1) {
    std::vector<uint32_t> picks = one.records.all();
    return one.backend->judge({status, body, "text/plain", {}},
                              {one.records.payload, picks, attempt});
  }
  // Entries of one second each from 1700000000 on, alternately INFO and WARN.
  explicit Judged(int entries = 4, size_t line = 10) {
    one.settings.line = Line::kMessage;
    one.prepare();
    std::string text(line, 'x');
    for (int i = 0; i < entries; ++i) {
      Record& record = one.records.make("x");
      record.message = clean(text);
      record.level = i % 2 == 0 ? Level::kInfo : Level::kWarn;
      record.time_ns = (1'700'000'000 + i) * int64_t{1'000'000'000} + 5;
      one.records.append(*one.backend);
    }
  }
};

std::vector<uint32_t> positions(const http::Verdict& verdict) {
  std::vector<uint32_t> all;
  for (const http::Item& item : verdict.items) {
    CHECK_FALSE(item.retry);
    all.push_back(item.position);
  }
  return all;
}

TEST_CASE("loki: statuses") {
  Judged judged;
  struct Case {
    int status;
    const char* body;
    Outcome outcome;
  };
  for (const Case& c : {
           Case{204, "", Outcome::kDelivered},
           Case{200, "", Outcome::kDelivered},
           Case{260, "blocked", Outcome::kRejected},
           Case{202, "", Outcome::kRejected},
           Case{401, "no org id", Outcome::kMisconfigured},
           Case{403, "", Outcome::kMisconfigured},
           Case{404, "404 page not found", Outcome::kMisconfigured},
           Case{413, "", Outcome::kSplit},
           Case{429, "Ingestion rate limit exceeded", Outcome::kRetry},
           Case{500, "empty ring", Outcome::kRetry},
           Case{502, "", Outcome::kRetry},
           Case{503, "", Outcome::kRetry},
           Case{400, "snappy: corrupt input", Outcome::kBisect},
           Case{400, "couldn't parse labels: 1:3: parse error", Outcome::kBisect},
           Case{400, "multiple org IDs present", Outcome::kMisconfigured},
           Case{400, "Client sent an HTTP request to an HTTPS server.", Outcome::kMisconfigured},
           Case{400, "ingestion blocked for user fake until 'x' with status code '400'",
                Outcome::kRejected},
       }) {
    CHECK_MESSAGE(judged.judge(c.status, c.body).outcome == c.outcome, c.status, " ",
                  std::string(c.body));
  }
  CHECK(judged.judge(260, "").drop == DropReason::kBlocked);
  CHECK_FALSE(judged.judge(260, "").reason.empty());
}

TEST_CASE("loki: a large request that is refused again and again is halved") {
  Judged large(10, 20'000);
  CHECK(large.judge(429, "", 2).outcome == Outcome::kRetry);
  CHECK(large.judge(429, "", 3).outcome == Outcome::kSplit);
  Judged small(10, 20);
  CHECK(small.judge(429, "", 30).outcome == Outcome::kRetry);
  Judged lone(1, 200'000);
  CHECK(lone.judge(429, "", 30).outcome == Outcome::kRetry);
}

TEST_CASE("loki: a 400 of the ingester names the entries by their time") {
  Judged judged;
  http::Verdict verdict = judged.judge(
      400,
      "entry with timestamp 2023-11-14 22:13:21.000000005 +0000 UTC ignored, reason: 'entry too "
      "far behind, oldest acceptable timestamp is: 2023-11-14T23:00:00Z',\n"
      "user 'fake', total ignored: 1 out of 2 for stream: {level=\"WARN\", "
      "service_name=\"checkout\"}");
  CHECK(verdict.outcome == Outcome::kPartial);
  CHECK(positions(verdict) == std::vector<uint32_t>{1});
  CHECK(verdict.items[0].reason.find("too far behind") != std::string::npos);
  CHECK(verdict.unnamed == 0);
}

TEST_CASE("loki: what a 400 counts and does not name is counted") {
  Judged judged;
  http::Verdict verdict =
      judged.judge(400, "user 'fake', total ignored: 2 out of 2 for stream: {level=\"INFO\"}");
  CHECK(verdict.outcome == Outcome::kPartial);
  CHECK(verdict.items.empty());
  CHECK(verdict.unnamed == 2);
  // Never more than were sent.
  CHECK(judged.judge(400, "total ignored: 99 out of 99 for stream: {}").unnamed == 4);
}

TEST_CASE("loki: a 400 of the distributor") {
  Judged judged;
  SUBCASE("one entry, alone") {
    http::Verdict verdict = judged.judge(
        400,
        "entry for stream '{level=\"INFO\", service_name=\"checkout\"}' has timestamp too old: "
        "2023-11-14T22:13:22Z, oldest acceptable timestamp is: 2026-01-01T00:00:00Z");
    CHECK(verdict.outcome == Outcome::kPartial);
    CHECK(positions(verdict) == std::vector<uint32_t>{2});
    CHECK(verdict.unnamed == 0);
  }
  SUBCASE("several, grouped") {
    http::Verdict verdict = judged.judge(
        400,
        "1 errors like: entry for stream '{level=\"WARN\", service_name=\"checkout\"}' has "
        "timestamp too old: 2023-11-14T22:13:21Z, oldest acceptable timestamp is: "
        "2026-01-01T00:00:00Z; 2 errors like: Max entry size '262144' bytes exceeded for "
        "stream '{level=\"INFO\", service_name=\"checkout\"}' while adding an entry with "
        "length '300000' bytes");
    CHECK(verdict.outcome == Outcome::kPartial);
    CHECK(positions(verdict) == std::vector<uint32_t>{1});
    CHECK(verdict.unnamed == 2);
  }
  SUBCASE("a whole stream") {
    http::Verdict verdict = judged.judge(
        400, "stream '{level=\"WARN\", service_name=\"checkout\"}' has label value too long: 'x'");
    CHECK(verdict.outcome == Outcome::kPartial);
    CHECK(positions(verdict) == std::vector<uint32_t>{1, 3});
    CHECK(verdict.unnamed == 0);
  }
  SUBCASE("a stream that Loki writes in other words") {
    http::Verdict verdict =
        judged.judge(400, "stream '{other=\"x\"}' has duplicate label name: 'other'");
    CHECK(verdict.outcome == Outcome::kPartial);
    CHECK(verdict.unnamed == 1);
  }
}

}  // namespace
}  // namespace waybill::outputs::loki
