// SPDX-License-Identifier: Apache-2.0
#include "inputs/exec/outlet.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

#include "inputs/test_support.h"

using namespace waybill::inputs;
using namespace waybill::inputs::exec;
using waybill::inputs::testing::run_until;

namespace {

struct Reader {
  Fd read, write;
  std::string got;

  explicit Reader(bool socket = false) {
    int ends[2];
    if (socket) {
      REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
    } else {
      REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
    }
    read = Fd(ends[0]);
    write = Fd(ends[1]);
    fcntl(read.get(), F_SETFL, O_NONBLOCK);
  }
  bool take() {
    char buffer[64 * 1024];
    ssize_t size = ::read(read.get(), buffer, sizeof buffer);
    if (size > 0) got.append(buffer, static_cast<size_t>(size));
    return size > 0;
  }
};

std::string lines(size_t bytes) {
  std::string text;
  for (int i = 0; text.size() < bytes; ++i) text += "line " + std::to_string(i) + "\n";
  return text;
}

}  // namespace

TEST_CASE("outlet: a copy reaches pipes, sockets and files, and their flags stay") {
  boost::asio::io_context io;
  for (bool socket : {false, true}) {
    Reader reader(socket);
    int flags = fcntl(reader.write.get(), F_GETFL);
    Outlet outlet(io, reader.write.get(), "stdout", {});
    std::string text = lines(200'000);
    outlet.write(text);
    bool done = false;
    outlet.finish([&] { done = true; });
    REQUIRE(run_until(io, [&] {
      while (reader.take()) {
      }
      return done && reader.got.size() == text.size();
    }));
    CHECK(reader.got == text);
    CHECK(outlet.dropped() == 0);
    CHECK(fcntl(reader.write.get(), F_GETFL) == flags);
  }
  testing::TempFolder folder;
  Fd file(open((folder / "copy").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  Outlet outlet(io, file.get(), "stdout", {});
  outlet.write("to a file\n");
  std::stringstream content;
  content << std::ifstream(folder / "copy").rdbuf();
  CHECK(content.str() == "to a file\n");
}

TEST_CASE("outlet: a reader that stands still is waited for once, then whole lines are dropped") {
  boost::asio::io_context io;
  Reader reader;
  bool relieved = false;
  Outlet outlet(io, reader.write.get(), "stdout", [&] { relieved = true; });
  std::string text = lines(100'000);
  size_t written = 0;
  while (!outlet.held_up()) {
    outlet.write(text);
    written += text.size();
    REQUIRE(written < 2'000'000);
  }
  auto begun = std::chrono::steady_clock::now();
  REQUIRE(run_until(io, [&] { return relieved; }));
  auto took = std::chrono::steady_clock::now() - begun;
  CHECK(took > std::chrono::milliseconds(900));
  CHECK(took < std::chrono::seconds(3));
  CHECK_FALSE(outlet.held_up());
  for (int i = 0; i < 10; ++i) {
    outlet.write("half of a li");
    outlet.write("ne\n" + text);
    written += 15 + text.size();
    CHECK_FALSE(outlet.held_up());
  }
  CHECK(outlet.dropped() > 500'000);
  bool done = false;
  outlet.finish([&] { done = true; });
  REQUIRE(run_until(io, [&] {
    while (reader.take()) {
    }
    return done;
  }));
  while (reader.take()) {
  }
  CHECK(reader.got.size() + outlet.dropped() == written);
  CHECK(reader.got.ends_with('\n'));
  std::istringstream stream(reader.got);
  for (std::string line; std::getline(stream, line);) {
    bool whole = line.starts_with("line ") || line == "half of a line";
    if (!whole) FAIL(line);
  }
  outlet.write("caught up\n");
  REQUIRE(run_until(io, [&] { return reader.take(); }));
  CHECK(reader.got.ends_with("caught up\n"));
}

TEST_CASE("outlet: a reader that went away ends the copy, not us") {
  boost::asio::io_context io;
  signal(SIGPIPE, SIG_IGN);
  Reader reader;
  Outlet outlet(io, reader.write.get(), "stdout", {});
  reader.read.reset();
  outlet.write(lines(1000));
  bool done = false;
  outlet.finish([&] { done = true; });
  CHECK(done);
  Outlet closed(io, 9999, "stdout", {});
  closed.write("nowhere\n");
}

TEST_CASE("outlet: at the end a reader that stands still has one more second") {
  boost::asio::io_context io;
  Reader reader;
  Outlet outlet(io, reader.write.get(), "stdout", {});
  outlet.write(lines(200'000));
  bool done = false;
  outlet.finish([&] { done = true; });
  CHECK_FALSE(done);
  REQUIRE(run_until(io, [&] { return done; }));
  CHECK(outlet.dropped() > 100'000);
}
