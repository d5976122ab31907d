// SPDX-License-Identifier: Apache-2.0
// `waybill explain`: where the service and each id of a record came from.
#pragma once

#include <string>
#include <vector>

#include "core/batch.h"
#include "core/identity.h"
#include "lineage/lineage.h"
#include "lineage/resource.h"

namespace waybill::daemon::commands {

// One line of text for each thing there is to say, in words, without an indent or a line end.
// `record` has been through `lineage` just now, which said `outcome`.
std::vector<std::string> explain_ids(Batch& batch, const Record& record, const Identity& identity,
                                     const lineage::LineageSettings& settings,
                                     const lineage::Outcome& outcome);

// The attributes of the configured resource, and of each who says so and whom that beats:
// printable.
std::vector<std::string> explain_attributes(const std::vector<lineage::Said>& all);

}  // namespace waybill::daemon::commands
