// SPDX-License-Identifier: Apache-2.0
// A resource attribute, and who said it.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace waybill::lineage {

struct Attribute {
  std::string name;    // by OpenTelemetry, as "k8s.pod.name"
  std::string value;   // UTF-8
  std::string origin;  // where it stands, for people: "POD_NAME", "service.name of the config"
};
using Attributes = std::vector<Attribute>;

// The value of an environment variable; nothing when unset or empty.
using Environment = std::function<std::optional<std::string>(const char* name)>;

// The text of a file; nothing when it cannot be read.
using ReadFile = std::function<std::optional<std::string>(const std::string& path)>;

}  // namespace waybill::lineage
