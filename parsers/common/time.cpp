// SPDX-License-Identifier: Apache-2.0
#include "parsers/common/time.h"

#include <array>
#include <charconv>
#include <cstring>

namespace waybill::parsers {

namespace {

constexpr int64_t kSecond = 1'000'000'000;
constexpr int64_t kDay = 86400;
constexpr int64_t kYear1980 = 315'532'800;
constexpr int64_t kYear2200 = 7'258'118'400;
constexpr int kLargestExponent = 400;  // of a double, and then some

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms".
int64_t days_of_civil(int64_t year, unsigned month, unsigned day) {
  year -= month <= 2 ? 1 : 0;
  int64_t era = (year >= 0 ? year : year - 399) / 400;
  auto year_of_era = static_cast<unsigned>(year - era * 400);
  unsigned day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
  unsigned day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146097 + static_cast<int64_t>(day_of_era) - 719468;
}

bool valid_day(unsigned year, unsigned month, unsigned day) {
  constexpr std::array<unsigned, 13> days = {0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  if (month < 1 || month > 12 || day < 1) return false;
  bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return day <= days[month] + (month == 2 && leap ? 1 : 0);
}

// Reads pieces of `text` from the front; every read that fails leaves it as it was.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  size_t position() const { return at_; }
  bool at_end() const { return at_ == text_.size(); }
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  char peek(size_t ahead) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }
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
  bool digits(int count, unsigned& value) {
    unsigned read = 0;
    for (int i = 0; i < count; ++i) {
      char c = peek(static_cast<size_t>(i));
      if (!is_digit(c)) return false;
      read = read * 10 + static_cast<unsigned>(c - '0');
    }
    at_ += static_cast<size_t>(count);
    value = read;
    return true;
  }

