// SPDX-License-Identifier: Apache-2.0
// Throttle: says the first of many like events at once, and sums up the others.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>

#include "core/clock.h"

namespace waybill {

// For messages about things that may happen thousands of times a second. One thread at a time.
class Throttle {
 public:
  explicit Throttle(Duration every) : every_(every) {}

  // `amount` more have happened. How many to report now, those kept back before included; 0 when
  // the last report is too recent.
  uint64_t add(SteadyTime now, uint64_t amount) {
    kept_ += amount;
    if (any_ && now - last_ < every_) return 0;
    any_ = true;
    last_ = now;
    return std::exchange(kept_, 0);
  }
  // When add(now, 0) would report something that is kept back; nothing when there is nothing.
  std::optional<SteadyTime> due() const {
    if (kept_ == 0) return std::nullopt;
    return last_ + every_;
  }
  // What is kept back, for a last report at the end.
  uint64_t rest() { return std::exchange(kept_, 0); }

 private:
  Duration every_;
  bool any_ = false;
  SteadyTime last_{};  // of the last report, when there was any
  uint64_t kept_ = 0;
};

}  // namespace waybill
