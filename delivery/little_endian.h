// SPDX-License-Identifier: Apache-2.0
// Little-endian integers in files, whatever the machine's order.
#pragma once

#include <cstdint>

#include "core/buffer.h"

namespace waybill::delivery {

template <typename T>
void store_little(char* to, T value) {
  for (size_t i = 0; i < sizeof(T); ++i) to[i] = static_cast<char>(value >> (8 * i));
}
template <typename T>
T load_little(const char* from) {
  T value = 0;
  for (size_t i = 0; i < sizeof(T); ++i) {
    value |= static_cast<T>(static_cast<unsigned char>(from[i])) << (8 * i);
  }
  return value;
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
