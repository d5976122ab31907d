// SPDX-License-Identifier: Apache-2.0
// `sample:`: which records are worth sending. Inside config/ only.
#pragma once

#include <optional>

#include "config/config.h"
#include "config/options.h"

namespace waybill::config {

// The option itself, with all below it.
OptionInfo sampling_info();
// `out` stays empty where the root has none; of faulty rules none comes back. Expressions, rates
// and paths are judged by who compiles them (sampling/rules.h).
void read_sampling(const Section& root, std::optional<SamplingSettings>& out);

}  // namespace waybill::config
