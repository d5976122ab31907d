// SPDX-License-Identifier: Apache-2.0
// Frame: how one record lies in a spool's segment file. Each carries its own checksum, so damage
// costs the records it touches and no other.
//
//   magic u32 | size u32 | sequence u64 | crc u32 | payload[size]        all little endian
//
// crc is CRC-32C (RFC 3720, appendix B.4) over size, sequence and payload.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "core/buffer.h"

namespace waybill::delivery {

constexpr size_t kFrameHeader = 20;
// No record is larger; a greater size is damage.
constexpr uint32_t kMaxFramePayload = 256 * 1024 * 1024;

// CRC-32C of `bytes`, going on from `before` (the CRC of what stands ahead of them).
uint32_t crc32c(std::string_view bytes, uint32_t before = 0);

// Appends the frame of the payload that `parts` make together.
void append_frame(Buffer& out, uint64_t sequence, std::span<const std::string_view> parts);

struct Frame {
  uint64_t sequence = 0;
  std::string_view payload;
  size_t size = 0;  // bytes of the whole frame
};

enum class FrameFault : uint8_t {
  kNone,
  kShort,    // `bytes` end inside of it: `size` of them are needed
  kDamaged,  // no frame begins here
};

// The frame at the beginning of `bytes`. Any bytes are legal input.
struct FrameRead {
  FrameFault fault = FrameFault::kNone;
  Frame frame;  // with kShort: only `size`, of what is needed for the next attempt
};
FrameRead read_frame(std::string_view bytes);

// What stands in a file behind its last intact frame.
struct FrameTail {
  uint64_t damaged = 0;  // frames that are complete but damaged
  size_t size = 0;       // bytes of them; what stands behind was never written to its end
};
FrameTail read_tail(std::string_view bytes);

// Where in `bytes`, behind its first byte, the next frame might begin: the offset of its magic, or
// of the last bytes that may be the beginning of one.
size_t find_frame(std::string_view bytes);

}  // namespace waybill::delivery
