// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>
#include <simdjson.h>

#include "outputs/elasticsearch/ecs.h"
#include "outputs/elasticsearch/encoder.h"
#include "outputs/test_records.h"

namespace waybill::outputs::elasticsearch {
namespace {

using http::Outcome;

http::Url url_of(std::string_view text) {
  auto url = http::parse_url(text);
  REQUIRE(url);
  return *url;
}

constexpr std::string_view kAction =
    "{\"create\":{\"_id\":\"a0a1a2a3a4a5a6a7a8a9aaabacadaeaf\"}}\n";

struct One {
  TestRecords records;
  Settings settings;
  std::unique_ptr<Backend> backend;

  One() { settings.data_stream = "logs-checkout-default"; }
  void prepare() {
    backend = std::make_unique<Backend>(
        settings, std::vector<http::Url>{url_of("https://es:9200/p"), url_of("http://b")});
    REQUIRE(backend->prepare(records.identity));
  }
  // The newest record's document, without action and line end; valid JSON without equal keys.
  std::string send() {
    if (!backend) prepare();
    records.payload.clear();
    records.append(*backend);
    delivery::Body body = records.compose(*backend);
    std::string text(body.bytes.view());
    CHECK(body.plain_size == text.size());
    REQUIRE(text.substr(0, kAction.size()) == kAction);
    REQUIRE(text.back() == '\n');
    text = text.substr(kAction.size(), text.size() - kAction.size() - 1);
    CHECK(text.find('\n') == std::string::npos);
    simdjson::dom::parser parser;
    simdjson::dom::object object;
    REQUIRE(parser.parse(text).get(object) == simdjson::SUCCESS);
    std::vector<std::string_view> keys;
    for (auto field : object) keys.push_back(field.key);
    std::sort(keys.begin(), keys.end());
    CHECK(std::adjacent_find(keys.begin(), keys.end()) == keys.end());
    return text;
  }
};

TEST_CASE("elasticsearch: every place of the mapping") {
  One one;
  one.records.identity.resource = {{"deployment.environment.name", "production"},
                                   {"host.name", "node"},
                                   {"k8s.namespace.name", "shop"},
                                   {"k8s.pod.name", "pod-1"},
                                   {"service.version", "1.4.2"},
                                   {"team", "pay\"ments"}};
  Record& record = one.records.parse(
      R"({"ts":"2026-01-02T03:04:05.000000006Z","level":"warn","msg":"a\n\"b\"","logger":"http",)"
      R"("caller":"server/h.go:042","thread":"main","user":{"id":7,"x":[1,{"y":null}]},)"
      R"("n":12345678901234567890,"request_id":"r-1","tenant_id":"acme","correlation_id":"c"})");
  record.trace_id = clean("4bf92f3577b34da6a3ce929d0e0e4736");
  record.span_id = clean("00f067aa0ba902b7");
  record.trace_flags = 1;
  record.trace_origin = TraceOrigin::kField;
  ErrorInfo error;
  error.kind = clean("timeout");
  error.type = clean("E");
  error.code = clean("ETIMEDOUT");
  error.message = clean("slow");
  error.stack = json("at a\\nat b");
  record.error = &error;
  CHECK(one.send() ==
        R"({"@timestamp":"2026-01-02T03:04:05.000000006Z","log.level":"WARN",)"
        R"("message":"a\n\"b\"","service.name":"checkout",)"
        R"("trace.id":"4bf92f3577b34da6a3ce929d0e0e4736","span.id":"00f067aa0ba902b7",)"
        R"("labels.trace_flags":"01","labels.trace_origin":"field","http.request.id":"r-1",)"
        R"("labels.correlation_id":"c","organization.id":"acme","log.logger":"http",)"
        R"("process.thread.name":"main","log.origin.file.name":"server/h.go",)"
        R"("log.origin.file.line":42,"error.type":"E","error.code":"ETIMEDOUT",)"
        R"("error.message":"slow","error.stack_trace":"at a\nat b","labels.error_kind":"timeout",)"
        R"("context":{"user":{"id":7,"x":[1,{"y":null}]},"n":12345678901234567890},)"
        R"("log.file.path":"/var/log/app.log","log.offset":4711,)"
        R"("service.environment":"production","host.name":"node","orchestrator.namespace":"shop",)"
        R"("orchestrator.resource.name":"pod-1","service.version":"1.4.2",)"
        R"("labels.team":"pay\"ments","orchestrator.type":"kubernetes",)"
        R"("orchestrator.resource.type":"pod"})");
}

