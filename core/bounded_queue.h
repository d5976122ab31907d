// SPDX-License-Identifier: Apache-2.0
// BoundedQueue: hands whole batches from one thread to another.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>

#include "core/clock.h"

namespace waybill {

// A mutex and a condition variable: batches are large, so the lock is taken a few thousand times a
// second at most. Bytes are bounded by the ByteBudget; `capacity` bounds the count, so that one
// stage never runs far ahead of the next. Any thread may call any member.
template <typename T>
class BoundedQueue {
 public:
  explicit BoundedQueue(size_t capacity) : capacity_(capacity) {}
  BoundedQueue(BoundedQueue&&) = delete;

  // False when full or closed: `item` is untouched then.
  bool try_push(T& item) {
    {
      std::lock_guard lock(mutex_);
      if (closed_ || items_.size() >= capacity_) {
        refused_ = true;
        return false;
      }
      items_.push_back(std::move(item));
    }
    filled_.notify_one();
    return true;
  }

  // Queues `item` however full the queue is: for the few commands that must not get lost.
  void push_anyway(T item) {
    {
      std::lock_guard lock(mutex_);
      items_.push_back(std::move(item));
    }
    filled_.notify_one();
  }

  // The oldest item; nothing once `deadline` has passed, the queue is closed and empty, or wake()
  // was called.
  std::optional<T> pop_until(SteadyTime deadline) {
    std::optional<T> item;
    bool tell = false;
    {
      std::unique_lock lock(mutex_);
      filled_.wait_until(lock, deadline, [&] { return !items_.empty() || closed_ || woken_; });
      woken_ = false;
      if (items_.empty()) return item;
      item.emplace(std::move(items_.front()));
      items_.pop_front();
      tell = refused_ && items_.size() <= capacity_ / 2;
      if (tell) refused_ = false;
    }
    if (tell && on_room_) on_room_();
    return item;
  }

  // Ends a pop_until() that waits, with nothing.
  void wake() {
    {
      std::lock_guard lock(mutex_);
      woken_ = true;
    }
    filled_.notify_one();
  }

  // No more pushes; what is queued can still be popped.
  void close() {
    {
      std::lock_guard lock(mutex_);
      closed_ = true;
    }
    filled_.notify_all();
  }

  bool drained() {
    std::lock_guard lock(mutex_);
    return closed_ && items_.empty();
  }
  bool full() {
    std::lock_guard lock(mutex_);
    if (items_.size() >= capacity_) refused_ = true;
    return items_.size() >= capacity_;
  }
  size_t size() {
    std::lock_guard lock(mutex_);
    return items_.size();
  }

  // Called by a popping thread once half of the queue is free again after a push was refused or
  // full() was true. Set before any other thread runs.
  void on_room(std::function<void()> callback) { on_room_ = std::move(callback); }

 private:
  std::mutex mutex_;
  std::condition_variable filled_;
  std::deque<T> items_;
  size_t capacity_;
  bool closed_ = false;
  bool refused_ = false;
  bool woken_ = false;
  std::function<void()> on_room_;
};

}  // namespace waybill
