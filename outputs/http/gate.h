// SPDX-License-Identifier: Apache-2.0
// Gate: what the senders of one output share: how many of them may be at work, and whether their
// backend is well.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "delivery/adaptive_limit.h"
#include "delivery/breaker.h"
#include "outputs/http/http_settings.h"
#include "outputs/http/incident.h"

namespace waybill::outputs::http {

// Senders are numbered from 0. Any thread may call any member.
class Gate {
 public:
  // How long an URL that failed is left alone at first, and at most.
  static constexpr Duration kRest = std::chrono::seconds(30);
  static constexpr Duration kLongestRest = std::chrono::minutes(5);

  // `senders`: so many at most. `urls`: so many equivalent ones.
  Gate(size_t senders, size_t urls, Balance balance, delivery::Backoff::Random random)
      : limit_(senders), urls_(urls), balance_(balance), breaker_(std::move(random)) {}

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
  Recovery succeeded(SteadyTime sent, bool more, size_t url = 0);
  struct Trouble {
    SteadyTime sent{};
    bool misconfigured = false;
    bool overloaded = false;  // 429, 503, no answer in time
    bool url_failed = false;  // another URL may be well
    size_t url = 0;           // what pick() was then
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

  // Which of the URLs the next request goes to. One that failed is left alone for a while; where
  // all have failed they are tried again from the first.
  size_t pick();

 private:
  struct Url {
    bool failed = false;
    bool trying = false;  // whether it is well again
    SteadyTime again{};   // when it is tried again
    Duration rest = kRest;
  };
  void left();
  bool usable(const Url& url, SteadyTime now) const { return !url.failed || now >= url.again; }
  bool leave_alone(size_t number, SteadyTime now);

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  delivery::AdaptiveLimit limit_;
  size_t under_way_ = 0;  // requests
  std::vector<Url> urls_;
  const Balance balance_;
  size_t turn_ = 0;  // of the URLs, in turn
  delivery::Breaker breaker_;
  Incident incident_;
  uint64_t taken_ = 0;
  size_t putting_off_ = 0;  // senders that hold records which were put off
  bool hurried_ = false;
};

}  // namespace waybill::outputs::http
