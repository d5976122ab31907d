// SPDX-License-Identifier: Apache-2.0
// The root of a config, for faults of keys that Config (config.h) keeps no Section of.
#pragma once

#include <optional>
#include <string>

#include "config/section.h"

namespace waybill::config {

// Of what load() has read already; nothing where it could not be. The text's own faults are not
// reported twice. `diagnostics` outlives the Section.
std::optional<Section> root_of(const std::string& file, const std::string& text,
                               Diagnostics& diagnostics);

}  // namespace waybill::config
