// SPDX-License-Identifier: Apache-2.0
// Readiness: tells once when a descriptor can be read or written.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <functional>

#include "inputs/fd.h"
#include "inputs/lifeline.h"

namespace waybill::inputs {

// Main thread only. The descriptor belongs to the caller and must stay open until close().
class Readiness {
 public:
  enum class Direction { kRead, kWrite };
  // Asio makes a descriptor non-blocking to wait for it. That is a property of the *open file*,
  // which our standard streams share with the shell and other programs: those are watched through
  // an epoll descriptor of our own, and keep their flags.
  enum class Sharing { kOwn, kShared };

  explicit Readiness(boost::asio::io_context& io) : descriptor_(io) {}
  Readiness(Readiness&&) = delete;
  ~Readiness() { close(); }

  // False when it can not be waited for: a regular file or /dev/null is always ready.
  bool open(int fd, Direction direction, Sharing sharing);
  // What the next wait() is for. Only for one that is ours alone.
  void turn(Direction direction);
  // Calls `ready` from the loop, once. Nothing is called after close().
  void wait(std::function<void()> ready);
  bool waiting() const { return waiting_; }
  void close();

 private:
  boost::asio::posix::stream_descriptor descriptor_;
  Fd epoll_;
  boost::asio::posix::descriptor_base::wait_type for_ =
      boost::asio::posix::descriptor_base::wait_read;
  bool waiting_ = false;
  Lifeline lifeline_;
};

}  // namespace waybill::inputs
