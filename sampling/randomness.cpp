// SPDX-License-Identifier: Apache-2.0
#include "sampling/randomness.h"

#include <xxhash.h>

#include <cmath>
#include <cstring>

#include "core/ascii.h"

namespace waybill::sampling {

namespace {

constexpr size_t kDigits = 14;  // of 56 bits

int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

// Up to 14 lower-case hex digits; those that are missing at the end are zeros.
std::optional<uint64_t> digits_of(std::string_view text) {
  if (text.empty() || text.size() > kDigits) return std::nullopt;
  uint64_t value = 0;
  for (char c : text) {
    int one = digit(c);
    if (one < 0) return std::nullopt;
    value = value << 4 | static_cast<uint64_t>(one);
  }
  return value << 4 * (kDigits - text.size());
}

// Cuts the text off in front of the next `separator`.
std::string_view cut(std::string_view& rest, char separator) {
  size_t end = rest.find(separator);
  std::string_view part = rest.substr(0, end);
  rest = end == rest.npos ? std::string_view() : rest.substr(end + 1);
  return part;
}

uint64_t hashed(const void* bytes, size_t size) { return XXH3_64bits(bytes, size) & (kSpace - 1); }

}  // namespace

OtelState otel_state(std::string_view tracestate) {
  OtelState state;
  while (!tracestate.empty()) {
    std::string_view member = trimmed(cut(tracestate, ','));
    if (!member.starts_with("ot=")) continue;
    member.remove_prefix(3);
    while (!member.empty()) {
      std::string_view pair = cut(member, ';');
      std::string_view value = pair.substr(std::min<size_t>(3, pair.size()));
      if (pair.starts_with("th:")) state.threshold = digits_of(value);
      if (pair.starts_with("rv:") && value.size() == kDigits) state.randomness = digits_of(value);
    }
    break;
  }
  return state;
}

Randomness randomness_of(const Record& record) {
  using From = Randomness::From;
  bool trace = record.trace_id.size == 32 && record.trace_origin != TraceOrigin::kGenerated;
  if (trace) {
    if (record.tracestate) {
      OtelState state = otel_state(record.tracestate.bytes());
      if (state.randomness) return {*state.randomness, From::kTraceState};
    }
    std::string_view id = record.trace_id.bytes();
    if (std::optional<uint64_t> value = digits_of(id.substr(32 - kDigits))) {
      constexpr uint64_t kCounted = uint64_t{1} << 32;
      if (*value >= kCounted) return {*value, From::kTraceId};
    }
    return {hashed(id.data(), id.size()), From::kTraceHash};
  }
  if (record.request_id && !record.request_id.empty()) {
    return {hashed(record.request_id.data, record.request_id.size), From::kRequest};
  }
  return {hashed(record.id.data(), record.id.size()), From::kRecord};
}

uint64_t threshold_of(double probability) {
  if (probability <= 0) return kSpace;
  if (probability >= 1) return 0;
  // Exact: a double has 53 bits, and what is below the last of 56 is nothing.
  auto kept = static_cast<uint64_t>(std::llround(std::ldexp(probability, 56)));
  return kSpace - (kept == 0 ? 1 : kept);
}

double rate_of(uint64_t threshold) {
  return std::ldexp(1, 56) / static_cast<double>(kSpace - threshold);
}

}  // namespace waybill::sampling
