// SPDX-License-Identifier: Apache-2.0
// Hashes of what state is kept by: 64 bits, the same on machines of one byte order. Templates that
// are kept over a restart are refused where these have changed.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace waybill::sampling {

inline uint64_t mix(uint64_t a, uint64_t b) {
  uint64_t x = (a ^ b) * 0x9E3779B97F4A7C15u;
  return x ^ x >> 32;
}

inline uint64_t hash_of(std::string_view bytes) {
  const char* at = bytes.data();
  size_t size = bytes.size();
  auto load = [](const char* from, size_t count) {
    uint64_t word = 0;
    std::memcpy(&word, from, count);
    return word;
  };
  uint64_t hash = mix(0x2545F4914F6CDD1Du, size);
  for (; size >= 8; at += 8, size -= 8) hash = mix(hash, load(at, 8));
  return size == 0 ? hash : mix(hash, load(at, size));
}

}  // namespace waybill::sampling
