// SPDX-License-Identifier: Apache-2.0
#include "delivery/spool/frame.h"

#include <isa-l/crc.h>

#include <algorithm>
#include <cstring>
#include <string>

#include "core/check.h"
#include "delivery/little_endian.h"

namespace waybill::delivery {

namespace {

// No text and no small number: zeros and logs do not look like it.
constexpr std::string_view kMagic = "\xf7WB\x1e";
constexpr size_t kSizeAt = 4;
constexpr size_t kSequenceAt = 8;
constexpr size_t kCrcAt = 16;

}  // namespace

uint32_t crc32c(std::string_view bytes, uint32_t before) {
  uint32_t crc = ~before;
  while (!bytes.empty()) {
    size_t size = std::min<size_t>(bytes.size(), 1u << 30);
    // The library does not write through this pointer.
    auto* data = reinterpret_cast<unsigned char*>(const_cast<char*>(bytes.data()));
    crc = crc32_iscsi(data, static_cast<int>(size), crc);
    bytes.remove_prefix(size);
  }
  return ~crc;
}

void append_frame(Buffer& out, uint64_t sequence, std::span<const std::string_view> parts) {
  size_t size = 0;
  for (std::string_view part : parts) size += part.size();
  WAYBILL_CHECK(size <= kMaxFramePayload, "a record is too large for a spool");
  out.reserve(kFrameHeader + size);
  size_t begin = out.size();
  out.append(kMagic);
  put_u32(out, static_cast<uint32_t>(size));
  put_u64(out, sequence);
  put_u32(out, 0);
  for (std::string_view part : parts) out.append(part);
  char* frame = out.data() + begin;
  uint32_t crc = crc32c({frame + kSizeAt, kCrcAt - kSizeAt});
  store_u32(frame + kCrcAt, crc32c({frame + kFrameHeader, size}, crc));
}

FrameRead read_frame(std::string_view bytes) {
  std::string_view magic = bytes.substr(0, kMagic.size());
  if (magic != kMagic.substr(0, magic.size())) return {FrameFault::kDamaged, {}};
  if (bytes.size() < kFrameHeader) return {FrameFault::kShort, {0, {}, kFrameHeader}};
  uint32_t size = load_u32(bytes.data() + kSizeAt);
  if (size > kMaxFramePayload) return {FrameFault::kDamaged, {}};
  if (bytes.size() < kFrameHeader + size) {
    return {FrameFault::kShort, {0, {}, kFrameHeader + size}};
  }
  uint32_t crc = crc32c(bytes.substr(kSizeAt, kCrcAt - kSizeAt));
  std::string_view payload = bytes.substr(kFrameHeader, size);
  if (crc32c(payload, crc) != load_u32(bytes.data() + kCrcAt)) return {FrameFault::kDamaged, {}};
  return {FrameFault::kNone, {load_u64(bytes.data() + kSequenceAt), payload, kFrameHeader + size}};
}

namespace {

// The size of the frame at the beginning of `bytes`, as it says itself; 0: it is not to be had.
size_t size_said(std::string_view bytes) {
  if (bytes.size() < kFrameHeader || !bytes.starts_with(kMagic)) return 0;
  return kFrameHeader + load_u32(bytes.data() + kSizeAt);
}

// Whether `bytes` are one frame, but for its magic and its size.
bool is_frame_by_sum(std::string_view bytes) {
  if (bytes.size() < kFrameHeader) return false;
  std::string head(bytes.substr(kSizeAt, kCrcAt - kSizeAt));
  store_u32(head.data(), static_cast<uint32_t>(bytes.size() - kFrameHeader));
  return crc32c(bytes.substr(kFrameHeader), crc32c(head)) == load_u32(bytes.data() + kCrcAt);
}

}  // namespace

FrameTail read_tail(std::string_view bytes) {
  FrameTail tail;
  while (tail.size < bytes.size()) {
    std::string_view rest = bytes.substr(tail.size);
    size_t size = size_said(rest);
    if (size == 0 || size > rest.size()) {
      // No size to go by. It was complete if another one was begun behind it.
      size = std::min(rest.find(kMagic, 1), rest.size());
      if (size == rest.size() && !is_frame_by_sum(rest)) break;
    }
    ++tail.damaged;
    tail.size += size;
  }
  return tail;
}

size_t find_frame(std::string_view bytes) {
  size_t found = bytes.find(kMagic, 1);
  if (found != std::string_view::npos) return found;
  size_t tail = std::min(bytes.size(), kMagic.size() - 1);
  return std::max<size_t>(bytes.size() - tail, std::min<size_t>(bytes.size(), 1));
}

}  // namespace waybill::delivery
