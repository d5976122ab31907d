// SPDX-License-Identifier: Apache-2.0
#include "contract/formats.h"
#include "core/ascii.h"

namespace waybill::contract {

namespace {

// `size` digits at the front of the text, which are taken off; -1: they are not there.
int number(std::string_view& text, size_t size) {
  if (text.size() < size) return -1;
  int value = 0;
  for (size_t i = 0; i < size; ++i) {
    if (!is_digit(text[i])) return -1;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(size);
  return value;
}

bool eat(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

bool in(int value, int least, int most) { return value >= least && value <= most; }

int days_of(int year, int month) {
  constexpr int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  return month == 2 && leap ? 29 : days[month - 1];
}

bool take_date(std::string_view& text) {
  int year = number(text, 4);
  if (year < 0 || !eat(text, '-')) return false;
  int month = number(text, 2);
  if (!in(month, 1, 12) || !eat(text, '-')) return false;
  return in(number(text, 2), 1, days_of(year, month));
}

// Takes the digits of one part of a duration and the letter behind them, if that part is next.
bool part(std::string_view& text, char letter) {
  size_t digits = 0;
  while (digits < text.size() && is_digit(text[digits])) ++digits;
  if (digits == 0 || digits == text.size() || text[digits] != letter) return false;
  text.remove_prefix(digits + 1);
  return true;
}

// One of the letters to begin with; behind it each one in turn, as long as they go on.
bool chain(std::string_view& text, std::string_view letters) {
  for (size_t i = 0; i < letters.size(); ++i) {
    if (!part(text, letters[i])) continue;
    while (++i < letters.size() && part(text, letters[i])) {
    }
    return true;
  }
  return false;
}

}  // namespace

bool is_date(std::string_view text) { return take_date(text) && text.empty(); }

bool is_time(std::string_view text) {
  int hour = number(text, 2);
  if (!in(hour, 0, 23) || !eat(text, ':')) return false;
  int minute = number(text, 2);
  if (!in(minute, 0, 59) || !eat(text, ':')) return false;
  int second = number(text, 2);
  if (!in(second, 0, 60)) return false;
  if (eat(text, '.')) {
    if (text.empty() || !is_digit(text.front())) return false;
    while (!text.empty() && is_digit(text.front())) text.remove_prefix(1);
  }
  int offset = 0;  // minutes ahead of UTC
  if (!eat(text, 'Z') && !eat(text, 'z')) {
    int sign = eat(text, '+') ? 1 : eat(text, '-') ? -1 : 0;
    int hours = sign == 0 ? -1 : number(text, 2);
    if (!in(hours, 0, 23) || !eat(text, ':')) return false;
    int minutes = number(text, 2);
    if (!in(minutes, 0, 59)) return false;
    offset = sign * (hours * 60 + minutes);
  }
  if (!text.empty()) return false;
  constexpr int kDay = 24 * 60;
  return second < 60 || (hour * 60 + minute - offset + 2 * kDay) % kDay == kDay - 1;
}

bool is_date_time(std::string_view text) {
  return take_date(text) && (eat(text, 'T') || eat(text, 't')) && is_time(text);
}

bool is_duration(std::string_view text) {
  if (!eat(text, 'P')) return false;
  if (part(text, 'W')) return text.empty();
  bool dated = chain(text, "YMD");
  if (!eat(text, 'T')) return dated && text.empty();
  return chain(text, "HMS") && text.empty();
}

}  // namespace waybill::contract
