// SPDX-License-Identifier: Apache-2.0
// What `explain` says of the metrics that are made of a record.
#pragma once

#include <string>
#include <vector>

#include "core/batch.h"
#include "core/identity.h"
#include "metrics/definition.h"

namespace waybill::daemon::commands {

// A line for each metric that is about the record, printable.
std::vector<std::string> explain_metrics(const metrics::Definitions& definitions,
                                         const Batch& batch, const Record& record,
                                         const Identity& identity);

}  // namespace waybill::daemon::commands
