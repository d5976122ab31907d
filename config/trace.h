// SPDX-License-Identifier: Apache-2.0
// `trace:`: which trace a line belongs to that names none. Inside config/ only.
#pragma once

#include "config/config.h"
#include "config/options.h"

namespace waybill::config {

// The option itself, with all below it.
OptionInfo trace_info();
// Leaves `out` as it is where the root has none.
void read_trace(const Section& root, TraceSettings& out);

}  // namespace waybill::config
