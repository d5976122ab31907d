// SPDX-License-Identifier: Apache-2.0
// TraceTable: which trace was last seen with a key, for a bounded number of keys.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "core/clock.h"
#include "core/record.h"

namespace waybill::lineage {

// The hash of a key and of where it holds; 128 bits, so that no two keys are ever taken for one.
struct TraceKey {
  uint64_t low = 0, high = 0;
  bool operator==(const TraceKey&) const = default;
};

// What is remembered of a key.
struct Remembered {
  static constexpr int64_t kNever = INT64_MIN;

  TraceKey key;
  int64_t seen_ns = 0;        // event time of its last line
  int64_t other_ns = kNever;  // the same of its last line before it had another trace
  int64_t read_ns = 0;        // read time of its last line
  std::array<char, 32> trace_id;
  int16_t trace_flags = -1;
  TraceOrigin origin = TraceOrigin::kNone;  // of the trace; kNone: the key is known without one
};

// Eight places a bucket. Where all of a bucket are taken, what was not read for `stale` goes first;
// else the table doubles, up to its bound; then what was read longest ago is forgotten. Nothing is
// allocated but then, and before the first key nothing at all. One thread at a time.
class TraceTable {
 public:
  // `most`: places at most, rounded up to a power of two.
  TraceTable(size_t most, Duration stale);

  // Null: not known. Valid until the next put().
  Remembered* find(const TraceKey& key);
  // Finds or makes it; a new one has its key alone. Valid until the next put().
  Remembered& put(const TraceKey& key, int64_t read_ns, bool& made);

  size_t size() const { return size_; }  // places in use
  size_t bytes() const { return capacity_ * kPlaceBytes; }
  uint64_t evicted() const { return evicted_; }  // forgotten before they were stale

  static constexpr size_t kPlaceBytes = sizeof(Remembered) + sizeof(uint32_t);

 private:
  static constexpr size_t kWays = 8;
  static constexpr size_t kFirst = 512;

  size_t bucket_of(const TraceKey& key) const {
    return (key.low & (capacity_ / kWays - 1)) * kWays;
  }
  static uint32_t tag_of(const TraceKey& key) {
    auto tag = static_cast<uint32_t>(key.high >> 32);
    return tag == 0 ? 1 : tag;
  }
  void grow();
  size_t free_place(const TraceKey& key, int64_t read_ns);

  const size_t most_;
  const int64_t stale_ns_;
  size_t capacity_ = 0;
  size_t size_ = 0;
  uint64_t evicted_ = 0;
  std::unique_ptr<uint32_t[]> tags_;  // by place; 0: free
  std::unique_ptr<Remembered[]> places_;
};

}  // namespace waybill::lineage
