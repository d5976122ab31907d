// SPDX-License-Identifier: Apache-2.0
#include "inputs/exec/exec_input.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>

#include "inputs/test_support.h"

using namespace waybill;
using namespace waybill::inputs;
using namespace waybill::inputs::exec;
using testing::Bench;
using Texts = std::vector<std::string>;

namespace {

ExecSettings settings_for(std::vector<std::string> argv) {
  ExecSettings made;
  made.argv = std::move(argv);
  made.copy_stdout = false;
  made.copy_stderr = false;
  return made;
}

ExecSettings shell(const std::string& script) { return settings_for({"sh", "-c", script}); }

struct Exec : Bench {
  std::unique_ptr<ExecInput> input;
  std::optional<int> status;

  explicit Exec(ExecSettings settings) {
    input = std::make_unique<ExecInput>(std::move(settings));
    input->name = "exec";
    input->on_exit([this](int code) {
      CHECK_FALSE(ended);  // before on_end
      status = code;
    });
    REQUIRE(input->start(context(), on_end()).has_value());
  }
  int wait() {
    REQUIRE(until([&] { return ended; }));
    REQUIRE(status.has_value());
    return *status;
  }
  Texts of(std::string_view stream) {
    Texts texts;
    for (const auto& line : intake.lines) {
      if (line.source->stream == stream) texts.push_back(line.text);
    }
    return texts;
  }
};

}  // namespace

TEST_CASE("exec: both streams, apart, with their last words") {
  Exec exec(shell("echo one; echo two >&2; printf 'no line end'"));
  CHECK(exec.wait() == 0);
  CHECK(exec.of("stdout") == Texts{"one", "no line end"});
  CHECK(exec.of("stderr") == Texts{"two"});
  CHECK(exec.intake.lines[0].source->input == "exec");
}

TEST_CASE("exec: the status is the command's own, as in a shell") {
  CHECK(Exec(shell("exit 7")).wait() == 7);
  CHECK(Exec(shell("kill -9 $$")).wait() == 137);
  CHECK(Exec(shell("kill -SEGV $$")).wait() == 139);
  CHECK(Exec(settings_for({"/nonexistent/command"})).wait() == 127);
  CHECK(Exec(settings_for({"no-such-command-anywhere"})).wait() == 127);
  CHECK(Exec(settings_for({"/etc/passwd/x"})).wait() == 127);
  testing::TempFolder folder;
  std::ofstream(folder / "not-executable") << "#!/bin/sh\n";
  CHECK(Exec(settings_for({folder / "not-executable"})).wait() == 126);
  CHECK(Exec(settings_for({folder.path()})).wait() == 126);
}

TEST_CASE("exec: lines of C's stdio appear while the program runs") {
  bool ready = false;
  line_buffered_environment(ready);
  if (!ready) {
    MESSAGE("not tested: coreutils' libstdbuf.so is not there");
    return;
  }
  // cut prints a line for each that it reads, and keeps them back on a pipe as any stdio does.
  testing::TempFolder folder;
  REQUIRE(mkfifo((folder / "fifo").c_str(), 0600) == 0);
  Fd fifo(open((folder / "fifo").c_str(), O_RDWR | O_CLOEXEC));
  Exec exec(settings_for({"cut", "-c1-5", folder / "fifo"}));
  REQUIRE(::write(fifo.get(), "early, not late\n", 16) == 16);
  REQUIRE(exec.until_lines(1));
  CHECK(exec.of("stdout") == Texts{"early"});
  CHECK_FALSE(exec.ended);
  fifo.reset();
  CHECK(exec.wait() == 0);
}

TEST_CASE("exec: with a pty stdout is a terminal, stderr is not") {
  ExecSettings settings =
      shell("test -t 1 && echo tty; test -t 2 || echo pipe >&2; printf 'a\\nb'");
  settings.pty = true;
  Exec exec(settings);
  CHECK(exec.wait() == 0);
  CHECK(exec.of("stdout") == Texts{"tty", "a", "b"});
  CHECK(exec.of("stderr") == Texts{"pipe"});
}