TEST_CASE("elasticsearch: an index of the record's day") {
  One one;
  one.settings.data_stream.clear();
  one.settings.index = "logs-%Y.%m.%d";
  one.prepare();
  CHECK(one.backend->endpoint().urls[0].find("https://es:9200/p/_bulk?") == 0);
  one.records.parse(R"({"ts":"2026-01-02T23:59:59.9Z","msg":"x"})");
  one.records.append(*one.backend);
  std::string body(one.records.compose(*one.backend).bytes.view());
  CHECK(body.find("{\"create\":{\"_index\":\"logs-2026.01.02\",\"_id\":"
                  "\"a0a1a2a3a4a5a6a7a8a9aaabacadaeaf\"}}\n{\"@timestamp\"") == 0);
  CHECK(index_wildcard(one.settings) == "logs-*.*.*");
  one.settings.index = "100%%-%Y%m";
  CHECK(index_wildcard(one.settings) == "100%-*");
}

TEST_CASE("elasticsearch: the least there can be") {
  One one;
  one.records.source->path.clear();
  one.records.make("x").time_digits = 3;
  CHECK(one.send() == R"({"@timestamp":"2023-11-14T22:13:21.000Z","service.name":"checkout"})");
}

TEST_CASE("elasticsearch: texts of every form") {
  One one;
  Record& record = one.records.make("x");
  record.message = raw(std::string_view("a\"\\\n\x01\0b", 7));
  record.logger = json("\\u0000\\ud83d\\ude00");
  record.service_name = raw("se\"r");
  record.caller = json("a\\\"b:x");
  std::string document = one.send();
  CHECK(document.find(R"("message":"a\"\\\n\u0001\u0000b")") != std::string::npos);
  CHECK(document.find(R"("log.logger":"\u0000\ud83d\ude00")") != std::string::npos);
  CHECK(document.find(R"("service.name":"se\"r")") != std::string::npos);
  CHECK(document.find(R"("log.origin.function":"a\"b:x")") != std::string::npos);
}

TEST_CASE("elasticsearch: lines that hold ECS names as scalars cannot break the mapping") {
  One one;
  one.records.parse(R"({"level":"info","msg":"m","host":"h","log":1,"labels":"x","error_x":2})");
  std::string document = one.send();
  CHECK(document.find(R"("context":{"host":"h","log":1,"labels":"x","error_x":2})") !=
        std::string::npos);
}

TEST_CASE("elasticsearch: flat is the canonical form with @timestamp") {
  One one;
  one.settings.mapping = Mapping::kFlat;
  one.records.identity.resource_json = R"({"team":"x"})";
  one.records.parse(R"({"ts":"2026-01-02T03:04:05.678Z","level":"info","msg":"m","k":{"a":1}})");
  CHECK(one.send() ==
        R"({"@timestamp":"2026-01-02T03:04:05.678Z","timestamp":"2026-01-02T03:04:05.678Z",)"
        R"("level":"INFO","service_name":"checkout","message":"m","context":{"k":{"a":1}},)"
        R"("resource":{"team":"x"},"source":{"input":"app","path":"/var/log/app.log",)"
        R"("offset":4711,"format":"json"},"id":"a0a1a2a3a4a5a6a7a8a9aaabacadaeaf"})");
}

TEST_CASE("elasticsearch: a record that passes through keeps what it brought") {
  One one;
  one.records.identity.resource = {{"host.name", "here"}};
  Record& record = one.records.parse(
      R"({"timestamp":"2026-01-02T03:04:05.000Z","message":"m","service_name":"far",)"
      R"("resource":{"host.name":"there","a.b":"q\"q"},)"
      R"("source":{"input":"i","path":"/p","offset":12},"sample_rate":10,)"
      R"("id":"0123456789abcdef0123456789abcdef"})");
  for (size_t i = 0; i < 16; ++i) record.id[i] = static_cast<uint8_t>(i + 0xa0);
  CHECK(one.send() ==
        R"({"@timestamp":"2026-01-02T03:04:05.000Z","message":"m","service.name":"far",)"
        R"("log.file.path":"/p","log.offset":12,"waybill.sample_rate":10,"host.name":"there",)"
        R"("labels.a_b":"q\"q"})");
}

TEST_CASE("elasticsearch: a part of a payload") {
  One one;
  one.prepare();
  std::vector<std::string> documents;
  for (int i = 0; i < 5; ++i) {
    one.records.make("x").message =
        clean(std::string_view("01234").substr(static_cast<size_t>(i), 1));
    one.records.append(*one.backend);
  }
  std::string text(one.records.compose(*one.backend, {0, 2, 3}).bytes.view());
  CHECK(std::count(text.begin(), text.end(), '\n') == 6);
  std::string messages;
  constexpr std::string_view key = "\"message\":\"";
  for (size_t at = text.find(key); at != std::string::npos; at = text.find(key, at + 1)) {
    messages += text[at + key.size()];
  }
  CHECK(messages == "023");
}

