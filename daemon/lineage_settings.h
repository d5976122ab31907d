// SPDX-License-Identifier: Apache-2.0
// The settings of the lineage stage, from the config.
#pragma once

#include "config/config.h"
#include "lineage/lineage.h"

namespace waybill::daemon {

// Reads the key of derived ids from its file; one that cannot be read, or is empty, is a fault.
// `below_exec`: lines that nobody names a trace for are of the run, unless the config says else.
lineage::LineageSettings lineage_settings(const config::TraceSettings& trace, bool below_exec,
                                          config::Diagnostics& diagnostics);

// So many keys at most that they take no more than an eighth of `memory` bytes.
lineage::LineageSettings bounded(lineage::LineageSettings settings, size_t memory);

}  // namespace waybill::daemon