TEST_CASE("exec: the environment for line buffering keeps what is there") {
  Texts environment{"A=1"};
  add_line_buffering(environment, "/lib/libstdbuf.so");
  CHECK(environment == Texts{"A=1", "_STDBUF_O=L", "LD_PRELOAD=/lib/libstdbuf.so"});
  add_line_buffering(environment, "/lib/libstdbuf.so");
  CHECK(environment.size() == 3);
  environment = {"LD_PRELOAD=/a.so", "_STDBUF_O=0"};
  add_line_buffering(environment, "/lib/libstdbuf.so");
  CHECK(environment == Texts{"LD_PRELOAD=/a.so:/lib/libstdbuf.so", "_STDBUF_O=0"});
  environment = {"LD_PRELOAD=", "_STDBUF_O=0"};
  add_line_buffering(environment, "/lib/libstdbuf.so");
  CHECK(environment[0] == "LD_PRELOAD=/lib/libstdbuf.so");
}

TEST_CASE("exec: signals are forwarded, but for those the terminal sent to the child as well") {
  Exec exec(
      shell("trap 'echo term' TERM; trap 'echo int; exit 3' INT; echo ready; "
            "while :; do sleep 0.01; done"));
  REQUIRE(exec.until_lines(1));
  exec.input->forward(SIGINT, true);
  exec.input->forward(SIGTERM, false);
  REQUIRE(exec.until_lines(2));
  CHECK(exec.of("stdout") == Texts{"ready", "term"});
  exec.input->forward(SIGINT, false);
  CHECK(exec.wait() == 3);
  CHECK(exec.of("stdout").back() == "int");
  CHECK(exec.input->status() == 3);
  exec.input->forward(SIGTERM, false);  // nobody there
}

TEST_CASE("exec: a child gets the signals as we were started with") {
  // What we do to ours afterwards is not for it.
  signal(SIGPIPE, SIG_DFL);
  ExecSettings settings = shell("grep -E 'Sig(Blk|Ign)' /proc/self/status");
  struct sigaction ignore {
  }, before{};
  ignore.sa_handler = SIG_IGN;
  sigaction(SIGUSR1, &ignore, &before);
  sigset_t usr2, mask;
  sigemptyset(&usr2);
  sigaddset(&usr2, SIGUSR2);
  pthread_sigmask(SIG_BLOCK, &usr2, &mask);
  Exec exec(settings);
  CHECK(exec.wait() == 0);
  auto bits = [](const std::string& line) {
    return std::stoull(line.substr(line.find_first_of("0123456789abcdef", 7)), nullptr, 16);
  };
  Texts lines = exec.of("stdout");
  REQUIRE(lines.size() == 2);
  CHECK((bits(lines[0]) & (1ULL << (SIGUSR2 - 1))) == 0);
  CHECK((bits(lines[1]) & (1ULL << (SIGUSR1 - 1))) == 0);
  CHECK((bits(lines[1]) & (1ULL << (SIGPIPE - 1))) == 0);

  ExecSettings inherited = shell("grep SigIgn /proc/self/status");  // taken while it is ignored
  Exec nohup(inherited);
  CHECK(nohup.wait() == 0);
  CHECK((bits(nohup.of("stdout").at(0)) & (1ULL << (SIGUSR1 - 1))) != 0);
  pthread_sigmask(SIG_SETMASK, &mask, nullptr);
  sigaction(SIGUSR1, &before, nullptr);
}

TEST_CASE("exec: a grandchild that holds the pipes does not hold us") {
  auto begun = std::chrono::steady_clock::now();
  Exec exec(shell("echo parent; (sleep 4 & ) ; exit 5"));
  CHECK(exec.wait() == 5);
  auto took = std::chrono::steady_clock::now() - begun;
  CHECK(took >= std::chrono::milliseconds(900));
  CHECK(took < std::chrono::milliseconds(3500));
  CHECK(exec.of("stdout") == Texts{"parent"});
}

