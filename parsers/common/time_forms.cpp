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

// "23", of the years up to the next one.
bool read_short_year(Reader& in, int64_t now_ns, unsigned& year) {
  if (!in.digits(2, year) || in.peek() != ' ') return false;
  auto next = static_cast<unsigned>(year_of(now_ns / kSecondNs)) + 1;
  year += next / 100 * 100;
  if (year > next) year -= 100;
  return true;
}

// Whether a date is of the weekday that `text` begins with.
bool is_on(std::string_view text, unsigned year, unsigned month, unsigned day) {
  constexpr std::string_view names = "ThuFriSatSunMonTueWed";  // 1970-01-01 was a Thursday
  constexpr int64_t beyond = 700'000;                          // weeks: no negative remainders
  int64_t days = days_of_civil(year, month, day) + beyond * 7;
  return text.substr(0, 3) == names.substr(static_cast<size_t>(days % 7) * 3, 3);
}

// A zone whose name says no offset: it is read over where a year stands behind it (date(1)).
bool skip_unknown_zone(Reader& in) {
  std::string_view rest = in.rest();
  size_t size = 1;
  while (size < rest.size() && is_upper(rest[size])) ++size;
  if (rest.empty() || rest[0] != ' ' || size < 4 || size > 6) return false;
  if (!names_a_zone(rest.substr(1, size - 1))) return false;
  in.back_to(in.position() + size);
  return true;
}

// Behind month, day and clock: " 2005", " PDT 2013", or nothing. What ends with a colon right
// behind it may be a process as well, unless the weekday fits.
std::optional<Time> year_at_end(Reader& in, std::string_view text, bool weekday, unsigned month,
                                unsigned day, const Clock& clock, TimeZone& zone, int64_t now_ns) {
  size_t start = in.position();
  int64_t offset = 0;
  bool zoned = read_zone(in, offset);
  bool unknown = !zoned && skip_unknown_zone(in);
  unsigned year;
  if (in.skip(' ') && read_year(in, year) && valid_day(year, month, day)) {
    bool sure = !unknown && in.peek() != ':';
    bool apart = in.at_end() || in.peek() == ' ' || in.peek() == ']' ||
                 (in.peek() == ':' && !is_digit(in.peek(1)));
    if (sure || (apart && (weekday ? is_on(text, year, month, day) : in.peek() == ' '))) {
      int64_t local = days_of_civil(year, month, day) * kDaySeconds + clock.second_of_day;
      int64_t utc = zoned ? local - offset : zone.to_utc(local);
      Clock fine = clock;
      read_microseconds(in, fine);
      return Time{utc * kSecondNs + fine.nanos, fine.digits, in.position(), !zoned};
    }
  }
  in.back_to(start);
  return nearest_year(in, month, day, clock, zone, now_ns);
}

}  // namespace

