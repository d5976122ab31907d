// SPDX-License-Identifier: Apache-2.0
// Gate: what the senders of one output share: how many of them may be at work, and whether their
// backend is well.
#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>

#include "delivery/adaptive_limit.h"
#include "delivery/breaker.h"
#include "outputs/http/incident.h"

namespace waybill::outputs::http {

// Senders are numbered from 0. Any thread may call any member.
class Gate {
 public:
  // `senders`: so many at most. `urls`: so many equivalent ones.
  Gate(size_t senders, size_t urls, delivery::Backoff::Random random)
      : limit_(senders), urls_(urls), breaker_(std::move(random)) {}

  // How many senders may be at work now.
  size_t limit() const;
  // Waits until sender `number` may be at work, `until`, or hurry().
  void wait_for_turn(size_t number, SteadyTime until);
  // Waits until a request may be sent. Returns at once after hurry().
  void enter();
  // Nobody waits any more: the end is near.
  void hurry();

  // ---- after enter(): one of these ----
  // It was answered after so many seconds. The line to log, when there was trouble before.
  struct Recovery {
    bool recovered = false;           // there was trouble
    std::optional<std::string> line;  // to log
  };
  Recovery succeeded(SteadyTime sent, double seconds, bool more);
  struct Trouble {
    SteadyTime sent{};
    bool misconfigured = false;
    bool overloaded = false;  // 429, 503, no answer in time
    bool url_failed = false;  // another URL may be well
    size_t url = 0;           // what url() was then
    bool progressed = false;  // some of it was delivered
    std::optional<Duration> retry_after = {};
  };
  // It was not. Opens the gate's breaker, but where another URL is to be tried first. The line to
  // log, if it is time for one.
  std::optional<std::string> failed(const Trouble& trouble, const std::string& problem);
  void gave_up(SteadyTime sent);

  // Which of the URLs is to be used: counts up.
  size_t url() const;

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  delivery::AdaptiveLimit limit_;
  const size_t urls_;
  delivery::Breaker breaker_;
  Incident incident_;
  size_t url_ = 0;
  size_t urls_failed_ = 0;  // in a row
  bool hurried_ = false;
};

}  // namespace waybill::outputs::http
