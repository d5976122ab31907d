// SPDX-License-Identifier: Apache-2.0
#include "daemon/metrics_stage.h"

#include <utility>

#include "core/log.h"

namespace waybill::daemon {

MetricsStage::MetricsStage(std::vector<std::shared_ptr<metrics::Family>> families)
    : families_(std::move(families)) {}

void MetricsStage::count(const Batch& batch, const Identity& identity) {
  for (const auto& family : families_) {
    std::string notice = family->count(batch, batch.records, identity);
    if (!notice.empty()) spdlog::warn("{}", notice);
  }
}

}  // namespace waybill::daemon
