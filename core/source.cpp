// SPDX-License-Identifier: Apache-2.0
#include "core/source.h"

#include <sys/random.h>

#include <atomic>
#include <cerrno>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "core/check.h"

namespace waybill {

std::string_view trace_origin_name(TraceOrigin origin) {
  constexpr std::array<std::string_view, 6> names = {"",          "field",   "text",
                                                     "inherited", "derived", "generated"};
  return names[static_cast<size_t>(origin)];
}

uint64_t next_source_number() {
  static std::atomic<uint64_t> last{0};
  return ++last;
}

Id128 random_id() {
  Id128 id;
  // Up to 256 bytes come whole once the pool is seeded (getrandom(2)); only a signal can interrupt.
  ssize_t got;
  do {
    got = getrandom(id.data(), id.size(), 0);
  } while (got < 0 && errno == EINTR);
  WAYBILL_CHECK(got == static_cast<ssize_t>(id.size()), "getrandom failed");
  return id;
}

void write_hex(const Id128& id, char* out) {
#if defined(__SSE2__)
  const __m128i low_bits = _mm_set1_epi8(15), nine = _mm_set1_epi8(9);
  // '0' to '9', and from 10 on 'a' to 'f'.
  auto digits_of = [&](__m128i halves) {
    __m128i letters = _mm_and_si128(_mm_cmpgt_epi8(halves, nine), _mm_set1_epi8('a' - '0' - 10));
    return _mm_add_epi8(_mm_add_epi8(halves, _mm_set1_epi8('0')), letters);
  };
  __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(id.data()));
  __m128i high = digits_of(_mm_and_si128(_mm_srli_epi16(bytes, 4), low_bits));
  __m128i low = digits_of(_mm_and_si128(bytes, low_bits));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(out), _mm_unpacklo_epi8(high, low));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(out + 16), _mm_unpackhi_epi8(high, low));
#else
  constexpr char digits[] = "0123456789abcdef";
  for (uint8_t byte : id) {
    *out++ = digits[byte >> 4];
    *out++ = digits[byte & 15];
  }
#endif
}

std::string hex(const Id128& id) {
  std::string text(32, '0');
  write_hex(id, text.data());
  return text;
}

}  // namespace waybill
