// SPDX-License-Identifier: Apache-2.0
#include "parsers/formats/shapes.h"

#include <algorithm>
#include <array>

#include "core/format.h"

namespace waybill::parsers::formats {

namespace {

unsigned two_digits(std::string_view text, size_t at) {
  return static_cast<unsigned>((text[at] - '0') * 10 + (text[at + 1] - '0'));
}

// Copies a time in another notation into one that time_at_start() reads.
std::optional<Time> time_from(std::string_view text, size_t size, TimeZone& zone, int64_t now_ns) {
  auto time = time_at_start(text, zone, now_ns);
  if (time) time->size = size;
  return time;
}

}  // namespace

std::optional<Time> ymd_time(std::string_view text, TimeZone& zone, int64_t now_ns) {
  if (text.size() < 13 || text[6] != ' ') return std::nullopt;
  for (size_t i = 0; i < 6; ++i) {
    if (!is_digit(text[i])) return std::nullopt;
  }
  bool colons = text.size() >= 15 && text[9] == ':' && text[12] == ':';
  char form[] = "2000-00-00 00:00:00";
  if (two_digits(text, 0) >= 70) form[0] = '1', form[1] = '9';
  auto copy = [&](size_t from, size_t to) { std::copy_n(text.data() + from, 2, form + to); };
  copy(0, 2);
  copy(2, 5);
  copy(4, 8);
  copy(7, 11);
  if (form[11] == ' ') form[11] = '0';
  copy(colons ? 10 : 9, 14);
  copy(colons ? 13 : 11, 17);
  size_t size = colons ? 15 : 13;
  if (text.size() > size && is_digit(text[size])) return std::nullopt;
  return time_from(form, size, zone, now_ns);
}

std::optional<Time> glog_time(std::string_view text, TimeZone& zone, int64_t now_ns) {
  size_t digits = 0;
  while (digits < text.size() && is_digit(text[digits])) ++digits;
  if (digits == 8) return time_at_start(text, zone, now_ns);
  size_t end = text.find(' ', 5);
  if (digits != 4 || text[4] != ' ' || end == std::string_view::npos || end > 24) {
    return std::nullopt;
  }
  char form[32];
  auto made = fmt::format_to_n(form, sizeof form, "{}-{} {}", text.substr(0, 2), text.substr(2, 2),
                               text.substr(5, end - 5));
  return time_from({form, made.size}, end, zone, now_ns);
}

std::optional<int64_t> day_at_start(std::string_view text, TimeZone& zone) {
  if (text.size() <= kDateSize || !is_blank(text[kDateSize])) return std::nullopt;
  char form[] = "2000-00-00 12:00:00";
  std::copy_n(text.data(), kDateSize, form);
  if (form[4] == '.' && form[7] == '.') form[4] = form[7] = '-';
  auto noon = time_of_text(form, zone, 0);
  if (!noon || form[4] != '-') return std::nullopt;
  return noon->ns;
}

bool is_source(std::string_view word) {
  size_t colon = word.rfind(':');
  if (colon == std::string_view::npos || colon + 1 == word.size()) return false;
  std::string_view line = word.substr(colon + 1);
  size_t dot = word.find('.');
  return std::all_of(line.begin(), line.end(), is_digit) && dot > 0 && dot < colon - 1 &&
         is_letter(word[colon - 1]);
}

bool is_name(std::string_view word) {
  static constexpr auto kAllowed = [] {
    std::array<bool, 256> allowed{};
    for (int c = 0; c < 256; ++c)
      allowed[static_cast<size_t>(c)] =
          is_letter(static_cast<char>(c)) || is_digit(static_cast<char>(c));
    for (char c : std::string_view("._$/:@#-")) allowed[static_cast<size_t>(c)] = true;
    return allowed;
  }();
  bool letters = false;
  for (char c : word) {
    if (!kAllowed[static_cast<unsigned char>(c)]) return false;
    letters = letters || is_letter(c);
  }
  return letters && (is_letter(word.front()) || is_digit(word.front()));
}

bool is_uuid(std::string_view word) {
  if (word.size() != 36) return false;
  for (size_t i = 0; i < word.size(); ++i) {
    bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    char lower = static_cast<char>(word[i] | 0x20);
    bool hex = is_digit(word[i]) || (is_letter(word[i]) && lower <= 'f');
    if (dash ? word[i] != '-' : !hex) return false;
  }
  return true;
}

bool is_class(std::string_view word) {
  size_t dots = 0;
  for (size_t i = 0; i < word.size(); ++i) {
    char c = word[i];
    bool inside = is_letter(c) || is_digit(c) || c == '_' || c == '$' || c == '.' || c == '-';
    if (!inside) return false;
    if (c == '.') {
      ++dots;
      if (i == 0 || i + 1 == word.size() || !is_letter(word[i + 1])) return false;
    }
  }
  if (dots == 0 || !is_letter(word[0])) return false;
  char first = word[word.rfind('.') + 1];
  return dots >= 2 || (first >= 'A' && first <= 'Z');
}

}  // namespace waybill::parsers::formats
