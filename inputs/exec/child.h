// SPDX-License-Identifier: Apache-2.0
// Child: starts the command of `waybill exec` as a shell would, and sees it end.
#pragma once

#include <signal.h>
#include <sys/types.h>

#include <bitset>
#include <functional>
#include <string>
#include <vector>

#include "inputs/fd.h"
#include "inputs/readiness.h"

namespace waybill::inputs::exec {

// What a process does with signals. Taken when we start, before we change any of it, and given to
// the child: a `nohup` or a shell's background job must work through us.
struct SignalState {
  sigset_t mask{};
  std::bitset<NSIG> ignored;

  static SignalState now();
};

struct Spawned {
  pid_t pid = -1;
  int error = 0;  // errno: fork() or the command itself failed, and there is no child
};

// Runs argv[0], looked up in PATH, with `environment` ("NAME=value"), standard output and error
// replaced, and our standard input, process group and terminal. Returns once it runs or has
// failed to. Both descriptors must be above 2.
Spawned spawn(const std::vector<std::string>& argv, const std::vector<std::string>& environment,
              int out, int err, const SignalState& signals);

// The status that a shell gives: 127 when there is no such command, else 126.
int status_of_failure(int error);
// 128+N for a child that a signal ended.
int status_of_exit(int wait_status);

// Our own environment, with what makes a child's stdout line-buffered (as stdbuf -oL does): C's
// stdio keeps 4 KiB of it back on a pipe. `ready` becomes false when coreutils' library for that
// was not found.
std::vector<std::string> line_buffered_environment(bool& ready);
std::vector<std::string> own_environment();
// LD_PRELOAD and _STDBUF_O set in a given environment; what is there already is kept.
void add_line_buffering(std::vector<std::string>& environment, const std::string& library);

// Tells that children may have ended (SIGCHLD, by signalfd(2)): no handler runs at odd moments, and
// no other thread can take the signal, as long as all threads were started with it blocked
// (daemon/signals.cpp). Main thread only.
class ChildWatch {
 public:
  // From now on nothing is missed.
  explicit ChildWatch(boost::asio::io_context& io);
  ChildWatch(ChildWatch&&) = delete;
  ~ChildWatch();

  // Calls `ended` from the loop, once.
  void wait(std::function<void()> ended);

 private:
  Fd signals_;
  sigset_t before_{};
  Readiness readiness_;
};

}  // namespace waybill::inputs::exec
