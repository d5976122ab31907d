// SPDX-License-Identifier: Apache-2.0
#include "lineage/cloud.h"

#include <simdjson.h>

namespace waybill::lineage {

namespace {

constexpr const char* kLinkLocal = "http://169.254.169.254";

// The members of a JSON object that become attributes.
struct Member {
  const char* name;
  const char* attribute;
};

std::string endpoint_of(const Environment& environment, const char* variable) {
  std::string url = environment(variable).value_or(kLinkLocal);
  while (url.ends_with('/')) url.pop_back();
  return url;
}

void add(Attributes& out, const char* attribute, std::string value, const std::string& origin) {
  if (!value.empty()) out.push_back({attribute, std::move(value), origin});
}

Result<void> add_members(std::string_view json, std::initializer_list<Member> members,
                         const std::string& origin, Attributes& out) {
  simdjson::dom::parser parser;
  simdjson::dom::object object;
  if (parser.parse(json.data(), json.size()).get(object) != simdjson::SUCCESS) {
    return Error{Action::kRetry, "the answer is no JSON object"};
  }
  for (const Member& member : members) {
    std::string_view text;
    if (object[member.name].get(text) == simdjson::SUCCESS) {
      add(out, member.attribute, std::string(text), origin);
    }
  }
  return {};
}

Result<Attributes> ask_aws(const Environment& environment, const Fetch& fetch) {
  const std::string endpoint = endpoint_of(environment, "AWS_EC2_METADATA_SERVICE_ENDPOINT");
  Result<std::string> token = fetch(
      {endpoint + "/latest/api/token", "PUT", {{"X-aws-ec2-metadata-token-ttl-seconds", "60"}}});
  if (!token) return std::move(token).error();
  Result<std::string> document = fetch({endpoint + "/latest/dynamic/instance-identity/document",
                                        "GET",
                                        {{"X-aws-ec2-metadata-token", *token}}});
  if (!document) return std::move(document).error();
  const std::string origin = "EC2's instance metadata";
  Attributes found = {{"cloud.provider", "aws", origin}, {"cloud.platform", "aws_ec2", origin}};
  auto read = add_members(*document,
                          {{"accountId", "cloud.account.id"},
                           {"region", "cloud.region"},
                           {"availabilityZone", "cloud.availability_zone"},
                           {"instanceId", "host.id"},
                           {"instanceType", "host.type"},
                           {"imageId", "host.image.id"}},
                          origin, found);
  if (!read) return std::move(read).error();
  return found;
}

// "projects/123/zones/europe-west1-b": the last part.
std::string last_part(const std::string& path) { return path.substr(path.rfind('/') + 1); }

Result<Attributes> ask_google(const Environment& environment, const Fetch& fetch) {
  const std::string host = environment("GCE_METADATA_HOST").value_or("169.254.169.254");
  auto get = [&](const char* what) {
    return fetch(
        {"http://" + host + "/computeMetadata/v1/" + what, "GET", {{"Metadata-Flavor", "Google"}}});
  };
  Result<std::string> project = get("project/project-id");
  if (!project) return std::move(project).error();
  Result<std::string> zone = get("instance/zone");
  if (!zone) return std::move(zone).error();
  const std::string origin = "Google's metadata server";
  Attributes found = {{"cloud.provider", "gcp", origin}};
  add(found, "cloud.account.id", *project, origin);
  std::string place = last_part(*zone);
  // A region is a zone without its last part.
  add(found, "cloud.region", place.substr(0, place.rfind('-')), origin);
  add(found, "cloud.availability_zone", std::move(place), origin);
  if (auto id = get("instance/id")) add(found, "host.id", *id, origin);
  if (auto type = get("instance/machine-type")) {
    add(found, "host.type", last_part(*type), origin);
  }
  auto cluster = get("instance/attributes/cluster-name");
  bool in_cluster = cluster && !cluster->empty();
  add(found, "cloud.platform", in_cluster ? "gcp_kubernetes_engine" : "gcp_compute_engine", origin);
  if (in_cluster) add(found, "k8s.cluster.name", *cluster, origin);
  return found;
}

Result<Attributes> ask_azure(const Environment& environment, const Fetch& fetch) {
  const std::string endpoint = endpoint_of(environment, "AZURE_METADATA_ENDPOINT");
  Result<std::string> document =
      fetch({endpoint + "/metadata/instance/compute?api-version=2021-02-01&format=json",
             "GET",
             {{"Metadata", "true"}}});
  if (!document) return std::move(document).error();
  const std::string origin = "Azure's instance metadata";
  Attributes found = {{"cloud.provider", "azure", origin}, {"cloud.platform", "azure.vm", origin}};
  auto read = add_members(*document,
                          {{"subscriptionId", "cloud.account.id"},
                           {"location", "cloud.region"},
                           {"zone", "cloud.availability_zone"},
                           {"resourceId", "cloud.resource_id"},
                           {"vmId", "host.id"},
                           {"vmSize", "host.type"}},
                          origin, found);
  if (!read) return std::move(read).error();
  return found;
}

}  // namespace

Result<Attributes> ask_cloud(std::string_view cloud, const Environment& environment,
                             const Fetch& fetch) {
  if (cloud == "aws") return ask_aws(environment, fetch);
  if (cloud == "gcp") return ask_google(environment, fetch);
  return ask_azure(environment, fetch);
}

}  // namespace waybill::lineage
