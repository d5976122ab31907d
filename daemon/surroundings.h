// SPDX-License-Identifier: Apache-2.0
// What a sound plan would not find where it is to run: for `waybill check`.
#pragma once

#include <vector>

#include "daemon/plan.h"

namespace waybill::daemon {

// Warnings, as it may be checked on another machine, or before its folders are made: folders that
// files and sockets are to be made in, journals, a state directory that the start would refuse.
std::vector<config::Fault> missing_surroundings(const Plan& plan, const PlanRequest& request);

}  // namespace waybill::daemon
