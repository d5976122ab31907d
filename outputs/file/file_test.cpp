// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>

#include "config/config.h"
#include "delivery/test_support.h"
#include "outputs/basics.h"
#include "outputs/output.h"

namespace waybill::outputs::file {

const Descriptor& descriptor();

namespace {

using delivery::test::eventually;
using delivery::test::read_file;
using delivery::test::TempFolder;
using delivery::test::write_file;

struct Fixture {
  delivery::test::LogCapture log;
  TempFolder folder;
  ByteBudget budget{64 << 20};
  OutputLedger ledger{"file"};
  Identity identity;
  config::Diagnostics diagnostics;
  std::unique_ptr<Output> output;

  void make(const std::string& path) {
    std::string text = descriptor().to_section(path, identity);
    output = descriptor().make(config::section_from_text("--to", text, diagnostics));
    REQUIRE(output);
    output->name = "file";
  }
  void start(const std::string& path) {
    make(path);
    REQUIRE(output->start({budget, ledger, identity, 32 << 20, {}}));
  }
  void push(const std::string& message) {
    std::unique_ptr<delivery::Payload> payload = output->outbox().take();
    Batch batch(budget);
    batch.sources.push_back(std::make_shared<Source>());
    Record record;
    record.message = Text(message, TextForm::kClean);
    output->append(batch, record, *payload);
    const uint32_t picks[] = {0};
    output->compose(*payload, picks, payload->body);
    ledger.accept(1);
    output->outbox().push(std::move(payload));
    CHECK(eventually([&] { return ledger.snapshot().counts.in_flight == 0; }));
  }
};

bool holds(const std::string& text, const std::string& message) {
  return text.find("\"message\":\"" + message + "\"") != std::string::npos;
}

TEST_CASE_FIXTURE(Fixture, "file: appends JSON lines, 0640, and keeps what was there") {
  write_file(folder / "a $x \"b\".log", "before\n");
  start(folder / "a $x \"b\".log");
  CHECK(output->target == folder / "a $x \"b\".log");
  CHECK(output->limits.delay == std::chrono::milliseconds(200));
  push("one");
  push("two");
  std::string text = read_file(folder / "a $x \"b\".log");
  CHECK(text.rfind("before\n{", 0) == 0);
  CHECK(holds(text, "one"));
  CHECK(std::count(text.begin(), text.end(), '\n') == 3);
  mode_t mask = umask(0);
  std::string fresh = folder / "fresh.log";
  start(fresh);
  umask(mask);
  struct stat status {};
  REQUIRE(stat(fresh.c_str(), &status) == 0);
  CHECK((status.st_mode & 07777) == 0640);
}

TEST_CASE_FIXTURE(Fixture, "file: a file that was renamed or removed is made anew") {
  start(folder / "out.log");
  push("one");
  REQUIRE(rename((folder / "out.log").c_str(), (folder / "out.log.1").c_str()) == 0);
  push("two");
  REQUIRE(unlink((folder / "out.log").c_str()) == 0);
  push("three");
  CHECK(holds(read_file(folder / "out.log.1"), "one"));
  CHECK(!holds(read_file(folder / "out.log.1"), "two"));
  CHECK(holds(read_file(folder / "out.log"), "three"));
  CHECK(ledger.snapshot().counts.delivered == 3);
}

TEST_CASE_FIXTURE(Fixture, "file: half a line at the end, left by a crash, is not continued") {
  write_file(folder / "out.log", "{\"mess");
  start(folder / "out.log");
  push("one");
  CHECK(read_file(folder / "out.log").rfind("{\"mess\n{", 0) == 0);
}

TEST_CASE_FIXTURE(Fixture, "file: a folder that is missing is told at the start") {
  make(folder / "missing/out.log");
  Result<void> started = output->start({budget, ledger, identity, 1 << 20, {}});
  REQUIRE(!started);
  CHECK(started.error().what.find("make the folder first") != std::string::npos);
  CHECK(started.error().what.rfind("output file: ", 0) == 0);
}

TEST_CASE_FIXTURE(Fixture, "file: a path is required") {
  CHECK(!descriptor().make(config::section_from_text("--to", "{type: file}", diagnostics)));
  CHECK(!diagnostics.empty());
}

}  // namespace
}  // namespace waybill::outputs::file
