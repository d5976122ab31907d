// SPDX-License-Identifier: Apache-2.0
#include "parsers/multiline/signs.h"

#include <algorithm>
#include <array>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace waybill::parsers::multiline {

namespace {

// Three letters of each word, which few other words have; '\0': two are enough.
constexpr std::array<std::array<char, 3>, 9> kSigns = {{
    {'T', 'r', '\0'},  // Traceback (most recent call last)
    {'x', 'c', 'e'},   // Exception, exception, sub-exception
    {'n', 'i', 'c'},   // panicked at, panic:, http: panic serving
    {'P', 'H', '\0'},  // PHP Fatal error
    {'U', 'n', '\0'},  // Uncaught, Unhandled
    {'E', 'r', '\0'},  // Error, Error (
    {'.', 'r', 'b'},   // .rb:
    {'w', 'a', 'b'},   // Throwable
    {'V', '8', '\0'},  // V8 errors stack trace
}};

#if defined(__SSE2__)
// Whether one begins in the first 16 of 18 bytes. Of two letters in the last two nothing is the
// beginning of a whole word.
bool has_signs_at(const char* bytes) {
  auto load = [&](size_t ahead) {
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes + ahead));
  };
  const __m128i first = load(0), second = load(1), third = load(2);
  __m128i found = _mm_setzero_si128();
  for (const auto& sign : kSigns) {
    __m128i here = _mm_and_si128(_mm_cmpeq_epi8(first, _mm_set1_epi8(sign[0])),
                                 _mm_cmpeq_epi8(second, _mm_set1_epi8(sign[1])));
    if (sign[2] != '\0') {
      here = _mm_and_si128(here, _mm_cmpeq_epi8(third, _mm_set1_epi8(sign[2])));
    }
    found = _mm_or_si128(found, here);
  }
  return _mm_movemask_epi8(found) != 0;
}
#endif

}  // namespace

bool has_signs(std::string_view line) {
#if defined(__SSE2__)
  constexpr size_t step = 16;
  if (line.size() >= step + 2) {
    const size_t last = line.size() - step - 2;
    // The last step begins within the one before it.
    for (size_t at = 0;; at = std::min(at + step, last)) {
      if (has_signs_at(line.data() + at)) return true;
      if (at == last) return false;
    }
  }
#endif
  for (size_t at = 0; at + 2 <= line.size(); ++at) {
    for (const auto& sign : kSigns) {
      bool here = line[at] == sign[0] && line[at + 1] == sign[1];
      if (here && (sign[2] == '\0' || (at + 2 < line.size() && line[at + 2] == sign[2]))) {
        return true;
      }
    }
  }
  return false;
}

}  // namespace waybill::parsers::multiline