TEST_CASE("exec: while there is no room the child waits and nothing is lost") {
  Exec exec(shell("i=0; while [ $i -lt 20000 ]; do echo line number $i; i=$((i+1)); done"));
  exec.intake.refuse = true;
  REQUIRE(exec.until([&] { return exec.intake.refused > 0; }));
  exec.intake.refuse = false;
  exec.input->on_room();
  CHECK(exec.wait() == 0);
  CHECK(exec.of("stdout").size() == 20'000);
}

TEST_CASE("exec: stop leaves the child alone") {
  Exec exec(shell("echo begun; exec sleep 30"));
  REQUIRE(exec.until_lines(1));
  pid_t pid = exec.input->pid();
  exec.input->stop();
  CHECK(kill(pid, 0) == 0);
  kill(pid, SIGKILL);
  CHECK(waitpid(pid, nullptr, 0) == pid);
}

namespace {

// As the first process of a container: an orphan ends after its parent, then our own child.
int run_as_init() {
  Bench bench;
  ExecInput input(shell("(sleep 0.05 &); sleep 0.2; exit 4"));
  int status = -1;
  input.on_exit([&](int code) { status = code; });
  if (getpid() != 1 || !input.start(bench.context(), bench.on_end()).has_value()) return 100;
  if (!bench.until([&] { return bench.ended; })) return 101;
  bool nobody_left = waitpid(-1, nullptr, WNOHANG) < 0 && errno == ECHILD;
  return nobody_left ? status : 102;
}

}  // namespace

TEST_CASE("exec: as PID 1 it reaps the orphans, too") {
  pid_t outer = fork();
  if (outer == 0) {
    if (unshare(CLONE_NEWPID) != 0) _exit(99);
    pid_t init = fork();
    if (init == 0) _exit(run_as_init());
    int status = 0;
    waitpid(init, &status, 0);
    _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 103);
  }
  int status = 0;
  REQUIRE(waitpid(outer, &status, 0) == outer);
  REQUIRE(WIFEXITED(status));
  if (WEXITSTATUS(status) == 99) {
    MESSAGE("not tested: a PID namespace needs more rights");
    return;
  }
  CHECK(WEXITSTATUS(status) == 4);
}

TEST_CASE("exec: the child's bytes are copied to our own stdout and stderr as they are") {
  int out[2], err[2];
  REQUIRE(pipe2(out, O_CLOEXEC) == 0);
  REQUIRE(pipe2(err, O_CLOEXEC) == 0);
  pid_t pid = fork();
  if (pid == 0) {
    dup2(out[1], STDOUT_FILENO);
    dup2(err[1], STDERR_FILENO);
    Bench bench;
    ExecSettings settings = shell("printf 'a\\001\\nno end'; echo wrong >&2; exit 6");
    settings.copy_stdout = settings.copy_stderr = true;
    ExecInput input(settings);
    int status = -1;
    input.on_exit([&](int code) { status = code; });
    bool ended = input.start(bench.context(), bench.on_end()).has_value() &&
                 bench.until([&] { return bench.ended; });
    _exit(ended && bench.intake.lines.size() == 3 ? status : 100);
  }
  Fd out_read(out[0]), err_read(err[0]);
  ::close(out[1]);
  ::close(err[1]);
  auto all = [](int fd) {
    std::string text;
    char buffer[4096];
    for (ssize_t got; (got = ::read(fd, buffer, sizeof buffer)) > 0;) {
      text.append(buffer, static_cast<size_t>(got));
    }
    return text;
  };
  CHECK(all(out_read.get()) == "a\001\nno end");
  CHECK(all(err_read.get()) == "wrong\n");
  int status = 0;
  REQUIRE(waitpid(pid, &status, 0) == pid);
  CHECK(WEXITSTATUS(status) == 6);
}
