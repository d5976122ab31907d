// SPDX-License-Identifier: Apache-2.0
#include "parsers/common/time_reader.h"

#include <algorithm>
#include <array>

namespace waybill::parsers {

namespace {

struct NamedZone {
  std::string_view name;
  int hours;
};
// Only names that mean one offset wherever they are written, or in practice.
constexpr std::array kZones = {
    NamedZone{"UTC", 0},   NamedZone{"GMT", 0},   NamedZone{"WET", 0},   NamedZone{"WEST", 1},
    NamedZone{"CET", 1},   NamedZone{"CEST", 2},  NamedZone{"EET", 2},   NamedZone{"EEST", 3},
    NamedZone{"MSK", 3},   NamedZone{"JST", 9},   NamedZone{"KST", 9},   NamedZone{"AEST", 10},
    NamedZone{"AEDT", 11}, NamedZone{"NZST", 12}, NamedZone{"NZDT", 13}, NamedZone{"EST", -5},
    NamedZone{"EDT", -4},  NamedZone{"CDT", -5},  NamedZone{"MST", -7},  NamedZone{"MDT", -6},
    NamedZone{"PST", -8},  NamedZone{"PDT", -7},  NamedZone{"HKT", 8},   NamedZone{"SGT", 8},
    NamedZone{"SAST", 2},  NamedZone{"PKT", 5},   NamedZone{"WIB", 7},
};
// CST is America's and China's, IST India's, Israel's and Ireland's, BST Britain's and
// Bangladesh's: part of the time all the same.
constexpr std::array<std::string_view, 3> kDoubtfulZones = {"CST", "IST", "BST"};

// One of those, alone: behind it nothing that could make it a part of a name.
void skip_doubtful_zone(Reader& in) {
  constexpr std::string_view ends = " ]>)|,:\t";
  if (in.peek() != ' ' || !is_upper(in.peek(1))) return;
  std::string_view name = in.rest().substr(1, 3);
  if (std::find(kDoubtfulZones.begin(), kDoubtfulZones.end(), name) == kDoubtfulZones.end()) return;
  char behind = in.peek(4);
  if (behind == '\0' || ends.find(behind) != ends.npos) in.back_to(in.position() + 4);
}

bool read_numeric_zone(Reader& in, int64_t& offset) {
  bool west = in.peek() == '-';
  in.skip(in.peek());
  unsigned hours;
  unsigned minutes = 0;
  if (!in.digits(2, hours) || hours > 23) return false;
  size_t behind_hours = in.position();
  in.skip(':');
  if (!in.digits(2, minutes)) in.back_to(behind_hours);
  if (minutes > 59 || is_digit(in.peek())) return false;
  offset = static_cast<int64_t>(hours * 3600 + minutes * 60) * (west ? -1 : 1);
  return true;
}

// "GMT+0100", with "(Central European Standard Time)" behind it: how JavaScript writes a Date.
void read_offset_of_utc(Reader& in, int64_t& offset) {
  constexpr size_t longest = 60;
  size_t start = in.position();
  size_t third = in.peek(3) == ':' ? 4 : 3;
  bool number = (in.peek() == '+' || in.peek() == '-') && is_digit(in.peek(third));
  int64_t read;
  if (!number || !read_numeric_zone(in, read)) return in.back_to(start);
  offset = read;
  if (in.peek() != ' ' || in.peek(1) != '(') return;
  std::string_view rest = in.rest();
  size_t end = 2;
  while (end < rest.size() && end < longest && (is_letter(rest[end]) || rest[end] == ' ')) ++end;
  bool name = end > 2 && end < rest.size() && rest[end] == ')' &&
              (rest.find("Time)") < end || names_a_zone(rest.substr(2, end - 2)));
  if (name) in.back_to(in.position() + end + 1);
}

bool read_named_zone(Reader& in, int64_t& offset) {
  std::string_view rest = in.rest();
  size_t size = 0;
  while (size < rest.size() && size < 6 && rest[size] >= 'A' && rest[size] <= 'Z') ++size;
  if (size < 3 || (size < rest.size() && (is_letter(rest[size]) || rest[size] == '_'))) {
    return false;
  }
  for (const NamedZone& known : kZones) {
    if (known.name[0] != rest[0] || known.name != rest.substr(0, size)) continue;
    in.skip(known.name);
    offset = int64_t{known.hours} * 3600;
    if (known.hours == 0) read_offset_of_utc(in, offset);
    return true;
  }
  return false;
}

void read_fraction(Reader& in, Clock& clock) {
  char point = in.peek();
  bool colon = point == ':' && is_digit(in.peek(1)) && is_digit(in.peek(2)) &&
               is_digit(in.peek(3)) && !is_digit(in.peek(4));
  if (!colon && ((point != '.' && point != ',') || !is_digit(in.peek(1)))) return;
  const size_t start = in.position();
  in.skip(point);
  int count = 0;
  unsigned digit;
  for (; in.digits(1, digit); ++count) {
    if (count < 9) clock.nanos = clock.nanos * 10 + digit;
  }
  if (count > 9 && point == ',') {  // the next column's number (PAN-OS)
    clock.nanos = 0;
    return in.back_to(start);
  }
  for (int i = count; i < 9; ++i) clock.nanos *= 10;
  clock.digits = static_cast<uint8_t>(count < 3 ? 3 : count > 9 ? 9 : count);
}

// " AM", "PM", behind a blank of any width (ICU): turns the hour of a 12-hour clock. False when the
// hour is none of it.
bool read_half_of_day(Reader& in, unsigned& hour) {
  size_t start = in.position();
  if (!in.skip(' ')) in.skip("\u202f");
  bool am = in.skip("AM") || in.skip("am");
  bool pm = !am && (in.skip("PM") || in.skip("pm"));
  if ((!am && !pm) || is_letter(in.peek())) {
    in.back_to(start);
    return true;
  }
  if (hour < 1 || hour > 12) return false;
  hour = hour % 12 + (pm ? 12 : 0);
  return true;
}

}  // namespace

// Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms".
int64_t days_of_civil(int64_t year, unsigned month, unsigned day) {
  year -= month <= 2 ? 1 : 0;
  int64_t era = (year >= 0 ? year : year - 399) / 400;
  auto year_of_era = static_cast<unsigned>(year - era * 400);
  unsigned day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
  unsigned day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146097 + static_cast<int64_t>(day_of_era) - 719468;
}

bool valid_day(int64_t year, unsigned month, unsigned day) {
  constexpr std::array<unsigned, 13> days = {0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  if (year < 1680 || year > 2260 || month < 1 || month > 12 || day < 1) return false;
  bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return day <= days[month] + (month == 2 && leap ? 1 : 0);
}

namespace {

// Three letters in any case as one number.
constexpr uint32_t letters(char a, char b, char c) {
  auto lower = [](char letter) {
    return static_cast<uint32_t>(static_cast<unsigned char>(letter)) | 0x20;
  };
  return lower(a) << 16 | lower(b) << 8 | lower(c);
}

}  // namespace

unsigned month_of(std::string_view text) {
  if (text.size() < 3) return 0;
  switch (letters(text[0], text[1], text[2])) {
    case letters('j', 'a', 'n'): return 1;
    case letters('f', 'e', 'b'): return 2;
    case letters('m', 'a', 'r'): return 3;
    case letters('a', 'p', 'r'): return 4;
    case letters('m', 'a', 'y'): return 5;
    case letters('j', 'u', 'n'): return 6;
    case letters('j', 'u', 'l'): return 7;
    case letters('a', 'u', 'g'): return 8;
    case letters('s', 'e', 'p'): return 9;
    case letters('o', 'c', 't'): return 10;
    case letters('n', 'o', 'v'): return 11;
    case letters('d', 'e', 'c'): return 12;
    default: return 0;
  }
}

int64_t year_of(int64_t seconds) { return 1970 + seconds / 31'556'952; }

bool Reader::day(unsigned& value) {
  if (peek() == ' ' && is_digit(peek(1))) ++at_;
  return digits(2, value) || digits(1, value);
}

bool Reader::month_name(unsigned& month) {
  constexpr std::string_view longest[] = {"uary", "ruary", "ch",     "il",   "",      "e",
                                          "y",    "ust",   "tember", "ober", "ember", "ember"};
  month = month_of(rest());
  if (month == 0) return false;
  at_ += 3;
  skip(longest[month - 1]);
  if (!is_letter(peek())) return true;
  at_ -= 3;
  return false;
}

bool read_clock(Reader& in, Clock& clock, bool padded) {
  unsigned hour;
  unsigned minute;
  unsigned second = 0;
  bool short_hour = !in.digits(2, hour);
  if (short_hour && !in.digits(1, hour)) return false;
  char between = in.peek();
  if ((between != ':' && between != '.') || !in.skip(between) || !in.digits(2, minute)) {
    return false;
  }
  if (in.peek() != between || !is_digit(in.peek(1))) {
    // Without seconds only a clock of twelve hours is told from other numbers: "3:04PM".
    size_t start = in.position();
    bool turned = between == ':' && read_half_of_day(in, hour) && in.position() != start;
    clock.second_of_day = static_cast<int64_t>(hour * 3600 + minute * 60);
    return turned && minute <= 59;
  }
  in.skip(between);
  if (!in.digits(2, second) || hour > 23 || minute > 59 || second > 60) return false;
  read_fraction(in, clock);
  size_t start = in.position();
  if (!read_half_of_day(in, hour) || (short_hour && !padded && in.position() == start))
    return false;
  clock.second_of_day = static_cast<int64_t>(hour * 3600 + minute * 60 + second);
  return true;
}

bool names_a_zone(std::string_view word) {
  // Those that mean several, and some that are read over for what they are.
  constexpr std::array<std::string_view, 10> others = {"HST", "AST",  "ADT",  "SST",  "BRT",
                                                       "NST", "AWST", "ACST", "ACDT", "AKST"};
  auto is_word = [&](std::string_view name) { return name == word; };
  return std::any_of(kZones.begin(), kZones.end(),
                     [&](const NamedZone& zone) { return zone.name == word; }) ||
         std::any_of(kDoubtfulZones.begin(), kDoubtfulZones.end(), is_word) ||
         std::any_of(others.begin(), others.end(), is_word);
}

bool read_zone(Reader& in, int64_t& offset) {
  size_t start = in.position();
  in.skip(' ');
  if ((in.peek() == 'Z' || in.peek() == 'z') && !is_letter(in.peek(1))) {  // "… Zoo" is no zone
    in.skip(in.peek());
    offset = 0;
    return true;
  }
  bool number = in.peek() == '+' || in.peek() == '-';
  if (number ? read_numeric_zone(in, offset) : read_named_zone(in, offset)) return true;
  in.back_to(start);
  return false;
}

void read_microseconds(Reader& in, Clock& clock) {
  if (in.peek() != ' ' || in.peek(1) != 'u' || clock.nanos != 0) return;
  size_t start = in.position();
  int64_t micros = 0;
  unsigned digit;
  int count = 0;
  if (in.skip(" us=")) {
    for (; in.digits(1, digit); ++count) micros = micros * 10 + digit;
  }
  if (count == 0 || count > 6 || in.peek() != ' ') return in.back_to(start);
  clock.nanos = micros * 1000;
  clock.digits = 6;
}

Time with_zone(Reader& in, int64_t days, const Clock& clock, TimeZone& zone) {
  int64_t local = days * kDaySeconds + clock.second_of_day;
  int64_t offset;
  bool zoned = read_zone(in, offset);
  if (!zoned) skip_doubtful_zone(in);
  int64_t utc = zoned ? local - offset : zone.to_utc(local);
  return Time{utc * kSecondNs + clock.nanos, clock.digits, in.position(), !zoned};
}

std::optional<Time> nearest_year(Reader& in, unsigned month, unsigned day, const Clock& clock,
                                 TimeZone& zone, int64_t now_ns) {
  int64_t now = now_ns / kSecondNs;
  size_t start = in.position();
  // Nine years back: the 29th of February may be that far away.
  for (int64_t year = year_of(now) + 1; year >= year_of(now) - 8; --year) {
    if (!valid_day(year, month, day)) continue;
    int64_t days = days_of_civil(year, month, day);
    if (days * kDaySeconds > now + 3 * kDaySeconds) continue;  // in whatever zone
    in.back_to(start);
    Time time = with_zone(in, days, clock, zone);
    if (time.ns / kSecondNs <= now + kDaySeconds) return time;
  }
  return std::nullopt;
}

}  // namespace waybill::parsers
