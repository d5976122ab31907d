// SPDX-License-Identifier: Apache-2.0
// Incident: what an operator reads about a backend in trouble: the beginning, the end, and once a
// minute that it goes on.
#pragma once

#include <optional>
#include <string>

#include "core/clock.h"

namespace waybill::outputs::http {

// One thread.
class Incident {
 public:
  static constexpr Duration kEvery = std::chrono::minutes(1);

  // A request has failed. The line to log, or nothing when one was said too recently.
  std::optional<std::string> failed(SteadyTime now, bool misconfigured, const std::string& problem);
  // A request has succeeded. The line to log, when there was an incident that somebody read of.
  std::optional<std::string> recovered(SteadyTime now);
  bool open() const { return since_.has_value(); }

 private:
  std::optional<SteadyTime> since_;      // of this incident
  std::optional<SteadyTime> last_said_;  // of any
  bool said_ = false;                    // of this one
  bool misconfigured_ = false;           // that is what was said last
};

}  // namespace waybill::outputs::http
