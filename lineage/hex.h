// SPDX-License-Identifier: Apache-2.0
// Hex digits of ids, as headers and logs have them.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

#if defined(__SSE2__)
#include <emmintrin.h>

#include "core/ascii.h"
#endif

namespace waybill::lineage {

inline bool is_lower_hex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); }

inline bool all_lower_hex(std::string_view text) {
  for (char c : text) {
    if (!is_lower_hex(c)) return false;
  }
  return true;
}

inline bool all_zero(std::string_view text) {
  for (char c : text) {
    if (c != '0') return false;
  }
  return true;
}

// Writes text.size() bytes to `out`, ASCII letters in lower case, and returns them.
inline std::string_view lowered(std::string_view text, char* out) {
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    out[i] = c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
  }
  return {out, text.size()};
}

// The lower-case form of a hex digit; 0 of anything else.
constexpr std::array<char, 256> kLowerHex = [] {
  std::array<char, 256> table{};
  for (size_t i = 0; i < 10; ++i) table['0' + i] = static_cast<char>('0' + i);
  for (size_t i = 0; i < 6; ++i) {
    table['a' + i] = table['A' + i] = static_cast<char>('a' + i);
  }
  return table;
}();

// Writes 16 hex digits in lower case. False: `text`, 16 characters, has something else.
inline bool copy_16_hex(const char* text, char* out) {
#if defined(__SSE2__)
  const __m128i digits = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text));
  const __m128i lower = _mm_or_si128(digits, _mm_set1_epi8(0x20));  // digits stay as they are
  auto within = [](__m128i bytes, char first, char last) {
    return _mm_and_si128(_mm_cmpgt_epi8(bytes, _mm_set1_epi8(static_cast<char>(first - 1))),
                         _mm_cmplt_epi8(bytes, _mm_set1_epi8(static_cast<char>(last + 1))));
  };
  const __m128i sound = _mm_or_si128(within(digits, '0', '9'), within(lower, 'a', 'f'));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(out), lower);
  return _mm_movemask_epi8(sound) == 0xFFFF;
#else
  bool sound = true;
  for (size_t i = 0; i < 16; ++i) {
    out[i] = kLowerHex[static_cast<unsigned char>(text[i])];
    sound &= out[i] != 0;
  }
  return sound;
#endif
}

// Copies up to `room` hex digits in lower case, leaving out a UUID's dashes. Nothing when there is
// anything else or more of them.
inline std::optional<size_t> copy_hex(std::string_view text, char* out, size_t room) {
  if ((text.size() == 16 || text.size() == 32) && text.size() <= room) {
    for (size_t i = 0; i < text.size(); i += 16) {
      if (!copy_16_hex(text.data() + i, out + i)) return std::nullopt;
    }
    return text.size();
  }
  bool uuid =
      text.size() == 36 && text[8] == '-' && text[13] == '-' && text[18] == '-' && text[23] == '-';
  if (text.size() - (uuid ? 4 : 0) > room) return std::nullopt;
  // By table: whether a digit is a letter cannot be predicted.
  size_t count = 0;
  bool all_hex = true;
  for (size_t i = 0; i < text.size(); ++i) {
    if (uuid && (i == 8 || i == 13 || i == 18 || i == 23)) continue;
    char digit = kLowerHex[static_cast<unsigned char>(text[i])];
    all_hex &= digit != 0;
    out[count++] = digit;
  }
  if (!all_hex) return std::nullopt;
  return count;
}

}  // namespace waybill::lineage
