// SPDX-License-Identifier: Apache-2.0
#include "inputs/exec/child.h"

#include <fcntl.h>
#include <glob.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "core/check.h"
#include "inputs/descriptor_limit.h"

namespace waybill::inputs::exec {

namespace {

std::vector<char*> pointers(const std::vector<std::string>& strings) {
  std::vector<char*> made;
  made.reserve(strings.size() + 1);
  for (const std::string& text : strings) made.push_back(const_cast<char*>(text.c_str()));
  made.push_back(nullptr);
  return made;
}

// Only async-signal-safe calls: the parent has threads, and any lock may be held.
[[noreturn]] void run_child(char* const* argv, char* const* environment, int out, int err,
                            int errors, const SignalState& signals) {
  for (int number = 1; number < NSIG; ++number) {
    struct sigaction action {};
    action.sa_handler = signals.ignored[static_cast<size_t>(number)] ? SIG_IGN : SIG_DFL;
    sigaction(number, &action, nullptr);  // SIGKILL and the like refuse
  }
  restore_descriptor_limit();
  if (dup2(out, STDOUT_FILENO) >= 0 && dup2(err, STDERR_FILENO) >= 0) {
    sigprocmask(SIG_SETMASK, &signals.mask, nullptr);
    execvpe(argv[0], argv, environment);
  }
  int failed = errno;
  [[maybe_unused]] ssize_t told = write(errors, &failed, sizeof failed);
  _exit(126);
}

std::string find_stdbuf() {
  for (const char* pattern :
       {"/usr/libexec/coreutils/libstdbuf.so", "/usr/lib/*/coreutils/libstdbuf.so",
        "/usr/lib/coreutils/libstdbuf.so", "/usr/lib64/coreutils/libstdbuf.so"}) {
    glob_t found{};
    std::string path;
    if (glob(pattern, 0, nullptr, &found) == 0 && found.gl_pathc > 0) path = found.gl_pathv[0];
    globfree(&found);
    if (!path.empty() && access(path.c_str(), R_OK) == 0) return path;
  }
  return "";
}

}  // namespace

SignalState SignalState::now() {
  SignalState made;
  pthread_sigmask(SIG_SETMASK, nullptr, &made.mask);
  for (int number = 1; number < NSIG; ++number) {
    struct sigaction action {};
    bool known = sigaction(number, nullptr, &action) == 0;
    made.ignored[static_cast<size_t>(number)] = known && action.sa_handler == SIG_IGN;
  }
  return made;
}

Spawned spawn(const std::vector<std::string>& argv, const std::vector<std::string>& environment,
              int out, int err, const SignalState& signals) {
  std::vector<char*> arguments = pointers(argv);
  std::vector<char*> variables = pointers(environment);
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return {-1, errno};
  Fd read_end(ends[0]);
  Fd write_end(fcntl(ends[1], F_DUPFD_CLOEXEC, 3));
  ::close(ends[1]);
  if (!write_end) return {-1, errno};

  // No signal may reach our handlers in the child: they would write to pipes of the parent.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pid_t pid = fork();
  if (pid == 0) {
    run_child(arguments.data(), variables.data(), out, err, write_end.get(), signals);
  }
  int fork_error = errno;
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (pid < 0) return {-1, fork_error};

  write_end.reset();
  int failed = 0;
  ssize_t got;
  do {
    got = read(read_end.get(), &failed, sizeof failed);  // EOF as soon as the command runs
  } while (got < 0 && errno == EINTR);
  if (got != static_cast<ssize_t>(sizeof failed)) return {pid, 0};
  while (waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
  }
  return {-1, failed};
}

int status_of_failure(int error) { return error == ENOENT || error == ENOTDIR ? 127 : 126; }

int status_of_exit(int wait_status) {
  return WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status) : WEXITSTATUS(wait_status);
}

std::vector<std::string> own_environment() {
  std::vector<std::string> made;
  for (char** variable = environ; *variable != nullptr; ++variable) made.emplace_back(*variable);
  return made;
}

void add_line_buffering(std::vector<std::string>& environment, const std::string& library) {
  auto find = [&](const char* name) {
    return std::find_if(environment.begin(), environment.end(),
                        [&](const std::string& variable) { return variable.starts_with(name); });
  };
  // Whoever chose a buffering wants it.
  if (find("_STDBUF_O=") == environment.end()) environment.push_back("_STDBUF_O=L");
  auto preload = find("LD_PRELOAD=");
  if (preload == environment.end()) {
    environment.push_back("LD_PRELOAD=" + library);
  } else if (preload->find("libstdbuf.so") == std::string::npos) {
    *preload += (preload->ends_with('=') ? "" : ":") + library;
  }
}

std::vector<std::string> line_buffered_environment(bool& ready) {
  std::vector<std::string> environment = own_environment();
  std::string library = find_stdbuf();
  ready = !library.empty();
  if (ready) add_line_buffering(environment, library);
  return environment;
}

ChildWatch::ChildWatch(boost::asio::io_context& io) : readiness_(io) {
  // Whoever started us may ignore it: then the kernel would keep no status for us.
  ::signal(SIGCHLD, SIG_DFL);
  sigset_t only;
  sigemptyset(&only);
  sigaddset(&only, SIGCHLD);
  pthread_sigmask(SIG_BLOCK, &only, &before_);
  signals_ = Fd(signalfd(-1, &only, SFD_NONBLOCK | SFD_CLOEXEC));
  WAYBILL_CHECK(signals_, "signalfd failed");
  bool pollable =
      readiness_.open(signals_.get(), Readiness::Direction::kRead, Readiness::Sharing::kOwn);
  WAYBILL_CHECK(pollable, "a signalfd can be waited for");
}

ChildWatch::~ChildWatch() {
  readiness_.close();
  pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

void ChildWatch::wait(std::function<void()> ended) {
  readiness_.wait([this, ended = std::move(ended)] {
    signalfd_siginfo info;
    while (read(signals_.get(), &info, sizeof info) == sizeof info) {
    }
    ended();
  });
}

}  // namespace waybill::inputs::exec