std::optional<Time> time_with_month_first(std::string_view text, TimeZone& zone, int64_t now_ns) {
  Reader in(text);
  bool weekday = skip_weekday(in);
  if (weekday && is_digit(in.peek())) {
    size_t skipped = in.position();
    // "Fri 2026-01-02 03:04:05 CET": journalctl's short-full.
    auto time = in.peek(4) == '-' ? time_at_start(text.substr(skipped), zone, now_ns)
                                  : time_with_day_first(text.substr(skipped), zone, now_ns);
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
  return year_at_end(in, text, weekday, month, day, clock, zone, now_ns);
}

std::optional<Time> time_with_year_first(std::string_view text, TimeZone& zone) {
  Reader in(text);
  unsigned year;
  unsigned month;
  unsigned day;
  Clock clock;
  if (!in.digits(4, year) || !in.skip(' ') || !in.month_name(month) || !in.skip(' ') ||
      !in.day(day) || !in.skip(' ') || !valid_day(year, month, day) || !read_clock(in, clock)) {
    return std::nullopt;
  }
  return with_zone(in, days_of_civil(year, month, day), clock, zone);
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
  if (!in.skip(between)) return std::nullopt;
  if (!read_year(in, year) && (between != '-' || !read_short_year(in, now_ns, year))) {
    return std::nullopt;
  }
  if (!valid_day(year, month, day)) return std::nullopt;
  in.skip(',');
  if ((!in.skip(':') && !in.skip(' ')) || !read_clock(in, clock)) return std::nullopt;
  return with_zone(in, days_of_civil(year, month, day), clock, zone);
}

namespace {

constexpr size_t kSnortSize = 21;  // of a time with its microseconds

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
  if (!in.digits(2, month) || !in.skip(between) || !in.digits(2, day)) return std::nullopt;
  // Snort: "08/28-12:34:56.789012".
  bool dash = between == '/' && in.skip('-');
  if ((!dash && !in.skip(' ') && !in.skip('T')) || !read_clock(in, clock)) return std::nullopt;
  if (dash && in.position() < kSnortSize) return std::nullopt;
  return nearest_year(in, month, day, clock, zone, now_ns);
}

bool is_within_a_day(const Time& time, int64_t now_ns) {
  // In seconds: between years far apart nanoseconds overflow.
  int64_t ahead = time.ns / kSecondNs - now_ns / kSecondNs;
  return ahead <= kDaySeconds && ahead >= -kDaySeconds;
}

// With dots the day comes first, unless the year is of two digits, and the date with the year first
// is near to now.
Time with_dots(Reader& in, const std::array<Date, 2>& readings, const Clock& clock, TimeZone& zone,
               int64_t now_ns) {
  const auto& [day_first, year_first] = readings;
  size_t start = in.position();
  auto read = [&](const Date& date) {
    in.back_to(start);
    return with_zone(in, days_of_civil(date.year, date.month, date.day), clock, zone);
  };
  Time time = read(day_first);
  if (is_within_a_day(time, now_ns) ||
      !valid_day(year_first.year, year_first.month, year_first.day))
    return time;
  Time other = read(year_first);
  return is_within_a_day(other, now_ns) ? other : time;
}

// Of several readings the one within a day of now, else the first that is not ahead.
std::optional<Time> nearest_reading(Reader& in, const std::array<Date, 3>& readings,
                                    const Clock& clock, TimeZone& zone, int64_t now_ns) {
  std::optional<Time> best;
  size_t start = in.position();
  for (const Date& date : readings) {
    if (!valid_day(date.year, date.month, date.day)) continue;
    in.back_to(start);
    Time time = with_zone(in, days_of_civil(date.year, date.month, date.day), clock, zone);
    if (is_within_a_day(time, now_ns)) return time;
    if (!best && time.ns / kSecondNs <= now_ns / kSecondNs) best = time;
  }
  return best;
}

}  // namespace

std::optional<Time> time_in_numbers(std::string_view text, TimeZone& zone, int64_t now_ns) {
  if (text.size() < 14) return std::nullopt;
  Reader in(text);
  char between = is_digit(text[1]) ? text[2] : text[1];
  if (between != '/' && between != '.' && between != '-') return std::nullopt;
  bool two = text[2] == between;
  bool yearless = between == '/' ? text[5] == '-' : text[5] != between;
  if (two && yearless && !(between == '.' && text[4] == '.')) return without_year(in, zone, now_ns);
  // "1/2/2026 3:04:05", "1.2.2026 03:04:05"
  bool padded = between == '-' || (two && text[5] == between);
  unsigned first;
  unsigned second;
  unsigned third;
  Clock clock;
  auto number = [&](unsigned& value) {
    return in.digits(2, value) || (!padded && in.digits(1, value));
  };
  if (!number(first) || !in.skip(between) || !number(second) || !in.skip(between)) {
    return std::nullopt;
  }
  const bool dots = between == '.';
  bool full = read_year(in, third);
  if (!full && ((!padded && !dots) || !in.digits(2, third))) return std::nullopt;
  in.skip(',');
  // "1.2.34-10.20.30" are numbers.
  bool loose = padded || !dots;
  bool apart = in.skip(' ') || (loose && (in.skip(':') || in.skip('-') || in.skip('T')));
  if (!apart || !read_clock(in, clock, !padded)) return std::nullopt;
  int64_t century = year_of(now_ns / kSecondNs) / 100 * 100;
  int64_t last = full ? int64_t{third} : century + third;
  const Date year_first{full ? 0 : century + first, second, third};
  const Date day_first{last, second, first};
  if (dots && valid_day(last, second, first)) {
    return with_dots(in, {day_first, year_first}, clock, zone, now_ns);
  }
  const std::array<Date, 3> readings = {Date{last, first, second}, year_first, day_first};
  return nearest_reading(in, readings, clock, zone, now_ns);
}

}  // namespace waybill::parsers
