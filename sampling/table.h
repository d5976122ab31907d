// SPDX-License-Identifier: Apache-2.0
// Table: state by 64-bit keys, of a fixed size: whatever keys come, it never grows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace waybill::sampling {

// Sets of eight places. Where a set is full, the place that was not used longest goes to the new
// key. `State` is default-constructible. One thread at a time.
template <typename State>
class Table {
 public:
  // `places`: a power of two, at least 8.
  explicit Table(size_t places) : places_(places), mask_(places / kSet - 1) {}

  // The state of `key`, made anew where there is none: then `evicted(State&)` is called first with
  // what had its place. Valid until the next call.
  template <typename Evicted>
  State& at(uint64_t key, Evicted&& evicted) {
    Place* set = &places_[(key >> 7 & mask_) * kSet];
    Place* oldest = set;
    for (Place* place = set; place != set + kSet; ++place) {
      if (place->used != 0 && place->key == key) {
        place->used = ++clock_;
        return place->state;
      }
      if (place->used < oldest->used) oldest = place;
    }
    if (oldest->used != 0) evicted(oldest->state);
    oldest->key = key;
    oldest->used = ++clock_;
    oldest->state = State();
    return oldest->state;
  }

  // Calls visit(State&) for each.
  template <typename Visit>
  void each(Visit&& visit) {
    for (Place& place : places_) {
      if (place.used != 0) visit(place.state);
    }
  }

 private:
  static constexpr size_t kSet = 8;
  struct Place {
    uint64_t key = 0, used = 0;  // 0: free
    State state;
  };
  std::vector<Place> places_;
  size_t mask_;
  uint64_t clock_ = 0;
};

}  // namespace waybill::sampling
