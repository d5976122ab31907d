// SPDX-License-Identifier: Apache-2.0
// Asks the metadata service of a cloud over plain HTTP.
#pragma once

#include <string>

#include "core/clock.h"
#include "core/result.h"
#include "lineage/cloud.h"

namespace waybill::daemon::metadata {

// The body of a reply with status 200. An Error for anything else, and when nobody has answered
// within `limit`. No proxy and no redirect is followed. Blocks.
Result<std::string> fetch(const lineage::MetadataRequest& request,
                          Duration limit = std::chrono::seconds(1));

}  // namespace waybill::daemon::metadata
