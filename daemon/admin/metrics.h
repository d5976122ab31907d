// SPDX-License-Identifier: Apache-2.0
// The self-metrics, in the Prometheus text format 0.0.4 (docs/metrics.md lists them).
#pragma once

#include <cstdint>
#include <string>

#include "core/byte_budget.h"
#include "core/ledger.h"

namespace waybill::daemon::admin {

struct ReloadCounts {
  uint64_t applied = 0;
  uint64_t refused = 0;
};

// Everything the ledger knows, memory, reloads, build, and the standard process_* set. Label values
// are bounded: names from the config, reasons and results from closed lists, at most
// Ledger::kMaxServices services, and Ledger::kMaxKinds kinds of violations of each.
std::string metrics_text(const Ledger& ledger, const ByteBudget& budget,
                         const ReloadCounts& reloads);

}  // namespace waybill::daemon::admin
