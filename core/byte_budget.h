// SPDX-License-Identifier: Apache-2.0
// ByteBudget: one limit on the memory of every stage and queue together.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <mutex>

namespace waybill {

// Thread-safe. Charging never fails: who is about to take on more work (an input) asks has_room()
// first, and who is in the middle of some may finish it.
class ByteBudget {
 public:
  explicit ByteBudget(size_t limit) : limit_(limit) {}
  ByteBudget(ByteBudget&&) = delete;

  size_t limit() const { return limit_.load(std::memory_order_relaxed); }
  void set_limit(size_t limit) { limit_.store(limit, std::memory_order_relaxed); }
  size_t used() const { return used_.load(std::memory_order_relaxed); }
  bool has_room(size_t bytes) const { return used() + bytes <= limit(); }
  // More than seven eighths used: what is kept only for speed should be let go.
  bool tight() const { return used() > limit() - limit() / 8; }

  // Called, on whatever thread releases, when use falls back below the limit after has_room() was
  // refused by arm(). Set once, before any other thread runs; must be quick and thread-safe.
  void on_room(std::function<void()> callback) { callback_ = std::move(callback); }
  // Somebody waits for room: the next release that makes some calls the callback, once.
  void arm() { armed_.store(true); }

  void charge(size_t bytes) { used_.fetch_add(bytes, std::memory_order_relaxed); }
  void release(size_t bytes) {
    size_t before = used_.fetch_sub(bytes);
    if (armed_.load() && before - bytes < limit() - limit() / 8 && armed_.exchange(false) &&
        callback_) {
      callback_();
    }
  }
  // Calls the callback if somebody waits, whatever room there is.
  void tell_armed() {
    if (armed_.exchange(false) && callback_) callback_();
  }

 private:
  std::atomic<size_t> limit_;
  std::atomic<size_t> used_{0};
  std::atomic<bool> armed_{false};
  std::function<void()> callback_;
};

// What one object holds of the budget; gives it back when it goes.
class ByteCharge {
 public:
  explicit ByteCharge(ByteBudget& budget) : budget_(&budget) {}
  ByteCharge(ByteCharge&&) = delete;
  ~ByteCharge() { set(0); }
  void set(size_t bytes) {
    if (bytes > held_) budget_->charge(bytes - held_);
    if (bytes < held_) budget_->release(held_ - bytes);
    held_ = bytes;
  }
  size_t held() const { return held_; }

 private:
  ByteBudget* budget_;
  size_t held_ = 0;
};

}  // namespace waybill
