// SPDX-License-Identifier: Apache-2.0
// Backoff: how long to wait before a failed request is sent again.
#pragma once

#include <functional>
#include <optional>

#include "core/clock.h"

namespace waybill::delivery {

// Full jitter: a random time below a ceiling that doubles with each failure in a row, so that
// thousands of sidecars do not come back in step. Only durations, of the steady clock: a stepped
// wall clock changes nothing. One thread.
class Backoff {
 public:
  static constexpr Duration kBase = std::chrono::milliseconds(250);
  static constexpr Duration kCap = std::chrono::seconds(30);
  static constexpr Duration kRetryAfterCap = std::chrono::minutes(10);
  // What somebody has to repair by hand is asked for at a steady pace.
  static constexpr Duration kMisconfigured = std::chrono::seconds(30);

  // A number from [0, 1).
  using Random = std::function<double()>;
  explicit Backoff(Random random = {});

  // After one more failure. What the server asked for (Retry-After, at most kRetryAfterCap of it)
  // is waited out in full, and the jitter comes on top.
  Duration next(std::optional<Duration> retry_after = std::nullopt);
  // After a success.
  void reset() { failures_ = 0; }
  int failures() const { return failures_; }

 private:
  Random random_;
  int failures_ = 0;
};

}  // namespace waybill::delivery
