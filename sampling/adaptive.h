// SPDX-License-Identifier: Apache-2.0
// Adaptive: a probability for each service, lowered until what is sent keeps to a target.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "sampling/table.h"

namespace waybill::sampling {

struct AdaptiveSettings {
  double target = 0;  // bytes a second of a service; 0: there is none
  double least = 0;   // the probability does not fall below this
  bool operator==(const AdaptiveSettings&) const = default;
};

// What comes is measured over half a second of event time, and smoothed over some; at the end of
// each the probability moves towards what the target allows: down to a half, or up by a quarter, at
// most. Bounded: of more services than it has places those that were not heard of longest begin
// anew. One thread at a time.
class Adaptive {
 public:
  static constexpr size_t kMost = 256;  // services

  explicit Adaptive(const AdaptiveSettings& settings) : settings_(settings), states_(kMost) {}

  struct Share {
    double probability = 1;
    double bytes_per_second = 0;  // that came, errors and all
  };
  // A record of so many bytes comes at `time_ns` (not negative). What its service may send now;
  // what is exempt is sent anyway, and leaves less for the others.
  Share offer(std::string_view service, size_t bytes, bool exempt, int64_t time_ns);

  const AdaptiveSettings& settings() const { return settings_; }
  // Calls visit(const std::string& service, double probability) for each.
  template <typename Visit>
  void each(Visit&& visit) {
    states_.each([&](const State& state) { visit(state.service, state.probability); });
  }

 private:
  struct State {
    std::string service;
    bool begun = false, measured = false;
    int64_t start_ns = 0;            // of what is being measured
    double offered = 0, exempt = 0;  // bytes since then
    double offered_rate = 0, exempt_rate = 0;
    double probability = 1;
  };
  void adapt(State& state, double seconds) const;

  AdaptiveSettings settings_;
  Table<State> states_;
};

}  // namespace waybill::sampling
