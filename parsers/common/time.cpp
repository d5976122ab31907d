// SPDX-License-Identifier: Apache-2.0
#include "parsers/common/time.h"

#include <algorithm>
#include <charconv>

#include "core/ascii.h"
#include "parsers/common/time_reader.h"

namespace waybill::parsers {

namespace {

constexpr int64_t kYear1980 = 315'532'800;
constexpr int64_t kYear2200 = 7'258'118'400;
constexpr int kLargestExponent = 400;  // of a double, and then some

// "+060": DB2 counts minutes.
std::optional<Time> with_zone_in_minutes(Reader& in, int64_t days, const Clock& clock) {
  size_t start = in.position();
  bool west = in.peek() == '-';
  unsigned minutes;
  bool sign = west || in.peek() == '+';
  if (!sign || !in.skip(in.peek()) || !in.digits(3, minutes) || is_digit(in.peek()) ||
      in.peek() == ':' || minutes > 14 * 60) {
    in.back_to(start);
    return std::nullopt;
  }
  int64_t offset = int64_t{minutes} * 60 * (west ? -1 : 1);
  int64_t utc = days * kDaySeconds + clock.second_of_day - offset;
  return Time{utc * kSecondNs + clock.nanos, clock.digits, in.position()};
}

// Go's Time.String() has the zone twice, " +0100 CET", and perhaps a reading of the monotonic
// clock, " m=+0.123".
void skip_zone_of_go(Reader& in, std::string_view text) {
  size_t behind = in.position();
  std::string_view offset = text.substr(behind < 6 ? 0 : behind - 6, 6);
  if (offset.size() < 6 || offset[0] != ' ' || (offset[1] != '+' && offset[1] != '-')) return;
  std::string_view rest = in.rest().substr(1);
  size_t size = 0;
  while (size < rest.size() && size < 6 && is_upper(rest[size])) ++size;
  bool ends = size == rest.size() || !(is_letter(rest[size]) || is_digit(rest[size]));
  if (!ends || !names_a_zone(rest.substr(0, size))) return;
  in.back_to(behind + 1 + size);
  size_t start = in.position();
  if (!in.skip(" m=+") && !in.skip(" m=-")) return;
  size_t digits = 0;
  while (is_digit(in.peek()) || in.peek() == '.') in.skip(in.peek()), ++digits;
  if (digits == 0 || (!in.at_end() && in.peek() != ' ' && in.peek() != ']')) in.back_to(start);
}

// 2026-01-02T03:04:05…, 2026/01/02 03:04:05…, 2026-01-02-03.04.05…
std::optional<Time> iso_time(std::string_view text, TimeZone& zone) {
  Reader in(text);
  unsigned year;
  unsigned month;
  unsigned day;
  if (!in.digits(4, year)) return std::nullopt;
  char separator = in.peek();
  if (!in.skip(separator) || !in.digits(2, month) || !in.skip(separator) || !in.digits(2, day)) {
    return std::nullopt;
  }
  if (in.peek() == ',' && in.peek(1) == ' ') in.skip(',');  // Airflow: "2026-01-02, 03:04:05 UTC"
  char between = in.peek();
  constexpr std::string_view allowed = "T t_-\t";
  if (between == '\0' || allowed.find(between) == std::string_view::npos) return std::nullopt;
  in.skip(between);
  if (between == ' ') in.skip("- ");  // gin
  // MariaDB: "2026-01-02  3:04:05".
  bool padded = between == ' ' && in.peek() == ' ' && is_digit(in.peek(1)) && in.peek(2) == ':';
  if (padded) in.skip(' ');
  Clock clock;
  if (!valid_day(year, month, day) || !read_clock(in, clock, padded)) return std::nullopt;
  const int64_t days = days_of_civil(year, month, day);
  if (between == '-') {
    if (auto time = with_zone_in_minutes(in, days, clock)) return time;
  }
  if (between != ' ' || in.peek() != ' ') return with_zone(in, days, clock, zone);
  read_microseconds(in, clock);
  Time time = with_zone(in, days, clock, zone);
  if (is_letter(in.peek(1)) && in.peek() == ' ') skip_zone_of_go(in, text);
  time.size = in.position();
  return time;
}

// "3:4:5:7|" is 03:04:05.007: who does not pad the milliseconds pads nothing. A bar ends it.
bool read_bare_clock(Reader& in, Clock& clock) {
  size_t start = in.position();
  unsigned hour;
  unsigned minute;
  unsigned second;
  unsigned millis;
  auto number = [&](unsigned& value) { return in.digits(2, value) || in.digits(1, value); };
  bool read = number(hour) && in.skip(':') && number(minute) && in.skip(':') && number(second) &&
              in.skip(':') && (in.digits(3, millis) || number(millis)) && in.peek() == '|';
  if (!read || hour > 23 || minute > 59 || second > 60) {
    in.back_to(start);
    return false;
  }
  clock.second_of_day = static_cast<int64_t>(hour * 3600 + minute * 60 + second);
  clock.nanos = int64_t{millis} * 1'000'000;
  return true;
}

// 20260102T030405Z, 20260102 03:04:05, 20260102-03:04:05:678
std::optional<Time> basic_time(std::string_view text, TimeZone& zone) {
  Reader in(text);
  unsigned year;
  unsigned month;
  unsigned day;
  if (!in.digits(4, year) || !in.digits(2, month) || !in.digits(2, day) ||
      !valid_day(year, month, day) || year < 1980) {
    return std::nullopt;
  }
  Clock clock;
  if (in.skip('T')) {
    unsigned hour;
    unsigned minute;
    unsigned second;
    if (!in.digits(2, hour) || !in.digits(2, minute) || !in.digits(2, second) || hour > 23 ||
        minute > 59 || second > 60) {
      return std::nullopt;
    }
    clock.second_of_day = static_cast<int64_t>(hour * 3600 + minute * 60 + second);
  } else if (in.skip('-')) {
    if (!read_bare_clock(in, clock) && !read_clock(in, clock)) return std::nullopt;
  } else if (!in.skip(' ') || !read_clock(in, clock)) {
    return std::nullopt;
  }
  return with_zone(in, days_of_civil(year, month, day), clock, zone);
}

// 03:04:05.678, 03:04:05.678Z — today, or the day before or behind when that is nearer.
std::optional<Time> clock_time(std::string_view text, TimeZone& zone, int64_t now_ns) {
  Reader in(text);
  Clock clock;
  if (!read_clock(in, clock)) return std::nullopt;
  char behind = in.peek();
  // "03:04:05.678: …" (Falco), but not "00:00:12: …": that is how long Cisco's machines are up.
  bool colon = behind == ':' && (clock.nanos == 0 || in.peek(1) != ' ');
  if (is_digit(behind) || colon) return std::nullopt;
  bool zulu = behind == 'Z' && !is_letter(in.peek(1)) && !is_digit(in.peek(1)) && in.skip('Z');
  int64_t now = now_ns / kSecondNs;
  int64_t local_now = zulu ? now : zone.to_local(now);
  int64_t today = local_now - (local_now % kDaySeconds + kDaySeconds) % kDaySeconds;
  int64_t local = today + clock.second_of_day;
  int64_t utc = zulu ? local : zone.to_utc(local);
  if (utc > now + kDaySeconds / 2) utc -= kDaySeconds;
  if (utc < now - kDaySeconds / 2) utc += kDaySeconds;
  return Time{utc * kSecondNs + clock.nanos, clock.digits, in.position(), !zulu};
}

// "1.6726286456789e+09": zap's console, once.
std::optional<Time> float_at_start(std::string_view text) {
  constexpr std::string_view exponent = "e+09";
  size_t size = 2;
  while (size < text.size() && is_digit(text[size])) ++size;
  bool whole = size >= 11 && text.substr(size).starts_with(exponent);
  if (!whole) return std::nullopt;
  size += exponent.size();
  if (size < text.size() && !is_blank(text[size])) return std::nullopt;
  auto time = time_of_number(text.substr(0, size));
  if (time) time->size = size;
  return time;
}

std::optional<Time> epoch_at_start(std::string_view text) {
  size_t size = 0;
  while (size < text.size() && is_digit(text[size])) ++size;
  if (size < 10) return std::nullopt;
  if (size < text.size() && text[size] == '.') {
    ++size;
    while (size < text.size() && is_digit(text[size])) ++size;
  }
  if (size < text.size() && text[size] != ' ' && text[size] != '\t') return std::nullopt;
  auto time = time_of_number(text.substr(0, size));
  if (time) time->size = size;
  return time;
}

}  // namespace

std::optional<Time> time_at_start(std::string_view text, TimeZone& zone, int64_t now_ns) {
  if (text.size() < 6) return std::nullopt;
  if (!is_digit(text[0])) {
    return is_letter(text[0]) ? time_with_month_first(text, zone, now_ns) : std::nullopt;
  }
  if (text[2] == ':' || text[1] == ':') return clock_time(text, zone, now_ns);
  if (text.size() < 12) return epoch_at_start(text);
  bool apart = text[4] == '-' || text[4] == '/' || text[4] == '.';
  // "3/14/2026" has it there, too.
  if (apart && is_digit(text[1]) && is_digit(text[2])) return iso_time(text, zone);
  // "5.12.25 03:04:05" has its second point there.
  if (text[1] == '.' && text[3] != '.' && text[4] != '.') return float_at_start(text);
  if (text[4] == ' ' && is_letter(text[5])) return time_with_year_first(text, zone);
  char behind = is_digit(text[1]) ? text[2] : text[1];
  if (behind == ' ') return time_with_day_first(text, zone, now_ns);
  if (behind == '/' || behind == '-' || behind == '.') {
    return is_letter(text[3]) || is_letter(text[2]) ? time_with_day_first(text, zone, now_ns)
                                                    : time_in_numbers(text, zone, now_ns);
  }
  if (text[8] == ' ' || text[8] == '-' || text[8] == 'T') return basic_time(text, zone);
  return epoch_at_start(text);
}

std::optional<Time> time_of_text(std::string_view text, TimeZone& zone, int64_t now_ns) {
  text = trimmed(text);
  auto time = time_at_start(text, zone, now_ns);
  if (time && time->size != text.size()) return std::nullopt;
  return time;
}

namespace {

// Ten digits, a point and up to nine: as most loggers print an epoch.
std::optional<Time> time_of_seconds(std::string_view number) {
  constexpr size_t kPoint = 10;
  if (number.size() < kPoint + 2 || number.size() > kPoint + 10 || number[kPoint] != '.') {
    return std::nullopt;
  }
  uint64_t ns = 0;
  for (size_t i = 0; i < number.size(); ++i) {
    if (i == kPoint) continue;
    if (!is_digit(number[i])) return std::nullopt;
    ns = ns * 10 + static_cast<uint64_t>(number[i] - '0');
  }
  const size_t digits = number.size() - kPoint - 1;
  for (size_t i = digits; i < 9; ++i) ns *= 10;
  auto seconds = static_cast<int64_t>(ns / uint64_t{kSecondNs});
  if (number[0] == '0' || seconds < kYear1980 || seconds >= kYear2200) return std::nullopt;
  return Time{static_cast<int64_t>(ns), static_cast<uint8_t>(std::max<size_t>(digits, 3)),
              number.size()};
}

}  // namespace

std::optional<Time> time_of_number(std::string_view number) {
  if (auto usual = time_of_seconds(number)) return usual;
  // Digits of the mantissa without the point, and where the point is.
  uint64_t mantissa = 0;
  int taken = 0;     // digits in `mantissa`
  int integer = 0;   // digits before the point, leading zeros apart
  int fraction = 0;  // digits behind it
  int zeros = 0;     // right behind it, of a number below 1
  bool point = false;
  size_t i = 0;
  for (; i < number.size(); ++i) {
    char c = number[i];
    if (c == '.' && !point) {
      point = true;
      continue;
    }
    if (!is_digit(c)) break;
    if (point) ++fraction;
    if (point && taken == 0 && c == '0') ++zeros;
    if (!point && (integer > 0 || c != '0')) ++integer;
    if (taken < 19 && (taken > 0 || c != '0')) {
      mantissa = mantissa * 10 + static_cast<uint64_t>(c - '0');
      ++taken;
    } else if (taken > 0) {
      ++taken;  // beyond what counts
    }
  }
  int exponent = 0;
  if (i < number.size()) {
    if ((number[i] | 0x20) != 'e') return std::nullopt;
    const char* from = number.data() + i + 1;
    if (from < number.data() + number.size() && *from == '+') ++from;
    auto [end, error] = std::from_chars(from, number.data() + number.size(), exponent);
    if (error != std::errc{} || end != number.data() + number.size()) return std::nullopt;
    if (exponent < -kLargestExponent || exponent > kLargestExponent) return std::nullopt;
  }
  int magnitude = (integer > 0 ? integer : -zeros) + exponent;  // digits before the point
  if (magnitude < 9 || magnitude > 19 || taken == 0) return std::nullopt;
  // The unit by magnitude; then scale the mantissa to nanoseconds.
  int unit = magnitude <= 11 ? 9 : magnitude <= 14 ? 6 : magnitude <= 17 ? 3 : 0;
  int scale = magnitude + unit - (taken < 19 ? taken : 19);
  uint64_t ns = mantissa;
  for (; scale > 0; --scale) {
    if (ns > uint64_t{INT64_MAX} / 10) return std::nullopt;
    ns *= 10;
  }
  for (; scale < 0; ++scale) ns /= 10;
  auto seconds = static_cast<int64_t>(ns / uint64_t{kSecondNs});
  if (seconds < kYear1980 || seconds >= kYear2200) return std::nullopt;
  int digits = 9 - unit + (fraction - exponent > 0 ? fraction - exponent : 0);
  return Time{static_cast<int64_t>(ns),
              static_cast<uint8_t>(digits < 3   ? 3
                                   : digits > 9 ? 9
                                                : digits),
              number.size()};
}

}  // namespace waybill::parsers
