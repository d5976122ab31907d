// SPDX-License-Identifier: Apache-2.0
#include "lineage/record_id.h"

#include <xxhash.h>

#include <bit>
#include <cstring>

namespace waybill::lineage {

namespace {

Id128 hash_of(const uint8_t* bytes, size_t size) {
  XXH128_canonical_t canonical;
  XXH128_canonicalFromHash(&canonical, XXH3_128bits(bytes, size));
  Id128 id;
  std::memcpy(id.data(), canonical.digest, id.size());
  return id;
}

}  // namespace

Id128 record_id(const Id128& nonce, uint64_t offset) {
  static_assert(std::endian::native == std::endian::little);
  uint8_t input[24];
  std::memcpy(input, nonce.data(), 16);
  std::memcpy(input + 16, &offset, 8);
  return hash_of(input, sizeof input);
}

Id128 record_id(const Id128& nonce, const Record& record) {
  if (record.lines <= 1) return record_id(nonce, record.offset);
  uint8_t input[32];
  std::memcpy(input, nonce.data(), 16);
  std::memcpy(input + 16, &record.offset, 8);
  std::memcpy(input + 24, &record.last_offset, 8);
  return hash_of(input, sizeof input);
}

}  // namespace waybill::lineage