 private:
  std::string_view text_;
  size_t at_ = 0;
};

// HH:MM:SS with a fraction of up to 9 digits behind '.' or ','; more digits are read over.
struct Clock {
  int64_t second_of_day = 0;
  int64_t nanos = 0;
  uint8_t digits = 3;
  bool fraction = false;
};

bool read_clock(Reader& in, Clock& clock) {
  unsigned hour;
  unsigned minute;
  unsigned second;
  if (!in.digits(2, hour) || !in.skip(':') || !in.digits(2, minute) || !in.skip(':') ||
      !in.digits(2, second)) {
    return false;
  }
  // Second 60 is a leap second (RFC 3339, 5.6): it counts as the next minute's first.
  if (hour > 23 || minute > 59 || second > 60) return false;
  clock.second_of_day = static_cast<int64_t>(hour * 3600 + minute * 60 + second);
  if ((in.peek() == '.' || in.peek() == ',') && is_digit(in.peek(1))) {
    in.skip(in.peek());
    clock.fraction = true;
    int count = 0;
    unsigned digit;
    for (; in.digits(1, digit); ++count) {
      if (count < 9) clock.nanos = clock.nanos * 10 + digit;
    }
    for (int i = count; i < 9; ++i) clock.nanos *= 10;
    clock.digits = static_cast<uint8_t>(count < 3 ? 3 : count > 9 ? 9 : count);
  }
  return true;
}

// A zone right here, or behind one blank; `offset` in seconds. False without one.
bool read_zone(Reader& in, int64_t& offset) {
  size_t start = in.position();
  in.skip(' ');
  if (in.peek() == 'Z' || in.peek() == 'z') {
    // "… Zoo" is no zone.
    char behind = in.peek(1);
    bool word = (behind >= 'a' && behind <= 'z') || (behind >= 'A' && behind <= 'Z');
    if (!word) {
      in.skip(in.peek());
      offset = 0;
      return true;
    }
  }
  if (in.skip("UTC") || in.skip("GMT")) {
    offset = 0;
    return true;
  }
  if (in.peek() == '+' || in.peek() == '-') {
    bool west = in.peek() == '-';
    in.skip(in.peek());
    unsigned hours;
    unsigned minutes = 0;
    if (in.digits(2, hours) && hours <= 18) {
      size_t behind_hours = in.position();
      in.skip(':');
      if (!in.digits(2, minutes)) in.back_to(behind_hours);
      if (minutes <= 59 && !is_digit(in.peek())) {
        offset = static_cast<int64_t>(hours * 3600 + minutes * 60) * (west ? -1 : 1);
        return true;
      }
    }
  }
  in.back_to(start);
  return false;
}

Time make_time(int64_t utc_seconds, const Clock& clock, size_t size) {
  return Time{utc_seconds * kSecond + clock.nanos, clock.digits, size};
}

std::optional<Time> with_zone(Reader& in, int64_t days, const Clock& clock, TimeZone& zone) {
  int64_t local = days * kDay + clock.second_of_day;
  int64_t offset;
  if (read_zone(in, offset)) return make_time(local - offset, clock, in.position());
  return make_time(zone.to_utc(local), clock, in.position());
}

// 2026-01-02T03:04:05…, 2026/01/02 03:04:05…
std::optional<Time> iso_time(std::string_view text, TimeZone& zone) {
  Reader in(text);
  unsigned year;
  unsigned month;
  unsigned day;
  if (!in.digits(4, year)) return std::nullopt;
  char separator = in.peek();
  if ((separator != '-' && separator != '/') || !in.skip(separator) || !in.digits(2, month) ||
      !in.skip(separator) || !in.digits(2, day)) {
    return std::nullopt;
  }
  char between = in.peek();
  if (between != 'T' && between != ' ' && between != 't' && between != '_') return std::nullopt;
  in.skip(between);
  Clock clock;
  if (!valid_day(year, month, day) || year < 1680 || year > 2260 || !read_clock(in, clock)) {
    return std::nullopt;
  }
  return with_zone(in, days_of_civil(year, month, day), clock, zone);
}

unsigned month_of(std::string_view text) {
  constexpr std::string_view names = "JanFebMarAprMayJunJulAugSepOctNovDec";
  if (text.size() < 3) return 0;
  size_t found = names.find(text.substr(0, 3));
  return found == std::string_view::npos || found % 3 != 0 ? 0
                                                           : static_cast<unsigned>(found / 3 + 1);
}

// 02/Jan/2026:03:04:05 +0100
std::optional<Time> common_log_time(std::string_view text, TimeZone& zone) {
  Reader in(text);
  unsigned day;
  unsigned year;
  if (!in.digits(2, day) || !in.skip('/')) return std::nullopt;
  unsigned month = month_of(text.substr(in.position()));
  if (month == 0) return std::nullopt;
  in.back_to(in.position() + 3);
  Clock clock;
  if (!in.skip('/') || !in.digits(4, year) || !in.skip(':') || !valid_day(year, month, day) ||
      year < 1680 || year > 2260 || !read_clock(in, clock)) {
    return std::nullopt;
  }
  return with_zone(in, days_of_civil(year, month, day), clock, zone);
}

int64_t year_of(int64_t seconds) {
  // Good to a day, which is all that choosing between neighbouring years needs.
  return 1970 + seconds / 31'556'952;
}

// Jan  2 03:04:05 — the year is the one that puts it nearest to now, at most a day ahead.
std::optional<Time> syslog_time(std::string_view text, TimeZone& zone, int64_t now_ns) {
  unsigned month = month_of(text);
  if (month == 0) return std::nullopt;
  Reader in(text);
  in.back_to(3);
  if (!in.skip(' ')) return std::nullopt;
  unsigned day;
  in.skip(' ');
  if (!in.digits(2, day) && !in.digits(1, day)) return std::nullopt;
  Clock clock;
  if (!in.skip(' ') || !read_clock(in, clock)) return std::nullopt;
  int64_t now = now_ns / kSecond;
  size_t start = in.position();
  for (int64_t year = year_of(now) + 1; year >= year_of(now) - 8; --year) {
    if (!valid_day(static_cast<unsigned>(year), month, day)) continue;
    in.back_to(start);
    auto time = with_zone(in, days_of_civil(year, month, day), clock, zone);
    if (time->ns / kSecond <= now + kDay) return time;
  }
  return std::nullopt;
}

// 03:04:05.678 — today, or the day before when that is nearer.
std::optional<Time> clock_time(std::string_view text, TimeZone& zone, int64_t now_ns) {
  Reader in(text);
  Clock clock;
  if (!read_clock(in, clock)) return std::nullopt;
  char behind = in.peek();
  if (is_digit(behind) || behind == ':') return std::nullopt;
  int64_t now = now_ns / kSecond;
  int64_t local_now = zone.to_local(now);
  int64_t today = local_now - (local_now % kDay + kDay) % kDay;
  int64_t utc = zone.to_utc(today + clock.second_of_day);
  if (utc > now + kDay / 2) utc -= kDay;
  if (utc < now - kDay / 2) utc += kDay;
  return make_time(utc, clock, in.position());
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
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
  if (text.size() < 8) return std::nullopt;
  if (!is_digit(text[0])) return syslog_time(text, zone, now_ns);
  if (text[2] == ':') return clock_time(text, zone, now_ns);
  if (text[2] == '/') return common_log_time(text, zone);
  if (text[4] == '-' || text[4] == '/') return iso_time(text, zone);
  return epoch_at_start(text);
}

std::optional<Time> time_of_text(std::string_view text, TimeZone& zone, int64_t now_ns) {
  text = trimmed(text);
  auto time = time_at_start(text, zone, now_ns);
  if (time && time->size != text.size()) return std::nullopt;
  return time;
}

std::optional<Time> time_of_number(std::string_view number) {
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
  auto seconds = static_cast<int64_t>(ns / uint64_t{kSecond});
  if (seconds < kYear1980 || seconds >= kYear2200) return std::nullopt;
  int digits = 9 - unit + (fraction - exponent > 0 ? fraction - exponent : 0);
  return Time{static_cast<int64_t>(ns),
              static_cast<uint8_t>(digits < 3   ? 3
                                   : digits > 9 ? 9
                                                : digits),
              number.size()};
}

}  // namespace waybill::parsers
