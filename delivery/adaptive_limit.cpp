// SPDX-License-Identifier: Apache-2.0
#include "delivery/adaptive_limit.h"

#include <algorithm>

namespace waybill::delivery {

namespace {

// What counts as much longer: twice as long, and by more than the jitter of a network.
constexpr int kSlow = 2;
constexpr Duration kJitter = std::chrono::milliseconds(5);

}  // namespace

void AdaptiveLimit::answered(SteadyTime sent, SteadyTime now, bool more) {
  if (sent < fell_) return;
  // Nobody waited: the batch may be a small one, and nothing is won by another limit.
  if (!more) return next_round();
  ++answers_;
  took_ += now - sent;
  if (answers_ < limit_) return;
  Duration average = took_ / static_cast<Duration::rep>(answers_);
  next_round();
  if (limit_ == 1) rounds_ = 0;
  alone_ = limit_ == 1 ? average : std::min(alone_, average);
  if (++rounds_ > kRounds) return set(1, now);
  if (average > kSlow * alone_ + kJitter) {
    set(std::max<size_t>(limit_ - 1, 1), now);
  } else {
    set(std::min(limit_ + 1, most_), now);
  }
}

void AdaptiveLimit::overloaded(SteadyTime sent, SteadyTime now) {
  if (sent < fell_) return;
  set(std::max<size_t>(limit_ / 2, 1), now);
  next_round();
}

void AdaptiveLimit::set(size_t limit, SteadyTime now) {
  if (limit < limit_) fell_ = now;
  limit_ = limit;
}

void AdaptiveLimit::next_round() {
  answers_ = 0;
  took_ = {};
}

}  // namespace waybill::delivery
