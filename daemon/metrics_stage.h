// SPDX-License-Identifier: Apache-2.0
// MetricsStage: counts and observes what the config's `metrics` ask for, of every record that was
// read: what a schema or sampling keeps back later has happened all the same.
#pragma once

#include <memory>
#include <vector>

#include "core/batch.h"
#include "core/identity.h"
#include "metrics/family.h"

namespace waybill::daemon {

// Pipeline thread, but for the constructor. For one config.
class MetricsStage {
 public:
  explicit MetricsStage(std::vector<std::shared_ptr<metrics::Family>> families);

  // Only looks at the records.
  void count(const Batch& batch, const Identity& identity);

 private:
  std::vector<std::shared_ptr<metrics::Family>> families_;
};

}  // namespace waybill::daemon
