// SPDX-License-Identifier: Apache-2.0
// Incident: what an operator reads about a backend in trouble: the beginning, the end, and once a
// minute that it goes on; sooner, if asked for, that somebody has to act on something else now.
#pragma once

#include <optional>
#include <string>

#include "core/clock.h"

namespace waybill::outputs::http {

// One thread.
class Incident {
 public:
  static constexpr Duration kEvery = std::chrono::minutes(1);

  // `every_change`: how soon another reason is said of what is misconfigured.
  explicit Incident(Duration every_change = kEvery) : every_change_(every_change) {}

  // A request has failed. The line to log, or nothing when one was said too recently.
  // `elsewhere`: another endpoint is tried at once.
  std::optional<std::string> failed(SteadyTime now, bool misconfigured, const std::string& problem,
                                    bool elsewhere = false);
  // The same, and nobody needs to read of it.
  void failed_quietly(SteadyTime now) {
    if (!since_) since_ = now;
  }
  // A request has succeeded. The line to log, when there was an incident that somebody read of.
  std::optional<std::string> recovered(SteadyTime now);
  bool open() const { return since_.has_value(); }

 private:
  const Duration every_change_;
  std::optional<SteadyTime> since_;      // of this incident
  std::optional<SteadyTime> last_said_;  // of any
  bool said_ = false;                    // of this one
  bool misconfigured_ = false;           // that is what was said last
  std::string problem_;                  // the same
  bool elsewhere_ = false;               // the same
};

}  // namespace waybill::outputs::http
