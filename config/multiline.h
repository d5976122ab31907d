// SPDX-License-Identifier: Apache-2.0
// `parse.multiline`.
#pragma once

#include "config/config.h"
#include "config/options.h"

namespace waybill::config {

const OptionTable<MultilineSettings>& multiline_table();

}  // namespace waybill::config
