// SPDX-License-Identifier: Apache-2.0
#include "outputs/http/gate.h"

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

size_t Gate::url() const {
  std::lock_guard lock(mutex_);
  return url_;
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

Gate::Recovery Gate::succeeded(SteadyTime sent, bool more) {
  std::lock_guard lock(mutex_);
  SteadyTime now = steady_now();
  limit_.answered(sent, now, more);
  breaker_.succeeded(sent);
  left();
  if (!breaker_.closed()) return {};
  urls_failed_ = 0;
  if (!incident_.open() || putting_off_ > 0) return {};
  return {true, incident_.recovered(now)};
}

std::optional<std::string> Gate::failed(const Trouble& trouble, const std::string& problem) {
  std::lock_guard lock(mutex_);
  SteadyTime now = steady_now();
  left();
  if (trouble.overloaded) limit_.overloaded(trouble.sent, now);
  if (trouble.progressed) breaker_.progressed();
  // Of several that have failed on one URL, the first has moved all to the next.
  bool moved = trouble.url != url_;
  if (trouble.url_failed && !moved) {
    ++url_;
    ++urls_failed_;
  }
  bool another_url = urls_failed_ != 0 && urls_failed_ % urls_ != 0 && !trouble.retry_after;
  if (trouble.put_off) {
    breaker_.succeeded(trouble.sent);
  } else if (another_url) {
    breaker_.gave_up(trouble.sent);
  } else {
    breaker_.failed(trouble.sent, now, trouble.misconfigured, trouble.retry_after);
  }
  return incident_.failed(now, trouble.misconfigured, problem);
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
