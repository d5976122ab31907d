// SPDX-License-Identifier: Apache-2.0
// What tells of a person: payment cards, social security numbers, e-mail addresses.
#include <algorithm>
#include <array>
#include <cstdint>

#include "redaction/chars.h"
#include "redaction/verify.h"

namespace waybill::redaction {

namespace {

constexpr size_t npos = std::string_view::npos;
constexpr size_t kShortestCard = 13, kLongestCard = 19;

bool digit_at(std::string_view text, size_t at) {
  return at < text.size() && is(text[at], kDigitChar);
}

// Where the number begins whose window begins at `at`; npos: the byte before it is a letter that
// belongs to no escape.
size_t number_at(std::string_view text, size_t at) {
  size_t first = at + 1;
  return first != 0 && is(text[at], kAlphaChar) && !behind_escape(text, first) ? npos : first;
}

// Issuers by the first six digits, and the lengths of their numbers (ISO/IEC 7812; the issuers' own
// publications).
struct Issuer {
  uint32_t from, to;
  uint32_t lengths;  // bit n: n digits
};
constexpr uint32_t kOf(size_t a, size_t b) {
  uint32_t bits = 0;
  for (size_t i = a; i <= b; ++i) bits |= 1u << i;
  return bits;
}
constexpr Issuer kIssuers[] = {
    {220000, 220499, kOf(16, 19)},                              // Mir
    {222100, 272099, kOf(16, 16)},                              // Mastercard
    {300000, 305999, kOf(14, 19)},                              // Diners Club
    {340000, 349999, kOf(15, 15)},                              // American Express
    {352800, 358999, kOf(16, 19)},                              // JCB
    {360000, 369999, kOf(14, 19)},                              // Diners Club
    {370000, 379999, kOf(15, 15)},                              // American Express
    {380000, 399999, kOf(14, 19)},                              // Diners Club
    {400000, 499999, kOf(13, 13) | kOf(16, 16) | kOf(19, 19)},  // Visa
    {501800, 501899, kOf(13, 19)},
    {502000, 502099, kOf(13, 19)},  // Maestro
    {503800, 503899, kOf(13, 19)},  // Maestro
    {510000, 559999, kOf(16, 16)},  // Mastercard
    {589300, 589399, kOf(13, 19)},  // Maestro
    {601100, 601199, kOf(16, 19)},  // Discover
    {620000, 629999, kOf(16, 19)},  // UnionPay
    {630400, 630499, kOf(13, 19)},  // Maestro
    {644000, 659999, kOf(16, 19)},  // Discover, RuPay
    {675900, 676399, kOf(13, 19)},  // Maestro
    {817000, 820199, kOf(16, 19)},  // RuPay, UnionPay
};

bool is_issued(const char* digits, size_t count) {
  uint32_t six = 0;
  for (size_t i = 0; i < 6; ++i) six = six * 10 + static_cast<uint32_t>(digits[i] - '0');
  return std::any_of(std::begin(kIssuers), std::end(kIssuers), [&](const Issuer& issuer) {
    return six >= issuer.from && six <= issuer.to && (issuer.lengths >> count & 1) != 0;
  });
}

bool luhn(const char* digits, size_t count) {
  int sum = 0;
  for (size_t i = 0; i < count; ++i) {
    int digit = digits[count - 1 - i] - '0';
    if (i % 2 == 1) digit = digit > 4 ? 2 * digit - 9 : 2 * digit;
    sum += digit;
  }
  return sum % 10 == 0;
}

// The groups in which cards print their digits.
bool is_grouped(const std::array<uint8_t, 8>& groups, size_t count) {
  if (count == 1) return true;
  if (groups[0] != 4) return false;
  if (count == 3) return groups[1] == 6 && (groups[2] == 5 || groups[2] == 4);
  if (count != 4 && count != 5) return false;
  return groups[1] == 4 && groups[2] == 4 && groups[3] <= 4 && (count == 4 || groups[4] <= 3);
}

}  // namespace

bool verify_card(std::string_view text, size_t at, Match& match) {
  size_t first = number_at(text, at);
  if (first == npos) return false;
  // Most numbers are told by the length of their first group.
  size_t run = run_end(text, first, kDigitChar, kLongestCard + 1) - first;
  if (run < kShortestCard) {
    bool grouped =
        run == 4 && digit_at(text, first + 5) && (text[first + 4] == ' ' || text[first + 4] == '-');
    if (!grouped) return false;
  }
  std::array<char, kLongestCard + 1> digits;
  std::array<uint8_t, 8> groups{};
  size_t count = 0, group = 0, i = first;
  char separator = 0;
  while (i < text.size()) {
    if (is(text[i], kDigitChar)) {
      if (count == digits.size()) break;
      digits[count++] = text[i++];
      ++groups[group];
      continue;
    }
    bool may_go_on = (text[i] == ' ' || text[i] == '-') &&
                     groups[group] == 4 + 2 * (group == 1 && groups[0] == 4 && count == 10);
    if (!may_go_on || !digit_at(text, i + 1) || group + 1 == groups.size()) break;
    if (separator != 0 && text[i] != separator) break;
    separator = text[i++];
    ++group;
  }
  // A longer number is none: so are all that begin inside it.
  if (count == digits.size()) {
    match.examined = run_end(text, i, kDigitChar);
    return false;
  }
  // Groups that follow may be another number's.
  match.examined = first + groups[0];
  if (count < kShortestCard || !is_grouped(groups, group + 1)) return false;
  if (!ends_at(text, i, kWordChar)) return false;
  bool fraction = i < text.size() && (text[i] == '.' || text[i] == '-') && digit_at(text, i + 1);
  if (fraction || !is_issued(digits.data(), count) || !luhn(digits.data(), count)) return false;
  match.begin = first;
  match.end = i;
  return true;
}

namespace {

bool all_digits(std::string_view text, size_t from, size_t count) {
  if (from + count > text.size()) return false;
  for (size_t i = from; i < from + count; ++i) {
    if (!is(text[i], kDigitChar)) return false;
  }
  return true;
}

// Whether the few words before `at` name the number: then other ways to write it are meant, too.
bool is_called_ssn(std::string_view text, size_t at) {
  constexpr size_t kNear = 16;
  size_t from = at < kNear ? 0 : at - kNear;
  for (size_t i = from; i + 3 <= at; ++i) {
    if (word_at(text, i, "ssn") || word_at(text, i, "social sec")) return true;
  }
  return false;
}

}  // namespace

// AAA-GG-SSSS: no area of 000, 666 or 900 and above, no group 00, no serial number 0000 (SSA).
bool verify_ssn(std::string_view text, size_t at, Match& match) {
  size_t first = number_at(text, at);
  if (first == npos || !all_digits(text, first, 3)) return false;
  size_t i = first + 3;
  if (i >= text.size()) return false;
  const bool dashed = text[i] == '-', bare = is(text[i], kDigitChar);
  if (!dashed && !bare && text[i] != ' ') return false;
  const char separator = bare ? '\0' : text[i];
  if (!bare) ++i;
  size_t group = i;
  if (!all_digits(text, group, 2)) return false;
  i += 2;
  if (!bare && (i >= text.size() || text[i++] != separator)) return false;
  size_t serial = i;
  if (!all_digits(text, serial, 4)) return false;
  i += 4;
  bool goes_on = i < text.size() && (text[i] == '-' || text[i] == '.') && digit_at(text, i + 1);
  if (!ends_at(text, i, kWordChar) || goes_on) return false;
  if (!dashed && !is_called_ssn(text, first)) return false;
  std::string_view area = text.substr(first, 3);
  if (area == "000" || area == "666" || area[0] == '9') return false;
  if (text.substr(group, 2) == "00" || text.substr(serial, 4) == "0000") return false;
  match.begin = first;
  match.end = i;
  return true;
}

namespace {

// What ends names of files, and of units of systemd: no domains of people.
constexpr std::string_view kNoDomains[] = {
    "png",    "jpg",  "jpeg",    "gif",    "svg",   "webp",   "ico",      "js",    "mjs",
    "cjs",    "css",  "html",    "json",   "yaml",  "yml",    "xml",      "txt",   "log",
    "conf",   "go",   "service", "socket", "timer", "target", "mount",    "slice", "scope",
    "device", "path", "swap",    "jar",    "tgz",   "gz",     "internal", "local"};

size_t domain_end(std::string_view text, size_t from, size_t& last_label) {
  size_t at = from, labels = 0, end = npos;
  while (at < text.size() && at - from < 254) {
    size_t label_end = at;
    while (label_end < text.size() && label_end - at < 64 &&
           (is(text[label_end], kAlphaChar | kDigitChar) || text[label_end] == '-' ||
            static_cast<unsigned char>(text[label_end]) >= 0x80)) {
      ++label_end;
    }
    if (label_end == at || text[at] == '-' || text[label_end - 1] == '-') break;
    ++labels;
    last_label = at;
    if (labels >= 2) end = label_end;
    if (label_end >= text.size() || text[label_end] != '.') break;
    at = label_end + 1;
  }
  return end == npos || last_label > end ? end : end;
}

bool is_top_level(std::string_view label) {
  if (label.size() < 2 || label.size() > 24) return false;
  if (label.starts_with("xn--")) return true;
  bool letters = std::all_of(label.begin(), label.end(), [](char c) {
    return is(c, kAlphaChar) || static_cast<unsigned char>(c) >= 0x80;
  });
  return letters &&
         std::find(std::begin(kNoDomains), std::end(kNoDomains), label) == std::end(kNoDomains);
}

// Whether the word that goes on at `at` is a URL's: then what stands before the @ is a user there.
bool in_url(std::string_view text, size_t at) {
  constexpr size_t kNear = 128;
  for (size_t i = at; i > 0 && at - i < kNear; --i) {
    char c = text[i - 1];
    if (c == ' ' || c == '"' || c == '\'' || c == ',' || c == '<' || c == '=') return false;
    if (c == '/' && i >= 3 && text.substr(i - 3, 3) == "://") return true;
  }
  return false;
}

}  // namespace

// The window is the @ between two bytes, or one of the ways to write it: "%40", and "040" of
// \u0040.
bool verify_email(std::string_view text, size_t at, Match& match) {
  size_t sign = at, behind = at + 3;
  if (text[at + 1] == '@') {
    sign = at + 1;
    behind = at + 2;
  } else if (text[at] == '%') {
    if (text.substr(at, 3) != "%40") return false;
  } else {
    if (at < 3 || text.substr(at - 3, 3) != "\\u0") return false;
    sign = at - 3;
    while (sign > 0 && text[sign - 1] == '\\') --sign;
  }
  size_t first = sign;
  while (first > 0 && sign - first < 65 && is(text[first - 1], kMailChar)) --first;
  if (behind_escape(text, first + 1)) ++first;
  while (first < sign && (text[first] == '.' || text[first] == '-' || text[first] == '%')) ++first;
  if (first == sign || sign - first > 64 || text[sign - 1] == '.') return false;
  size_t last_label = 0;
  size_t end = domain_end(text, behind, last_label);
  if (end == npos) return false;
  // The last label may be no top-level domain, where a sentence goes on without a blank.
  size_t label = text.substr(0, end).rfind('.') + 1;
  std::string_view top = text.substr(label, end - label);
  if (!is_top_level(top) || !ends_at(text, end, kWordChar)) return false;
  bool remote = text.substr(first, sign - first) == "git" && end < text.size() && text[end] == ':';
  if (remote || in_url(text, first)) return false;
  match.begin = first;
  match.end = end;
  return true;
}

}  // namespace waybill::redaction
