// SPDX-License-Identifier: Apache-2.0
// Outbox: the queue in front of one output.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "core/clock.h"
#include "core/ledger.h"
#include "core/throttle.h"
#include "delivery/payload.h"
#include "delivery/spool/spool.h"

namespace waybill::delivery {

// What push() does when the output's share of memory is used up.
struct FullPolicy {
  // How long push() waits for room before the oldest payload is dropped (and counted as
  // DropReason::kQueueFull). Duration::max(): for ever. With a spool that takes records: not at
  // all.
  Duration wait = Duration::max();
  // Of the spool, if there is one.
  SpoolUse spool = SpoolUse::kNothing;
  WhenFull when_full = WhenFull::kDropOldest;
  // With kAll: what is not settled so long after it was pushed is written. Zero: all is, before it
  // is sent.
  Duration spool_after = Duration::zero();
};

// Between the pipeline thread (push, take) and the output's thread (pop, give). Bounded in bytes
// held by what is queued or being sent. Dropping the oldest never touches a payload that the output
// has popped. With a spool, what finds no room goes there, and comes back in its turn.
//
// With SpoolUse::kAll and a delay, memory alone holds what is new, for so long at most: then, or
// when a delivery has failed, or when memory has no room for more, all that is here is written at
// once, oldest first. What is out, being sent, is copied for that.
class Outbox final : private SpoolReader {
 public:
  static constexpr uint64_t kMostAhead = 64;

  Outbox(ByteBudget& budget, OutputLedger& ledger, size_t share_bytes, FullPolicy policy);
  Outbox(Outbox&&) = delete;
  ~Outbox() override { finish(); }

  // ---- main thread ----
  // Before anything else.
  Result<void> open_spool(SpoolPlace place, const SpoolSettings& settings);
  // Payload::note() is wanted for every record. Before the first one.
  void keep_notes() { keeps_notes_ = true; }
  bool keeps_notes() const { return keeps_notes_; }
  // Nothing comes back from the spool any more: the end is near.
  void stop_reading_spool();
  // A reload has removed or changed the output: what it cannot deliver, and no spool takes, is
  // dropped and counted, as nobody comes after it who would read it again. Its tickets are let go.
  void retire();
  // When nobody pushes or pops any more: what is left for the spool is written.
  void finish();

  // ---- pipeline thread ----
  // An empty payload to fill: a used one if there is one.
  std::unique_ptr<Payload> take() override;
  // Whether what is pushed next goes to the spool for sure: then it need not be composed.
  bool goes_to_spool() const;
  // Queues it; its records have been accepted in the ledger already. May wait, see FullPolicy; a
  // closed or aborted outbox abandons the payload.
  void push(std::unique_ptr<Payload> payload);
  // Nothing more will be pushed.
  void close();

  // ---- output's threads ----
  // The oldest payload, or null: at `deadline`, when ended(), or when wake() was called since
  // `wakes`, the caller's own count of those it knows of. None is popped while one is out that was
  // popped kMostAhead payloads before: what is behind it cannot be checkpointed, nor freed in the
  // spool, and would come twice after a crash.
  std::unique_ptr<Payload> pop_until(SteadyTime deadline, uint64_t& wakes);
  // The same for an output with one thread.
  std::unique_ptr<Payload> pop_until(SteadyTime deadline) {
    return pop_until(deadline, known_wakes_);
  }
  // Whether more is queued than has been popped.
  bool more() const;
  // Whether what is queued must wait for a payload that is out since kMostAhead others.
  bool stuck() const;
  // Something could not be delivered now: what only memory holds is not to wait for its delay.
  void delivery_failed();
  // Closed or aborted, and there is nothing left to pop.
  bool ended() const;
  // A payload that is settled: its tickets are let go and its memory is used again.
  void give(std::unique_ptr<Payload> payload);
  // What could not be delivered before the end: left in the spool if its inputs cannot read it
  // again, or the policy says so; else abandoned, and counted in left().
  void abandon(std::unique_ptr<Payload> payload);