TEST_CASE("elasticsearch: ECS names of resource attributes") {
  CHECK(ecs_name("host.arch") == "host.architecture");
  CHECK(ecs_name("cloud.region") == "cloud.region");
  CHECK(ecs_name("k8s.cluster.name") == "orchestrator.cluster.name");
  CHECK(ecs_name("k8s.node.name") == "kubernetes.node.name");
  CHECK(ecs_name("k8s.pod.label.app.kubernetes.io/name") ==
        "labels.k8s_pod_label_app_kubernetes_io/name");
  CHECK(ecs_name("a.b*c\\d") == "labels.a_b_c_d");
  // Two for one field: the second is a label. A label that records bring is not overwritten.
  Fields fields = ecs_resource({{"deployment.environment", "a"},
                                {"deployment.environment.name", "b"},
                                {"correlation_id", "c"},
                                {"x.y", "1"},
                                {"x_y", "2"}});
  CHECK(fields == Fields{{"service.environment", "a"},
                         {"labels.deployment_environment_name", "b"},
                         {"labels.correlation_id_2", "c"},
                         {"labels.x_y", "1"},
                         {"labels.x_y_2", "2"}});
}

TEST_CASE("elasticsearch: where requests go") {
  One one;
  one.settings.pipeline = "a b&c";
  one.prepare();
  const http::Endpoint& endpoint = one.backend->endpoint();
  REQUIRE(endpoint.urls.size() == 2);
  // As Signature Version 4 wants it: sorted, and escaped.
  CHECK(endpoint.urls[0] ==
        "https://es:9200/p/logs-checkout-default/_bulk?filter_path=errors%2Citems.%2A.status%2C"
        "items.%2A.error%2Citems.%2A.failure_store&pipeline=a%20b%26c");
  CHECK(endpoint.headers == std::vector<std::string>{"Content-Type: application/x-ndjson"});
  CHECK(endpoint.coding == http::Coding::kNone);
}

TEST_CASE("elasticsearch: what a cluster answers to a check") {
  One one;
  one.prepare();
  std::vector<http::Probe> probes = one.backend->probes();
  REQUIRE(probes.size() == 5);  // a bulk request to each of two, and three more to the first
  CHECK(probes[2].url == "https://es:9200/p/_resolve/index/logs-checkout-default");
  CHECK(probes[3].body ==
        R"({"index":[{"names":["logs-checkout-default"],"privileges":["create_doc"]}]})");
  // "words", "warning: words" or "fault: words".
  auto told = [&](size_t number, int status, std::string_view body) {
    auto found = one.backend->judge_probe(probes[number], {status, body, "", {}});
    if (!found) return "fault: " + found.error().what;
    if (found->clock) return std::to_string(*found->clock);
    return found->warning.empty() ? found->words : "warning: " + found->warning;
  };
  const std::string required =
      R"({"error":{"type":"parse_exception","reason":"request body is required"},"status":400})";
  CHECK(told(0, 400, required) == "answers, and takes our credentials");
  CHECK(told(1, 400, "plain HTTP") == "fault: HTTP 400: plain HTTP");
  CHECK(told(1, 401, "").find("fault: HTTP 401") == 0);
  CHECK(told(2, 200, R"({"indices":[],"data_streams":[{"name":"x"}]})") ==
        "has the data stream logs-checkout-default");
  CHECK(told(2, 200, R"({"indices":[{"name":"x"}],"data_streams":[]})").find("no data stream") !=
        std::string::npos);
  CHECK(told(2, 404, "{}").find("warning: there is no data stream") == 0);
  CHECK(told(2, 403, "{}").find("may not look") != std::string::npos);
  CHECK(told(2, 400, "no handler found") == "");
  CHECK(told(3, 200, R"({"has_all_requested":true})") == "lets us write to logs-checkout-default");
  CHECK(told(3, 200, R"({"has_all_requested":false})").find("fault: our credentials may not") == 0);
  CHECK(told(3, 400, R"({"error":"no handler found for uri"})") == "");
  CHECK(told(4, 200, R"([{"epoch":"1732860000"}])") == "1732860000");
  CHECK(told(4, 403, "{}") == "");
  CHECK(told(4, 200, R"([{"epoch":"x"}])") == "");
}

