// SPDX-License-Identifier: Apache-2.0
#include "daemon/signals.h"

#include <sys/signalfd.h>
#include <unistd.h>

#include "core/check.h"

namespace waybill::daemon {

Signals::Signals(boost::asio::io_context& io, const std::vector<int>& signals, Callback callback)
    : descriptor_(io), callback_(std::move(callback)) {
  sigset_t wanted;
  sigemptyset(&wanted);
  for (int signal : signals) sigaddset(&wanted, signal);
  // No thread of ours may take the SIGCHLD that inputs/exec waits for.
  sigset_t blocked = wanted;
  sigaddset(&blocked, SIGCHLD);
  WAYBILL_CHECK(pthread_sigmask(SIG_BLOCK, &blocked, &original_) == 0, "pthread_sigmask failed");
  signal(SIGPIPE, SIG_IGN);
  int fd = signalfd(-1, &wanted, SFD_NONBLOCK | SFD_CLOEXEC);
  WAYBILL_CHECK(fd >= 0, "signalfd failed");
  descriptor_.assign(fd);
  wait();
}

Signals::~Signals() { pthread_sigmask(SIG_SETMASK, &original_, nullptr); }

void Signals::wait() {
  descriptor_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                         [this](const boost::system::error_code& error) {
                           if (error) return;
                           read_all();
                           if (descriptor_.is_open()) wait();
                         });
}

void Signals::read_all() {
  signalfd_siginfo info;
  while (descriptor_.is_open() &&
         read(descriptor_.native_handle(), &info, sizeof info) == sizeof info) {
    bool from_terminal = info.ssi_code == SI_KERNEL;
    callback_(static_cast<int>(info.ssi_signo), from_terminal);
  }
}

}  // namespace waybill::daemon
