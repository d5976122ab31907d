// SPDX-License-Identifier: Apache-2.0
// HOST:PORT as people write it in a config.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "config/section.h"

namespace waybill::config {

struct Address {
  std::string host;   // a name or an IP address; without the brackets of "[::1]:80"; "" for ":80"
  uint16_t port = 0;  // 0: any free one
};

// Nothing for a text that is no address: no colon, a port above 65535, an IPv6 address without
// its brackets.
std::optional<Address> parse_address(std::string_view text);

// The address at `key`. Nothing when the key is absent, or (with a fault) when it is none.
std::optional<Address> address(const Section& section, std::string_view key);

}  // namespace waybill::config
