// SPDX-License-Identifier: Apache-2.0
#include "outputs/loki/settings.h"

#include <doctest/doctest.h>

#include "outputs/loki/test_bench.h"

namespace waybill::outputs::loki {
namespace {

using test::test_urls;

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
  Backend backend(settings, test_urls());
  CHECK(backend.endpoint().urls == std::vector<std::string>{"http://loki:3100/loki/api/v1/push"});
  CHECK(backend.endpoint().headers ==
        std::vector<std::string>{"Content-Type: application/x-protobuf", "X-Scope-OrgID: acme"});
  REQUIRE(backend.probes().size() == 1);
  http::Probe probe = backend.probes().front();
  auto found = backend.judge_probe(probe, {422, "at least one valid stream", "text/plain", {}});
  REQUIRE(found);
  CHECK(found->words == "takes our pushes for tenant acme");
  found = backend.judge_probe(probe, {401, "no org id", "text/plain", {}});
  REQUIRE_FALSE(found);
  CHECK(found.error().what.find("name ours as `tenant`") != std::string::npos);
}

}  // namespace
}  // namespace waybill::outputs::loki
