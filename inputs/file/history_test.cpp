// SPDX-License-Identifier: Apache-2.0
#include <filesystem>

#include "inputs/file/gzip_of.h"
#include "inputs/file/test_bench.h"

using namespace waybill;
using namespace waybill::inputs;
using namespace waybill::inputs::file;
using namespace waybill::inputs::file::testing;
namespace fs = std::filesystem;

namespace {

struct History : Files {
  History() { intake.hold_tickets = false; }

  // `name` in the folder, written so many hours ago.
  std::string pack(const std::string& name, std::string_view plain, int hours) {
    std::string path = folder / name;
    replace(path, gzip_of(plain));
    fs::last_write_time(path, fs::file_time_type::clock::now() - std::chrono::hours(hours));
    return path;
  }
  FileSettings all() {
    FileSettings made = settings();
    made.include = {folder / "*"};
    return made;
  }
  // A run with --once, to its end.
  Texts run() {
    intake.lines.clear();
    ended = false;
    start(all(), true);
    REQUIRE(until([&] { return ended; }));
    input.reset();
    return intake.texts();
  }
  uint64_t damaged() { return missed(MissReason::kDamaged); }
};

}  // namespace

TEST_CASE("history: gzip files come first, the oldest of them before the others") {
  History bench;
  append(bench.folder / "a.log", "six\n");
  bench.pack("a.log.1.gz", "four\nfive\n", 1);
  bench.pack("a.log.3.gz", "one\ntwo\n", 30);
  bench.pack("a.log.2.gz", "three", 2);
  CHECK(bench.run() == Texts{"one", "two", "three", "four", "five", "six"});
  CHECK(bench.intake.lines[1].offset == 4);
  CHECK(bench.intake.lines[1].source->path == bench.folder / "a.log.3.gz");
  CHECK(bench.damaged() == 0);

  SUBCASE("a second run reads nothing twice") { CHECK(bench.run().empty()); }
  SUBCASE("nor does one after they were renamed") {
    fs::rename(bench.folder / "a.log.3.gz", bench.folder / "a.log.4.gz");
    CHECK(bench.run().empty());
  }
  SUBCASE("a member that was appended is read") {
    append(bench.folder / "a.log.3.gz", gzip_of("two and a half\n"));
    CHECK(bench.run() == Texts{"two and a half"});
    CHECK(bench.intake.lines[0].offset == 8);
  }
}

TEST_CASE("history: a log that was read and then compressed is not read again") {
  History bench;
  std::string log = bench.folder / "a.log";
  append(log, numbered(0, 3000));
  REQUIRE(bench.run().size() == 3000);
  auto nonce = bench.intake.lines[0].source->nonce;
  append(log, "one more\n");
  bench.pack("a.log.1.gz", numbered(0, 3000) + "one more\n", 1);
  SUBCASE("and removed") { fs::remove(log); }
  SUBCASE("and begun anew") { replace(log, "fresh\n"); }
  Texts texts = bench.run();
  REQUIRE(texts.size() >= 1);
  CHECK(texts[0] == "one more");
  CHECK(bench.intake.lines[0].source->nonce == nonce);
  if (texts.size() > 1) CHECK(texts == Texts{"one more", "fresh"});
}

TEST_CASE("history: a copy of a log that is still there is another file") {
  History bench;
  append(bench.folder / "a.log", numbered(0, 300));
  REQUIRE(bench.run().size() == 300);
  bench.pack("a.log.1.gz", numbered(0, 300), 1);
  CHECK(bench.run().size() == 300);
  CHECK(bench.run().empty());
}

TEST_CASE("history: a first line in common does not make it the same log") {
  History bench;
  append(bench.folder / "a.log", "started\n");
  REQUIRE(bench.run().size() == 1);
  fs::remove(bench.folder / "a.log");
  bench.pack("b.log.1.gz", "started\nb\n", 1);
  CHECK(bench.run() == Texts{"started", "b"});
}

TEST_CASE("history: of files that begin alike each goes on where it was") {
  History bench;
  std::string head(2000, 'h');
  std::vector<std::string> plain;
  for (int i = 0; i < 3; ++i) {
    plain.push_back(head + "\n" + numbered(i * 1000, i * 1000 + 500));
    append(bench.folder / std::to_string(i) + ".log", plain.back());
  }
  REQUIRE(bench.run().size() == 3 * 501);
  for (int i = 0; i < 3; ++i) {
    std::string name = std::to_string(i) + ".log";
    bench.pack(name + ".gz", plain[static_cast<size_t>(i)] + "more " + name + "\n", 10 - i);
    fs::remove(bench.folder / name);
  }
  CHECK(bench.run() == Texts{"more 0.log", "more 1.log", "more 2.log"});
  CHECK(bench.run().empty());
}

