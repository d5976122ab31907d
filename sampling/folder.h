// SPDX-License-Identifier: Apache-2.0
// Folder: which messages were seen already within a window, and how often. Bounded.
#pragma once

#include <cstdint>
#include <vector>

#include "core/clock.h"
#include "sampling/suppressed.h"

namespace waybill::sampling {

// For one rule of dedupe. One thread at a time. Allocates nothing once warm.
class Folder {
 public:
  // Messages that are remembered at a time: one more, and the window of the oldest ends.
  static constexpr size_t kMost = 1024;

  explicit Folder(int64_t window_ns);

  // Whether a message is within the window of an equal one, and counted there. If not, its own
  // begins: then `fill(Suppressed&)` is called to say what it is. `time_ns` is event time,
  // `read_at` when it came: a window ends by whichever clock is there first.
  template <typename Fill>
  bool fold(uint64_t key, int64_t time_ns, SteadyTime read_at, double weight, Fill&& fill) {
    uint32_t index = find(key);
    bool over = index != kNone && (time_ns >= entries_[index].opened_ns + window_ns_ ||
                                   read_at >= entries_[index].due);
    if (over) {
      close(index);
      index = kNone;
    }
    if (index != kNone) {
      add(entries_[index].suppressed, time_ns, weight);
      return true;
    }
    index = open(key, time_ns, read_at);
    if (index != kNone) fill(entries_[index].suppressed);
    return false;
  }

  // How many were counted for the key so far: for explain.
  uint64_t folded(uint64_t key) const;

  // When take_closed() should be called; max(): no window is open.
  SteadyTime due() const;
  // Ends windows that are over at `now`, and calls take(const Suppressed&) for each that counted
  // something.
  template <typename Take>
  void take_closed(SteadyTime now, Take&& take) {
    while (oldest_ != kNone && entries_[oldest_].due <= now) close(oldest_);
    for (uint32_t index = closed_; index != kNone;) {
      Entry& entry = entries_[index];
      take(entry.suppressed);
      uint32_t next = entry.next;
      entry.next = free_;
      free_ = index;
      index = next;
    }
    closed_ = kNone;
  }

 private:
  static constexpr uint32_t kNone = ~uint32_t{0};
  static constexpr size_t kHeads = 2 * kMost;
  // Of windows that ended within a batch and wait for take_closed().
  static constexpr size_t kEntries = 2 * kMost;

  struct Entry {
    uint64_t key = 0;
    int64_t opened_ns = 0;
    SteadyTime due{};
    uint32_t chain = kNone;                 // the next one of the same head
    uint32_t next = kNone, before = kNone;  // by the time of opening; or of free and closed ones
    Suppressed suppressed;
  };

  uint32_t find(uint64_t key) const;
  uint32_t open(uint64_t key, int64_t time_ns, SteadyTime read_at);
  void close(uint32_t index);
  static void add(Suppressed& suppressed, int64_t time_ns, double weight);

  int64_t window_ns_;
  std::vector<Entry> entries_;
  std::vector<uint32_t> heads_;
  uint32_t oldest_ = kNone, newest_ = kNone, free_ = kNone, closed_ = kNone;
  size_t open_ = 0;
};

}  // namespace waybill::sampling
