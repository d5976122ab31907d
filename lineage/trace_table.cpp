// SPDX-License-Identifier: Apache-2.0
#include "lineage/trace_table.h"

#include <algorithm>
#include <bit>

namespace waybill::lineage {

TraceTable::TraceTable(size_t most, Duration stale)
    : most_(std::bit_ceil(std::max(most, kWays))), stale_ns_(stale.count()) {}

Remembered* TraceTable::find(const TraceKey& key) {
  if (capacity_ == 0) return nullptr;
  size_t bucket = bucket_of(key);
  uint32_t tag = tag_of(key);
  for (size_t i = bucket; i < bucket + kWays; ++i) {
    if (tags_[i] == tag && places_[i].key == key) return &places_[i];
  }
  return nullptr;
}

Remembered& TraceTable::put(const TraceKey& key, int64_t read_ns, bool& made) {
  Remembered* known = find(key);
  made = known == nullptr;
  if (known == nullptr) {
    size_t place = free_place(key, read_ns);
    tags_[place] = tag_of(key);
    known = &places_[place];
    *known = Remembered{};
    known->key = key;
  }
  known->read_ns = read_ns;
  return *known;
}

size_t TraceTable::free_place(const TraceKey& key, int64_t read_ns) {
  while (true) {
    if (capacity_ == 0) grow();
    size_t bucket = bucket_of(key);
    size_t oldest = bucket;
    for (size_t i = bucket; i < bucket + kWays; ++i) {
      if (tags_[i] == 0) {
        ++size_;
        return i;
      }
      if (places_[i].read_ns < places_[oldest].read_ns) oldest = i;
    }
    if (read_ns - places_[oldest].read_ns > stale_ns_) return oldest;
    if (capacity_ >= most_) {
      ++evicted_;
      return oldest;
    }
    grow();
  }
}

// A key's bucket in the doubled table is its old one, or as far behind that as the old table is
// long: none can be too full.
void TraceTable::grow() {
  size_t before = capacity_;
  capacity_ = before == 0 ? std::min(kFirst, most_) : before * 2;
  auto tags = std::make_unique<uint32_t[]>(capacity_);
  auto places = std::make_unique_for_overwrite<Remembered[]>(capacity_);
  for (size_t i = 0; i < before; ++i) {
    if (tags_[i] == 0) continue;
    size_t place = bucket_of(places_[i].key);
    while (tags[place] != 0) ++place;
    tags[place] = tags_[i];
    places[place] = places_[i];
  }
  tags_ = std::move(tags);
  places_ = std::move(places);
}

}  // namespace waybill::lineage
