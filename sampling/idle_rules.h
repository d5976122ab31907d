// SPDX-License-Identifier: Apache-2.0
// Which rules can never do anything, by what is known of them without a record: levels.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sampling/rules.h"

namespace waybill::sampling {

// For each rule why it can never fire; empty: it may.
std::vector<std::string> idle_rules(const std::vector<Rule>& rules,
                                    const std::optional<Expression>& always);

}  // namespace waybill::sampling
