// SPDX-License-Identifier: Apache-2.0
#include "inputs/file/file_input.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>

#include "inputs/test_support.h"

using namespace waybill;
using namespace waybill::inputs;
using namespace waybill::inputs::file;
using testing::Bench;
using testing::TempFolder;
using Texts = std::vector<std::string>;
namespace fs = std::filesystem;

namespace {

void append(const std::string& path, std::string_view text) {
  std::ofstream(path, std::ios::app) << text;
}

void replace(const std::string& path, std::string_view text) {
  std::ofstream(path, std::ios::trunc) << text;
}

std::string numbered(int from, int to) {
  std::string text;
  for (int i = from; i < to; ++i) text += "line " + std::to_string(i) + "\n";
  return text;
}

struct Files : Bench {
  TempFolder folder;
  std::unique_ptr<FileInput> input;

  FileSettings settings(StartAt start_at = StartAt::kBeginning) {
    FileSettings made;
    made.include = {folder / "*.log"};
    made.start_at = start_at;
    return made;
  }
  void start(FileSettings with, bool once = false) {
    input = std::make_unique<FileInput>(std::move(with));
    input->name = "app";
    REQUIRE(input->start(context(once), on_end()).has_value());
  }
  void start() { start(settings()); }
  void restart() {
    input.reset();
    intake.lines.clear();
    start();
  }
  FileCheckpoint checkpoint() {
    auto all = checkpoints.load("app");
    REQUIRE(all.size() == 1);
    return all[0];
  }
  // Runs the loop for a while; for what must not happen.
  void let_pass(std::chrono::milliseconds time) {
    testing::run_until(io, [] { return false; }, time);
  }
  uint64_t missed(MissReason reason) {
    return ledger.snapshot().missed[static_cast<size_t>(reason)];
  }
};

}  // namespace

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
  SUBCASE("renamed out of our globs, and a new file") {
    fs::rename(log, bench.folder / "a.log.1");
  }
  bench.restart();
  REQUIRE(bench.until_lines(2));
  CHECK(bench.intake.lines[0].text == "half");
  CHECK(bench.intake.lines[0].offset == 8);
  CHECK(bench.intake.lines[0].source->nonce == nonce);
  CHECK(bench.intake.lines[1].text == "four");
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
