// SPDX-License-Identifier: Apache-2.0
// The pages /ledger and /outputs, as JSON.
#pragma once

#include <string>

#include "core/ledger.h"
#include "daemon/admin/output_facts.h"
#include "sampling/counts.h"

namespace waybill::daemon::admin {

// {"balanced":true,"inputs":{NAME:{"lines":…,"records":…,"joined":…,"empty":…,"bytes":…,
//  "missed":{…},"lag_bytes":…,…}},"outputs":{NAME:{"records":…,"recovered":…,"synthetic":…,
//  "delivered":…,…,"dropped":{…},"dead_lettered":…,"in_flight":…}}}
// where a flight recorder is "recorder":{"lines":…,"bytes":…,"traces":…,"released":…,
//  "evicted":{…}},
// and where messages are put to templates "templates":{"known":…,"new":…,
//  "top":[{"id":…,"text":…,"records":…}],"newest":[{"id":…,"text":…}]}.
std::string ledger_json(const Ledger& ledger, const sampling::Counts& sampled);

// {NAME:{"target":…,"state":"ok|retrying|misconfigured","problem":…,"queue_records":…,…}};
// what `outputs` has alone.
std::string outputs_json(const Ledger& ledger, const OutputFactsByName& outputs);

}  // namespace waybill::daemon::admin
