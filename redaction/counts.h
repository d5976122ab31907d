// SPDX-License-Identifier: Apache-2.0
// Counts: what was redacted since the start, over all configs.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/clock.h"
#include "core/throttle.h"

namespace waybill::redaction {

// Any thread, but for post() and rest(): one thread at a time.
class Counts {
 public:
  // Of one rule: so many values more. How many to tell of in our own log now, once an hour and
  // rule; 0: not yet.
  uint64_t post(std::string_view rule, uint64_t values, SteadyTime now);
  void post_withheld(uint64_t texts);

  // Values by rule, rules in the order of their names.
  std::vector<std::pair<std::string, uint64_t>> rules() const;
  uint64_t withheld() const;
  // What post() kept back, for a last line in the log.
  std::vector<std::pair<std::string, uint64_t>> rest();

 private:
  struct OfRule {
    uint64_t values = 0;
    Throttle told{std::chrono::hours(1)};
  };
  mutable std::mutex mutex_;
  std::map<std::string, OfRule, std::less<>> rules_;
  uint64_t withheld_ = 0;
};

}  // namespace waybill::redaction
