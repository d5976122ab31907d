// SPDX-License-Identifier: Apache-2.0
// Handshake: brings one connection to where lines can be read from it.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <string>

#include "core/clock.h"
#include "inputs/readiness.h"
#include "inputs/tls/server.h"

namespace waybill::inputs::tls {

// Main thread only. Never blocks; a peer has kLimit to get through.
class Handshake {
 public:
  static constexpr Duration kLimit = std::chrono::seconds(10);

  // How it ended. `stream` when it has succeeded; else `why`, which is empty when the peer left
  // without a word.
  struct Outcome {
    std::unique_ptr<Stream> stream;
    std::string why;
  };
  using Done = std::function<void(Outcome)>;

  // `done` is called from the loop, once, last: it may let go of this.
  Handshake(boost::asio::io_context& io, std::unique_ptr<Stream> stream, Done done,
            Duration limit = kLimit);
  Handshake(Handshake&&) = delete;

  SteadyTime last_step() const { return last_step_; }

 private:
  void go_on();
  void end(std::string why);

  std::unique_ptr<Stream> stream_;
  const Done done_;
  Readiness readiness_;
  boost::asio::steady_timer timer_;
  SteadyTime last_step_;
  Lifeline lifeline_;
};

}  // namespace waybill::inputs::tls
