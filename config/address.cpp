// SPDX-License-Identifier: Apache-2.0
#include "config/address.h"

#include <fmt/format.h>

#include <charconv>

namespace waybill::config {

std::optional<Address> parse_address(std::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  std::string_view host = text.substr(0, colon);
  const std::string_view digits = text.substr(colon + 1);
  const char* end = digits.data() + digits.size();
  Address address;
  auto [stop, error] = std::from_chars(digits.data(), end, address.port);
  if (digits.empty() || stop != end || error != std::errc()) return std::nullopt;

  if (!host.empty() && host.front() == '[') {
    if (host.size() < 4 || host.back() != ']') return std::nullopt;
    host = host.substr(1, host.size() - 2);
    if (host.find_first_not_of("0123456789abcdefABCDEF:.") != std::string_view::npos &&
        host.find('%') == std::string_view::npos) {
      return std::nullopt;
    }
  } else if (host.find_first_of(":[]/@ \t") != std::string_view::npos) {
    return std::nullopt;
  }
  address.host = std::string(host);
  return address;
}

std::optional<Address> address(const Section& section, std::string_view key) {
  std::optional<std::string> text = section.string(key);
  if (!text) return std::nullopt;
  std::optional<Address> parsed = parse_address(*text);
  if (!parsed) {
    section.fault(key, fmt::format("{} is not an address (write HOST:PORT, for example "
                                   "127.0.0.1:9598 or [::1]:9598)",
                                   section.shown(key)));
  }
  return parsed;
}

}  // namespace waybill::config
