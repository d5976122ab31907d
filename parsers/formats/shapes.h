// SPDX-License-Identifier: Apache-2.0
// The shapes of words and times that patterns know by their types. All look at ASCII alone.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/ascii.h"
#include "parsers/common/time.h"

namespace waybill::parsers::formats {

// "081109 203615", "161209 14:18:50", "161209  4:18:50": the size is in `Time::size`.
std::optional<Time> ymd_time(std::string_view text, TimeZone& zone, int64_t now_ns);
// "0102 03:04:05.678901", "20260102 03:04:05.678901".
std::optional<Time> glog_time(std::string_view text, TimeZone& zone, int64_t now_ns);
// Noon of "2026.01.02" or "2026-01-02".
std::optional<int64_t> day_at_start(std::string_view text, TimeZone& zone);
constexpr size_t kDateSize = 10;  // of such a date
// "server.go:42", "pkg/server.go:42".
bool is_source(std::string_view word);
// Letters, digits and "._$/:@#-", one of the first two at the front, and some letter.
bool is_name(std::string_view word);
// RFC 9562, section 4: 8-4-4-4-12 hex digits.
bool is_uuid(std::string_view word);
// "org.foo.Bar", "server.Server": dots, and of a single one a capital behind it.
bool is_class(std::string_view word);

}  // namespace waybill::parsers::formats
