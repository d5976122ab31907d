// SPDX-License-Identifier: Apache-2.0
#include "lineage/record_id.h"

#include <xxhash.h>

#include <bit>
#include <cstring>

namespace waybill::lineage {

Id128 record_id(const Id128& nonce, uint64_t offset) {
  static_assert(std::endian::native == std::endian::little);
  uint8_t input[24];
  std::memcpy(input, nonce.data(), 16);
  std::memcpy(input + 16, &offset, 8);
  XXH128_canonical_t bytes;
  XXH128_canonicalFromHash(&bytes, XXH3_128bits(input, sizeof input));
  Id128 id;
  std::memcpy(id.data(), bytes.digest, id.size());
  return id;
}

}  // namespace waybill::lineage
