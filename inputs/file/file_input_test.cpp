// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>
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

TEST_CASE("file: lines appear as they are appended, half a line waits") {
  Files bench;
  std::string log = bench.folder / "a.log";
  append(log, "one\ntwo\n");
  bench.start();
  REQUIRE(bench.until_lines(2));
  append(log, "thr");
  bench.let_pass(std::chrono::milliseconds(100));
  CHECK(bench.intake.lines.size() == 2);
  append(log, "ee\n");
  REQUIRE(bench.until_lines(3));
  CHECK(bench.intake.texts() == Texts{"one", "two", "three"});
  CHECK(bench.intake.lines[2].offset == 8);
  CHECK(bench.intake.lines[2].source->path == log);
  CHECK(bench.intake.lines[2].source->input == "app");
  CHECK(bench.intake.lines[0].source == bench.intake.lines[2].source);
  REQUIRE(bench.until([&] { return bench.ledger.snapshot().lag_bytes == 0; }));
}

TEST_CASE("file: at the first start only what comes later, from a whole line on") {
  Files bench;
  append(bench.folder / "a.log", "old\nalso old\nhalf");
  bench.start(bench.settings(StartAt::kEnd));
  bench.let_pass(std::chrono::milliseconds(50));
  append(bench.folder / "a.log", " new\nnew\n");
  REQUIRE(bench.until_lines(2));
  append(bench.folder / "b.log", "from its first byte\n");
  REQUIRE(bench.until_lines(3));
  CHECK(bench.intake.texts() == Texts{"half new", "new", "from its first byte"});
  CHECK(bench.missed(MissReason::kStartAt) == 13);

  // Known from now on: what came while we were away is read whole.
  bench.input.reset();
  bench.intake.lines.clear();
  append(bench.folder / "c.log", "c1\n");
  bench.start(bench.settings(StartAt::kEnd));
  REQUIRE(bench.until_lines(1));
  CHECK(bench.intake.texts() == Texts{"c1"});
}

TEST_CASE("file: a last line without its end is sent after a wait, and not twice") {
  Files bench;
  FileSettings settings = bench.settings();
  settings.line_wait = std::chrono::milliseconds(100);
  bench.start(settings);
  std::string log = bench.folder / "a.log";
  append(log, "whole\nhalf");
  REQUIRE(bench.until_lines(2));
  append(log, " and the rest\nnext\n");
  REQUIRE(bench.until_lines(4));
  CHECK(bench.intake.texts() == Texts{"whole", "half", " and the rest", "next"});
  CHECK(bench.intake.lines[2].offset == 10);
  bench.let_pass(std::chrono::milliseconds(300));
  CHECK(bench.intake.lines.size() == 4);
}

TEST_CASE("file: many small files share batches") {
  Files bench;
  for (int i = 0; i < 300; ++i) {
    append(bench.folder / ("f" + std::to_string(i) + ".log"), "of " + std::to_string(i) + "\n");
  }
  bench.start();
  REQUIRE(bench.until_lines(300));
  CHECK(bench.intake.batches < 10);
  CHECK(bench.checkpoints.flushes == 1);
  std::set<std::string> texts, paths;
  for (const auto& line : bench.intake.lines) {
    texts.insert(line.text);
    paths.insert(line.source->path);
  }
  CHECK(texts.size() == 300);
  CHECK(paths.size() == 300);
  REQUIRE(bench.until([&] {
    auto all = bench.checkpoints.load("app");
    return all.size() == 300 &&
           std::all_of(all.begin(), all.end(), [](const auto& file) { return file.offset > 0; });
  }));
}

TEST_CASE("file: more files than may be open") {
  Files bench;
  FileSettings settings = bench.settings();
  settings.max_open_files = 8;
  for (int i = 0; i < 60; ++i) append(bench.folder / ("f" + std::to_string(i) + ".log"), "1\nhal");
  bench.start(settings);
  REQUIRE(bench.until_lines(60));
  for (int i = 0; i < 60; ++i) append(bench.folder / ("f" + std::to_string(i) + ".log"), "f\n");
  REQUIRE(bench.until_lines(120));
  CHECK(std::count_if(bench.intake.lines.begin(), bench.intake.lines.end(),
                      [](const auto& line) { return line.text == "half"; }) == 60);
}

