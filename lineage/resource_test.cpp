// SPDX-License-Identifier: Apache-2.0
#include "lineage/resource.h"

#include <doctest/doctest.h>

#include <map>
#include <set>
#include <string>

#include "core/source.h"
#include "lineage/record_id.h"

using namespace waybill;
using namespace waybill::lineage;

namespace {

using Variables = std::map<std::string, std::string>;

struct Resolved {
  Identity identity;
  std::vector<std::string> warnings;

  // "" when absent.
  std::string operator[](std::string_view name) const {
    for (const auto& [key, value] : identity.resource) {
      if (key == name) return value;
    }
    return "";
  }
};

Resolved resolve(const ResourceInput& input, const Variables& variables) {
  Resolved made;
  auto environment = [&](const char* name) -> std::optional<std::string> {
    auto found = variables.find(name);
    if (found == variables.end() || found->second.empty()) return std::nullopt;
    return found->second;
  };
  made.identity = resolve_identity(input, environment, made.warnings);
  return made;
}

}  // namespace

TEST_CASE("resource: flags beat the file, the file beats OTEL_*, those beat what is detected") {
  ResourceInput input;
  Variables variables = {{"POD_NAME", "pod"}, {"K8S_POD_NAME", "second"}, {"NODE_NAME", "node"}};
  CHECK(resolve(input, {}).identity.service_name == "unknown_service");
  CHECK(resolve(input, variables)["k8s.pod.name"] == "pod");
  CHECK(resolve(input, variables)["k8s.node.name"] == "node");
  CHECK_FALSE(resolve(input, variables)["host.name"].empty());

  variables["OTEL_RESOURCE_ATTRIBUTES"] =
      "service.name=attributes,k8s.pod.name=said,team=a%20b%2Cc,host.name=h";
  CHECK(resolve(input, variables).identity.service_name == "attributes");
  CHECK(resolve(input, variables)["k8s.pod.name"] == "said");
  CHECK(resolve(input, variables)["team"] == "a b,c");
  CHECK(resolve(input, variables)["host.name"] == "h");
  variables["OTEL_SERVICE_NAME"] = "otel";
  CHECK(resolve(input, variables).identity.service_name == "otel");

  input.resource = {{"team", "file"}, {"service.version", "1"}};
  CHECK(resolve(input, variables)["team"] == "file");
  input.service_name = "file";
  input.service_version = "2";
  input.service_namespace = "shop";
  input.environment = "production";
  CHECK(resolve(input, variables).identity.service_name == "file");
  CHECK(resolve(input, variables)["service.version"] == "2");
  CHECK(resolve(input, variables)["service.namespace"] == "shop");
  CHECK(resolve(input, variables)["deployment.environment.name"] == "production");
  input.service_flag = "flag";
  CHECK(resolve(input, variables).identity.service_name == "flag");
  CHECK(resolve(input, variables)["service.name"].empty());  // it has a place of its own
}

TEST_CASE("resource: a variable that cannot be decoded is left out as a whole") {
  for (std::string_view bad :
       {"a=1,b", "=1", "a=%4", "a=%zz", "a=1,b=%", "a=1,=2", "a=%FF", "a=1,b=\xFF"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_resource_attributes(bad).has_value());
    Resolved made = resolve({}, {{"OTEL_RESOURCE_ATTRIBUTES", std::string(bad)}});
    CHECK(made["a"].empty());
    REQUIRE(made.warnings.size() == 1);
    CHECK(made.warnings[0].find("OTEL_RESOURCE_ATTRIBUTES") == 0);
  }
  auto pairs = parse_resource_attributes(" a = 1 ,, b=x=y,c=,d=%C3%A9");
  REQUIRE(pairs.has_value());
  using Pairs = std::vector<std::pair<std::string, std::string>>;
  CHECK(*pairs == Pairs{{"a", "1"}, {"b", "x=y"}, {"c", ""}, {"d", "\xC3\xA9"}});
  CHECK(parse_resource_attributes("")->empty());
}

TEST_CASE("resource: what is no UTF-8 goes into no record") {
  Resolved made = resolve({}, {{"OTEL_SERVICE_NAME", "a\xFF"}, {"POD_NAME", "p\xC3"}});
  CHECK(made.identity.service_name == "unknown_service");
  CHECK(made["k8s.pod.name"].empty());
  CHECK(made.warnings.size() == 2);
}

TEST_CASE("resource: sorted, and the same as JSON") {
  ResourceInput input;
  input.resource = {{"z", "1"}, {"a", "q\"q"}, {"host.name", "h"}};
  Resolved made = resolve(input, {});
  CHECK(made.identity.resource_json == R"({"a":"q\"q","host.name":"h","z":"1"})");
}

TEST_CASE("record id: the same line has the same id, any other another one") {
  Id128 nonce{};
  nonce[3] = 7;
  Id128 other = nonce;
  other[15] = 1;
  CHECK(record_id(nonce, 5) == record_id(nonce, 5));
  std::set<Id128> ids;
  for (uint64_t offset = 0; offset < 1000; ++offset) {
    ids.insert(record_id(nonce, offset));
    ids.insert(record_id(other, offset));
  }
  CHECK(ids.size() == 2000);
  // Checkpoints of earlier versions must lead to the same ids.
  CHECK(hex(record_id(Id128{}, 0)) == "10e45c7ce2292320743df94ee4c78a2a");
}
