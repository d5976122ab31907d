// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "inputs/file/test_bench.h"

using namespace waybill;
using namespace waybill::inputs;
using namespace waybill::inputs::file;
using namespace waybill::inputs::file::testing;
namespace fs = std::filesystem;

TEST_CASE("file: renamed, with late lines under the old name, and a new file at once") {
  Files bench;
  std::string log = bench.folder / "a.log";
  append(log, "1\n");
  bench.start();
  REQUIRE(bench.until_lines(1));
  std::ofstream writer(log, std::ios::app);
  fs::rename(log, bench.folder / "a.log.1");
  append(log, "3\n");
  REQUIRE(bench.until_lines(2));
  writer << "2, late\n" << std::flush;
  REQUIRE(bench.until_lines(3));
  CHECK(bench.intake.texts() == Texts{"1", "3", "2, late"});
  CHECK(bench.intake.lines[0].source->nonce == bench.intake.lines[2].source->nonce);
  CHECK(bench.intake.lines[0].source->nonce != bench.intake.lines[1].source->nonce);
}

TEST_CASE("file: many rotations out of our sight") {
  Files bench;
  std::string log = bench.folder / "a.log";
  bench.start();
  for (int round = 0; round < 30; ++round) {
    append(log, numbered(round * 100, round * 100 + 100));
    // As fast as the loop can notice a new name, and no faster.
    REQUIRE(bench.until_lines(static_cast<size_t>(round) * 100 + 1));
    fs::rename(log, bench.folder / ("a.log." + std::to_string(round % 3)));
  }
  REQUIRE(bench.until_lines(3000));
  std::set<std::string> distinct;
  for (const auto& line : bench.intake.lines) distinct.insert(line.text);
  CHECK(distinct.size() == 3000);
}

TEST_CASE("file: rotated twice before it was seen at all") {
  Files bench;
  bench.start();
  std::string log = bench.folder / "a.log";
  append(log, "one\n");
  fs::rename(log, bench.folder / "a.1");
  append(log, "two\n");
  fs::rename(bench.folder / "a.1", bench.folder / "a.2");
  fs::rename(log, bench.folder / "a.1");
  append(bench.folder / "other", "never ours\n");
  fs::rename(bench.folder / "other", bench.folder / "a.3");
  append(log, "three\n");
  REQUIRE(bench.until_lines(3));
  bench.let_pass(std::chrono::milliseconds(50));
  Texts texts = bench.intake.texts();
  std::sort(texts.begin(), texts.end());
  CHECK(texts == Texts{"one", "three", "two"});
}

TEST_CASE("file: a file without a name is let go when quiet, with its last words") {
  Files bench;
  FileSettings settings = bench.settings();
  settings.rotate_wait = std::chrono::milliseconds(200);
  std::string log = bench.folder / "a.log";
  append(log, "whole\nunended");
  bench.start(settings);
  REQUIRE(bench.until_lines(1));
  fs::remove(log);
  REQUIRE(bench.until_lines(2));
  CHECK(bench.intake.lines[1].text == "unended");
  REQUIRE(bench.until([&] { return bench.checkpoints.load("app").empty(); }));
}

