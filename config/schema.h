// SPDX-License-Identifier: Apache-2.0
// `schema:`: what records are held to. Inside config/ only.
#pragma once

#include "config/config.h"
#include "config/options.h"

namespace waybill::config {

// The option itself, with all below it.
OptionInfo schema_info();
// Leaves `out` empty where the root has none.
void read_schema(const Section& root, std::optional<SchemaSettings>& out);

}  // namespace waybill::config
