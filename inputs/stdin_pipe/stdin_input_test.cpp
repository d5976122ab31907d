// SPDX-License-Identifier: Apache-2.0
#include "inputs/stdin_pipe/stdin_input.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/socket.h>

#include <fstream>

#include "inputs/test_support.h"

using namespace waybill;
using namespace waybill::inputs;
using namespace waybill::inputs::stdin_pipe;
using testing::Bench;

namespace {

struct Pipe {
  Fd read, write;
  Pipe() {
    int ends[2];
    REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
    read = Fd(ends[0]);
    write = Fd(ends[1]);
  }
  void put(std::string_view text) {
    REQUIRE(::write(write.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  }
};

}  // namespace

TEST_CASE("stdin: lines of a pipe appear at once, its last one at EOF") {
  Bench bench;
  Pipe pipe;
  StdinInput input({}, pipe.read.get());
  input.name = "pipe";
  REQUIRE(input.start(bench.context(), bench.on_end()).has_value());
  pipe.put("one\ntw");
  REQUIRE(bench.until_lines(1));
  CHECK(bench.intake.lines[0].text == "one");
  CHECK(bench.intake.lines[0].source->input == "pipe");
  CHECK_FALSE(bench.ended);
  pipe.put("o\nlast words");
  REQUIRE(bench.until_lines(2));
  pipe.write.reset();
  REQUIRE(bench.until([&] { return bench.ended; }));
  CHECK(bench.intake.texts() == std::vector<std::string>{"one", "two", "last words"});
  CHECK(bench.intake.lines[2].offset == 8);
}

TEST_CASE("stdin: the flags of a descriptor that others share stay as they are") {
  Bench bench;
  Pipe pipe;
  int before = fcntl(pipe.read.get(), F_GETFL);
  StdinInput input({}, pipe.read.get());
  REQUIRE(input.start(bench.context(), bench.on_end()).has_value());
  pipe.put("x\n");
  REQUIRE(bench.until_lines(1));
  CHECK(fcntl(pipe.read.get(), F_GETFL) == before);
  CHECK((before & O_NONBLOCK) == 0);
}

TEST_CASE("stdin: nothing is read while there is no room, and all of it afterwards") {
  Bench bench;
  Pipe pipe;
  StdinInput input({}, pipe.read.get());
  REQUIRE(input.start(bench.context(), bench.on_end()).has_value());
  bench.intake.refuse = true;
  pipe.put("a\nb\n");
  REQUIRE(bench.until([&] { return bench.intake.refused == 1; }));
  bench.io.restart();
  bench.io.poll();
  CHECK(bench.intake.lines.empty());
  bench.intake.refuse = false;
  input.on_room();
  REQUIRE(bench.until_lines(2));
}

TEST_CASE("stdin: stop submits the line that was begun, even without room") {
  for (bool refuse : {false, true}) {
    Bench bench;
    Pipe pipe;
    StdinInput input({}, pipe.read.get());
    REQUIRE(input.start(bench.context(), bench.on_end()).has_value());
    pipe.put("whole\nbegun");
    REQUIRE(bench.until_lines(1));
    bench.intake.refuse = refuse;
    input.stop();
    REQUIRE(bench.intake.lines.size() == 2);
    CHECK(bench.intake.lines[1].text == "begun");
    bench.io.restart();
    bench.io.poll();
    CHECK_FALSE(bench.ended);
  }
}

TEST_CASE("stdin: a regular file is read from where it stands, and may wait") {
  Bench bench;
  testing::TempFolder folder;
  std::string content = "skipped\n";
  for (int i = 0; i < 50'000; ++i) content += "line " + std::to_string(i) + "\n";
  std::ofstream(folder / "file") << content << "tail";
  Fd file(open((folder / "file").c_str(), O_RDONLY | O_CLOEXEC));
  REQUIRE(lseek(file.get(), 8, SEEK_SET) == 8);
  StdinInput input({}, file.get());
  CHECK(input.on_full() == OnFull::kBlock);
  REQUIRE(input.start(bench.context(), bench.on_end()).has_value());
  REQUIRE(bench.until([&] { return bench.ended; }));
  REQUIRE(bench.intake.lines.size() == 50'001);
  CHECK(bench.intake.lines[0].text == "line 0");
  CHECK(bench.intake.lines[49'999].text == "line 49999");
  CHECK(bench.intake.lines[50'000].text == "tail");
  CHECK(bench.intake.batches < 10);
}

TEST_CASE("stdin: /dev/null ends at once; a socket and long lines are no different") {
  Bench bench;
  Fd null(open("/dev/null", O_RDONLY | O_CLOEXEC));
  StdinInput nothing({}, null.get());
  CHECK(nothing.on_full() == OnFull::kSpool);
  REQUIRE(nothing.start(bench.context(), bench.on_end()).has_value());
  REQUIRE(bench.until([&] { return bench.ended; }));
  CHECK(bench.intake.lines.empty());

  Bench second;
  int ends[2];
  REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
  Fd ours(ends[0]), theirs(ends[1]);
  StdinInput input({OnFull::kBlock, "auto", true}, ours.get());
  CHECK(input.on_full() == OnFull::kBlock);
  REQUIRE(input.start(second.context(false, 10), second.on_end()).has_value());
  std::string text = "0123456789abcdef\nshort\n";
  REQUIRE(::write(theirs.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  theirs.reset();
  REQUIRE(second.until([&] { return second.ended; }));
  REQUIRE(second.intake.lines.size() == 2);
  CHECK(second.intake.lines[0].text == "0123456789");
  CHECK(second.intake.lines[0].truncated == 6);
}

TEST_CASE("stdin: a closed descriptor is an error that says so") {
  Bench bench;
  StdinInput input({}, 9999);
  Result<void> started = input.start(bench.context(), bench.on_end());
  REQUIRE_FALSE(started.has_value());
  CHECK(started.error().what.find("standard input") != std::string::npos);
}
