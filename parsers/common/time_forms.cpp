// SPDX-License-Identifier: Apache-2.0
// Times in other forms than ISO 8601's: with the names of months, or numbers in any order.
#include <array>

#include "parsers/common/time_reader.h"

namespace waybill::parsers {

namespace {

bool skip_weekday(Reader& in) {
  constexpr std::string_view names = "MonTueWedThuFriSatSun";
  std::string_view rest = in.rest();
  if (rest.size() < 4) return false;
  size_t found = names.find(rest.substr(0, 3));
  if (found == std::string_view::npos || found % 3 != 0) return false;
  size_t size = 3;
  while (size < rest.size() && is_letter(rest[size])) ++size;
  if (size < rest.size() && rest[size] == ',') ++size;
  if (size == rest.size() || rest[size] != ' ') return false;
  in.back_to(in.position() + size + 1);
  return true;
}

// A year of four digits, with no digit and no ':' behind (that would be a clock).
bool read_year(Reader& in, unsigned& year) {
  size_t start = in.position();
  if (in.digits(4, year) && !is_digit(in.peek())) return true;
  in.back_to(start);
  return false;
}

// Behind month, day and clock: " 2005", " PDT 2013", or nothing.
std::optional<Time> year_at_end(Reader& in, unsigned month, unsigned day, const Clock& clock,
                                TimeZone& zone, int64_t now_ns) {
  size_t start = in.position();
  int64_t offset = 0;
  bool zoned = read_zone(in, offset);
  unsigned year;
  if (in.skip(' ') && read_year(in, year) && in.peek() != ':' && valid_day(year, month, day)) {
    int64_t local = days_of_civil(year, month, day) * kDaySeconds + clock.second_of_day;
    int64_t utc = zoned ? local - offset : zone.to_utc(local);
    return Time{utc * kSecondNs + clock.nanos, clock.digits, in.position()};
  }
  in.back_to(start);
  return nearest_year(in, month, day, clock, zone, now_ns);
}

}  // namespace

std::optional<Time> time_with_month_first(std::string_view text, TimeZone& zone, int64_t now_ns) {
  Reader in(text);
  if (skip_weekday(in) && is_digit(in.peek())) {
    size_t skipped = in.position();
    auto time = time_with_day_first(text.substr(skipped), zone, now_ns);
    if (time) time->size += skipped;
    return time;
  }
  unsigned month;
  unsigned day;
  unsigned year;
  Clock clock;
  if (!in.month_name(month) || !in.skip(' ') || !in.day(day)) return std::nullopt;
  in.skip(',');
  if (!in.skip(' ')) return std::nullopt;
  if (read_year(in, year)) {
    in.skip(',');
    if (!in.skip(' ') || !valid_day(year, month, day) || !read_clock(in, clock)) {
      return std::nullopt;
    }
    return with_zone(in, days_of_civil(year, month, day), clock, zone);
  }
  if (!read_clock(in, clock)) return std::nullopt;
  return year_at_end(in, month, day, clock, zone, now_ns);
}

std::optional<Time> time_with_day_first(std::string_view text, TimeZone& zone, int64_t now_ns) {
  Reader in(text);
  unsigned day;
  unsigned month;
  unsigned year;
  Clock clock;
  if (!in.digits(2, day) && !in.digits(1, day)) return std::nullopt;
  char between = in.peek();
  if ((between != '/' && between != '-' && between != ' ') || !in.skip(between) ||
      !in.month_name(month)) {
    return std::nullopt;
  }
  if (between == ' ' && in.peek() == ' ' && is_digit(in.peek(1)) && is_digit(in.peek(2)) &&
      in.peek(3) == ':') {
    in.skip(' ');
    if (!read_clock(in, clock)) return std::nullopt;
    return nearest_year(in, month, day, clock, zone, now_ns);
  }
  if (!in.skip(between) || !read_year(in, year) || !valid_day(year, month, day)) {
    return std::nullopt;
  }
  in.skip(',');
  if ((!in.skip(':') && !in.skip(' ')) || !read_clock(in, clock)) return std::nullopt;
  return with_zone(in, days_of_civil(year, month, day), clock, zone);
}

namespace {

struct Date {
  int64_t year = 0;
  unsigned month = 0;
  unsigned day = 0;
};

std::optional<Time> without_year(Reader& in, TimeZone& zone, int64_t now_ns) {
  unsigned month;
  unsigned day;
  Clock clock;
  char between = in.peek(2);
  if (!in.digits(2, month) || !in.skip(between) || !in.digits(2, day) ||
      (!in.skip(' ') && !in.skip('T')) || !read_clock(in, clock)) {
    return std::nullopt;
  }
  return nearest_year(in, month, day, clock, zone, now_ns);
}

}  // namespace

std::optional<Time> time_in_numbers(std::string_view text, TimeZone& zone, int64_t now_ns) {
  if (text.size() < 14) return std::nullopt;
  Reader in(text);
  char between = text[2];
  bool yearless = (between == '-' || between == '.') && text[5] != between;
  if (yearless) return without_year(in, zone, now_ns);
  if (between != '/' && between != '.' && between != '-') return std::nullopt;
  unsigned first;
  unsigned second;
  unsigned third;
  Clock clock;
  if (!in.digits(2, first) || !in.skip(between) || !in.digits(2, second) || !in.skip(between)) {
    return std::nullopt;
  }
  bool full = read_year(in, third);
  if (!full && !in.digits(2, third)) return std::nullopt;
  in.skip(',');
  if ((!in.skip(' ') && !in.skip(':') && !in.skip('-') && !in.skip('T')) ||
      !read_clock(in, clock)) {
    return std::nullopt;
  }
  int64_t century = year_of(now_ns / kSecondNs) / 100 * 100;
  int64_t last = full ? int64_t{third} : century + third;
  const std::array<Date, 3> readings = {Date{last, first, second},
                                        Date{full ? 0 : century + first, second, third},
                                        Date{last, second, first}};
  // With dots the day always comes first.
  if (full && between == '.' && valid_day(last, second, first)) {
    return with_zone(in, days_of_civil(last, second, first), clock, zone);
  }
  std::optional<Time> best;
  size_t start = in.position();
  for (const Date& date : readings) {
    if (!valid_day(date.year, date.month, date.day)) continue;
    in.back_to(start);
    Time time = with_zone(in, days_of_civil(date.year, date.month, date.day), clock, zone);
    // In seconds: between years far apart nanoseconds overflow.
    int64_t ahead = time.ns / kSecondNs - now_ns / kSecondNs;
    if (ahead <= kDaySeconds && ahead >= -kDaySeconds) return time;
    if (!best && ahead <= kDaySeconds) best = time;
  }
  return best;
}

}  // namespace waybill::parsers
