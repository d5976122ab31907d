// SPDX-License-Identifier: Apache-2.0
// Runs: the records that compose() was asked for, as few pieces as possible. A whole payload is one
// piece per group, so nothing is copied record by record.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "delivery/payload.h"

namespace waybill::outputs {

// Neighbouring records of one group: bytes [begin, end) of its buffer.
struct Run {
  uint32_t group;
  uint32_t begin;
  uint32_t end;

  std::string_view bytes(const delivery::Payload& payload) const {
    return payload.groups[group].bytes.view().substr(begin, end - begin);
  }
};

// The runs of the slices `picks` (ascending), by group, and within one in the order of the records.
inline std::vector<Run> runs_of(const delivery::Payload& payload, std::span<const uint32_t> picks) {
  std::vector<Run> runs;
  runs.reserve(payload.group_count);
  // Where the newest run of each group stands in `runs`, plus 1.
  std::vector<uint32_t> newest(payload.group_count, 0);
  for (uint32_t pick : picks) {
    const delivery::Slice& slice = payload.slices[pick];
    uint32_t& place = newest[slice.group];
    if (place != 0 && runs[place - 1].end == slice.begin) {
      runs[place - 1].end += slice.size;
    } else {
      runs.push_back({slice.group, slice.begin, slice.begin + slice.size});
      place = static_cast<uint32_t>(runs.size());
    }
  }
  std::stable_sort(runs.begin(), runs.end(),
                   [](const Run& a, const Run& b) { return a.group < b.group; });
  return runs;
}

}  // namespace waybill::outputs
