// SPDX-License-Identifier: Apache-2.0
// The time that a server tells in its Date header.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace waybill::outputs::http {

// Seconds since 1970 of "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110, section 5.6.7; its two obsolete
// forms are not read), with blanks around it.
std::optional<int64_t> read_http_date(std::string_view text);

}  // namespace waybill::outputs::http
