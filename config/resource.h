// SPDX-License-Identifier: Apache-2.0
// `resource:`: attributes of the config's own, and where others come from. Inside config/ only.
#pragma once

#include "config/config.h"
#include "config/options.h"

namespace waybill::config {

// The option itself, with what is below it besides attributes.
OptionInfo resource_info();
// Fills out.resource and out.detect; both stay as they are where the root has none.
void read_resource(const Section& root, Config& out);

}  // namespace waybill::config
