// SPDX-License-Identifier: Apache-2.0
// Trace context as bytes: what gRPC sends, and text that somebody has printed as base64.
#include <cstdint>
#include <cstring>

#include "lineage/propagation.h"

namespace waybill::lineage {

namespace {

constexpr size_t kMostDecoded = 64;

int value_of(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+' || c == '-') return 62;
  if (c == '/' || c == '_') return 63;
  return -1;
}

// RFC 4648, section 4 or 5, with its padding or without. The number of bytes; 0 when it is none,
// or more than `out` has room for.
size_t decode_base64(std::string_view text, uint8_t (&out)[kMostDecoded]) {
  while (!text.empty() && text.back() == '=') text.remove_suffix(1);
  if (text.size() % 4 == 1 || text.size() / 4 * 3 + 2 > kMostDecoded) return 0;
  size_t size = 0;
  uint32_t bits = 0;
  int count = 0;
  for (char c : text) {
    int value = value_of(c);
    if (value < 0) return 0;
    bits = (bits << 6 | static_cast<uint32_t>(value)) & 0xffffff;
    count += 6;
    if (count < 8) continue;
    count -= 8;
    out[size++] = static_cast<uint8_t>(bits >> count & 0xff);
  }
  return size;
}

// The bytes as hex digits; false when they are all zero.
template <size_t N>
bool digits_of(const uint8_t* bytes, std::array<char, N>& digits) {
  constexpr char hex[] = "0123456789abcdef";
  bool any = false;
  for (size_t i = 0; i < N / 2; ++i) {
    digits[2 * i] = hex[bytes[i] >> 4];
    digits[2 * i + 1] = hex[bytes[i] & 15];
    any = any || bytes[i] != 0;
  }
  return any;
}

}  // namespace

std::optional<TraceContext> parse_grpc_trace(std::string_view text) {
  constexpr uint8_t kTraceField = 0, kSpanField = 1, kFlagsField = 2;
  uint8_t bytes[kMostDecoded];
  const size_t size = decode_base64(text, bytes);
  if (size < 2 || bytes[0] != 0) return std::nullopt;
  TraceContext context;
  size_t at = 1;
  if (at + 17 > size || bytes[at] != kTraceField) return std::nullopt;
  if (!digits_of(bytes + at + 1, context.trace_id.emplace())) return std::nullopt;
  at += 17;
  if (at + 9 <= size && bytes[at] == kSpanField) {
    if (!digits_of(bytes + at + 1, context.span_id.emplace())) return std::nullopt;
    at += 9;
  }
  if (at + 2 <= size && bytes[at] == kFlagsField) context.flags = bytes[at + 1];
  return context;
}

std::optional<std::string_view> unwrapped_traceparent(std::string_view text, Arena& arena) {
  // "00-" in base64; of 55 bytes it has 74 digits, and == behind them.
  constexpr size_t kPlain = 55, kDigits = 74;
  if (text.size() < kDigits || text.size() > kDigits + 2 || !text.starts_with("MDAt")) {
    return std::nullopt;
  }
  uint8_t bytes[kMostDecoded];
  if (decode_base64(text, bytes) != kPlain) return std::nullopt;
  char* plain = arena.allocate(kPlain);
  std::memcpy(plain, bytes, kPlain);
  return std::string_view(plain, kPlain);
}

}  // namespace waybill::lineage
