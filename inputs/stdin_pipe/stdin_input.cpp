// SPDX-License-Identifier: Apache-2.0
#include "inputs/stdin_pipe/stdin_input.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "core/log.h"

namespace waybill::inputs::stdin_pipe {

namespace {

// More than the usual 64 KiB, so that a burst does not stop the producer while we gather a batch.
constexpr int kPipeBytes = 256 * 1024;
constexpr auto kSilence = std::chrono::seconds(10);

}  // namespace

Result<void> StdinInput::start(const Context& context, std::function<void()> on_end) {
  Fd fd(fcntl(fd_, F_DUPFD_CLOEXEC, 3));
  if (!fd) {
    return errno_error("standard input cannot be read; give it a pipe or a file, or /dev/null",
                       errno);
  }
  struct stat status {};
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
  StreamPump::Hooks hooks;
  on_end_ = std::move(on_end);
  hooks.ended = [this] {
    silence_.reset();
    if (on_end_) std::exchange(on_end_, {})();
  };
  if (S_ISFIFO(status.st_mode) && isatty(STDERR_FILENO) != 0) {
    hint_at_silence(context);
    hooks.copy = [this](std::string_view) { silence_.reset(); };
  }
  pump_ = std::make_unique<StreamPump>(context, std::move(fd), Readiness::Sharing::kShared,
                                       std::move(source), std::move(hooks));
  pump_->start();
  return {};
}

// Whoever sits at a terminal and sees nothing shall know why.
void StdinInput::hint_at_silence(const Context& context) {
  silence_ = std::make_unique<boost::asio::steady_timer>(context.io, kSilence);
  silence_->async_wait([](const boost::system::error_code& error) {
    if (error) return;
    spdlog::info(
        "nothing has come through the pipe for 10 s. A program that prints into a pipe "
        "holds its lines back until there are 4 KiB of them; to see them at once: "
        "waybill exec -- PROGRAM, or stdbuf -oL PROGRAM | waybill");
  });
}

void StdinInput::on_room() {
  if (pump_) pump_->resume();
}

void StdinInput::drain() {
  if (isatty(fd_) == 0) return;
  stop();
  if (on_end_) std::exchange(on_end_, {})();
}

void StdinInput::stop() {
  silence_.reset();
  if (pump_) pump_->stop();
}

OnFull StdinInput::on_full() const {
  struct stat status {};
  bool regular = fstat(fd_, &status) == 0 && S_ISREG(status.st_mode);
  return regular ? OnFull::kBlock : settings_.on_full;
}

}  // namespace waybill::inputs::stdin_pipe
