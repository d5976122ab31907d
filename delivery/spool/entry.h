// SPDX-License-Identifier: Apache-2.0
// Entry: one record of a payload as the payload of a frame: encoded as its output sends it, with
// the head that it shares with others, so that every frame can be read without another one.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/buffer.h"
#include "core/clock.h"
#include "delivery/payload.h"

namespace waybill::delivery {

// The same moment on both clocks. The steady one means nothing to the next process.
struct Now {
  SteadyTime steady = steady_now();
  WallNanos wall = wall_now();
};

// What an entry takes besides its record, its note and what it shares with others, at most.
constexpr size_t kEntryOverhead = 20;

// Bytes that append_entries() will append.
size_t entries_size(const Payload& payload);
// Appends a frame for every unsettled record of `payload`; sequence numbers from `sequence` on.
// Returns how many.
uint64_t append_entries(Buffer& frames, const Payload& payload, uint64_t sequence);

// Adds a record, as append_entries() wrote it, to `payload`. `now`: for its age. False: it is none.
bool add_entry(Payload& payload, std::string_view entry, const Now& now);

}  // namespace waybill::delivery
