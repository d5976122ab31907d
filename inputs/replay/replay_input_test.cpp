// SPDX-License-Identifier: Apache-2.0
#include "inputs/replay/replay_input.h"

#include <doctest/doctest.h>

#include <fstream>

#include "inputs/test_support.h"

using namespace waybill;
using namespace waybill::inputs;
using namespace waybill::inputs::replay;
using testing::Bench;

namespace {

std::string letter(const std::string& output, const std::string& record) {
  return R"({"time":"2026-01-02T03:04:05Z","output":")" + output + R"(","record":)" + record + "}";
}

std::string record(int number) {
  return R"({"id":")" + std::string(31, '0') + std::to_string(number) + R"("})";
}

std::string why_not(std::string line) {
  auto read = LetterReader().read(line);
  return read ? "" : read.error().what;
}

}  // namespace

TEST_CASE("replay: a letter's record is taken as it stands") {
  LetterReader reader;
  std::string line =
      letter("es", R"({ "id":"0123456789abcdef0123456789ABCDEF", "n":1.50e0,"s":"\u0041" } )");
  auto read = reader.read(line);
  REQUIRE(read.has_value());
  CHECK(read->output == "es");
  CHECK(read->record == R"({ "id":"0123456789abcdef0123456789ABCDEF", "n":1.50e0,"s":"\u0041" })");
}

TEST_CASE("replay: what is no letter says what it lacks") {
  CHECK(why_not("plain text") == "not a dead letter: no JSON object");
  CHECK(why_not("[1]") == "not a dead letter: no JSON object");
  CHECK(why_not("") == "not a dead letter: no JSON object");
  CHECK(why_not(R"({"record":{"id":"1"}})") == "not a dead letter: it names no \"output\"");
  CHECK(why_not(R"({"output":7,"record":{"id":"1"}})") ==
        "not a dead letter: it names no \"output\"");
  CHECK(why_not(R"({"output":"es"})") == "not a dead letter: it has no \"record\"");
  CHECK(why_not(R"({"output":"es","record":"text"})") == "not a dead letter: it has no \"record\"");
  for (const char* id : {"7", "\"1\"", "\"0123456789abcdef0123456789abcdeg\""}) {
    CHECK_FALSE(why_not(letter("es", R"({"id":)" + std::string(id) + "}")).empty());
  }
  CHECK(why_not(letter("es", R"({"a":{"id":"1"}})")) ==
        "not a dead letter: its record has no \"id\" of 32 hex digits");
  CHECK(why_not(letter("es", record(1))).empty());
}

TEST_CASE("replay: each letter goes to its own output, and the rest is said and counted") {
  Bench bench;
  testing::TempFolder folder;
  std::string path = folder / "letters.ndjson";
  std::ofstream(path) << letter("es", record(1)) << "\n\nnonsense\n"
                      << letter("gone", record(2)) << "\n"
                      << letter("loki", record(3));
  auto report = std::make_shared<Report>();
  ReplayInput input({{path}, {"es", "loki"}}, report);
  input.name = "replay";
  bench.intake.refuse = true;  // nothing is lost while there is no room
  REQUIRE(input.start(bench.context(), bench.on_end()).has_value());
  // What is appended from now on is for another time.
  std::ofstream(path, std::ios::app) << "\n" << letter("es", record(4)) << "\n";
  bench.io.poll();
  CHECK(bench.intake.lines.empty());
  bench.intake.refuse = false;
  input.on_room();
  REQUIRE(bench.until([&] { return bench.ended; }));
  CHECK(bench.intake.texts() == std::vector<std::string>{record(1), record(3)});
  CHECK(bench.intake.lines[0].source->only_output == "es");
  CHECK(bench.intake.lines[1].source->only_output == "loki");
  CHECK(report->letters == 2);
  CHECK(report->unusable == 2);
  CHECK_FALSE(report->cut_short);
}

TEST_CASE("replay: an early end says that there is more") {
  Bench bench;
  testing::TempFolder folder;
  std::string path = folder / "letters.ndjson";
  std::ofstream(path) << letter("es", record(1)) << "\n";
  auto report = std::make_shared<Report>();
  ReplayInput input({{path}, {}}, report);
  bench.intake.refuse = true;
  REQUIRE(input.start(bench.context(), bench.on_end()).has_value());
  bench.io.poll();
  input.drain();
  REQUIRE(bench.until([&] { return bench.ended; }));
  CHECK(report->cut_short);
  CHECK(report->letters == 0);
}

TEST_CASE("replay: a file that cannot be read ends the start") {
  Bench bench;
  ReplayInput input({{"/nonexistent/letters"}, {}}, std::make_shared<Report>());
  auto started = input.start(bench.context(), bench.on_end());
  REQUIRE_FALSE(started.has_value());
  CHECK(started.error().what == "cannot read /nonexistent/letters: No such file or directory");
}
