// SPDX-License-Identifier: Apache-2.0
// Searching lines for a few letters: faster than memmem(3), which prepares for long needles.
#pragma once

#include <bit>
#include <cstring>
#include <string_view>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace waybill {

// Where `needle`, which has two bytes or more, first stands in `text` from `from` on; npos:
// nowhere.
inline size_t find_short(std::string_view text, std::string_view needle, size_t from = 0) {
  size_t at = from;
#if defined(__SSE2__)
  const __m128i first = _mm_set1_epi8(needle[0]);
  const __m128i second = _mm_set1_epi8(needle[1]);
  for (; at + 17 <= text.size(); at += 16) {
    const char* place = text.data() + at;
    __m128i here = _mm_loadu_si128(reinterpret_cast<const __m128i*>(place));
    __m128i next = _mm_loadu_si128(reinterpret_cast<const __m128i*>(place + 1));
    __m128i both = _mm_and_si128(_mm_cmpeq_epi8(here, first), _mm_cmpeq_epi8(next, second));
    auto mask = static_cast<unsigned>(_mm_movemask_epi8(both));
    for (; mask != 0; mask &= mask - 1) {
      size_t found = at + static_cast<size_t>(std::countr_zero(mask));
      if (text.substr(found).starts_with(needle)) return found;
    }
  }
#endif
  for (; at + needle.size() <= text.size(); ++at) {
    if (text[at] == needle[0] && text.substr(at).starts_with(needle)) return at;
  }
  return std::string_view::npos;
}

}  // namespace waybill
