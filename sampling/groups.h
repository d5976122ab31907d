// SPDX-License-Identifier: Apache-2.0
// Groups: by service and level, how many were kept back that no record stands for yet.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/level.h"
#include "sampling/hash.h"
#include "sampling/suppressed.h"

namespace waybill::sampling {

// The next record of a group that is sent stands for them, too: then counts by service and level
// come out right. What waits for longer than kPatience gets a record of its own. Bounded: services
// beyond the kMost-th group share one a level. One thread at a time.
class Groups {
 public:
  static constexpr size_t kMost = 256;
  static constexpr Duration kPatience = std::chrono::seconds(30);

  Groups() : slots_(2 * kMost, 0) {}

  // Valid for ever. `service` is the line's own, empty for the configured one; `input` is where it
  // was seen.
  uint32_t find(std::string_view service, Level level, std::string_view input);
  // `lines` that stood for `weight` were kept back, the last of them at `time_ns`, read at
  // `read_at`.
  void keep_back(uint32_t group, int64_t time_ns, double weight, uint64_t lines,
                 SteadyTime read_at);
  // What a record that is sent now stands for besides itself.
  double take(uint32_t group) {
    Group& of = groups_[group];
    if (of.kept.lines == 0) return 0;
    double weight = of.kept.weight;
    of.kept.weight = 0;
    of.kept.lines = 0;
    --waiting_;
    return weight;
  }

  SteadyTime due() const { return waiting_ == 0 ? SteadyTime::max() : due_; }
  template <typename Take>
  void take_old(SteadyTime now, Take&& take_one) {
    if (waiting_ == 0 || due_ > now) return;
    due_ = SteadyTime::max();
    for (uint32_t i = 0; i < groups_.size(); ++i) {
      Group& group = groups_[i];
      if (group.kept.lines == 0) continue;
      if (group.due > now) {
        due_ = std::min(due_, group.due);
        continue;
      }
      take_one(group.kept);
      (void)take(i);
    }
  }

 private:
  struct Group {
    uint64_t key = 0;
    SteadyTime due{};
    Suppressed kept;
  };
  Group& wait(uint32_t group, SteadyTime read_at);

  std::vector<Group> groups_;
  std::vector<uint32_t> slots_;  // index into groups_ + 1; 0: free
  size_t waiting_ = 0;
  SteadyTime due_ = SteadyTime::max();  // not later than the earliest of those that wait
};

}  // namespace waybill::sampling
