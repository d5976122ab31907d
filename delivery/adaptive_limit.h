// SPDX-License-Identifier: Apache-2.0
// AdaptiveLimit: how many requests a backend may have at a time.
#pragma once

#include <cstddef>

#include "core/clock.h"

namespace waybill::delivery {

// Additive increase, multiplicative decrease, as TCP does it: one more while there is more to send
// and answers come about as fast as they can, one less when they take much longer (the backend
// queues what we send), half when it says that it is too much. How fast they can come is measured
// with one request at a time, and anew every kRounds rounds: else a backend that slows down bit by
// bit under our load would get more and more of it. Pure: no clock, no lock.
class AdaptiveLimit {
 public:
  static constexpr size_t kRounds = 100;

  // Between 1, where it begins, and `most`.
  explicit AdaptiveLimit(size_t most) : most_(most) {}

  size_t now() const { return limit_; }
  // The request that was sent at `sent` was answered at `now`. `more`: others wait to be sent.
  void answered(SteadyTime sent, SteadyTime now, bool more);
  // The same, but 429, 503, or no answer in time.
  void overloaded(SteadyTime sent, SteadyTime now);

 private:
  void set(size_t limit, SteadyTime now);
  void next_round();

  const size_t most_;
  size_t limit_ = 1;
  // When the limit fell last: what was sent before it says nothing of what is now.
  SteadyTime fell_ = SteadyTime::min();
  Duration alone_{};   // what an answer takes with one request at a time, or faster ones later
  size_t rounds_ = 0;  // since that was measured
  // This round: as many answers as there may be requests.
  size_t answers_ = 0;
  Duration took_{};
};

}  // namespace waybill::delivery
