// SPDX-License-Identifier: Apache-2.0
// Sockets of IPv4 and IPv6, bound to an address as it stands in a config.
#pragma once

#include <string>

#include "core/result.h"
#include "inputs/fd.h"

namespace waybill::inputs {

// A non-blocking socket of `type` (SOCK_DGRAM, SOCK_STREAM) bound to "host:port", "[::1]:port" or
// ":port" for every address; port 0 for a free one. A host may be a name, which is looked up: that
// may block for a moment. The Error says what to do.
Result<Fd> bind_address(const std::string& address, int type);

// The Error of errno `code`, of bind(2) or listen(2) on `address`.
Error listen_error(const std::string& address, int code);

// Where it is bound: "127.0.0.1:5514".
std::string bound_address(int fd);

}  // namespace waybill::inputs
