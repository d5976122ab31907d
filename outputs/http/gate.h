// SPDX-License-Identifier: Apache-2.0
// Gate: what the senders of one output share: how many of them may be at work, and whether their
// backend is well.
#pragma once

#include <condition_variable>
#include <cstdint>
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

  // How many requests may be under way now.
  size_t limit() const;
  // Waits until sender `number` may be at work, `until`, or hurry(). False: not now.
  bool wait_for_turn(size_t number, SteadyTime until);
  // Waits until a request may be sent, and not before `not_before`. Returns at once after hurry().
  void enter(SteadyTime not_before);
  // Nobody waits any more: the end is near.
  void hurry();

  // ---- after enter(), once: one of these ----
  // It was answered. `more`: others wait to be sent. The line to log, when there was trouble
  // before.
  struct Recovery {
    bool recovered = false;           // there was trouble
    std::optional<std::string> line;  // to log
  };
  Recovery succeeded(SteadyTime sent, bool more);
  struct Trouble {
    SteadyTime sent{};
    bool misconfigured = false;
    bool overloaded = false;  // 429, 503, no answer in time
    bool url_failed = false;  // another URL may be well
    size_t url = 0;           // what url() was then
    bool put_off = false;     // the backend is well, but takes some records later: see put_off()
    bool progressed = false;  // some of it was delivered
    std::optional<Duration> retry_after = {};
  };
  // It was not. Opens the gate's breaker, but where another URL is to be tried first, or where
  // records were put off. The line to log, if it is time for one.
  std::optional<std::string> failed(const Trouble& trouble, const std::string& problem);
  void gave_up(SteadyTime sent);

  // Some records of a request were taken. How often that was: whether a refusal is about the
  // records in it shows by what becomes of others.
  void took();
  uint64_t taken() const;

  // A sender begins and ends to hold records that the backend takes later, though it is well: the
  // others go on, but nothing is said to be well until then.
  void put_off(bool begins);

  // Which of the URLs is to be used: counts up.
  size_t url() const;

 private:
  void left();

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  delivery::AdaptiveLimit limit_;
  size_t under_way_ = 0;  // requests
  const size_t urls_;
  delivery::Breaker breaker_;
  Incident incident_;
  uint64_t taken_ = 0;
  size_t putting_off_ = 0;  // senders that hold records which were put off
  size_t url_ = 0;
  size_t urls_failed_ = 0;  // in a row
  bool hurried_ = false;
};

}  // namespace waybill::outputs::http
