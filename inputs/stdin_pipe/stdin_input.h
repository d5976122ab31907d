// SPDX-License-Identifier: Apache-2.0
// StdinInput: lines from our standard input, whatever stands behind it.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <string>

#include "inputs/input.h"
#include "inputs/stream_pump.h"

namespace waybill::inputs::stdin_pipe {

struct StdinSettings {
  OnFull on_full = OnFull::kSpool;
  std::string format = "auto";
  bool trust_service = true;
};

// A pipe, a terminal, a socket, a regular file or /dev/null. Ends at EOF.
class StdinInput : public Input {
 public:
  // `fd` is duplicated at start and not closed.
  explicit StdinInput(StdinSettings settings, int fd = 0) : settings_(settings), fd_(fd) {}

  Result<void> start(const Context& context, std::function<void()> on_end) override;
  void on_room() override;
  // A pipe is read to EOF, as always; at a terminal nobody means to go on.
  void drain() override;
  void stop() override;
  bool can_end() const override { return true; }
  bool is_stdin() const override { return true; }
  OnFull on_full() const override;

 private:
  void hint_at_silence(const Context& context);

  std::function<void()> on_end_;

  const StdinSettings settings_;
  const int fd_;
  std::unique_ptr<boost::asio::steady_timer> silence_;  // until the first bytes, at a terminal
  std::unique_ptr<StreamPump> pump_;
};

}  // namespace waybill::inputs::stdin_pipe
