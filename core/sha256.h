// SPDX-License-Identifier: Apache-2.0
// SHA-256 (FIPS 180-4) and HMAC with it (RFC 2104): ids and tokens that stand for a value and
// cannot be turned back.
//
// Our own: libcrypto adds 1.6 MB to the process (inputs/tls/openssl_api.h), and this is needed once
// for a value that is redacted, or a request, not once a line.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace waybill {

using Digest = std::array<uint8_t, 32>;

// One message at a time; reset() by construction.
class Sha256 {
 public:
  void update(std::string_view bytes);
  Digest finish();  // once

 private:
  void block(const uint8_t* bytes);

  std::array<uint32_t, 8> state_{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  std::array<uint8_t, 64> pending_{};
  uint64_t size_ = 0;
};

// Keyed once; of() is const and may run on any thread.
class Hmac {
 public:
  explicit Hmac(std::string_view key);
  // Zeroes what was made of the key.
  ~Hmac();
  Hmac(const Hmac&) = delete;
  Digest of(std::string_view message) const;

 private:
  Sha256 inner_, outer_;  // after the padded key
};

// The same in one go.
Digest sha256(std::string_view bytes);
Digest hmac_sha256(std::string_view key, std::string_view message);

}  // namespace waybill
