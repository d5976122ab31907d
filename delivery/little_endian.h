// SPDX-License-Identifier: Apache-2.0
// Little-endian integers in files, whatever the machine's order.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

#include "core/buffer.h"

namespace waybill::delivery {

// Compilers make one instruction of these where the machine is little endian.
template <typename T>
T in_little(T value) {
  if constexpr (std::endian::native == std::endian::little) return value;
  T swapped = 0;
  for (size_t i = 0; i < sizeof(T); ++i) {
    swapped = static_cast<T>(swapped << 8 | (value >> (8 * i) & 0xff));
  }
  return swapped;
}
template <typename T>
void store_little(char* to, T value) {
  value = in_little(value);
  std::memcpy(to, &value, sizeof value);
}
template <typename T>
T load_little(const char* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return in_little(value);
}

inline void store_u32(char* to, uint32_t value) { store_little(to, value); }
inline void store_u64(char* to, uint64_t value) { store_little(to, value); }
inline uint32_t load_u32(const char* from) { return load_little<uint32_t>(from); }
inline uint64_t load_u64(const char* from) { return load_little<uint64_t>(from); }

inline void put_u32(Buffer& out, uint32_t value) {
  store_u32(out.reserve(sizeof value), value);
  out.advance(sizeof value);
}
inline void put_u64(Buffer& out, uint64_t value) {
  store_u64(out.reserve(sizeof value), value);
  out.advance(sizeof value);
}

}  // namespace waybill::delivery
