// SPDX-License-Identifier: Apache-2.0
// Who speaks, out of flags, config, environment, files and clouds.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "config/config.h"
#include "core/identity.h"
#include "lineage/resource.h"

namespace waybill::daemon {

// What clouds have answered: it does not change while a machine runs. Main thread.
using CloudAnswers = std::map<std::string, lineage::Attributes, std::less<>>;

struct IdentityRequest {
  std::string service;             // --service
  bool own_container = false;      // whether all lines come from the container that we run in
  CloudAnswers* clouds = nullptr;  // null: none is asked
};

// `notes` gets what went wrong and is worth saying once; `said`, who said what. Blocks, for a
// second a request, when clouds are asked that do not answer.
Identity identity_of(const config::Config& config, const IdentityRequest& request,
                     std::vector<std::string>& notes, std::vector<lineage::Said>& said);

}  // namespace waybill::daemon
