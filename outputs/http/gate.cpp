// SPDX-License-Identifier: Apache-2.0
#include "outputs/http/gate.h"

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

size_t Gate::url() const {
  std::lock_guard lock(mutex_);
  return url_;
}

void Gate::wait_for_turn(size_t number, SteadyTime until) {
  std::unique_lock lock(mutex_);
  while (number >= limit_.now() && !hurried_ && steady_now() < until) wait(changed_, lock, until);
}

void Gate::enter() {
  std::unique_lock lock(mutex_);
  while (!hurried_ && !breaker_.enter(steady_now())) wait(changed_, lock, breaker_.next());
}

void Gate::hurry() {
  std::lock_guard lock(mutex_);
  hurried_ = true;
  changed_.notify_all();
}

Gate::Recovery Gate::succeeded(SteadyTime sent, double seconds, bool more) {
  std::lock_guard lock(mutex_);
  limit_.answered(seconds, more);
  breaker_.succeeded(sent);
  changed_.notify_all();
  if (!breaker_.closed()) return {};
  urls_failed_ = 0;
  if (!incident_.open()) return {};
  return {true, incident_.recovered(steady_now())};
}

std::optional<std::string> Gate::failed(const Trouble& trouble, const std::string& problem) {
  std::lock_guard lock(mutex_);
  SteadyTime now = steady_now();
  if (trouble.overloaded) limit_.overloaded();
  if (trouble.progressed) breaker_.progressed();
  // Of several that have failed on one URL, the first has moved all to the next.
  bool moved = trouble.url != url_;
  if (trouble.url_failed && !moved) {
    ++url_;
    ++urls_failed_;
  }
  bool another_url = urls_failed_ != 0 && urls_failed_ % urls_ != 0 && !trouble.retry_after;
  if (another_url) {
    breaker_.gave_up(trouble.sent);
  } else {
    breaker_.failed(trouble.sent, now, trouble.misconfigured, trouble.retry_after);
  }
  changed_.notify_all();
  return incident_.failed(now, trouble.misconfigured, problem);
}

void Gate::gave_up(SteadyTime sent) {
  std::lock_guard lock(mutex_);
  breaker_.gave_up(sent);
  changed_.notify_all();
}

}  // namespace waybill::outputs::http
