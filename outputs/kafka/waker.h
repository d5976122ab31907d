// SPDX-License-Identifier: Apache-2.0
// Waker: what an output's thread sleeps on: the outbox, the main thread and librdkafka end it.
#pragma once

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "core/clock.h"
#include "core/result.h"

namespace waybill::outputs::kafka {

class Waker {
 public:
  Waker() = default;
  Waker(Waker&&) = delete;
  ~Waker() {
    if (fd_ >= 0) close(fd_);
  }

  Result<void> open() {
    fd_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (fd_ < 0) return errno_error("eventfd", errno, Action::kFatal);
    return {};
  }
  int fd() const { return fd_; }

  // Any thread, after open().
  void wake() {
    const uint64_t one = 1;
    [[maybe_unused]] ssize_t size = ::write(fd_, &one, sizeof one);
  }
  // Until wake(), which may have been before, or `until`.
  void wait(SteadyTime until) {
    int timeout = -1;
    if (until != SteadyTime::max()) {
      const Duration left = std::clamp<Duration>(until - std::min(until, steady_now()),
                                                 Duration::zero(), std::chrono::minutes(1));
      timeout = static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(left).count());
    }
    pollfd one{fd_, POLLIN, 0};
    if (::poll(&one, 1, timeout) <= 0) return;
    uint64_t count = 0;
    [[maybe_unused]] ssize_t size = ::read(fd_, &count, sizeof count);
  }

 private:
  int fd_ = -1;
};

}  // namespace waybill::outputs::kafka
