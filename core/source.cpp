// SPDX-License-Identifier: Apache-2.0
#include "core/source.h"

#include <sys/random.h>

#include <atomic>
#include <cerrno>

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
  constexpr char digits[] = "0123456789abcdef";
  for (uint8_t byte : id) {
    *out++ = digits[byte >> 4];
    *out++ = digits[byte & 15];
  }
}

std::string hex(const Id128& id) {
  std::string text(32, '0');
  write_hex(id, text.data());
  return text;
}

}  // namespace waybill
