// SPDX-License-Identifier: Apache-2.0
#include "inputs/stdin_pipe/stdin_input.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>

namespace waybill::inputs::stdin_pipe {

namespace {

// More than the usual 64 KiB, so that a burst does not stop the producer while we gather a batch.
constexpr int kPipeBytes = 256 * 1024;

}  // namespace

Result<void> StdinInput::start(const Context& context, std::function<void()> on_end) {
  Fd fd(fcntl(fd_, F_DUPFD_CLOEXEC, 3));
  if (!fd) {
    return errno_error("standard input cannot be read; give it a pipe or a file, or /dev/null",
                       errno);
  }
  struct stat status{};
  if (fstat(fd.get(), &status) == 0 && S_ISDIR(status.st_mode)) {
    return Error{Action::kFixConfig,
                 "standard input is a folder; give it a pipe or a file, or /dev/null"};
  }
  fcntl(fd.get(), F_SETPIPE_SZ, kPipeBytes);  // no pipe, or not allowed: as good as before

  auto source = std::make_shared<Source>();
  source->number = next_source_number();
  source->input = name;
  source->format = settings_.format;
  source->trust_service = settings_.trust_service;
  source->nonce = random_id();
  pump_ = std::make_unique<StreamPump>(context, std::move(fd), Readiness::Sharing::kShared,
                                       std::move(source),
                                       StreamPump::Hooks{std::move(on_end), {}, {}});
  pump_->start();
  return {};
}

void StdinInput::on_room() {
  if (pump_) pump_->resume();
}

void StdinInput::stop() {
  if (pump_) pump_->stop();
}

bool StdinInput::may_wait() const {
  struct stat status{};
  bool regular = fstat(fd_, &status) == 0 && S_ISREG(status.st_mode);
  return regular || settings_.on_full == OnFull::kBlock;
}

}  // namespace waybill::inputs::stdin_pipe
