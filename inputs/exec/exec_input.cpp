// SPDX-License-Identifier: Apache-2.0
#include "inputs/exec/exec_input.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <cstring>

#include "core/check.h"
#include "core/log.h"
#include "inputs/exec/process.h"

namespace waybill::inputs::exec {

namespace {

// More than the usual 64 KiB, so that a burst does not stop the child while we gather a batch.
constexpr int kPipeBytes = 256 * 1024;
// How long streams that a grandchild holds open are listened to.
constexpr auto kSilence = std::chrono::seconds(1);
// Who goes on printing behind a command that has ended is not waited for any longer.
constexpr auto kLongestEcho = std::chrono::seconds(5);

// A descriptor above the standard ones, even if those were closed when we started.
Fd above_standard(int fd) {
  if (fd > STDERR_FILENO || fd < 0) return Fd(fd);
  Fd low(fd);
  return Fd(fcntl(low.get(), F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
}

void copy_window_size(int terminal) {
  winsize size{};
  bool known =
      ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 || ioctl(STDIN_FILENO, TIOCGWINSZ, &size) == 0;
  if (known) ioctl(terminal, TIOCSWINSZ, &size);
}

}  // namespace

Result<void> ExecInput::start(const Context& context, std::function<void()> on_end) {
  WAYBILL_CHECK(!settings_.argv.empty(), "exec needs a command");
  context_ = std::make_unique<const Context>(context);
  on_end_ = std::move(on_end);
  silence_timer_ = std::make_unique<boost::asio::steady_timer>(context.io);
  // A reader of our output that goes away must not end us: the logs have other ways to go.
  if (!settings_.signals.ignored[SIGPIPE]) ::signal(SIGPIPE, SIG_IGN);
  child_watch_ = std::make_unique<ChildWatch>(context.io);
  wait_for_child();

  Result<Ends> out = settings_.pty ? make_terminal() : make_pipe();
  if (!out) return out.error();
  Result<Ends> err = make_pipe();
  if (!err) return err.error();
  bool buffering_ready = true;
  std::vector<std::string> environment = settings_.pty || !settings_.line_buffered
                                             ? own_environment()
                                             : line_buffered_environment(buffering_ready);
  if (!buffering_ready) {
    spdlog::warn(
        "coreutils' libstdbuf.so was not found: a program that prints through C's stdio "
        "shows its lines late, in blocks of 4 KiB; --pty gives it a terminal instead");
  }
  for (const std::string& variable : settings_.variables) {
    std::string_view prefix = std::string_view(variable).substr(0, variable.find('=') + 1);
    std::erase_if(environment, [&](const std::string& old) { return old.starts_with(prefix); });
    environment.push_back(variable);
  }
  Spawned child =
      spawn(settings_.argv, environment, out->write.get(), err->write.get(), settings_.signals);
  out->write.reset();
  err->write.reset();
  if (child.error != 0) {
    int status = status_of_failure(child.error);
    spdlog::error("{}: {}", settings_.argv[0],
                  status == 127 ? "command not found" : std::strerror(child.error));
    gone(status);
    return {};
  }
  pid_ = child.pid;
  if (settings_.describe) attributes_ = process_attributes(pid_, settings_.argv[0]);
  if (settings_.pty) terminal_ = out->read.get();
  add_stream(stdout_, "stdout", std::move(out->read), settings_.copy_stdout, STDOUT_FILENO);
  add_stream(stderr_, "stderr", std::move(err->read), settings_.copy_stderr, STDERR_FILENO);
  return {};
}

Result<ExecInput::Ends> ExecInput::make_pipe() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return errno_error("cannot make a pipe", errno);
  Ends made;
  made.read = above_standard(ends[0]);
  made.write = above_standard(ends[1]);
  fcntl(made.read.get(), F_SETPIPE_SZ, kPipeBytes);
  return made;
}

Result<ExecInput::Ends> ExecInput::make_terminal() {
  Ends made;
  made.read = above_standard(posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
  int terminal = made.read.get();
  char path[128];
  if (terminal < 0 || grantpt(terminal) != 0 || unlockpt(terminal) != 0 ||
      ptsname_r(terminal, path, sizeof path) != 0) {
    return errno_error("cannot make a terminal for --pty", errno);
  }
  made.write = above_standard(::open(path, O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (!made.write) return errno_error("cannot open the terminal for --pty", errno);
  // Bytes as they are printed: no "\r\n", no echo.
  termios modes{};
  if (tcgetattr(made.write.get(), &modes) == 0) {
    cfmakeraw(&modes);
    tcsetattr(made.write.get(), TCSANOW, &modes);
  }
  copy_window_size(terminal);
  return made;
}

void ExecInput::add_stream(Stream& stream, const char* stream_name, Fd fd, bool copy, int copy_to) {
  auto source = std::make_shared<Source>();
  source->number = next_source_number();
  source->input = name;
  source->stream = stream_name;
  source->format = settings_.format;
  source->nonce = random_id();
  source->attributes = attributes_;

  StreamPump::Hooks hooks;
  hooks.ended = lifeline_.guard([this] { check_end(); });
  if (copy) {
    stream.outlet = std::make_unique<Outlet>(context_->io, copy_to, stream_name, [&stream] {
      if (stream.pump) stream.pump->resume();
    });
    hooks.copy = [&stream](std::string_view bytes) { stream.outlet->write(bytes); };
    hooks.held_up = [&stream] { return stream.outlet->held_up(); };
  }
  stream.pump = std::make_unique<StreamPump>(*context_, std::move(fd), Readiness::Sharing::kOwn,
                                             std::move(source), std::move(hooks));
  stream.pump->start();
}

void ExecInput::on_room() {
  for (Stream* stream : {&stdout_, &stderr_}) {
    if (stream->pump) stream->pump->resume();
  }
}

void ExecInput::forward(int signo, bool from_terminal) {
  if (signo == SIGWINCH && terminal_ >= 0 && stdout_.pump->running()) copy_window_size(terminal_);
  if (pid_ > 0 && !from_terminal) kill(pid_, signo);
}

// ---- the end of the child ----

void ExecInput::wait_for_child() {
  child_watch_->wait(lifeline_.guard([this] {
    reap();
    wait_for_child();
  }));
}

// As PID 1 we inherit every orphan of the container, too: nobody else would reap them.
void ExecInput::reap() {
  bool init = getpid() == 1;
  for (;;) {
    int status = 0;
    pid_t pid = waitpid(init ? -1 : pid_, &status, WNOHANG);
    if (pid <= 0) return;
    if (pid == pid_) {
      pid_ = -1;
      gone(status_of_exit(status));
      if (!init) return;
    }
  }
}

void ExecInput::gone(int status) {
  status_ = status;
  gone_at_ = steady_now();
  boost::asio::post(context_->io, lifeline_.guard([this] { check_end(); }));
}

void ExecInput::check_end() {
  if (!status_ || finishing_) return;
  SteadyTime last = gone_at_;
  bool open = false, held_up = false;
  for (Stream* stream : {&stdout_, &stderr_}) {
    if (!stream->pump || !stream->pump->running()) continue;
    open = true;
    held_up = held_up || stream->pump->held_up();
    last = std::max(last, stream->pump->last_bytes());
  }
  SteadyTime now = steady_now();
  bool enough = now - last >= kSilence || now - gone_at_ >= kLongestEcho;
  if (!open || (enough && !held_up)) {
    finish();
    return;
  }
  silence_timer_->expires_at(held_up ? now + kSilence : last + kSilence);
  silence_timer_->async_wait(lifeline_.guard([this](boost::system::error_code error) {
    if (!error) check_end();
  }));
}

void ExecInput::finish() {
  finishing_ = true;
  silence_timer_->cancel();
  for (Stream* stream : {&stdout_, &stderr_}) {
    if (stream->pump) stream->pump->stop();
  }
  flush_copies();
}

// What was not copied yet gets its second, too, one stream after the other.
void ExecInput::flush_copies() {
  auto then = lifeline_.guard([this] {
    if (stderr_.outlet) {
      stderr_.outlet->finish(lifeline_.guard([this] { say_end(); }));
    } else {
      say_end();
    }
  });
  if (stdout_.outlet) {
    stdout_.outlet->finish(then);
  } else {
    then();
  }
}

void ExecInput::say_end() {
  for (Stream* stream : {&stdout_, &stderr_}) {
    if (stream->outlet && stream->outlet->dropped() > 0) {
      spdlog::warn("{} bytes that the command printed on its {} were not copied to ours",
                   stream->outlet->dropped(), stream == &stdout_ ? "stdout" : "stderr");
    }
  }
  boost::asio::post(context_->io,
                    lifeline_.guard([exited = exited_, on_end = on_end_, status = *status_] {
                      if (exited) exited(status);
                      if (on_end) on_end();
                    }));
}

void ExecInput::stop() {
  if (!context_) return;
  lifeline_.cut();
  child_watch_.reset();
  silence_timer_->cancel();
  for (Stream* stream : {&stdout_, &stderr_}) {
    if (stream->pump) stream->pump->stop();
    if (stream->outlet) stream->outlet->close();
  }
}

}  // namespace waybill::inputs::exec