TEST_CASE("file: a large file fills batches, and others get their turn") {
  Files bench;
  append(bench.folder / "a.log", numbered(0, 300'000));
  append(bench.folder / "b.log", "small\n");
  bench.start();
  REQUIRE(bench.until_lines(300'001));
  size_t bytes = numbered(0, 300'000).size();
  CHECK(bench.intake.batches <= bytes / kBatchBytes + 3);
  auto small = std::find_if(bench.intake.lines.begin(), bench.intake.lines.end(),
                            [](const auto& line) { return line.text == "small"; });
  CHECK(small - bench.intake.lines.begin() < 100'000);
}

TEST_CASE("file: a line far over the limit is cut, its neighbours are whole") {
  Files bench;
  append(bench.folder / "a.log", "before\n" + std::string(3'000'000, 'x') + "\nafter\n");
  bench.start();
  REQUIRE(bench.until_lines(3));
  CHECK(bench.intake.lines[1].text.size() == 1 << 20);
  CHECK(bench.intake.lines[1].truncated == 3'000'000 - (1 << 20));
  CHECK(bench.intake.lines[2].text == "after");
  CHECK(bench.intake.lines[2].offset == 7 + 3'000'001);
}

TEST_CASE("file: --once reads to the present end, the unended line included") {
  Files bench;
  append(bench.folder / "a.log", "one\ntwo\nunended");
  append(bench.folder / "b.log", "b1\n");
  bench.start(bench.settings(StartAt::kEnd), true);
  CHECK(bench.input->can_end());
  append(bench.folder / "a.log", " later\nand more\n");
  append(bench.folder / "c.log", "too late\n");
  REQUIRE(bench.until([&] { return bench.ended; }));
  Texts texts = bench.intake.texts();
  std::sort(texts.begin(), texts.end());
  CHECK(texts == Texts{"b1", "one", "two", "unended"});
  CHECK(bench.missed(MissReason::kStartAt) == 0);
  bench.input.reset();
  bench.intake.lines.clear();
  bench.ended = false;
  bench.start(bench.settings(), true);  // goes on behind what was delivered
  REQUIRE(bench.until([&] { return bench.ended; }));
  texts = bench.intake.texts();
  std::sort(texts.begin(), texts.end());
  CHECK(texts == Texts{" later", "and more", "too late"});
}

TEST_CASE("file: --once without any file ends") {
  Files bench;
  bench.start(bench.settings(), true);
  REQUIRE(bench.until([&] { return bench.ended; }));
}

TEST_CASE("file: drain reads what is still written and ends when it is quiet") {
  Files bench;
  append(bench.folder / "a.log", "one\n");
  bench.start();
  REQUIRE(bench.until_lines(1));
  bench.input->drain();
  append(bench.folder / "a.log", "last words\nhalf");
  auto begun = std::chrono::steady_clock::now();
  REQUIRE(bench.until([&] { return bench.ended; }));
  CHECK(std::chrono::steady_clock::now() - begun >= std::chrono::milliseconds(900));
  CHECK(bench.intake.texts() == Texts{"one", "last words"});
}

TEST_CASE("file: links, folders, pipes and compressed files") {
  Files bench;
  TempFolder other;
  append(other / "target", "through a link\n");
  fs::create_symlink(other / "target", bench.folder / "link.log");
  fs::create_symlink(other / "target", bench.folder / "link2.log");  // one file, two names
  fs::create_symlink(other / "nowhere", bench.folder / "dangling.log");
  fs::create_directory(bench.folder / "folder.log");
  REQUIRE(mkfifo((bench.folder / "fifo.log").c_str(), 0600) == 0);
  append(bench.folder / "packed.log", std::string_view("\x1f\x8b\x08\0\0\0\0\n\0", 9));
  append(bench.folder / "plain.log", "plain\n");
  if (geteuid() == 0) {  // only root can make somebody else's link
    fs::create_symlink(other / "target", bench.folder / "foreign.log");
    REQUIRE(lchown((bench.folder / "foreign.log").c_str(), 12345, 12345) == 0);
    append(other / "secret", "secret\n");
    fs::create_symlink(other / "secret", bench.folder / "leak.log");
    REQUIRE(lchown((bench.folder / "leak.log").c_str(), 12345, 12345) == 0);
  }
  bench.start();
  REQUIRE(bench.until_lines(2));
  bench.let_pass(std::chrono::milliseconds(1200));
  Texts texts = bench.intake.texts();
  std::sort(texts.begin(), texts.end());
  CHECK(texts == Texts{"plain", "through a link"});
  append(other / "target", "more\n");
  REQUIRE(bench.until_lines(3));
}
