// SPDX-License-Identifier: Apache-2.0
#include "outputs/http/gate.h"

#include <algorithm>

#include "core/check.h"

namespace waybill::outputs::http {

namespace {

// wait_until() with the end of time overflows in some libraries: that one is a plain wait().
void wait(std::condition_variable& changed, std::unique_lock<std::mutex>& lock, SteadyTime until) {
  if (until == SteadyTime::max()) {
    changed.wait(lock);
  } else {
    changed.wait_until(lock, until);
  }
}

}  // namespace

size_t Gate::limit() const {
  std::lock_guard lock(mutex_);
  return limit_.now();
}

uint64_t Gate::taken() const {
  std::lock_guard lock(mutex_);
  return taken_;
}

void Gate::took() {
  std::lock_guard lock(mutex_);
  ++taken_;
}

size_t Gate::pick() {
  std::lock_guard lock(mutex_);
  SteadyTime now = steady_now();
  const size_t first = balance_ == Balance::kRoundRobin ? turn_ % urls_.size() : 0;
  for (size_t i = 0; i < urls_.size(); ++i) {
    size_t number = (first + i) % urls_.size();
    Url& url = urls_[number];
    if (!usable(url, now)) continue;
    // One request is enough to see whether it is well again.
    if (url.failed) url.again = now + kRest;
    url.trying = url.failed;
    turn_ = number + 1;
    return number;
  }
  return first;
}

// With the lock held: this URL has failed. Whether another one may be well.
bool Gate::leave_alone(size_t number, SteadyTime now) {
  Url& url = urls_[number];
  // Of several requests that were under way to it, the first one has told.
  if (!url.failed || url.trying) {
    url.again = now + url.rest;
    url.rest = std::min<Duration>(2 * url.rest, kLongestRest);
  }
  url.failed = true;
  url.trying = false;
  bool others =
      std::any_of(urls_.begin(), urls_.end(), [&](const Url& other) { return usable(other, now); });
  if (others) return true;
  for (Url& each : urls_) each.failed = false;
  return false;
}

bool Gate::wait_for_turn(size_t number, SteadyTime until) {
  std::unique_lock lock(mutex_);
  auto may_work = [&] { return number < limit_.now() || hurried_; };
  while (!may_work() && steady_now() < until) wait(changed_, lock, until);
  return may_work();
}

void Gate::enter(SteadyTime not_before) {
  std::unique_lock lock(mutex_);
  while (!hurried_) {
    SteadyTime now = steady_now();
    if (now < not_before) {
      wait(changed_, lock, not_before);
    } else if (under_way_ >= limit_.now()) {
      wait(changed_, lock, SteadyTime::max());
    } else if (!breaker_.enter(now)) {
      wait(changed_, lock, breaker_.next());
    } else {
      break;
    }
  }
  ++under_way_;
}

// With the lock held: a request has ended.
void Gate::left() {
  WAYBILL_CHECK(under_way_ > 0, "a request ended that never entered the gate");
  --under_way_;
  changed_.notify_all();
}

void Gate::hurry() {
  std::lock_guard lock(mutex_);
  hurried_ = true;
  changed_.notify_all();
}

Gate::Recovery Gate::succeeded(SteadyTime sent, bool more, size_t url) {
  std::lock_guard lock(mutex_);
  urls_[url] = Url{};
  SteadyTime now = steady_now();
  limit_.answered(sent, now, more);
  breaker_.succeeded(sent);
  left();
  if (!breaker_.closed()) return {};
  if (!incident_.open() || putting_off_ > 0) return {};
  return {true, incident_.recovered(now)};
}

std::optional<std::string> Gate::failed(const Trouble& trouble, const std::string& problem) {
  std::lock_guard lock(mutex_);
  SteadyTime now = steady_now();
  left();
  if (trouble.overloaded) limit_.overloaded(trouble.sent, now);
  if (trouble.progressed) breaker_.progressed();
  const bool known = urls_[trouble.url].failed;
  const bool elsewhere =
      trouble.url_failed && leave_alone(trouble.url, now) && !trouble.retry_after;
  if (trouble.put_off) {
    breaker_.succeeded(trouble.sent);
  } else if (elsewhere) {
    breaker_.gave_up(trouble.sent);
  } else {
    breaker_.failed(trouble.sent, now, trouble.misconfigured, trouble.retry_after);
  }
  if (elsewhere && known) {
    incident_.failed_quietly(now);
    return std::nullopt;
  }
  return incident_.failed(now, trouble.misconfigured, problem, elsewhere);
}

void Gate::gave_up(SteadyTime sent) {
  std::lock_guard lock(mutex_);
  breaker_.gave_up(sent);
  left();
}

void Gate::put_off(bool begins) {
  std::lock_guard lock(mutex_);
  begins ? ++putting_off_ : --putting_off_;
  changed_.notify_all();
}

}  // namespace waybill::outputs::http