TEST_CASE("elasticsearch: settings") {
  const Descriptor& es = descriptor();
  auto faults = [&](const std::string& more) {
    return faults_of(es, "{type: elasticsearch, endpoints: ['http://es:9200'], " + more + "}");
  };
  CHECK(faults("data_stream: logs-checkout-default") == "");
  CHECK(faults("index: app-2026") == "");
  CHECK(faults("data_stream: mine-x") == "");
  CHECK(faults("compression: gzip, index: x, mapping: flat") == "");
  CHECK(faults("mapping: ecs").find("say where documents go") != std::string::npos);
  CHECK(faults("index: a, data_stream: b").find("one of them") != std::string::npos);
  for (std::string name : {"Logs-a-b", "logs-a", "logs-a-b-c", "logs--x", "'a b'", "'a/b'", "_x",
                           "'-x'", ".ds-x", "'a*'", "'a,b'", "'a:b'", "'a#b'"}) {
    CHECK_MESSAGE(!faults("data_stream: " + name).empty(), name);
  }
  CHECK(faults_of(es, "{endpoints: ['http://a'], index: 'logs-%Y.%m.%d'}") == "");
  CHECK(faults_of(es, "{endpoints: ['http://a'], index: 'logs-%M'}").find("%M is none of") !=
        std::string::npos);
  CHECK(faults_of(es, "{endpoints: ['http://a'], index: '%Y/x'}") != "");
  CHECK(faults_of(es, "{index: a}").find("endpoints") != std::string::npos);
  CHECK(faults_of(es, "{index: a, endpoints: []}") != "");
  CHECK(faults_of(es, "{index: a, endpoints: ['http://a', 'es:9200']}") != "");
  Identity identity;
  identity.service_name = "My-Shop/check out";
  CHECK(data_stream_of(identity.service_name) == "logs-my_shop_check_out-default");
  CHECK(data_stream_fault(data_stream_of(std::string(300, 'x'))) == "");
  CHECK(data_stream_of("") == "logs-unknown_service-default");
  CHECK(es.to_section("https://es:9200", identity) ==
        "{type: elasticsearch, endpoints: [\"https://es:9200\"], data_stream: "
        "\"logs-my_shop_check_out-default\"}");
  CHECK(faults_of(es, es.to_section("https://es:9200", identity)) == "");
}

// ---- replies ----

http::Verdict judge(int status, std::string_view body, uint32_t records = 3) {
  One one;
  one.prepare();
  for (uint32_t i = 0; i < records; ++i) {
    one.records.make("x");
    one.records.append(*one.backend);
  }
  std::vector<uint32_t> picks = one.records.all();
  return one.backend->judge({status, body, "application/json", {}},
                            {one.records.payload, picks, 1});
}

std::string items(std::initializer_list<const char*> results) {
  std::string text = "{\"errors\":true,\"items\":[";
  for (const char* result : results) {
    if (text.back() == '}') text += ',';
    text += "{\"create\":" + std::string(result) + "}";
  }
  return text + "]}";
}

TEST_CASE("elasticsearch: what was stored, now or before, is delivered") {
  CHECK(judge(200, items({R"({"status":201})", R"({"status":200})",
                          R"({"status":409,"error":{)"
                          R"("type":"version_conflict_engine_exception","reason":"exists"}})"}))
            .outcome == Outcome::kDelivered);
  CHECK(judge(200,
              "{\n  \"errors\" : false,\n  \"items\" : [\n    { \"create\" : { \"status\" : "
              "201 } }\n  ]\n}\n",
              1)
            .outcome == Outcome::kDelivered);
}

TEST_CASE("elasticsearch: each item's own status counts") {
  http::Verdict verdict = judge(
      200,
      items({R"({"status":201})",
             R"({"status":400,"error":{"type":"document_parsing_exception","reason":"[1:2] )"
             R"(failed","caused_by":{"type":"x","reason":"not a date"}}})",
             R"({"status":429,"error":{"type":"es_rejected_execution_exception",)"
             R"("reason":"full"}})",
             R"({"status":404,"error":{"type":"index_not_found_exception","reason":"no"}})",
             R"({"status":503})", R"({"status":403,"error":{"type":"cluster_block_exception"}})"}),
      6);
  CHECK(verdict.outcome == Outcome::kPartial);
  REQUIRE(verdict.items.size() == 5);
  CHECK(verdict.items[0].position == 1);
  CHECK_FALSE(verdict.items[0].retry);
  CHECK(verdict.items[0].reason == "document_parsing_exception: [1:2] failed (not a date)");
  CHECK(verdict.items[1].retry);
  CHECK(verdict.items[1].reason == "es_rejected_execution_exception: full");
  CHECK(verdict.items[2].retry);
  CHECK(verdict.items[3].retry);
  CHECK(verdict.items[3].reason == "status 503");
  CHECK(verdict.items[4].retry);
  CHECK(verdict.unnamed == 0);
}

