// SPDX-License-Identifier: Apache-2.0
// Under which keys lines have what the record has a place for, as the contract needs to know it.
#pragma once

#include "contract/mender.h"
#include "contract/record_view.h"
#include "parsers/common/time_zone.h"

namespace waybill::daemon {

// Of all parsers; made once, lives as long as the process.
const contract::CanonicalNames& canonical_names();

// Reads times as the parsers do, to repair what stands where a schema wants one.
contract::TimeReader time_reader(const parsers::TimeZone& zone);

}  // namespace waybill::daemon
