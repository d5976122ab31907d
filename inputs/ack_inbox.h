// SPDX-License-Identifier: Apache-2.0
// AckInbox: brings settled batches from the threads of outputs back to the main loop.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace waybill::inputs {

// One read that became lines: what AckFrontier::add() was called for.
struct SettledRead {
  uint64_t file = 0;        // TailFile::number
  uint64_t generation = 0;  // TailFile::generation()
  uint64_t number = 0;      // of the frontier
};

// Held by the tickets, so it may outlive its input; the io_context is left alone after close().
class AckInbox : public std::enable_shared_from_this<AckInbox> {
 public:
  // `wake` is called from the loop when there is something to take().
  AckInbox(boost::asio::io_context& io, std::function<void()> wake)
      : io_(&io), wake_(std::move(wake)) {}

  // Any thread.
  void settled(const std::vector<SettledRead>& reads) {
    std::lock_guard lock(mutex_);
    bool first = reads_.empty();
    reads_.insert(reads_.end(), reads.begin(), reads.end());
    if (first && io_ != nullptr && !reads.empty()) {
      boost::asio::post(*io_, [self = shared_from_this()] { self->tell(); });
    }
  }

  // Main thread.
  std::vector<SettledRead> take() {
    std::lock_guard lock(mutex_);
    return std::exchange(reads_, {});
  }
  // Nobody is woken any more; take() still gives what came in.
  void close() {
    std::lock_guard lock(mutex_);
    io_ = nullptr;
    wake_ = nullptr;
  }

 private:
  void tell() {
    if (wake_) wake_();
  }

  std::mutex mutex_;
  std::vector<SettledRead> reads_;
  boost::asio::io_context* io_;
  std::function<void()> wake_;  // main thread only
};

}  // namespace waybill::inputs
