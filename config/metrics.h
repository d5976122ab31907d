// SPDX-License-Identifier: Apache-2.0
// `metrics:`: counters and histograms made of records. Inside config/ only.
#pragma once

#include "config/config.h"
#include "config/options.h"

namespace waybill::config {

// The option itself, with all below it.
OptionInfo metrics_info();
// `out` stays as it is where the root has none; faulty metrics are left out. Expressions, paths and
// what metrics must not share are judged by who compiles them (metrics/definitions.h).
void read_metrics(const Section& root, MetricsSettings& out);

}  // namespace waybill::config
