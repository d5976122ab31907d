// SPDX-License-Identifier: Apache-2.0
// Breaker: keeps requests from a backend that fails, and lets one through to see whether it is
// back.
#pragma once

#include <optional>

#include "core/clock.h"
#include "delivery/backoff.h"

namespace waybill::delivery {

// Closed: all may send. A failure opens it: nobody may, for the time of a back-off. Then it is half
// open: one may, and what becomes of that request closes it or opens it for longer. Pure but for
// the jitter: no lock.
class Breaker {
 public:
  explicit Breaker(Backoff::Random random) : backoff_(std::move(random)) {}

  // Whether a request may be sent now. True while open, once its time is over: for the caller, who
  // must say what became of the request, and for nobody else until then.
  bool enter(SteadyTime now);
  // When enter() is worth asking again: max() while somebody else's request is under way.
  SteadyTime next() const;
  bool closed() const { return state_ == State::kClosed; }

  // What became of a request that was sent at `sent`. Those that were under way when it opened say
  // nothing of what is now: they neither close it nor open it once more.
  void succeeded(SteadyTime sent);
  void failed(SteadyTime sent, SteadyTime now, bool misconfigured,
              std::optional<Duration> retry_after);
  // Some of it was delivered: the next failure is the first in a row.
  void progressed() { backoff_.reset(); }
  // It was given up before its answer came.
  void gave_up(SteadyTime sent);

 private:
  enum class State { kClosed, kOpen, kHalfOpen };

  bool is_old(SteadyTime sent) const { return state_ != State::kClosed && sent <= opened_; }

  Backoff backoff_;
  State state_ = State::kClosed;
  SteadyTime opened_{};
  SteadyTime until_{};  // while open
};

}  // namespace waybill::delivery
