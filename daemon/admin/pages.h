// SPDX-License-Identifier: Apache-2.0
// The pages /ledger and /outputs, as JSON.
#pragma once

#include <map>
#include <string>

#include "core/ledger.h"

namespace waybill::daemon::admin {

// {"balanced":true,"inputs":{NAME:{"lines":…,"records":…,"joined":…,"empty":…,"bytes":…,
//  "missed":{…},"lag_bytes":…,…}},"outputs":{NAME:{"records":…,"recovered":…,"synthetic":…,
//  "delivered":…,…,"dropped":{…},"dead_lettered":…,"in_flight":…}}}
std::string ledger_json(const Ledger& ledger);

// {NAME:{"target":…,"state":"ok|retrying|misconfigured","problem":…,"queue_records":…,…}};
// `targets` by output name.
std::string outputs_json(const Ledger& ledger, const std::map<std::string, std::string>& targets);

}  // namespace waybill::daemon::admin
