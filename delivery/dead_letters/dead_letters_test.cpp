// SPDX-License-Identifier: Apache-2.0
#include "delivery/dead_letters/dead_letters.h"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "core/test_support.h"
#include "delivery/test_support.h"

using namespace waybill;
using namespace waybill::delivery;

namespace {

struct Bench {
  test::TempFolder folder;
  std::string path = folder / "letters";
  std::unique_ptr<DeadLetters> letters = open();

  explicit Bench(size_t size = 1 << 20) : size_(size) { letters = open(); }
  std::unique_ptr<DeadLetters> open() {
    auto opened = DeadLetters::open(path, size_,
                                    [](Buffer& out, const Note&, std::shared_ptr<Source> source) {
                                      out.append("{\"id\":\"" + source->input + "\"}");
                                    });
    REQUIRE(opened.has_value());
    return *std::move(opened);
  }
  std::string file(const char* suffix = "") const { return test::read_file(path + suffix); }

 private:
  size_t size_ = 1 << 20;
};

}  // namespace

TEST_CASE("a dead letter says what, where, why, when, and holds line and record") {
  Bench bench;
  testing::Lines lines;
  Record& record = lines.put("a \"line\"");
  Buffer note, source, letter;
  append_note(note, record);
  append_source_note(source, testing::Lines::plain_source());
  CHECK(bench.letters->compose(
      letter, {"es", DropReason::kRejected, "no\nway", note.view(), source.view()}));
  std::string text(letter.view());
  CHECK(text.starts_with("{\"time\":\"20"));
  CHECK(text.substr(text.find(",\"output")) ==
        R"(,"output":"es","stage":"deliver","reason":"rejected","detail":"no\nway",)"
        R"("original":"a \"line\"","record":{"id":"test"}})"
        "\n");
  CHECK_FALSE(
      bench.letters->compose(letter, {"es", DropReason::kRejected, "", "cut", source.view()}));
  CHECK_FALSE(bench.letters->compose(letter, {"es", DropReason::kRejected, "", note.view(), ""}));
  CHECK(letter.view() == text);
}

TEST_CASE("dead letters are appended, and nobody else may read them") {
  Bench bench;
  CHECK_FALSE(std::filesystem::exists(bench.path));
  REQUIRE(bench.letters->write("one\n").has_value());
  REQUIRE(bench.open()->write("two\n").has_value());  // another process
  REQUIRE(bench.letters->write("three\n").has_value());
  CHECK(bench.file() == "one\ntwo\nthree\n");
  struct stat status {};
  REQUIRE(stat(bench.path.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
}

TEST_CASE("half a letter at the end spoils no other") {
  Bench bench;
  test::write_file(bench.path, "whole\nhal");
  REQUIRE(bench.letters->write("next\n").has_value());
  CHECK(bench.file() == "whole\nhal\nnext\n");
}

TEST_CASE("dead letters are rotated, and the oldest go") {
  test::LogCapture log;
  Bench bench(4 * 100);
  std::unique_ptr<DeadLetters> other = bench.open();
  for (char name = 'a'; name <= 'j'; ++name) {
    // Two processes take turns, and each sees that the other has rotated.
    DeadLetters& writer = name % 2 == 0 ? *bench.letters : *other;
    REQUIRE(writer.write(std::string(49, name) + "\n").has_value());
  }
  CHECK(bench.file() == std::string(49, 'i') + "\n" + std::string(49, 'j') + "\n");
  CHECK(bench.file(".1").starts_with("g"));
  CHECK(bench.file(".3").starts_with("c"));
  CHECK_FALSE(std::filesystem::exists(bench.path + ".4"));
  CHECK(log.count("the oldest 2 of them had to go") == 1);
}

TEST_CASE("a letter larger than a file may be is kept all the same") {
  Bench bench(400);
  REQUIRE(bench.letters->write(std::string(999, 'x') + "\n").has_value());
  REQUIRE(bench.letters->write("y\n").has_value());
  CHECK(bench.file() == "y\n");
  CHECK(bench.file(".1").size() == 1000);
}

TEST_CASE("dead letters follow no link and need their folder") {
  Bench bench;
  REQUIRE(symlink("/etc/passwd", bench.path.c_str()) == 0);
  auto written = bench.letters->write("x\n");
  REQUIRE_FALSE(written.has_value());
  CHECK(written.error().what == "letters is a symbolic link: remove it");
  auto opened = DeadLetters::open("/nonexistent/x", 1, {});
  REQUIRE_FALSE(opened.has_value());
  CHECK(opened.error().what ==
        "dead_letters.path: cannot open the folder /nonexistent: No such file or directory: make "
        "it, or set another path");
}
