// SPDX-License-Identifier: Apache-2.0
// Signals, as events of the main loop.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <csignal>
#include <functional>
#include <vector>

namespace waybill::daemon {

// Blocks `signals` for the whole process (make it before any thread starts) and reads them through
// a signalfd, which, unlike a handler, tells who sent them. SIGPIPE is ignored: writers look at
// EPIPE. The destructor puts back the mask that was in force before.
class Signals {
 public:
  // `from_terminal`: the kernel sent it to the whole foreground group (Ctrl-C), so that a child
  // has it already.
  using Callback = std::function<void(int signal, bool from_terminal)>;

  Signals(boost::asio::io_context& io, const std::vector<int>& signals, Callback callback);
  ~Signals();
  Signals(Signals&&) = delete;

 private:
  void wait();
  void read_all();

  sigset_t original_{};
  boost::asio::posix::stream_descriptor descriptor_;
  Callback callback_;
};

}  // namespace waybill::daemon
