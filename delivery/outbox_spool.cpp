// SPDX-License-Identifier: Apache-2.0
// Outbox: how all of it gets to the spool that was not delivered soon (FullPolicy::spool_after).
#include <algorithm>
#include <utility>

#include "delivery/outbox.h"

namespace waybill::delivery {

namespace {

// After the disk took nothing.
constexpr Duration kRetry = std::chrono::seconds(1);

}  // namespace

// With the lock held, as all but the overridden ones.
bool Outbox::spools_later() const {
  return spool_ && policy_.spool == SpoolUse::kAll && policy_.spool_after > Duration::zero();
}

// Only memory holds `entry`: it is written unless it is settled within `wait`.
void Outbox::expect(Entry& entry, Duration wait) {
  const SteadyTime now = steady_now();
  entry.only_memory = true;
  entry.due = wait < SteadyTime::max() - now ? now + wait : SteadyTime::max();
  const SteadyTime before = due_.load(std::memory_order_relaxed);
  if (before <= entry.due) return;
  due_.store(entry.due, std::memory_order_relaxed);
  spool_->wake();
}

// Writes all that only memory holds, in its order: copies of what is out, then what is queued,
// which comes back as soon as it is written. Not while anything newer waits in the spool, or has
// come back from there: it is there before us because the disk took nothing for a while.
void Outbox::secure() {
  if (spool_->engaged()) return;
  bool written = false;
  for (auto entry = queue_.rbegin(); entry != queue_.rend(); ++entry) {
    if (entry->only_memory && written) return;
    written |= !entry->only_memory;
  }
  for (Entry& entry : popped_) {
    if (!entry.only_memory || entry.settled) continue;
    // What no spool takes stays where it is.
    if (entry.key->size() > spool_->largest_record() / 2) continue;
    std::unique_ptr<Payload> copy = take_idle();
    copy->copy_unsettled(*entry.key);
    entry.only_memory = false;
    if (copy->unsettled == 0) {
      copy->clear();
      keep_idle(std::move(copy));
      continue;
    }
    copy->tickets = entry.tickets;
    copy->recharge();
    copy->copy_of = entry.number;
    entry.copying = true;
    spool_->put_now(std::move(copy));
  }
  for (Entry& entry : queue_) {
    if (!entry.only_memory) continue;
    held_ -= entry.bytes;
    spool_->put_now(std::move(entry.payload));
  }
  std::erase_if(queue_, [](const Entry& entry) { return entry.payload == nullptr; });
  due_.store(SteadyTime::max(), std::memory_order_relaxed);
  update_gauges();
}

void Outbox::delivery_failed() {
  std::lock_guard lock(mutex_);
  if (!spools_later() || due_.load(std::memory_order_relaxed) == SteadyTime::max()) return;
  due_.store(SteadyTime::min(), std::memory_order_relaxed);
  spool_->wake();
}

void Outbox::write_due() {
  std::lock_guard lock(mutex_);
  const SteadyTime now = steady_now();
  const bool at_once = due_.load(std::memory_order_relaxed) == SteadyTime::min();
  SteadyTime earliest = SteadyTime::max();
  auto look = [&](const Entry& entry) {
    if (entry.only_memory && !entry.settled) earliest = std::min(earliest, entry.due);
  };
  for (const Entry& entry : popped_) look(entry);
  for (const Entry& entry : queue_) look(entry);
  if (aborted_ || !spools_later()) earliest = SteadyTime::max();
  const bool any = earliest != SteadyTime::max();
  due_.store(earliest, std::memory_order_relaxed);
  if (!any || (!at_once && earliest > now)) return;
  secure();
  if (due() <= now) due_.store(now + kRetry, std::memory_order_relaxed);
}

bool Outbox::copied(uint64_t number, uint64_t end) {
  std::vector<TicketRef> tickets;  // let go without the lock
  std::lock_guard lock(mutex_);
  auto entry = std::find_if(popped_.begin(), popped_.end(),
                            [&](const Entry& one) { return one.number == number; });
  if (entry == popped_.end() || entry->settled) return false;
  entry->copying = false;
  entry->spool_end = end;
  tickets.swap(entry->tickets);
  return true;
}

void Outbox::not_copied(uint64_t number) {
  std::lock_guard lock(mutex_);
  auto entry = std::find_if(popped_.begin(), popped_.end(),
                            [&](const Entry& one) { return one.number == number; });
  if (entry == popped_.end() || entry->settled) return;
  entry->copying = false;
  expect(*entry, kRetry);
}

bool Outbox::take_back(std::unique_ptr<Payload>& payload) {
  Entry entry{nullptr, payload.get(), payload->charge.held(), payload->unsettled, payload->oldest};
  {
    std::lock_guard lock(mutex_);
    if (!spools_later() || aborted_ || !has_room(entry.bytes)) return false;
    held_ += entry.bytes;
    entry.payload = std::move(payload);
    expect(entry, kRetry);
    queue_.push_back(std::move(entry));
    update_gauges();
  }
  tell_filled();
  return true;
}

// `payload` has come back: no copy of it is made, or wanted, any more; of one that is written it
// gets its place.
void Outbox::detach(Payload& payload) {
  auto entry = std::find_if(popped_.begin(), popped_.end(),
                            [&](const Entry& one) { return one.key == &payload; });
  if (entry == popped_.end()) return;  // forget_popped() says so
  entry->settled = true;
  payload.tickets.swap(entry->tickets);
  if (entry->copying) spool_->cancel(entry->number);
  if (entry->spool_end != 0) payload.spool_end = entry->spool_end;
}

}  // namespace waybill::delivery
