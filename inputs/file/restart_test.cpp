// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <filesystem>

#include "inputs/file/test_bench.h"

using namespace waybill;
using namespace waybill::inputs;
using namespace waybill::inputs::file;
using namespace waybill::inputs::file::testing;
namespace fs = std::filesystem;

TEST_CASE("file: a restart goes on at what was settled, under the same nonce") {
  Files bench;
  std::string log = bench.folder / "a.log";
  append(log, "one\ntwo\nhal");
  bench.intake.hold_tickets = true;
  bench.start();
  REQUIRE(bench.until_lines(2));
  auto nonce = bench.intake.lines[0].source->nonce;
  append(log, "f\nfour\n");
  REQUIRE(bench.until_lines(4));
  REQUIRE(bench.intake.tickets.size() == 2);
  bench.intake.tickets.erase(bench.intake.tickets.begin());  // the first is settled …
  bench.intake.tickets.back()->abandon();                    // … the second never
  bench.intake.tickets.clear();
  REQUIRE(bench.until([&] { return bench.checkpoint().offset == 8; }));
  SUBCASE("as it was") {}
  SUBCASE("with more") { append(log, "five\n"); }
  SUBCASE("renamed out of our globs, and a new file") { fs::rename(log, bench.folder / "a.log.1"); }
  bench.restart();
  REQUIRE(bench.until_lines(2));
  CHECK(bench.intake.lines[0].text == "half");
  CHECK(bench.intake.lines[0].offset == 8);
  CHECK(bench.intake.lines[0].source->nonce == nonce);
  CHECK(bench.intake.lines[1].text == "four");
}

TEST_CASE("file: a rotated file is read to its end over any number of restarts") {
  Files bench;
  std::string log = bench.folder / "a.log";
  append(log, "one\ntwo\n");
  bench.intake.hold_tickets = true;
  bench.start();
  REQUIRE(bench.until_lines(2));
  for (auto& ticket : bench.intake.tickets) ticket->abandon();
  bench.intake.tickets.clear();
  fs::rename(log, bench.folder / "a.log.1");
  append(log, "three\n");
  for (int restart = 0; restart < 3; ++restart) {
    CAPTURE(restart);
    bench.restart();
    REQUIRE(bench.until_lines(3));
    std::vector<std::string> texts = bench.intake.texts();
    std::sort(texts.begin(), texts.end());
    CHECK(texts == Texts{"one", "three", "two"});
    for (auto& ticket : bench.intake.tickets) ticket->abandon();
    bench.intake.tickets.clear();
  }
}

TEST_CASE("file: a file that is not included any more is left alone") {
  Files bench;
  append(bench.folder / "a.log", "one\n");
  bench.start();
  REQUIRE(bench.until_lines(1));
  bench.input.reset();
  append(bench.folder / "a.log", "two\n");
  append(bench.folder / "b.txt", "b1\n");
  FileSettings settings = bench.settings();
  settings.include = {bench.folder / "*.txt"};
  bench.start(settings);
  REQUIRE(bench.until_lines(2));
  bench.let_pass(std::chrono::milliseconds(50));
  CHECK(bench.intake.texts() == Texts{"one", "b1"});
}

TEST_CASE("file: after a restart another content is read from its start") {
  Files bench;
  std::string log = bench.folder / "a.log";
  std::string head(2000, 'h');
  append(log, head + "\n" + numbered(0, 500));
  bench.start();
  REQUIRE(bench.until_lines(501));
  auto nonce = bench.intake.lines[0].source->nonce;
  uint64_t size = fs::file_size(log);
  REQUIRE(bench.until([&] { return bench.checkpoint().offset == size; }));
  bench.input.reset();
  SUBCASE("another head") { replace(log, "H" + head.substr(1) + "\n" + numbered(0, 500)); }
  SUBCASE("rewritten to the same size") { replace(log, head + "\n" + numbered(500, 1000)); }
  SUBCASE("shorter") { replace(log, head + "\n"); }
  bench.intake.lines.clear();
  bench.start();
  REQUIRE(bench.until_lines(1));
  CHECK(bench.intake.lines[0].offset == 0);
  CHECK(bench.intake.lines[0].source->nonce != nonce);
}

TEST_CASE("file: nothing is read twice after a clean stop, even when settled after it") {
  Files bench;
  append(bench.folder / "a.log", numbered(0, 100));
  bench.intake.hold_tickets = true;
  bench.start();
  REQUIRE(bench.until_lines(100));
  bench.input->stop();
  bench.intake.tickets.clear();
  bench.intake.hold_tickets = false;
  bench.restart();
  append(bench.folder / "a.log", "next\n");
  REQUIRE(bench.until_lines(1));
  CHECK(bench.intake.texts() == Texts{"next"});
}

TEST_CASE("file: batches settled out of order move the checkpoint only without a gap") {
  Files bench;
  std::string log = bench.folder / "a.log";
  bench.intake.hold_tickets = true;
  bench.start();
  for (int i = 0; i < 3; ++i) {
    append(log, "line " + std::to_string(i) + "\n");
    REQUIRE(bench.until_lines(static_cast<size_t>(i) + 1));
  }
  REQUIRE(bench.intake.tickets.size() == 3);
  bench.intake.tickets.erase(bench.intake.tickets.begin() + 1);
  bench.let_pass(std::chrono::milliseconds(1100));
  CHECK(bench.checkpoint().offset == 0);
  bench.intake.tickets.erase(bench.intake.tickets.begin());
  REQUIRE(bench.until([&] { return bench.checkpoint().offset == 14; }));
  bench.intake.tickets.clear();
  REQUIRE(bench.until([&] { return bench.checkpoint().offset == 21; }));
}

TEST_CASE("file: a nonce is on disk before the first record made with it leaves") {
  Files bench;
  append(bench.folder / "a.log", "one\n");
  bool checked = false;
  bench.intake.on_submit = [&] {
    checked = true;
    REQUIRE(bench.checkpoints.durable.contains("app"));
    CHECK(bench.checkpoints.durable["app"].size() == 1);
    CHECK(bench.checkpoints.durable["app"][0].head_size > 0);
  };
  bench.start();
  REQUIRE(bench.until_lines(1));
  CHECK(checked);
  CHECK(bench.checkpoints.durable["app"][0].nonce == bench.intake.lines[0].source->nonce);
  CHECK(bench.checkpoints.flushes == 1);
}

TEST_CASE("file: stop in the middle of a line leaves it for the next start") {
  Files bench;
  append(bench.folder / "a.log", "one\nhal");
  bench.start();
  REQUIRE(bench.until_lines(1));
  bench.input->stop();
  CHECK(bench.intake.lines.size() == 1);
  append(bench.folder / "a.log", "f\n");
  bench.restart();
  REQUIRE(bench.until_lines(1));
  CHECK(bench.intake.texts() == Texts{"half"});
}
