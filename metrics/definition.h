// SPDX-License-Identifier: Apache-2.0
// Definition: one metric of the config, compiled and checked.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/config.h"
#include "core/expression.h"
#include "metrics/amount.h"

namespace waybill::metrics {

// Immutable; any thread.
struct Definition {
  struct Label {
    std::string name;
    RecordPath path;
  };
  std::string name;  // of the family: counters without the `_total` that their samples have
  std::string help;
  bool histogram = false;
  std::string unit;                // "seconds", "bytes": what the name ends in; else empty
  std::optional<Expression> when;  // nothing: all records
  std::vector<Label> labels;
  bool template_routes = true;
  size_t max_values = 0, max_series = 0;
  std::optional<RecordPath> value;  // what is added or observed; nothing: records are counted
  Unit value_unit = Unit::kNone;    // of a bare number there
  std::vector<double> bounds;       // of a histogram, rising; the last bucket, +Inf, is not in it
  std::string settings;             // equal text: the same metric as before
};
using Definitions = std::vector<std::shared_ptr<const Definition>>;

// Faults go to the sections of the settings; what has some is left out.
Definitions compile(const config::MetricsSettings& settings, const Expression::MakeMatcher& regex);

}  // namespace waybill::metrics
