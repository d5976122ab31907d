// SPDX-License-Identifier: Apache-2.0
#include "delivery/breaker.h"

#include <algorithm>

namespace waybill::delivery {

bool Breaker::enter(SteadyTime now) {
  if (state_ == State::kClosed) return true;
  if (state_ == State::kHalfOpen || now < until_) return false;
  state_ = State::kHalfOpen;
  return true;
}

SteadyTime Breaker::next() const {
  switch (state_) {
    case State::kClosed: return SteadyTime::min();
    case State::kOpen: return until_;
    case State::kHalfOpen: break;
  }
  return SteadyTime::max();
}

void Breaker::succeeded(SteadyTime sent) {
  if (is_old(sent)) return;
  state_ = State::kClosed;
  backoff_.reset();
}

void Breaker::failed(SteadyTime sent, SteadyTime now, bool misconfigured,
                     std::optional<Duration> retry_after) {
  if (is_old(sent)) {
    Duration asked = std::min(retry_after.value_or(Duration::zero()), Backoff::kRetryAfterCap);
    until_ = std::max(until_, now + asked);
    return;
  }
  opened_ = now;
  until_ = now + (misconfigured ? Backoff::kMisconfigured : backoff_.next(retry_after));
  state_ = State::kOpen;
}

void Breaker::gave_up(SteadyTime sent) {
  if (state_ == State::kHalfOpen && !is_old(sent)) state_ = State::kOpen;
}

}  // namespace waybill::delivery
