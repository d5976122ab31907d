// SPDX-License-Identifier: Apache-2.0
// What a verdict by probability goes by: 56 bits that are the same wherever the trace is seen.
//
// As OpenTelemetry's probability sampling has it ("TraceState: Probability Sampling"): a trace is
// kept when its randomness R is at least the threshold T, both of 56 bits; R is `rv` of the
// tracestate, else the last 56 bits of the trace id (W3C Trace Context level 2, random flag).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/record.h"

namespace waybill::sampling {

constexpr uint64_t kSpace = uint64_t{1} << 56;

// `ot=` of a tracestate: th and rv, where they are there and well-formed.
struct OtelState {
  std::optional<uint64_t> threshold;   // below kSpace
  std::optional<uint64_t> randomness;  // below kSpace
};
OtelState otel_state(std::string_view tracestate);

struct Randomness {
  enum class From : uint8_t { kTraceState, kTraceId, kTraceHash, kRequest, kRecord };
  uint64_t value = 0;  // below kSpace
  From from = From::kRecord;
};

// By the trace; an id whose last 56 bits begin with 24 zeros was counted, not drawn, and is hashed,
// whatever its flags say: all sidecars see the id, not all of them the flags. Without a trace, or
// with one that was generated for a run, by the request id; without that, by the record's own id.
Randomness randomness_of(const Record& record);

// T for a probability of 0 to 1: kSpace (nothing is kept) for 0, 0 for 1.
uint64_t threshold_of(double probability);
// How many a kept one stands for; `threshold` is below kSpace.
double rate_of(uint64_t threshold);

}  // namespace waybill::sampling
