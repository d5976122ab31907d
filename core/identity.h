// SPDX-License-Identifier: Apache-2.0
// Identity: the parts of a record that no line has, constant for a config, or for one source.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace waybill {

struct Identity {
  std::string service_name = "unknown_service";  // as configured
  // OpenTelemetry resource attributes but for service.name, sorted by name; values are strings.
  std::vector<std::pair<std::string, std::string>> resource;
  std::string resource_json;  // the same as a JSON object, or empty without any
  uint64_t number = 0;        // 0: as configured; else of a source, no other one of this process
};

}  // namespace waybill
