// SPDX-License-Identifier: Apache-2.0
// Outlet: copies the child's bytes to our own standard output or error, and never waits there.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "inputs/fd.h"
#include "inputs/lifeline.h"
#include "inputs/readiness.h"

namespace waybill::inputs::exec {

// A reader that is slow is waited for 1 s; then whole lines of the copy are dropped and counted
// until it has caught up: the child must not stand still for a terminal, and the logs themselves
// go their own way. A reader that went away ends the copy. Main thread only; SIGPIPE ignored.
class Outlet {
 public:
  // `fd` is not closed, and its flags, which others share, are left alone. `name`, for messages:
  // "stdout" or "stderr". `relieved` is called when held_up() has become false.
  Outlet(boost::asio::io_context& io, int fd, std::string name, std::function<void()> relieved);
  Outlet(Outlet&&) = delete;

  void write(std::string_view bytes);
  // True: the child's pipe should not be read now. For 1 s at a time at most.
  bool held_up() const { return held_up_; }
  // Calls `done` once everything is written, or 1 s later.
  void finish(std::function<void()> done);
  void close();

  uint64_t dropped() const { return dropped_; }  // bytes

 private:
  enum class Way { kDirect, kNonBlocking, kSocket, kSmallSteps };
  ssize_t write_some(std::string_view bytes);
  void write_pending();
  void wait();
  void keep(std::string_view bytes);
  void stalled();
  void relieve();
  void caught_up();
  void tell();

  const int fd_;
  const std::string name_;
  const std::function<void()> relieved_;
  Way way_ = Way::kDirect;
  Fd own_;  // the same file opened anew, for a flag of its own
  Readiness readiness_;
  boost::asio::steady_timer stall_timer_;
  std::string pending_;
  size_t written_ = 0;  // of pending_
  bool held_up_ = false;
  bool dropping_ = false;  // the reader had its second
  bool mid_line_ = false;  // the rest of a line is dropped, too
  bool gone_ = false;      // nobody reads any more
  bool told_ = false;
  uint64_t dropped_ = 0;
  std::function<void()> done_;
  Lifeline lifeline_;
};

}  // namespace waybill::inputs::exec
