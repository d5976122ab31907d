// SPDX-License-Identifier: Apache-2.0
// Addresses of IP.
#include <algorithm>

#include "redaction/chars.h"
#include "redaction/verify.h"

namespace waybill::redaction {

namespace {

constexpr size_t npos = std::string_view::npos;

// Where the four octets that begin at `first` end; npos: these are none.
size_t octets_end(std::string_view text, size_t first) {
  size_t i = first;
  for (int octet = 0; octet < 4; ++octet) {
    if (octet > 0) {
      if (i >= text.size() || text[i] != '.') return npos;
      ++i;
    }
    size_t from = i;
    int value = 0;
    while (i < text.size() && i - from < 4 && is(text[i], kDigitChar)) {
      value = value * 10 + (text[i++] - '0');
    }
    if (i == from || value > 255 || (i - from > 1 && text[from] == '0')) return npos;
  }
  return i;
}

// Four numbers are a version where the words before them say so: "version 1.2.3.4", or a browser
// that names itself.
bool is_version(std::string_view text, size_t first) {
  constexpr std::string_view between = " =:\"'/\\";
  size_t back = first;
  while (back > 0 && first - back < 4 && between.find(text[back - 1]) != npos) --back;
  if (back == first) return false;
  for (std::string_view word : {"version", "release", "build", "ver", "chrome", "chromium",
                                "safari", "edg", "edge", "opr", "crios", "firefox", "browser"}) {
    if (back >= word.size() && word_at(text, back - word.size(), word)) return true;
  }
  return false;
}

}  // namespace

bool verify_ipv4(std::string_view text, size_t at, Match& match) {
  size_t first = at + 1;
  if (first != 0 && is(text[at], kAlphaChar) && !behind_escape(text, first)) return false;
  size_t end = octets_end(text, first);
  if (end == npos || !ends_at(text, end, kWordChar)) return false;
  bool goes_on = end + 1 < text.size() && (text[end] == '.' || text[end] == '-') &&
                 is(text[end + 1], kDigitChar);
  match.examined = end;
  if (goes_on || is_version(text, first)) return false;
  match.begin = first;
  match.end = end;
  return true;
}

namespace {

// Groups of an address, as far as they go.
struct Groups {
  size_t count = 0;  // of 16 bits; four octets count as two
  bool gap = false;  // "::"
  bool digit = false;
  bool pairs = true;  // each of two digits, as a MAC address has them
};

// Reads all of `text`; false: it is no address (RFC 4291, 2.2).
bool read_groups(std::string_view text, Groups& groups) {
  size_t i = 0;
  if (text.starts_with("::")) {
    groups.gap = true;
    i = 2;
    if (i == text.size()) return false;  // the unspecified address tells nothing
  }
  while (i < text.size()) {
    size_t end = run_end(text, i, kHexChar);
    if (end < text.size() && text[end] == '.') {
      if (octets_end(text, i) != text.size()) return false;
      groups.count += 2;
      groups.digit = true;
      groups.pairs = false;
      break;
    }
    if (end == i || end - i > 4) return false;
    ++groups.count;
    groups.pairs = groups.pairs && end - i == 2;
    for (; i < end; ++i) groups.digit = groups.digit || is(text[i], kDigitChar);
    if (i == text.size()) break;
    if (text[i] != ':') return false;
    ++i;
    if (i < text.size() && text[i] == ':') {
      if (groups.gap) return false;
      groups.gap = true;
      ++i;
    } else if (i == text.size()) {
      return false;
    }
  }
  return groups.gap ? groups.count < 8 : groups.count == 8;
}

}  // namespace

// The window is a colon between what an address is made of.
bool verify_ipv6(std::string_view text, size_t at, Match& match) {
  constexpr size_t kMost = 46;
  auto part = [&](size_t i) { return is(text[i], kHexChar) || text[i] == ':' || text[i] == '.'; };
  size_t first = at, end = at + 1;
  while (first > 0 && at - first < kMost && part(first - 1)) --first;
  while (end < text.size() && end - at < kMost && part(end)) ++end;
  match.examined = end;
  if (!starts_at(text, first, kWordChar) || !ends_at(text, end, kWordChar)) return false;
  while (first < end && text[first] == '.') ++first;
  // A colon or full stop behind it is the sentence's.
  while (end > first && text[end - 1] == '.') --end;
  if (end - first > 2 && text[end - 1] == ':' && text[end - 2] != ':') --end;
  if (end - first > 2 && text[first] == ':' && text[first + 1] != ':') ++first;
  Groups groups;
  if (!read_groups(text.substr(first, end - first), groups)) return false;
  // Names with :: between them, as programs write them, and hardware addresses.
  if (!groups.digit && groups.count < 4) return false;
  if (!groups.gap && groups.pairs) return false;
  match.begin = first;
  match.end = end;
  return true;
}

}  // namespace waybill::redaction
