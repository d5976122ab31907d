// SPDX-License-Identifier: Apache-2.0
// Registry: the metrics of a process that are made of records, over all its configs.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "metrics/family.h"

namespace waybill::metrics {

// Main thread only; families are shared with who counts.
class Registry {
 public:
  // From now on there are these. One that is as before goes on with its series; what is not among
  // them is not shown any more. `max_series`: of all together. `redaction`: the fingerprint of the
  // rules that records come redacted by: when it changes all begin anew, as labels may hold what
  // must not be shown now.
  std::vector<std::shared_ptr<Family>> take(const Definitions& definitions, size_t max_series,
                                            uint64_t redaction);

  const std::vector<std::shared_ptr<Family>>& families() const { return families_; }

 private:
  std::shared_ptr<SeriesBudget> budget_ = std::make_shared<SeriesBudget>();
  std::vector<std::shared_ptr<Family>> families_;
  uint64_t redaction_ = 0;
};

}  // namespace waybill::metrics
