// SPDX-License-Identifier: Apache-2.0
// What the metadata service of a cloud says of the machine. Only who asked for it gets asked.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/result.h"
#include "lineage/attributes.h"

namespace waybill::lineage {

struct MetadataRequest {
  std::string url;  // "http://…"
  std::string method = "GET";
  std::vector<std::pair<std::string, std::string>> headers;
};
// The body of a reply with status 200; an Error says in words what came instead.
using Fetch = std::function<Result<std::string>(const MetadataRequest&)>;

// `cloud`: "aws", "gcp" or "azure". cloud.*, host.id, host.type and the like, by OpenTelemetry's
// names. AWS: EC2's instance identity document, by IMDSv2; Google: Compute Engine, and the cluster
// where there is one; Azure: virtual machines. Where others than the well-known addresses are to be
// asked, the environment says so: AWS_EC2_METADATA_SERVICE_ENDPOINT (a URL), GCE_METADATA_HOST
// (HOST or HOST:PORT), AZURE_METADATA_ENDPOINT (a URL).
Result<Attributes> ask_cloud(std::string_view cloud, const Environment& environment,
                             const Fetch& fetch);

}  // namespace waybill::lineage