  // ---- any thread ----
  void wake();
  // No more waiting: push() returns at once from now on, and everything queued is left, as by
  // abandon().
  void abort();
  bool drained() const;   // closed, nothing queued or popped, nothing to come from the spool
  uint64_t left() const;  // records abandoned undelivered, neither spooled nor dropped
  void set_policy(FullPolicy policy);
  // Called by a pushing thread whenever something was queued or the outbox was closed, aborted or
  // woken: for an output thread that waits in curl_multi_poll instead of pop_until(). Set once.
  void on_filled(std::function<void()> callback);
  // Called on the thread that finishes: closed, and the last payload was given back or abandoned.
  void on_drained(std::function<void()> callback);

 private:
  // What is queued or popped, as it was when it was pushed: the output's thread changes a popped
  // payload without our lock.
  struct Entry {
    std::unique_ptr<Payload> payload;  // null once popped
    Payload* key = nullptr;
    size_t bytes = 0;
    uint64_t records = 0;
    SteadyTime oldest{};
    uint64_t number = 0;  // of those that were popped
    // With FullPolicy::spool_after:
    bool only_memory = false;             // not on disk, nor on the way there
    SteadyTime due{};                     // when it is to be
    bool copying = false;                 // popped, and a copy of it is on its way
    bool settled = false;                 // it is about to be forgotten
    uint64_t spool_end = 0;               // of its copy, as in Payload
    std::vector<TicketRef> tickets = {};  // of what is popped, until it comes back
  };

  // ---- SpoolReader ----
  size_t room() override { return room_for_spool_.load(std::memory_order_relaxed); }
  bool refill(std::unique_ptr<Payload> payload) override;
  void recycle(std::unique_ptr<Payload> payload) override;
  void spool_changed() override;
  SteadyTime due() override { return due_.load(std::memory_order_relaxed); }
  void write_due() override;
  bool copied(uint64_t number, uint64_t end) override;
  void not_copied(uint64_t number) override;
  bool take_back(std::unique_ptr<Payload>& payload) override;

  bool spools() const { return spool_ && policy_.spool != SpoolUse::kNothing; }
  bool spools_later() const;
  void secure();
  void expect(Entry& entry, Duration wait);
  void detach(Payload& payload);
  void leave(std::unique_ptr<Payload> payload);
  std::unique_ptr<Payload> take_idle();
  void keep_idle(std::unique_ptr<Payload> payload);
  bool at_end() const;
  bool may_pop() const;
  bool has_room(size_t bytes) const { return held_ == 0 || held_ + bytes <= share_; }
  void wait_for_room(std::unique_lock<std::mutex>& lock, size_t bytes);
  void drop_oldest(std::unique_lock<std::mutex>& lock);
  void forget_popped(const Payload& payload);
  void update_gauges();
  void tell_filled();
  void tell_if_drained(std::unique_lock<std::mutex>& lock);

  ByteBudget& budget_;
  OutputLedger& ledger_;
  const size_t share_;
  bool keeps_notes_ = false;
  mutable std::mutex mutex_;
  std::condition_variable filled_;  // for the output's thread
  std::condition_variable room_;    // for the pipeline thread
  FullPolicy policy_;
  std::deque<Entry> queue_;
  std::vector<Entry> popped_;  // by number
  uint64_t pops_ = 0;
  std::vector<std::unique_ptr<Payload>> idle_;
  size_t held_ = 0;  // bytes of what is queued or popped
  uint64_t left_ = 0;
  bool retired_ = false;
  uint64_t removed_ = 0;  // records dropped for that
  // Since when nothing has been settled while a push waited: a backend that is away holds the
  // pipeline up for policy_.wait once, not once per payload.
  std::optional<SteadyTime> full_since_;
  Throttle drop_log_{std::chrono::seconds(10)};
  bool closed_ = false;
  bool aborted_ = false;
  uint64_t wakes_ = 0;
  uint64_t known_wakes_ = 0;  // of the output's only thread
  bool told_ = false;
  std::atomic<size_t> room_for_spool_;  // see SpoolReader::room()
  // See SpoolReader::due(); min(): at once; max(): all that is here is on disk, or need not be.
  std::atomic<SteadyTime> due_{SteadyTime::max()};
  std::function<void()> on_filled_;
  std::function<void()> on_drained_;
  std::unique_ptr<Spool> spool_;  // last: its thread uses everything above
};

}  // namespace waybill::delivery
