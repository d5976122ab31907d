// SPDX-License-Identifier: Apache-2.0
// Classes of bytes, as the verifiers need them. Inside redaction/ only.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace waybill::redaction {

enum CharClass : uint8_t {
  kDigitChar = 1,
  kAlphaChar = 2,
  kHexChar = 4,
  kUrlSafeChar = 8,   // base64url: letters, digits, - and _
  kBase64Char = 16,   // letters, digits, + and /
  kWordChar = 32,     // letters, digits and _
  kMailChar = 64,     // of the part before the @
  kBearerChar = 128,  // RFC 6750: b64token
};

inline constexpr std::array<uint8_t, 256> kClasses = [] {
  std::array<uint8_t, 256> table{};
  auto add = [&](std::string_view chars, uint8_t classes) {
    for (char c : chars) table[static_cast<unsigned char>(c)] |= classes;
  };
  constexpr uint8_t all = kUrlSafeChar | kBase64Char | kWordChar | kMailChar | kBearerChar;
  add("0123456789", kDigitChar | kHexChar | all);
  add("abcdefABCDEF", kHexChar);
  add("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", kAlphaChar | all);
  add("_", kUrlSafeChar | kWordChar | kMailChar | kBearerChar);
  add("-", kUrlSafeChar | kMailChar | kBearerChar);
  add("+", kBase64Char | kMailChar | kBearerChar);
  add("/", kBase64Char | kBearerChar);
  add(".", kMailChar | kBearerChar);
  add("~", kBearerChar);
  add("%", kMailChar);
  for (size_t i = 0x80; i < 256; ++i) table[i] |= kMailChar;
  return table;
}();

inline bool is(char c, uint8_t classes) {
  return (kClasses[static_cast<unsigned char>(c)] & classes) != 0;
}
inline char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }

// Where the run of such bytes that begins at `from` ends, at most `most` of them.
inline size_t run_end(std::string_view text, size_t from, uint8_t classes,
                      size_t most = std::string_view::npos) {
  size_t limit = most < text.size() - from ? from + most : text.size();
  while (from < limit && is(text[from], classes)) ++from;
  return from;
}

// Whether the letter before `at` is that of an escape as \n, in a text that was not decoded.
inline bool behind_escape(std::string_view text, size_t at) {
  return at >= 2 && text[at - 2] == '\\' &&
         std::string_view("nrtbf").find(text[at - 1]) != std::string_view::npos;
}
// Whether nothing of `classes` stands right before `at`, or right at it.
inline bool starts_at(std::string_view text, size_t at, uint8_t classes) {
  return at == 0 || !is(text[at - 1], classes) || behind_escape(text, at);
}
inline bool ends_at(std::string_view text, size_t at, uint8_t classes) {
  return at >= text.size() || !is(text[at], classes);
}

// Whether `text` has `word`, which is in lower case, at `at`, in whatever case.
inline bool word_at(std::string_view text, size_t at, std::string_view word) {
  if (at > text.size() || text.size() - at < word.size()) return false;
  for (size_t i = 0; i < word.size(); ++i) {
    if (lower(text[at + i]) != word[i]) return false;
  }
  return true;
}

}  // namespace waybill::redaction
