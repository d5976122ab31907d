// SPDX-License-Identifier: Apache-2.0
// Distinct times: Loki silently drops an entry that equals another one of its stream in time, line
// and metadata, so equal times are moved apart by a nanosecond.
#pragma once

#include <cstdint>
#include <vector>

namespace waybill::outputs::loki {

// Remembers the newest few thousand times of all streams together. Bounded: what was seen longer
// ago than that is forgotten, and would be sent as it is.
class DistinctTimes {
 public:
  // The time to send an entry with: `time_ns`, or the next nanosecond that is free in its stream.
  int64_t next(uint64_t stream_hash, int64_t time_ns) {
    if (slots_.empty()) slots_.resize(kSlots);
    Slot& slot = slots_[index_of(stream_hash, time_ns)];
    uint64_t key = key_of(stream_hash, time_ns);
    if (slot.key != key) {
      slot = {key, time_ns + 1};
      return time_ns;
    }
    int64_t free = slot.next;
    bool met_others = false;
    for (;;) {
      const Slot& other = slots_[index_of(stream_hash, free)];
      if (other.key != key_of(stream_hash, free)) break;
      // An entry that has this very time itself: behind it, and behind all that were moved there.
      met_others = true;
      free = other.next;
    }
    slot.next = free + 1;
    if (met_others) slots_[index_of(stream_hash, free)] = {key_of(stream_hash, free), free + 1};
    return free;
  }

 private:
  static constexpr int kBits = 12;
  static constexpr size_t kSlots = size_t{1} << kBits;
  struct Slot {
    uint64_t key = 0;  // stream and time, mixed
    int64_t next = 0;  // later than the time, so a walk ends
  };

  // One to one for the times of a stream.
  static uint64_t key_of(uint64_t stream_hash, int64_t time_ns) {
    return (stream_hash + static_cast<uint64_t>(time_ns)) * 0x9E3779B97F4A7C15u;
  }
  static size_t index_of(uint64_t stream_hash, int64_t time_ns) {
    return static_cast<size_t>(key_of(stream_hash, time_ns) >> (64 - kBits));
  }

  std::vector<Slot> slots_;
};

}  // namespace waybill::outputs::loki