TEST_CASE("history: a run that was stopped goes on, under the same nonce") {
  History bench;
  bench.pack("a.gz", numbered(0, 100'000), 1);
  bench.intake.hold_tickets = true;
  bench.start(bench.all(), true);
  REQUIRE(bench.until([&] { return bench.ended; }));
  REQUIRE(bench.intake.tickets.size() > 2);
  auto nonce = bench.intake.lines[0].source->nonce;
  bench.intake.tickets.erase(bench.intake.tickets.begin());  // the first is settled, others never
  for (auto& ticket : bench.intake.tickets) ticket->abandon();
  bench.intake.tickets.clear();
  bench.intake.hold_tickets = false;
  bench.input.reset();
  uint64_t offset = bench.checkpoint().offset;
  CHECK(offset > 0);
  Texts rest = bench.run();
  REQUIRE(rest.size() > 1);
  CHECK(rest.size() < 100'000);
  CHECK(bench.intake.lines[0].offset == offset);
  CHECK(bench.intake.lines[0].source->nonce == nonce);
  CHECK(rest.back() == "line 99999");
  CHECK(bench.run().empty());
}

TEST_CASE("history: what is damaged is said and counted, and the rest is read") {
  History bench;
  std::string packed = gzip_of(numbered(0, 5000));
  replace(bench.folder / "a.gz", std::string_view(packed).substr(0, packed.size() / 2));
  bench.pack("b.gz", "b\n", 0);
  Texts texts = bench.run();
  REQUIRE(texts.size() > 1000);
  CHECK(texts[1000] == "line 1000");
  CHECK(texts.back() == "b");
  CHECK(bench.damaged() == 1);  // how much was cut nobody knows

  replace(bench.folder / "a.gz", packed);
  Texts rest = bench.run();
  CHECK(rest.back() == "line 4999");
  CHECK(texts.size() - 1 + rest.size() <= 5001);

  append(bench.folder / "b.gz", "rubbish");
  CHECK(bench.run().empty());
  CHECK(bench.damaged() == 1 + 7);
}

TEST_CASE("history: a line of a gigabyte takes no more than max_line") {
  History bench;
  bench.pack("a.gz", std::string(size_t{64} << 20, 'x') + "\nshort\n", 0);
  Texts texts = bench.run();
  REQUIRE(texts.size() == 2);
  CHECK(texts[0].size() < (size_t{8} << 20));
  CHECK(texts[1] == "short");
}

TEST_CASE("history: few descriptors are enough for many files") {
  History bench;
  Texts expected;
  for (int i = 0; i < 40; ++i) {
    bench.pack(std::to_string(i) + ".gz", "gz " + std::to_string(i) + "\n", 100 - i);
    expected.push_back("gz " + std::to_string(i));
  }
  append(bench.folder / "z.log", "last\n");
  expected.push_back("last");
  FileSettings few = bench.all();
  few.max_open_files = 8;
  bench.start(few, true);
  REQUIRE(bench.until([&] { return bench.ended; }));
  CHECK(bench.intake.texts() == expected);
}

TEST_CASE("history: a file that is removed before its turn is counted once, and costs no other") {
  History bench;
  for (int i = 0; i < 20; ++i) {
    bench.pack(std::to_string(10 + i) + ".gz", "gz " + std::to_string(i) + "\n", 100 - i);
  }
  FileSettings few = bench.all();
  few.max_open_files = 8;  // the first of them is closed again before it is read
  bench.intake.refuse = true;
  bench.start(few, true);
  auto size = fs::file_size(bench.folder / "10.gz");
  fs::remove(bench.folder / "10.gz");
  bench.let_pass(std::chrono::milliseconds(1200));  // it is looked for again every second
  bench.intake.on_submit = [&] { bench.intake.refuse = true; };
  bench.intake.refuse = false;
  bench.input->on_room();
  REQUIRE(bench.until([&] { return bench.intake.refused > 1; }));
  bench.let_pass(std::chrono::milliseconds(1200));
  bench.intake.on_submit = nullptr;
  bench.intake.refuse = false;
  bench.input->on_room();
  REQUIRE(bench.until([&] { return bench.ended; }));
  CHECK(bench.intake.texts().size() == 19);
  CHECK(bench.missed(MissReason::kRotation) == size);
}

TEST_CASE("history: a daemon in between does not make it new") {
  History bench;
  bench.pack("a.gz", numbered(0, 1000), 1);
  append(bench.folder / "a.log", "live\n");
  REQUIRE(bench.run().size() == 1001);
  FileSettings hasty = bench.all();
  hasty.keep_unclaimed = std::chrono::milliseconds(500);
  bench.start(hasty);
  bench.let_pass(std::chrono::milliseconds(2200));  // two looks at the folder
  bench.input.reset();
  CHECK(bench.run().empty());
}

TEST_CASE("history: is left alone by those who follow") {
  History bench;
  bench.pack("a.gz", "one\n", 1);
  append(bench.folder / "a.log", "live\n");
  bench.start(bench.all());
  REQUIRE(bench.until_lines(1));
  bench.let_pass(std::chrono::milliseconds(50));
  CHECK(bench.intake.texts() == Texts{"live"});
}

TEST_CASE("history: those who follow from the end leave it alone, too") {
  History bench;
  std::string packed = gzip_of(numbered(0, 20'000));
  REQUIRE(packed.find('\n') != packed.npos);  // there seems to be a last line
  replace(bench.folder / "a.gz", packed);
  FileSettings from_end = bench.all();
  from_end.start_at = StartAt::kEnd;
  bench.start(from_end);
  append(bench.folder / "a.log", "live\n");
  REQUIRE(bench.until_lines(1));
  append(bench.folder / "a.gz", gzip_of("more\n"));
  append(bench.folder / "a.log", "last\n");
  REQUIRE(bench.until_lines(2));
  bench.let_pass(std::chrono::milliseconds(50));
  CHECK(bench.intake.texts() == Texts{"live", "last"});
  CHECK(bench.missed(MissReason::kStartAt) == 0);
}
