// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "config/config.h"
#include "delivery/test_support.h"
#include "outputs/console/console_sink.h"
#include "outputs/output.h"

namespace waybill::outputs::console {

const Descriptor& descriptor();

namespace {

TEST_CASE("console: a pipe is written to without blocking, and stays as it was for others") {
  int ends[2];
  REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
  delivery::Fd read(ends[0]), write(ends[1]);
  ConsoleSink sink(write.get());
  REQUIRE(sink.open());
  CHECK(sink.fd() != write.get());
  CHECK((fcntl(sink.fd(), F_GETFL) & O_NONBLOCK) != 0);
  CHECK((fcntl(write.get(), F_GETFL) & O_NONBLOCK) == 0);
  CHECK(sink.write_limit() == SIZE_MAX);
}

TEST_CASE("console: a file keeps its position and mode") {
  delivery::test::TempFolder folder;
  delivery::Fd file(open((folder / "f").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  ConsoleSink sink(file.get());
  REQUIRE(sink.open());
  CHECK(sink.fd() == file.get());
}

TEST_CASE("console: where it cannot be opened again, writes stay small enough not to block") {
  int ends[2];
  REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
  delivery::Fd ours(ends[0]), theirs(ends[1]);
  ConsoleSink sink(ours.get());
  REQUIRE(sink.open());
  CHECK(sink.fd() == ours.get());
  CHECK(sink.write_limit() == 4096);
}

TEST_CASE("console: a closed standard output is told") {
  ConsoleSink sink(-1);
  Result<void> opened = sink.open();
  REQUIRE(!opened);
  CHECK(opened.error().what.find("is it closed?") != std::string::npos);
}

TEST_CASE("console: settings") {
  config::Diagnostics diagnostics;
  auto make = [&](const char* text) {
    return descriptor().make(config::section_from_text("--to", text, diagnostics));
  };
  Identity identity;
  CHECK(descriptor().to_section("", identity) == "{type: console}");
  std::unique_ptr<Output> output = make("{type: console, style: pretty, color: never}");
  REQUIRE(output);
  CHECK(diagnostics.empty());
  CHECK(output->limits.delay == Duration::zero());
  CHECK(output->writes_to_stdout());
  output = make("{type: console, style: tree}");
  REQUIRE(output);
  CHECK(output->limits.delay == std::chrono::milliseconds(200));
  CHECK(diagnostics.empty());
  (void)make("{type: console, style: trees}");
  CHECK(diagnostics.faults().size() == 1);
  (void)make("{type: console, style: tree, quiet: 1ms}");
  CHECK(diagnostics.faults().size() == 2);
}

}  // namespace
}  // namespace waybill::outputs::console
