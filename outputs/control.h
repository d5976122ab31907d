// SPDX-License-Identifier: Apache-2.0
// Control: how the main thread tells an output's thread that the end is near, or there.
#pragma once

#include <condition_variable>
#include <mutex>

#include "core/clock.h"

namespace waybill::outputs {

// Any thread may call any member.
class Control {
 public:
  void drain(SteadyTime deadline) {
    std::lock_guard lock(mutex_);
    if (draining_) return;
    draining_ = true;
    began_ = steady_now();
    deadline_ = deadline;
    changed_.notify_all();
  }
  void stop() {
    std::lock_guard lock(mutex_);
    stopping_ = true;
    changed_.notify_all();
  }

  bool stopping() const {
    std::lock_guard lock(mutex_);
    return stopping_;
  }
  bool draining() const {
    std::lock_guard lock(mutex_);
    return draining_;
  }
  // When everything ends; SteadyTime::max() while nobody has said so.
  SteadyTime deadline() const {
    std::lock_guard lock(mutex_);
    return stopping_ ? SteadyTime::min() : deadline_;
  }
  // When a peer that has been silent since `since` is given up: never, but while draining, once it
  // has used up half of the time that was left. A backend that hangs is given one attempt, not the
  // whole grace.
  SteadyTime give_up(SteadyTime since) const {
    std::lock_guard lock(mutex_);
    if (stopping_) return SteadyTime::min();
    if (!draining_) return SteadyTime::max();
    if (deadline_ == SteadyTime::max() || deadline_ <= began_) return deadline_;
    SteadyTime patient = (since > began_ ? since : began_) + (deadline_ - began_) / 2;
    return patient < deadline_ ? patient : deadline_;
  }
  // Waits out a back-off. Cut short by drain() and stop(), and not begun after them.
  void pause(Duration duration) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, duration, [&] { return stopping_ || draining_; });
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool draining_ = false;
  bool stopping_ = false;
  SteadyTime began_{};
  SteadyTime deadline_ = SteadyTime::max();
};

}  // namespace waybill::outputs
