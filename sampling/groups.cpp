// SPDX-License-Identifier: Apache-2.0
#include "sampling/groups.h"

#include <algorithm>

namespace waybill::sampling {

uint32_t Groups::find(std::string_view service, Level level, std::string_view input) {
  uint64_t key = mix(hash_of(service), static_cast<uint64_t>(level) + 1);
  size_t slot = key % slots_.size();
  for (; slots_[slot] != 0; slot = (slot + 1) % slots_.size()) {
    if (groups_[slots_[slot] - 1].key == key) return slots_[slot] - 1;
  }
  // Room is kept for the groups of all others.
  constexpr size_t kOthers = kLevelCount;
  if (groups_.size() >= kMost - kOthers && service != "other") return find("other", level, input);
  Group made;
  made.key = key;
  made.kept.level = level;
  made.kept.severity =
      level == Level::kNone ? 0 : static_cast<uint8_t>(4 * static_cast<int>(level) + 1);
  made.kept.service = service;
  made.kept.input = input;
  made.kept.message = "records over a limit or behind a burst";
  groups_.push_back(std::move(made));
  slots_[slot] = static_cast<uint32_t>(groups_.size());
  return slots_[slot] - 1;
}

Groups::Group& Groups::wait(uint32_t group, SteadyTime read_at) {
  Group& of = groups_[group];
  if (of.kept.lines > 0) return of;
  ++waiting_;
  of.due = read_at + kPatience;
  due_ = waiting_ == 1 ? of.due : std::min(due_, of.due);
  return of;
}

void Groups::keep_back(uint32_t group, int64_t time_ns, double weight, uint64_t lines,
                       SteadyTime read_at) {
  Suppressed& kept = wait(group, read_at).kept;
  if (kept.lines == 0) kept.first_ns = kept.last_ns = time_ns;
  kept.first_ns = std::min(kept.first_ns, time_ns);
  kept.last_ns = std::max(kept.last_ns, time_ns);
  kept.lines += lines;
  kept.weight += weight;
}

}  // namespace waybill::sampling
