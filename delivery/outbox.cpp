// SPDX-License-Identifier: Apache-2.0
#include "delivery/outbox.h"

#include <algorithm>
#include <utility>

#include "core/check.h"
#include "core/log.h"

namespace waybill::delivery {

namespace {

// Payloads kept for reuse: one being filled, one being sent, one between them; and while a spool is
// in use, as many on their way there and back.
constexpr size_t kIdlePayloads = 2;
constexpr size_t kIdleWithSpool = 5;

// Of the spool: bytes that wait in memory while there is more on disk.
constexpr size_t kReadAhead = 4 * 1024 * 1024;

// `from` + `wait`, or the end of time.
SteadyTime later(SteadyTime from, Duration wait) {
  if (wait >= SteadyTime::max() - from) return SteadyTime::max();
  return from + wait;
}

// wait_until() with the end of time overflows in some libraries: that one is a plain wait().
template <typename Condition>
bool wait(std::condition_variable& changed, std::unique_lock<std::mutex>& lock, SteadyTime until,
          Condition condition) {
  if (until != SteadyTime::max()) return changed.wait_until(lock, until, condition);
  changed.wait(lock, condition);
  return true;
}

}  // namespace

Outbox::Outbox(ByteBudget& budget, OutputLedger& ledger, size_t share_bytes, FullPolicy policy)
    : budget_(budget),
      ledger_(ledger),
      share_(share_bytes),
      policy_(policy),
      room_for_spool_(share_bytes) {}

std::unique_ptr<Payload> Outbox::take() {
  std::lock_guard lock(mutex_);
  return take_idle();
}

// With the lock held.
std::unique_ptr<Payload> Outbox::take_idle() {
  if (idle_.empty()) return std::make_unique<Payload>(budget_);
  std::unique_ptr<Payload> payload = std::move(idle_.back());
  idle_.pop_back();
  return payload;
}

Result<void> Outbox::open_spool(SpoolPlace place, const SpoolSettings& settings) {
  Result<std::unique_ptr<Spool>> opened = Spool::open(std::move(place), settings, ledger_, *this);
  if (!opened) return std::move(opened).error();
  spool_ = *std::move(opened);
  spool_->set_when_full(policy_.when_full);
  return {};
}

bool Outbox::goes_to_spool() const {
  if (!spool_) return false;
  if (spool_->engaged()) return true;
  std::lock_guard lock(mutex_);
  return policy_.spool == SpoolUse::kAll && !spools_later();
}

void Outbox::push(std::unique_ptr<Payload> payload) {
  payload->recharge();
  Entry entry{nullptr, payload.get(), payload->charge.held(), payload->unsettled, payload->oldest};
  bool behind_spool = false;
  {
    std::unique_lock lock(mutex_);
    if (!spools()) wait_for_room(lock, entry.bytes);
    if (spools()) {
      bool everything = policy_.spool == SpoolUse::kAll && !spools_later();
      // What a predecessor in a reload leaves is older, and not to be seen yet.
      bool unopened = spools_later() && !spool_->opened();
      behind_spool = everything || unopened || spool_->engaged() || !has_room(entry.bytes);
    } else {
      // What the output has popped stays where it is, so one payload may stand beyond the share.
      while (!closed_ && !aborted_ && !has_room(entry.bytes) && !queue_.empty()) drop_oldest(lock);
    }
    if (closed_ || aborted_) {
      leave(std::move(payload));
      return;
    }
    if (behind_spool) {
      if (spools_later() && spool_->well()) secure();  // it is older
      lock.unlock();
      spool_->put(std::move(payload));
      return;
    }
    held_ += entry.bytes;
    entry.payload = std::move(payload);
    if (spools_later()) expect(entry, policy_.spool_after);
    queue_.push_back(std::move(entry));
    update_gauges();
  }
  tell_filled();
}

void Outbox::wait_for_room(std::unique_lock<std::mutex>& lock, size_t bytes) {
  auto settled = [&] { return has_room(bytes) || closed_ || aborted_ || spools(); };
  while (!settled()) {
    if (!full_since_) full_since_ = steady_now();
    SteadyTime until = later(*full_since_, policy_.wait);
    Duration before = policy_.wait;
    bool changed = wait(room_, lock, until,
                        [&] { return settled() || policy_.wait != before || !full_since_; });
    if (!changed) return;
  }
}

void Outbox::drop_oldest(std::unique_lock<std::mutex>& lock) {
  Entry entry = std::move(queue_.front());
  queue_.pop_front();
  held_ -= entry.bytes;
  ledger_.dropped(DropReason::kQueueFull, entry.records);
  update_gauges();
  uint64_t report = drop_log_.add(steady_now(), entry.records);
  lock.unlock();
  if (report != 0) {
    spdlog::warn("output {}: its queue is full: the oldest in it had to go ({} record{} dropped)",
                 ledger_.name(), report, report == 1 ? "" : "s");
  }
  entry.payload.reset();  // lets the tickets go: these records are settled
  lock.lock();
}

void Outbox::close() {
  {
    std::unique_lock lock(mutex_);
    closed_ = true;
    room_.notify_all();
    tell_if_drained(lock);
  }
  tell_filled();
}

std::unique_ptr<Payload> Outbox::pop_until(SteadyTime deadline, uint64_t& wakes) {
  std::unique_lock lock(mutex_);
  auto woken = [&] { return wakes != wakes_; };
  wait(filled_, lock, deadline, [&] { return may_pop() || at_end() || woken(); });
  bool was_woken = woken();
  wakes = wakes_;
  if (was_woken || !may_pop()) return nullptr;
  Entry entry = std::move(queue_.front());
  queue_.pop_front();
  entry.number = ++pops_;
  std::unique_ptr<Payload> payload = std::move(entry.payload);
  // Whoever has the payload does not need them, and its copy may let them go meanwhile.
  if (spool_) entry.tickets.swap(payload->tickets);
  popped_.push_back(std::move(entry));
  return payload;
}

void Outbox::give(std::unique_ptr<Payload> payload) {
  WAYBILL_CHECK(payload->unsettled == 0, "a payload was given back with unsettled records");
  const Payload& key = *payload;
  if (spool_) {
    std::lock_guard lock(mutex_);
    detach(*payload);
  }
  if (payload->spool_end != 0) spool_->settled(payload->spool_end);
  payload->clear();  // lets the tickets go, outside of the lock
  payload->recharge();
  bool keep = !budget_.tight();
  std::unique_lock lock(mutex_);
  forget_popped(key);
  if (keep) keep_idle(std::move(payload));
  tell_if_drained(lock);
}

void Outbox::abandon(std::unique_ptr<Payload> payload) {
  std::unique_lock lock(mutex_);
  if (spool_) detach(*payload);
  forget_popped(*payload);
  leave(std::move(payload));
  tell_if_drained(lock);
}

// What will not be delivered in this run. What inputs can read again needs no disk, unless the
// policy says so. With the lock held.
void Outbox::leave(std::unique_ptr<Payload> payload) {
  if (spools() || (spool_ && (payload->unticketed > 0 || payload->spool_end != 0))) {
    spool_->put_last(std::move(payload));
    return;
  }
  if (retired_) {
    ledger_.dropped(DropReason::kOutputRemoved, payload->unsettled);
    removed_ += payload->unsettled;
    return;
  }
  left_ += payload->unsettled;
  ledger_.left_with_inputs(payload->abandon());
}

// With the lock held.
bool Outbox::may_pop() const {
  return !queue_.empty() && (popped_.empty() || pops_ - popped_.front().number < kMostAhead);
}

void Outbox::forget_popped(const Payload& payload) {
  auto entry = std::find_if(popped_.begin(), popped_.end(),
                            [&](const Entry& one) { return one.key == &payload; });
  WAYBILL_CHECK(entry != popped_.end(), "a payload came back that was not popped here");
  held_ -= entry->bytes;
  popped_.erase(entry);
  full_since_.reset();
  update_gauges();
  room_.notify_all();
  filled_.notify_all();
  if (spool_) spool_->wake();
}

bool Outbox::refill(std::unique_ptr<Payload> payload) {
  Entry entry{nullptr, payload.get(), payload->charge.held(), payload->unsettled, payload->oldest};
  {
    std::lock_guard lock(mutex_);
    if (aborted_) return false;
    held_ += entry.bytes;
    entry.payload = std::move(payload);
    queue_.push_back(std::move(entry));
    update_gauges();
  }
  tell_filled();
  return true;
}

void Outbox::recycle(std::unique_ptr<Payload> payload) {
  payload->clear();
  payload->recharge();
  std::lock_guard lock(mutex_);
  if (!budget_.tight()) keep_idle(std::move(payload));
}

// With the lock held.
void Outbox::keep_idle(std::unique_ptr<Payload> payload) {
  size_t most = (spool_ && spool_->engaged() ? kIdleWithSpool : kIdlePayloads) + popped_.size();
  if (idle_.size() < most) idle_.push_back(std::move(payload));
  while (idle_.size() > most) idle_.pop_back();
}

void Outbox::spool_changed() {
  {
    std::unique_lock lock(mutex_);
    tell_if_drained(lock);
  }
  tell_filled();
}

void Outbox::stop_reading_spool() {
  if (spool_) spool_->stop_reading();
}

void Outbox::retire() {
  std::lock_guard lock(mutex_);
  retired_ = true;
  if (spool_) spool_->retire();
}

void Outbox::finish() {
  if (spool_) spool_->finish();
  uint64_t removed = 0;
  {
    std::lock_guard lock(mutex_);
    removed = std::exchange(removed_, 0);
  }
  if (removed == 0) return;
  spdlog::warn(
      "output {}: it was removed or changed before it could deliver, and has no spool ({} record{} "
      "dropped)",
      ledger_.name(), removed, removed == 1 ? "" : "s");
}

void Outbox::wake() {
  {
    std::lock_guard lock(mutex_);
    ++wakes_;
  }
  tell_filled();
}

void Outbox::abort() {
  std::deque<Entry> queued;
  {
    std::unique_lock lock(mutex_);
    aborted_ = true;
    ++wakes_;
    queued.swap(queue_);
    for (Entry& entry : queued) {
      held_ -= entry.bytes;
      leave(std::move(entry.payload));
    }
    update_gauges();
    room_.notify_all();
  }
  if (spool_) {
    spool_->stop_reading();
    spool_->release();
  }
  {
    std::unique_lock lock(mutex_);
    tell_if_drained(lock);
  }
  tell_filled();
}

// With the lock held: nothing will be popped any more.
bool Outbox::at_end() const {
  return closed_ && queue_.empty() && (!spool_ || aborted_ || spool_->idle());
}

bool Outbox::more() const {
  std::lock_guard lock(mutex_);
  return !queue_.empty();
}

bool Outbox::stuck() const {
  std::lock_guard lock(mutex_);
  return !queue_.empty() && !may_pop();
}

bool Outbox::ended() const {
  std::lock_guard lock(mutex_);
  return at_end();
}

bool Outbox::drained() const {
  std::lock_guard lock(mutex_);
  return at_end() && popped_.empty();
}

uint64_t Outbox::left() const {
  std::lock_guard lock(mutex_);
  return left_ + (spool_ ? spool_->left() : 0);
}

void Outbox::set_policy(FullPolicy policy) {
  std::lock_guard lock(mutex_);
  policy_ = policy;
  if (spool_) spool_->set_when_full(policy.when_full);
  room_.notify_all();
}

void Outbox::on_filled(std::function<void()> callback) {
  std::lock_guard lock(mutex_);
  on_filled_ = std::move(callback);
}

void Outbox::on_drained(std::function<void()> callback) {
  std::lock_guard lock(mutex_);
  on_drained_ = std::move(callback);
}

void Outbox::update_gauges() {
  uint64_t records = 0;
  SteadyTime oldest{};
  auto count = [&](const Entry& entry) {
    records += entry.records;
    if (oldest == SteadyTime{} || entry.oldest < oldest) oldest = entry.oldest;
  };
  for (const Entry& entry : popped_) count(entry);
  for (const Entry& entry : queue_) count(entry);
  ledger_.queue(records, held_, oldest);
  size_t most = queue_.empty() ? share_ : std::min(share_ / 2, kReadAhead);
  size_t least = queue_.empty() ? 1 : 0;  // one payload at least, whatever the share
  room_for_spool_.store(std::max(least, most - std::min(most, held_)), std::memory_order_relaxed);
}

void Outbox::tell_filled() {
  filled_.notify_all();
  std::function<void()> callback;
  {
    std::lock_guard lock(mutex_);
    callback = on_filled_;
  }
  if (callback) callback();
}

void Outbox::tell_if_drained(std::unique_lock<std::mutex>& lock) {
  if (told_ || !at_end() || !popped_.empty()) return;
  told_ = true;
  std::function<void()> callback = on_drained_;
  lock.unlock();
  if (callback) callback();
  lock.lock();
}

}  // namespace waybill::delivery
