// SPDX-License-Identifier: Apache-2.0
// Time as the code uses it: wall time for records, steady time for everything that waits.
#pragma once

#include <chrono>
#include <cstdint>

namespace waybill {

using Duration = std::chrono::nanoseconds;
using SteadyTime = std::chrono::steady_clock::time_point;

// Nanoseconds since 1970-01-01T00:00:00Z.
using WallNanos = int64_t;

inline WallNanos wall_now() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

// Back-off, deadlines and idle times use this one: a stepped wall clock must not move them.
inline SteadyTime steady_now() { return std::chrono::steady_clock::now(); }

}  // namespace waybill