TEST_CASE("elasticsearch: a field of another type is moved, and the document sent again") {
  One one;
  one.prepare();
  for (const char* line : {R"({"msg":"a","n":1})", R"({"msg":"b","n":"x"})"}) {
    one.records.parse(line);
    one.records.append(*one.backend);
  }
  const std::string body = items(
      {R"({"status":201})",
       R"({"status":400,"error":{"type":"document_parsing_exception","reason":"[1:2] failed to )"
       R"(parse field [context.n] of type [long] in document with id '1'"}})"});
  std::vector<uint32_t> picks = one.records.all();
  auto retried = [&](uint32_t attempt) {
    http::Verdict verdict = one.backend->judge({200, body, "application/json", {}},
                                               {one.records.payload, picks, attempt});
    REQUIRE(verdict.items.size() == 1);
    return verdict.items[0].retry;
  };
  std::string before(one.records.compose(*one.backend).bytes.view());
  SUBCASE("moved") {
    CHECK(retried(1));
    std::string after(one.records.compose(*one.backend).bytes.view());
    CHECK(after.find(R"("context":{"n":1})") != after.npos);
    CHECK(after.find(R"("context":{"n_text":"x"})") != after.npos);
    CHECK(after.size() == before.size() + 5);
    CHECK(retried(2));
    CHECK_FALSE(retried(3));
  }
  SUBCASE("not where that is not wanted") {
    one.settings.type_conflicts = TypeConflicts::kReject;
    one.prepare();
    CHECK_FALSE(retried(1));
    CHECK(one.records.compose(*one.backend).bytes.view() == before);
  }
}

TEST_CASE("elasticsearch: everything forbidden is a matter of settings") {
  const char* item = R"({"status":403,"error":{"type":"security_exception","reason":"no write"}})";
  http::Verdict verdict = judge(200, items({item, item}), 2);
  CHECK(verdict.outcome == Outcome::kMisconfigured);
  CHECK(verdict.reason == "security_exception: no write");
}

TEST_CASE("elasticsearch: documents that were diverted are delivered, and said") {
  http::Verdict verdict =
      judge(200,
            R"({"errors":false,"items":[{"create":{"status":201,"failure_store":"used"}},)"
            R"({"create":{"status":201,"failure_store":"not_applicable_or_unknown"}}]})",
            2);
  CHECK(verdict.outcome == Outcome::kDelivered);
  CHECK(verdict.reason.find("1 of 2 documents") == 0);
}

TEST_CASE("elasticsearch: a reply that does not fit is no success") {
  for (std::string body :
       {"", "<html>", "{}", R"({"items":[]})", R"({"items":7})",
        R"({"items":[{"create":{}},{"create":{}}]})", R"({"items":[{"create":{"status":201}}]})",
        R"({"items":[1,2]})", R"({"items":[{},{}]})",
        R"({"items":[{"create":{"status":201}},{"create":{"status":201}},)"
        R"({"create":{"status":201}}]})"}) {
    http::Verdict verdict = judge(200, body, 2);
    CHECK_MESSAGE(verdict.outcome == Outcome::kRetry, body);
    CHECK_FALSE(verdict.reason.empty());
  }
}

TEST_CASE("elasticsearch: requests as a whole") {
  CHECK(judge(413, "").outcome == Outcome::kSplit);
  CHECK(judge(429, "").outcome == Outcome::kRetry);
  CHECK(judge(503, "").outcome == Outcome::kRetry);
  CHECK(judge(404, "").outcome == Outcome::kMisconfigured);
  http::Verdict verdict = judge(
      401,
      R"({"error":{"root_cause":[],"type":"security_exception","reason":"missing"},"status":401})");
  CHECK(verdict.outcome == Outcome::kMisconfigured);
  CHECK(verdict.reason == "security_exception: missing");
  CHECK(judge(400, R"({"error":{"type":"illegal_argument_exception","reason":"Malformed"}})")
            .outcome == Outcome::kBisect);
  CHECK(judge(400, R"({"error":{"type":"invalid_index_name_exception","reason":"x"}})").outcome ==
        Outcome::kMisconfigured);
  CHECK(judge(400, R"({"error":"no handler found"})").reason == "no handler found");
}

}  // namespace
}  // namespace waybill::outputs::elasticsearch
