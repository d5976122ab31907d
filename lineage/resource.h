// SPDX-License-Identifier: Apache-2.0
// Service and resource: who is speaking, from flags, config, environment and host.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/identity.h"
#include "lineage/attributes.h"

namespace waybill::lineage {

struct ResourceInput {
  std::string service_flag;  // --service; empty: not given
  // From the config file; empty: not there.
  std::string service_name, service_version, service_namespace, environment;
  std::vector<std::pair<std::string, std::string>> resource;
  // By files and clouds, weakest first; anything that is said elsewhere beats them.
  Attributes detected;
};

// An attribute as it holds, and what it beats: of each who said it, strongest first.
struct Said {
  std::string name;  // "service.name" among them
  Attributes by;     // never empty; the first one holds
};

std::optional<std::string> process_environment(const char* name);

// Flags beat the file, the file beats OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES, those beat
// what is detected: k8s.* from the downward API's usual variables (POD_NAME, POD_NAMESPACE,
// POD_UID, POD_IP, NODE_NAME, CONTAINER_NAME and their K8S_… forms) where KUBERNETES_SERVICE_HOST
// or POD_NAME is set, then `input.detected`, then host.name. A variable that cannot be decoded is
// left out as a whole, as OpenTelemetry wants it, and named in `warnings`. `said`, unless null, is
// filled with who said what, in the order of names.
Identity resolve_identity(const ResourceInput& input, const Environment& environment,
                          std::vector<std::string>& warnings, std::vector<Said>* said = nullptr);

// `identity` with these attributes put over its own, and a number of its own.
Identity with_attributes(const Identity& identity,
                         const std::vector<std::pair<std::string, std::string>>& attributes);

// OTEL_RESOURCE_ATTRIBUTES: "key=value,key=value", values percent-decoded. Nothing when any part
// is malformed (OpenTelemetry, resource SDK).
std::optional<std::vector<std::pair<std::string, std::string>>> parse_resource_attributes(
    std::string_view text);

}  // namespace waybill::lineage
