// SPDX-License-Identifier: Apache-2.0
// Asks a running daemon over its admin socket: for `waybill health` and `waybill ledger`.
#pragma once

#include <string>
#include <string_view>

#include "core/clock.h"
#include "core/result.h"

namespace waybill::daemon::admin {

struct Answer {
  unsigned status = 0;
  std::string body;
};

// GET `path` from the daemon that listens on the socket file `socket`. An Error when there is
// none, or it does not answer within `limit`.
Result<Answer> ask(const std::string& socket, std::string_view path,
                   Duration limit = std::chrono::seconds(5));

}  // namespace waybill::daemon::admin
