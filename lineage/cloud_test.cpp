// SPDX-License-Identifier: Apache-2.0
#include "lineage/cloud.h"

#include <doctest/doctest.h>

#include <map>

using namespace waybill;
using namespace waybill::lineage;

namespace {

// A metadata service that answers what it is told to, and keeps what it was asked.
struct Service {
  std::map<std::string, std::string> answers;  // by "METHOD URL"
  std::vector<MetadataRequest> asked;

  Result<Attributes> ask(std::string_view cloud,
                         const std::map<std::string, std::string>& env = {}) {
    auto environment = [&](const char* name) -> std::optional<std::string> {
      auto found = env.find(name);
      if (found == env.end()) return std::nullopt;
      return found->second;
    };
    return ask_cloud(cloud, environment,
                     [&](const MetadataRequest& request) -> Result<std::string> {
                       asked.push_back(request);
                       auto found = answers.find(request.method + " " + request.url);
                       if (found == answers.end())
                         return Error{Action::kRetry, "404 " + request.url};
                       return found->second;
                     });
  }
};

std::map<std::string, std::string> by_name(const Attributes& all) {
  std::map<std::string, std::string> out;
  for (const Attribute& one : all) out[one.name] = one.value;
  return out;
}

using Map = std::map<std::string, std::string>;

}  // namespace

TEST_CASE("cloud: EC2 by a token") {
  Service service;
  service.answers = {{"PUT http://127.0.0.1:1/latest/api/token", "secret"},
                     {"GET http://127.0.0.1:1/latest/dynamic/instance-identity/document",
                      R"({"accountId":"1","region":"eu-west-1","availabilityZone":"eu-west-1a",
                          "instanceId":"i-1","instanceType":"t3.small","imageId":"ami-1",
                          "billingProducts":null})"}};
  auto found = service.ask("aws", {{"AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://127.0.0.1:1/"}});
  REQUIRE(found);
  CHECK(by_name(*found) == Map{{"cloud.provider", "aws"},
                               {"cloud.platform", "aws_ec2"},
                               {"cloud.account.id", "1"},
                               {"cloud.region", "eu-west-1"},
                               {"cloud.availability_zone", "eu-west-1a"},
                               {"host.id", "i-1"},
                               {"host.type", "t3.small"},
                               {"host.image.id", "ami-1"}});
  REQUIRE(service.asked.size() == 2);
  CHECK(service.asked[1].headers[0].second == "secret");
}

TEST_CASE("cloud: Google's, with a cluster and without") {
  Service service;
  std::string root = "GET http://169.254.169.254/computeMetadata/v1/";
  service.answers = {{root + "project/project-id", "shop"},
                     {root + "instance/zone", "projects/12/zones/europe-west1-b"},
                     {root + "instance/id", "42"},
                     {root + "instance/machine-type", "projects/12/machineTypes/e2-small"}};
  auto found = service.ask("gcp");
  REQUIRE(found);
  CHECK(by_name(*found) == Map{{"cloud.provider", "gcp"},
                               {"cloud.platform", "gcp_compute_engine"},
                               {"cloud.account.id", "shop"},
                               {"cloud.region", "europe-west1"},
                               {"cloud.availability_zone", "europe-west1-b"},
                               {"host.id", "42"},
                               {"host.type", "e2-small"}});
  CHECK(service.asked[0].headers[0] ==
        std::pair<std::string, std::string>("Metadata-Flavor", "Google"));
  service.answers[root + "instance/attributes/cluster-name"] = "blue";
  found = service.ask("gcp");
  REQUIRE(found);
  CHECK(by_name(*found)["k8s.cluster.name"] == "blue");
  CHECK(by_name(*found)["cloud.platform"] == "gcp_kubernetes_engine");
}

TEST_CASE("cloud: Azure's virtual machines") {
  Service service;
  service.answers = {
      {"GET http://h:2/metadata/instance/compute?api-version=2021-02-01&format=json",
       R"({"subscriptionId":"s","location":"westeurope","zone":"","resourceId":"/s/x",
           "vmId":"v","vmSize":"B1"})"}};
  auto found = service.ask("azure", {{"AZURE_METADATA_ENDPOINT", "http://h:2"}});
  REQUIRE(found);
  CHECK(by_name(*found) == Map{{"cloud.provider", "azure"},
                               {"cloud.platform", "azure.vm"},
                               {"cloud.account.id", "s"},
                               {"cloud.region", "westeurope"},
                               {"cloud.resource_id", "/s/x"},
                               {"host.id", "v"},
                               {"host.type", "B1"}});
}

TEST_CASE("cloud: no answer and a strange one are errors") {
  for (std::string_view cloud : {"aws", "gcp", "azure"}) CHECK_FALSE(Service().ask(cloud));
  Service strange;
  strange.answers = {
      {"GET http://169.254.169.254/metadata/instance/compute?api-version=2021-02-01&format=json",
       "<html>"}};
  CHECK_FALSE(strange.ask("azure"));
}
