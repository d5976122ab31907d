// SPDX-License-Identifier: Apache-2.0
// The page /metrics: the self-metrics, which docs/metrics.md lists, and those made of records.
#pragma once

#include <cstdint>
#include <string>

#include "core/byte_budget.h"
#include "core/ledger.h"
#include "daemon/admin/output_facts.h"
#include "metrics/registry.h"
#include "redaction/counts.h"
#include "sampling/counts.h"

namespace waybill::daemon::admin {

struct ReloadCounts {
  uint64_t applied = 0;
  uint64_t refused = 0;
};

// Where a page's numbers come from.
struct MetricSources {
  const Ledger& ledger;
  const OutputFactsByName& outputs;
  const redaction::Counts& redactions;
  const sampling::Counts& sampled;
  const ByteBudget& budget;
  const ReloadCounts& reloads;
  const metrics::Registry& configured;
};

// Everything the ledger knows, redactions, sampling, memory, reloads, build, the standard process_*
// set, and what the config's `metrics` made of records. Label values are bounded: names from the
// config, reasons and results from closed lists, at most Ledger::kMaxServices services, and
// Ledger::kMaxKinds kinds of violations of each; of the config's own, see metrics/family.h.
// OpenMetrics 1.0 has the exemplars, which the text format 0.0.4 has no place for.
std::string metrics_page(const MetricSources& from, bool openmetrics);

}  // namespace waybill::daemon::admin
