// SPDX-License-Identifier: Apache-2.0
#include "metrics/registry.h"

#include <algorithm>
#include <utility>

namespace waybill::metrics {

std::vector<std::shared_ptr<Family>> Registry::take(const Definitions& definitions,
                                                    size_t max_series, uint64_t redaction) {
  budget_->set_limit(max_series);
  if (std::exchange(redaction_, redaction) != redaction) families_.clear();
  std::vector<std::shared_ptr<Family>> next;
  for (const auto& definition : definitions) {
    auto same = std::find_if(families_.begin(), families_.end(), [&](const auto& family) {
      return family->definition().settings == definition->settings;
    });
    next.push_back(same != families_.end() ? *same : std::make_shared<Family>(definition, budget_));
  }
  families_ = next;
  return next;
}

}  // namespace waybill::metrics
