// SPDX-License-Identifier: Apache-2.0
// The pieces that written times are made of. Internal to time*.cpp.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/ascii.h"
#include "parsers/common/time.h"
#include "parsers/common/time_zone.h"

namespace waybill::parsers {

constexpr int64_t kSecondNs = 1'000'000'000;
constexpr int64_t kDaySeconds = 86400;

// Days since 1970-01-01 of a date in the Gregorian calendar.
int64_t days_of_civil(int64_t year, unsigned month, unsigned day);
// Whether there is such a day, and its nanoseconds fit into 64 bits (1680 to 2260).
bool valid_day(int64_t year, unsigned month, unsigned day);
// 1 to 12 for "Jan", "JAN", "January" …; 0 for anything else. Only the first three letters count.
unsigned month_of(std::string_view text);
// The year of a time, good to a day.
int64_t year_of(int64_t seconds);

// Reads pieces of `text` from the front; every read that fails leaves it as it was.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  size_t position() const { return at_; }
  bool at_end() const { return at_ == text_.size(); }
  std::string_view rest() const { return text_.substr(at_); }
  char peek(size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }
  void back_to(size_t position) { at_ = position; }
  bool skip(char c) {
    if (peek() != c) return false;
    ++at_;
    return true;
  }
  bool skip(std::string_view word) {
    if (text_.substr(at_, word.size()) != word) return false;
    at_ += word.size();
    return true;
  }
  // Exactly `count` digits.
  bool digits(size_t count, unsigned& value) {
    if (text_.size() - at_ < count) return false;
    unsigned read = 0;
    for (size_t i = 0; i < count; ++i) {
      unsigned digit = static_cast<unsigned char>(text_[at_ + i]) - unsigned{'0'};
      if (digit > 9) return false;
      read = read * 10 + digit;
    }
    at_ += count;
    value = read;
    return true;
  }
  // One or two digits; a blank may stand for the first of two.
  bool day(unsigned& value);
  // A month's name, three letters or in full.
  bool month_name(unsigned& month);

 private:
  std::string_view text_;
  size_t at_ = 0;
};

// HH:MM:SS, or HH.MM.SS, with a fraction of up to 9 digits behind '.', ',' or (three digits) ':';
// more digits are read over. "9:05:07 PM" is a clock, too. Second 60 is a leap second (RFC 3339,
// 5.6): it counts as the next minute's first.
struct Clock {
  int64_t second_of_day = 0;
  int64_t nanos = 0;
  uint8_t digits = 3;
};
// `padded`: also "3:04:05".
bool read_clock(Reader& in, Clock& clock, bool padded = false);

// A zone right here, or behind one blank; `offset` in seconds. False without one. By number, as Z,
// UTC or GMT, or one of the names that mean the same everywhere (CET, PDT, …).
bool read_zone(Reader& in, int64_t& offset);

// Whether a word is a zone's name, be it one that means several.
bool names_a_zone(std::string_view word);

// The time of a day and a clock: in the zone that stands here, else in `zone`.
Time with_zone(Reader& in, int64_t days, const Clock& clock, TimeZone& zone);
// The same of a date without a year: in the year that puts it nearest to now, at most a day ahead.
std::optional<Time> nearest_year(Reader& in, unsigned month, unsigned day, const Clock& clock,
                                 TimeZone& zone, int64_t now_ns);

// " us=678901", as OpenVPN writes it behind a time, becomes the clock's fraction.
void read_microseconds(Reader& in, Clock& clock);

// ---- other forms than ISO 8601's (time_forms.cpp) ----

// "Jan  2 03:04:05", "Mar 7 2008 19:06:53", "Fri 2026-01-02 03:04:05", "Jan 2, 2026 3:04:05 AM",
// and behind a weekday "Sun Dec 04 20:32:37 2005", "Sat Apr 27 03:33:07 PDT 2013", "Thu, 01 Jan
// 2026 03:04:05 GMT".
std::optional<Time> time_with_month_first(std::string_view text, TimeZone& zone, int64_t now_ns);
// "02/Jan/2026:03:04:05 +0100", "02-Jan-2026 03:04:05", "02-Jan-26 03:04:05", "2 Jan 2026
// 03:04:05", "2 Jan 03:04:05".
std::optional<Time> time_with_day_first(std::string_view text, TimeZone& zone, int64_t now_ns);
// "2026 Jan  2 03:04:05" (Cisco's NX-OS).
std::optional<Time> time_with_year_first(std::string_view text, TimeZone& zone);
// "01/25/2022 16:19:40", "25/01/2022 16:19:40", "17/06/09 20:10:40", "01/25/22 16:19:40",
// "1/2/2026 3:04:05", "03-17 16:13:38.811", "07.26 13:30:49", "08/28-12:34:56.789012" (Snort): of
// the readings that are possible dates the one within a day of now, else the first in the order
// month-day-year, year-month-day, day-month-year.
std::optional<Time> time_in_numbers(std::string_view text, TimeZone& zone, int64_t now_ns);

}  // namespace waybill::parsers
