// SPDX-License-Identifier: Apache-2.0
// AdaptiveLimit: how many requests a backend may have at a time.
#pragma once

#include <cstddef>

namespace waybill::delivery {

// Additive increase, multiplicative decrease, as TCP does it: one more while there is more to send
// and answers come as fast as usual, one less when they take much longer (the backend queues what
// we send), half when it says that it is too much. Pure: no clock, no lock.
class AdaptiveLimit {
 public:
  // Between 1, where it begins, and `most`.
  explicit AdaptiveLimit(size_t most) : most_(most) {}

  size_t now() const { return limit_; }
  // A request was answered after so many seconds. `more`: others wait to be sent.
  void answered(double seconds, bool more);
  // 429, 503, or no answer in time.
  void overloaded();

 private:
  void next_round();

  const size_t most_;
  size_t limit_ = 1;
  double usual_ = 0;  // seconds of an answer, averaged over the past; 0: not known yet
  // This round: as many answers as there may be requests.
  size_t answers_ = 0;
  double seconds_ = 0;
  bool more_ = false;
};

}  // namespace waybill::delivery
