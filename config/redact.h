// SPDX-License-Identifier: Apache-2.0
// `redact:`: what must not leave. Inside config/ only.
#pragma once

#include <optional>
#include <vector>

#include "config/config.h"
#include "config/options.h"

namespace waybill::config {

// The option itself, with all below it.
OptionInfo redact_info();
// Reads the list. `out` stays empty where the root has none; of faulty rules none comes back.
// Detectors, paths and patterns are judged by who compiles them (redaction/rules.h).
void read_redact(const Section& root, std::optional<std::vector<RedactionSection>>& out);

}  // namespace waybill::config
