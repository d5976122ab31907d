// SPDX-License-Identifier: Apache-2.0
// Families: metrics on their way to a page, and the two forms that such a page has.
#pragma once

#include <prometheus/metric_family.h>

#include <cstdint>
#include <string>
#include <vector>

#include "core/ledger.h"
#include "metrics/family.h"

namespace waybill::daemon::admin {

using Labels = std::vector<prometheus::ClientMetric::Label>;

// Families in the order of begin(); each add() makes a sample of the one that was begun last.
class Families {
 public:
  // Counters end in `_total`. `unit`: what the name ends in, before that; empty: nothing.
  void begin(std::string name, prometheus::MetricType type, std::string help,
             std::string unit = {});
  void add(Labels labels, double value);
  void add(Labels labels, uint64_t value) { add(std::move(labels), static_cast<double>(value)); }
  void add(Labels labels, const Histogram& histogram);
  // A family of its own, with exemplars, which text() cannot say.
  void add(const metrics::Snapshot& snapshot);

  // Prometheus text format 0.0.4. A family without samples is not shown, here and below.
  std::string text() const;
  // OpenMetrics 1.0.0 (github.com/OpenObservability/OpenMetrics, specification/OpenMetrics.md).
  std::string openmetrics() const;

 private:
  using Exemplars = std::vector<metrics::Exemplar>;
  struct Family {
    prometheus::MetricFamily samples;
    std::string unit;
    std::vector<Exemplars> exemplars;  // by sample, then bucket; empty: none in the family
  };
  std::vector<Family> all_;
};

// Whether who sends this Accept header (RFC 9110 section 12.5.1) prefers OpenMetrics to text.
bool wants_openmetrics(std::string_view accept);

}  // namespace waybill::daemon::admin
