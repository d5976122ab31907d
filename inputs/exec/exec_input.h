// SPDX-License-Identifier: Apache-2.0
// ExecInput: runs a command and takes what it prints, as `waybill exec` does.
//
//   ExecInput input(settings);                      // before any signal handler is installed
//   input.on_exit([&](int status) { … });           // once it is gone and everything was read
//   input.start(context, on_end);
//   …                                               // from the daemon's signal handling:
//   input.forward(info.ssi_signo, info.ssi_code == SI_KERNEL);
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "inputs/exec/child.h"
#include "inputs/exec/outlet.h"
#include "inputs/input.h"
#include "inputs/stream_pump.h"

namespace waybill::inputs::exec {

struct ExecSettings {
  std::vector<std::string> argv;  // at least the command
  bool pty = false;               // a terminal as its stdout, for what does not use C's stdio
  bool copy_stdout = true;        // to our own
  bool copy_stderr = true;
  bool line_buffered = true;  // see line_buffered_environment(); not needed with a pty
  bool describe = false;      // its lines carry process_attributes()
  std::string format = "auto";
  std::vector<std::string> variables = {};   // "NAME=value" of its environment, beside our own
  SignalState signals = SignalState::now();  // what the child gets
};

// The child is in our process group and on our terminal. It is not ended with us: if we are
// killed it lives on, and its next write tells it (SIGPIPE).
class ExecInput : public Input {
 public:
  explicit ExecInput(ExecSettings settings) : settings_(std::move(settings)) {}
  ~ExecInput() override { stop(); }

  // Called once, from the loop, before on_end: with the command's own status, 128+N when a signal
  // ended it, 126 or 127 when it could not be run (the reason has been logged). That is when it
  // is gone and both its streams are at their end, or, held open by a grandchild, silent for 1 s.
  void on_exit(std::function<void(int status)> exited) { exited_ = std::move(exited); }

  // A command that cannot be run is no Error of start(), but an exit with 126 or 127.
  Result<void> start(const Context& context, std::function<void()> on_end) override;
  void on_room() override;
  void drain() override {}  // read to EOF, as always: forward() a signal to end it
  void stop() override;
  bool can_end() const override { return true; }

  // Sends `signo` to the child. What the terminal sent (`from_terminal`: its si_code is
  // SI_KERNEL) went to the child as well, being in the same group, and is not sent twice.
  void forward(int signo, bool from_terminal);

  pid_t pid() const { return pid_; }                            // -1 before and after
  const std::optional<int>& status() const { return status_; }  // once it is gone

 private:
  // One of the child's streams, with what copies it.
  struct Stream {
    std::unique_ptr<Outlet> outlet;  // null: not copied
    std::unique_ptr<StreamPump> pump;
  };
  struct Ends {
    Fd read, write;
  };

  Result<Ends> make_pipe();
  Result<Ends> make_terminal();
  void add_stream(Stream& stream, const char* name, Fd fd, bool copy, int copy_to);
  void wait_for_child();
  void reap();
  void gone(int status);
  void check_end();
  void finish();
  void flush_copies();
  void say_end();

  const ExecSettings settings_;
  std::unique_ptr<const Context> context_;
  std::function<void()> on_end_;
  std::function<void(int)> exited_;
  std::unique_ptr<ChildWatch> child_watch_;
  std::unique_ptr<boost::asio::steady_timer> silence_timer_;
  Stream stdout_, stderr_;
  int terminal_ = -1;  // the pump's descriptor of a pty
  pid_t pid_ = -1;
  std::vector<std::pair<std::string, std::string>> attributes_;  // of the child
  std::optional<int> status_;
  SteadyTime gone_at_{};
  bool finishing_ = false;
  Lifeline lifeline_;
};

}  // namespace waybill::inputs::exec