TEST_CASE("file: deleted while we may not read; the descriptor keeps it") {
  Files bench;
  bench.intake.refuse = true;
  append(bench.folder / "a.log", numbered(0, 1000));
  bench.start();
  REQUIRE(bench.until([&] { return bench.intake.refused > 0; }));
  append(bench.folder / "a.log", numbered(1000, 20'000));
  fs::remove(bench.folder / "a.log");
  REQUIRE(bench.until([&] { return bench.ledger.snapshot().lag_bytes > 0; }));
  bench.intake.refuse = false;
  bench.input->on_room();
  REQUIRE(bench.until_lines(20'000));
}

TEST_CASE("file: truncated, another generation begins at 0") {
  Files bench;
  std::string log = bench.folder / "a.log";
  append(log, "header\none\ntwo\nbegun");
  bench.start();
  REQUIRE(bench.until_lines(3));
  SUBCASE("shorter") { replace(log, "header\n3\n"); }
  SUBCASE("the same beginning, and longer at once") {
    replace(log, "header\none\nTWO\nbegun and more\n");
  }
  SUBCASE("the same size") { replace(log, "header\none\nTWO\nbegan"); }
  REQUIRE(bench.until([&] {
    return std::count_if(bench.intake.lines.begin(), bench.intake.lines.end(),
                         [](const auto& line) { return line.text == "header"; }) == 2;
  }));
  Texts texts = bench.intake.texts();
  CHECK(texts[3] == "begun");  // what was read before it was truncated
  CHECK(texts[4] == "header");
  CHECK(bench.intake.lines[4].offset == 0);
  CHECK(bench.intake.lines[4].source->nonce != bench.intake.lines[0].source->nonce);
  CHECK(bench.intake.lines[4].source->path == log);
}

TEST_CASE("file: truncated with bytes unread, they are counted") {
  Files bench;
  std::string log = bench.folder / "a.log";
  append(log, "read\n");
  bench.start();
  REQUIRE(bench.until_lines(1));
  bench.intake.refuse = true;
  append(log, "0123456789\n");
  REQUIRE(bench.until([&] { return bench.ledger.snapshot().lag_bytes == 11; }));
  replace(log, "x\n");
  bench.intake.refuse = false;
  bench.input->on_room();
  REQUIRE(bench.until_lines(2));
  CHECK(bench.intake.lines[1].text == "x");
  CHECK(bench.missed(MissReason::kRotation) == 11);
}

TEST_CASE("file: the hole that a writer leaves who does not append is no data") {
  Files bench;
  std::string log = bench.folder / "a.log";
  Fd writer(open(log.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
  std::string first = numbered(0, 20'000);
  REQUIRE(::write(writer.get(), first.data(), first.size()) == static_cast<ssize_t>(first.size()));
  bench.start();
  REQUIRE(bench.until_lines(20'000));
  REQUIRE(::truncate(log.c_str(), 0) == 0);
  REQUIRE(::write(writer.get(), "after\n", 6) == 6);
  REQUIRE(bench.until_lines(20'001));
  CHECK(bench.intake.lines.back().text == "after");
  CHECK(bench.intake.lines.back().offset == first.size());
}

TEST_CASE("file: room that was reserved and not yet written waits") {
  Files bench;
  std::string log = bench.folder / "a.log";
  Fd writer(open(log.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
  REQUIRE(ftruncate(writer.get(), 10'000) == 0);
  REQUIRE(pwrite(writer.get(), "one\n", 4, 0) == 4);
  bench.start();
  REQUIRE(bench.until_lines(1));
  REQUIRE(pwrite(writer.get(), "two\n", 4, 4) == 4);
  REQUIRE(bench.until_lines(2));
  CHECK(bench.intake.texts() == Texts{"one", "two"});
}

TEST_CASE("file: reserved room larger than what is read at once, and a rotation away from it") {
  Files bench;
  std::string log = bench.folder / "a.log";
  Fd writer(open(log.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
  REQUIRE(pwrite(writer.get(), "one\n", 4, 0) == 4);
  std::string reserved(3'000'000, '\0');  // written, so it is no hole
  REQUIRE(pwrite(writer.get(), reserved.data(), reserved.size(), 4) == 3'000'000);
  bench.start();
  REQUIRE(bench.until_lines(1));
  REQUIRE(pwrite(writer.get(), "two\n", 4, 4) == 4);
  REQUIRE(bench.until_lines(2));
  std::filesystem::rename(log, bench.folder / "a.old");
  writer.reset();
  append(log, "three\n");
  REQUIRE(bench.until_lines(3));
  CHECK(bench.intake.texts() == Texts{"one", "two", "three"});
}

TEST_CASE("file: a link that is turned to another file, while the old one is still written") {
  Files bench;
  append(bench.folder / "0.data", "old\n");
  fs::create_symlink(bench.folder / "0.data", bench.folder / "current.log");
  bench.start();
  REQUIRE(bench.until_lines(1));
  append(bench.folder / "1.data", "new\n");
  fs::remove(bench.folder / "current.log");
  fs::create_symlink(bench.folder / "1.data", bench.folder / "current.log");
  REQUIRE(bench.until_lines(2));
  append(bench.folder / "0.data", "late\n");
  REQUIRE(bench.until_lines(3));
  CHECK(bench.intake.texts() == Texts{"old", "new", "late"});
}

TEST_CASE("file: closed to make room, then written to and renamed out of the globs at once") {
  Files bench;
  FileSettings settings = bench.settings();
  settings.max_open_files = 8;
  auto path = [&](int i) { return bench.folder / ("f" + std::to_string(i) + ".log"); };
  for (int i = 0; i < 40; ++i) append(path(i), "early\n");
  bench.start(settings);
  REQUIRE(bench.until_lines(40));
  for (int i = 0; i < 40; ++i) {
    append(path(i), "late\n");
    fs::rename(path(i), path(i) + ".1");
  }
  SUBCASE("and nothing in its place") {}
  SUBCASE("and a new one in its place") {
    for (int i = 0; i < 40; ++i) append(path(i), "new\n");
    REQUIRE(bench.until_lines(120));
  }
  REQUIRE(bench.until_lines(80));
  Texts texts = bench.intake.texts();
  CHECK(std::count(texts.begin(), texts.end(), "late") == 40);
  CHECK(bench.missed(MissReason::kRotation) == 0);
}

TEST_CASE("file: closed to make room, then the link that led to it is turned away") {
  Files bench;
  FileSettings settings = bench.settings();
  settings.max_open_files = 8;
  fs::create_directory(bench.folder / "data");
  auto link = [&](int i) { return bench.folder / ("f" + std::to_string(i) + ".log"); };
  auto data = [&](const char* when, int i) {
    return bench.folder / ("data/" + std::string(when) + std::to_string(i));
  };
  for (int i = 0; i < 20; ++i) {
    append(data("old", i), "early\n");
    fs::create_symlink(data("old", i), link(i));
  }
  bench.start(settings);
  REQUIRE(bench.until_lines(20));
  for (int i = 0; i < 20; ++i) {
    append(data("old", i), "late\n");
    append(data("new", i), "new\n");
    fs::remove(link(i));
    fs::create_symlink(data("new", i), link(i));
  }
  REQUIRE(bench.until_lines(60));
  Texts texts = bench.intake.texts();
  CHECK(std::count(texts.begin(), texts.end(), "late") == 20);
}
