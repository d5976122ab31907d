// SPDX-License-Identifier: Apache-2.0
#include "delivery/adaptive_limit.h"

#include <algorithm>

namespace waybill::delivery {

namespace {

// What counts as much longer than usual: twice as long, and by more than the jitter of a network.
constexpr double kSlow = 2;
constexpr double kJitterSeconds = 0.005;
// How much the last round weighs in what is usual.
constexpr double kWeight = 0.3;

}  // namespace

void AdaptiveLimit::answered(double seconds, bool more) {
  ++answers_;
  seconds_ += seconds;
  more_ |= more;
  if (answers_ < limit_) return;
  double average = seconds_ / static_cast<double>(answers_);
  if (usual_ == 0) usual_ = average;
  if (average > kSlow * usual_ + kJitterSeconds) {
    limit_ = std::max<size_t>(limit_ - 1, 1);
  } else if (more_) {
    limit_ = std::min(limit_ + 1, most_);
  }
  usual_ += kWeight * (average - usual_);
  next_round();
}

void AdaptiveLimit::overloaded() {
  limit_ = std::max<size_t>(limit_ / 2, 1);
  next_round();
}

void AdaptiveLimit::next_round() {
  answers_ = 0;
  seconds_ = 0;
  more_ = false;
}

}  // namespace waybill::delivery
