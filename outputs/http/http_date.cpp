// SPDX-License-Identifier: Apache-2.0
#include "outputs/http/http_date.h"

#include <charconv>
#include <chrono>

namespace waybill::outputs::http {

std::optional<int64_t> read_http_date(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
  constexpr size_t kSize = 29;
  size_t begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return std::nullopt;
  text = text.substr(begin, text.find_last_not_of(kBlanks) + 1 - begin);
  if (text.size() != kSize || text.substr(3, 2) != ", " || text.substr(25) != " GMT") {
    return std::nullopt;
  }
  auto number = [&](size_t at, size_t size) {
    int value = -1;
    auto [end, code] = std::from_chars(text.data() + at, text.data() + at + size, value);
    return code == std::errc() && end == text.data() + at + size ? value : -1;
  };
  size_t month = kMonths.find(text.substr(8, 3));
  int day = number(5, 2), year = number(12, 4);
  int hour = number(17, 2), minute = number(20, 2), second = number(23, 2);
  if (month == std::string_view::npos || month % 3 != 0 || day < 1 || year < 1970 || hour < 0 ||
      hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60) {
    return std::nullopt;
  }
  std::chrono::year_month_day date(std::chrono::year(year),
                                   std::chrono::month(static_cast<unsigned>(month / 3 + 1)),
                                   std::chrono::day(static_cast<unsigned>(day)));
  if (!date.ok()) return std::nullopt;
  int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
  return days * 86400 + hour * 3600 + minute * 60 + second;
}

}  // namespace waybill::outputs::http
