// SPDX-License-Identifier: Apache-2.0
#include "outputs/loki/labels.h"

#include <doctest/doctest.h>

#include "delivery/test_support.h"
#include "outputs/loki/test_bench.h"
#include "outputs/loki/wire.h"

namespace waybill::outputs::loki {
namespace {

using test::decode;
using test::One;

std::string value_of(const test::Entry& entry, std::string_view name) {
  for (const auto& [key, text] : entry.metadata) {
    if (key == name) return text;
  }
  return {};
}

std::string labels_of_line(One& one, const std::string& line) {
  one.records.parse(line);
  return one.send().first;
}

TEST_CASE("loki: labels from templates") {
  One one;
  one.records.identity.resource = {{"host.name", "node-1"}};
  one.settings.labels = {"app={service_name}-{context.component}", "code={context.status}",
                         "host={resource.host.name}", "site=x{{1}}", "loud={level}"};
  SUBCASE("every place has a value") {
    CHECK(labels_of_line(one, R"({"component":"a\"b","status":200,"level":"warn"})") ==
          R"({app="checkout-a\"b", code="200", host="node-1", loud="WARN", )"
          R"(service_name="checkout", site="x{1}"})");
  }
  SUBCASE("a label with a place that has none is left out") {
    CHECK(labels_of_line(one, R"({"level":"info","status":{"deep":1}})") ==
          R"({host="node-1", loud="INFO", service_name="checkout", site="x{1}"})");
  }
}

TEST_CASE("loki: a label with too many values becomes structured metadata") {
  delivery::test::LogCapture log;
  One one;
  one.settings.labels = {"level", "route={context.route}"};
  one.settings.max_label_values = 3;
  one.settings.line = Line::kMessage;
  one.prepare();
  for (int i = 0; i < 6; ++i) {
    one.records.parse(R"({"msg":"m","level":"info","route":"/r)" + std::to_string(i % 5) + "\"}");
    one.records.append(*one.backend);
  }
  test::Streams streams = decode(one.records.compose(*one.backend));
  REQUIRE(streams.size() == 4);
  CHECK(streams.count(R"({level="INFO", route="/r2", service_name="checkout"})") == 1);
  const auto& demoted = streams[R"({level="INFO", service_name="checkout"})"];
  REQUIRE(demoted.size() == 3);
  CHECK(value_of(demoted[0], "route") == "/r3");
  CHECK(value_of(demoted[1], "route") == "/r4");
  CHECK(value_of(demoted[2], "route") == "/r0");  // for good
  CHECK(log.count("the label 'route' has more than 3 values") == 1);
}

TEST_CASE("loki: what a label is called when it is demoted collides with nothing") {
  One one;
  one.records.identity.resource = {{"host.name", "node-1"}};
  one.settings.labels = {"host_name={context.host}"};
  one.settings.max_label_values = 1;
  one.prepare();
  for (const char* host : {"a", "b"}) {
    one.records.parse(std::string(R"({"host":")") + host + "\"}");
    one.records.append(*one.backend);
  }
  test::Streams streams = decode(one.records.compose(*one.backend));
  REQUIRE(streams.size() == 2);
  const test::Entry& entry = streams[R"({service_name="checkout"})"].front();
  CHECK(value_of(entry, "host_name") == "b");
  CHECK(value_of(entry, "host_name_2") == "node-1");
}

TEST_CASE("loki: a tenant per record, and requests of one tenant each") {
  One one;
  one.settings.tenant = "team-{tenant_id}";
  one.settings.default_tenant = "others";
  one.prepare();
  for (const char* line :
       {R"({"msg":"1","tenant_id":"a"})", R"({"msg":"2"})", R"({"msg":"3","tenant_id":"x|y"})",
        R"({"msg":"4","tenant_id":"a"})", R"({"msg":"5","tenant_id":"a\r\nX: y"})"}) {
    one.records.parse(line);
    one.records.append(*one.backend);
  }
  const delivery::Payload& payload = one.records.payload;
  REQUIRE(payload.group_count == 2);
  CHECK(one.backend->request_key(payload.groups[0]) == "team-a");
  CHECK(one.backend->request_key(payload.groups[1]) == "others");
  CHECK(one.backend->request_header("others") == "X-Scope-OrgID: others");
  CHECK(one.records.compose(*one.backend).bytes.size() == 0);
  test::Streams streams = decode(one.records.compose(*one.backend, {1, 2, 4}));
  REQUIRE(streams.size() == 1);
  CHECK(streams.begin()->first == R"({service_name="checkout"})");
  CHECK(streams.begin()->second.size() == 3);
  REQUIRE(one.backend->probes().size() == 1);
  CHECK(one.backend->probes()[0].header == "X-Scope-OrgID: others");
  CHECK(tenant_of("team-a{b=\"{\"}") == "team-a");
  CHECK(labels_of("{b=\"{\"}") == "{b=\"{\"}");
}

TEST_CASE("loki: what is too old or too far ahead for the server is refused before it is sent") {
  One one;
  one.settings.max_age = std::chrono::hours(1);
  one.settings.max_ahead = std::chrono::minutes(10);
  one.prepare();
  constexpr int64_t kMinute = 60'000'000'000;
  const int64_t now = 1'700'000'000'000'000'000;
  for (int64_t minutes : {-61, -59, 0, 9, 11}) {
    one.records.make("x").time_ns = now + minutes * kMinute;
    one.records.append(*one.backend);
  }
  std::vector<http::Item> refused = one.backend->refuse(one.records.payload, now);
  REQUIRE(refused.size() == 2);
  CHECK(refused[0].position == 0);
  CHECK(refused[0].reason == "its time is older than max_age = 1h allows");
  CHECK(refused[1].position == 4);
  CHECK(refused[1].reason == "its time is further ahead than max_ahead = 10m allows");
  One any;
  any.prepare();
  any.records.make("x").time_ns = 0;
  any.records.append(*any.backend);
  CHECK(any.backend->refuse(any.records.payload, now).empty());
}

TEST_CASE("loki: labels and tenants that cannot be") {
  const std::pair<const char*, const char*> cases[] = {
      {"labels: ['a={context.b}', 'c=x', level]", ""},
      {"labels: ['a b={context.b}']", "'a b' cannot be a label's name"},
      {"labels: ['__a=x']", "__"},
      {"labels: ['a=']", "no template"},
      {"labels: ['a={nothing}']", "a: column 2: 'nothing' is no field of a record"},
      {"labels: ['a={context.b']", "a: column 1: the { is not closed"},
      {"labels: ['a=b}']", "a } without its {"},
      {"labels: ['a={trace_id}']", "a stream of its own"},
      {"labels: ['level={context.level}']", "write it without a template"},
      {"labels: ['k8s.pod.name', 'k8s_pod_name={context.b}']", "twice"},
      {"tenant: '{tenant_id}', default_tenant: main", ""},
      {"tenant: '{tenant_id}'", "say as `default_tenant`"},
      {"tenant: '{tenant_id}', default_tenant: 'a|b'", "letters, digits"},
      {"tenant: acme, default_tenant: main", "leave this out"},
      {"tenant: '{tenant}', default_tenant: main", "is no field of a record"},
      {"max_label_values: 0", "1"},
  };
  for (const auto& one : cases) {
    const std::string yaml = one.first, words = one.second;
    std::string faults = faults_of(descriptor(), "{endpoint: 'http://l', " + yaml + "}");
    CAPTURE(yaml);
    CAPTURE(faults);
    CHECK((words.empty() ? faults.empty() : faults.find(words) != std::string::npos));
  }
}

}  // namespace
}  // namespace waybill::outputs::loki
