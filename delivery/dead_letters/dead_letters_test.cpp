// SPDX-License-Identifier: Apache-2.0
#include "delivery/dead_letters/dead_letters.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/file.h>

#include <future>

#include "core/test_support.h"
#include "delivery/test_support.h"

using namespace waybill;
using namespace waybill::delivery;

namespace {

struct Bench {
  test::TempFolder folder;
  std::string path = folder / "letters";
  std::unique_ptr<DeadLetters> letters = open();

  std::unique_ptr<DeadLetters> open() {
    auto opened = DeadLetters::open(path, 1 << 20,
                                    [](Buffer& out, const Note&, std::shared_ptr<Source> source) {
                                      out.append("{\"id\":\"" + source->input + "\"}");
                                    });
    REQUIRE(opened.has_value());
    return *std::move(opened);
  }
};

}  // namespace

TEST_CASE("a dead letter says what, where, why, when, and holds line and record") {
  Bench bench;
  testing::Lines lines;
  Record& record = lines.put("a \"line\"");
  Buffer note, source, letter;
  append_note(note, record, "");
  append_source_note(source, testing::Lines::plain_source());
  CHECK(bench.letters->compose(
      letter, {"es", DropReason::kRejected, "no\nway", "", note.view(), source.view()}));
  std::string text(letter.view());
  CHECK(text.starts_with("{\"time\":\"20"));
  CHECK(text.substr(text.find(",\"output")) ==
        R"(,"output":"es","stage":"deliver","reason":"rejected","detail":"no\nway",)"
        R"("original":"a \"line\"","record":{"id":"test"}})"
        "\n");
  CHECK_FALSE(
      bench.letters->compose(letter, {"es", DropReason::kRejected, "", "", "cut", source.view()}));
  CHECK_FALSE(
      bench.letters->compose(letter, {"es", DropReason::kRejected, "", "", note.view(), ""}));
  CHECK(letter.view() == text);
}

TEST_CASE("dead letters are composed while another output waits for the disk") {
  Bench bench;
  REQUIRE(bench.letters->write("one\n").has_value());
  Fd other(::open(bench.path.c_str(), O_RDONLY | O_CLOEXEC));
  REQUIRE(flock(other.get(), LOCK_EX) == 0);
  auto waiting = std::async(std::launch::async, [&] { return bench.letters->write("two\n"); });
  testing::Lines lines;
  Buffer note, source, letter;
  append_note(note, lines.put("line"), "");
  append_source_note(source, testing::Lines::plain_source());
  CHECK(bench.letters->compose(letter,
                               {"es", DropReason::kRejected, "", "", note.view(), source.view()}));
  CHECK(waiting.wait_for(Duration(0)) == std::future_status::timeout);
  REQUIRE(flock(other.get(), LOCK_UN) == 0);
  CHECK(waiting.get().has_value());
  CHECK(test::read_file(bench.path) == "one\ntwo\n");
}
