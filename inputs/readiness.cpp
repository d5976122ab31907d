// SPDX-License-Identifier: Apache-2.0
#include "inputs/readiness.h"

#include <sys/epoll.h>

#include "core/check.h"

namespace waybill::inputs {

bool Readiness::open(int fd, Direction direction, Sharing sharing) {
  close();
  using boost::asio::posix::descriptor_base;
  boost::system::error_code error;
  if (sharing == Sharing::kOwn) {
    turn(direction);
    descriptor_.assign(fd, error);
    return !error;
  }
  Fd epoll(epoll_create1(EPOLL_CLOEXEC));
  epoll_event event{};
  event.events = direction == Direction::kRead ? EPOLLIN : EPOLLOUT;
  if (!epoll || epoll_ctl(epoll.get(), EPOLL_CTL_ADD, fd, &event) != 0) return false;  // EPERM
  for_ = descriptor_base::wait_read;  // an epoll descriptor is readable when it has events
  descriptor_.assign(epoll.get(), error);
  if (error) return false;
  epoll_ = std::move(epoll);
  return true;
}

void Readiness::turn(Direction direction) {
  using boost::asio::posix::descriptor_base;
  for_ = direction == Direction::kRead ? descriptor_base::wait_read : descriptor_base::wait_write;
}

void Readiness::wait(std::function<void()> ready) {
  WAYBILL_CHECK(descriptor_.is_open(), "wait() before open()");
  if (waiting_) return;
  waiting_ = true;
  descriptor_.async_wait(
      for_, lifeline_.guard([this, ready = std::move(ready)](boost::system::error_code error) {
        waiting_ = false;
        if (error != boost::asio::error::operation_aborted) ready();
      }));
}

void Readiness::close() {
  lifeline_.cut();
  waiting_ = false;
  if (descriptor_.is_open()) descriptor_.release();
  epoll_.reset();
}

}  // namespace waybill::inputs
