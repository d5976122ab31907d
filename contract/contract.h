// SPDX-License-Identifier: Apache-2.0
// Contract: which schema the records of a service are held to, and what becomes of those that break
// it. Made once for a config, then read by any thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "contract/compile.h"

namespace waybill::contract {

using OnViolation = config::SchemaRule::OnViolation;

// The words of the config: "tag", "repair" …
std::string_view name_of(OnViolation what);
std::optional<OnViolation> on_violation_of(std::string_view name);

struct Rule {
  std::string schema;     // "builtin" or a path, for people
  SharedProgram program;  // null where on_violation is kOff
  bool on_line = false;   // the line's own JSON is judged, not the record
  OnViolation on_violation = OnViolation::kTag;
  OnViolation unrepaired = OnViolation::kTag;  // kTag, kQuarantine or kDrop

  // What becomes of a record in which something is wrong, and was not repaired.
  OnViolation of_broken() const {
    return on_violation == OnViolation::kRepair ? unrepaired : on_violation;
  }
};

class Contract {
 public:
  // Reads and compiles every schema. Faults go to `diagnostics`: those of a schema with their
  // places in its file, and one at the option that names it. Null then.
  static std::shared_ptr<const Contract> make(const config::SchemaSettings& settings,
                                              config::Diagnostics& diagnostics);

  const Rule& rule_of(std::string_view service) const {
    for (const auto& [name, rule] : by_service_) {
      if (name == service) return rule;
    }
    return all_;
  }
  // Whether some rule asks for that, perhaps for what it cannot repair.
  bool has(OnViolation what) const;

 private:
  Rule all_;
  std::vector<std::pair<std::string, Rule>> by_service_;
};

}  // namespace waybill::contract
