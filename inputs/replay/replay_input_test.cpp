// SPDX-License-Identifier: Apache-2.0
#include "inputs/replay/replay_input.h"
#include "core/log.h"

#include <doctest/doctest.h>
#include <spdlog/sinks/ostream_sink.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

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

// What is said while it lives, a message per line.
class Log {
 public:
  Log() : before_(spdlog::default_logger()) {
    auto sink = std::make_shared<spdlog::sinks::ostream_sink_st>(text_);
    sink->set_pattern("%v");
    spdlog::set_default_logger(std::make_shared<spdlog::logger>("", sink));
  }
  Log(Log&&) = delete;
  ~Log() { spdlog::set_default_logger(before_); }
  bool has(const std::string& words) const { return text_.str().find(words) != std::string::npos; }
  auto lines() const {
    std::string all = text_.str();
    return std::count(all.begin(), all.end(), '\n');
  }

 private:
  std::shared_ptr<spdlog::logger> before_;
  std::ostringstream text_;
};

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

TEST_CASE("replay: a file that cannot be read ends the start, before anything is sent") {
  testing::TempFolder folder;
  std::string good = folder / "letters.ndjson", pipe = folder / "pipe";
  std::ofstream(good) << letter("es", record(1)) << "\n";
  REQUIRE(mkfifo(pipe.c_str(), 0600) == 0);  // which nobody writes to: open() must not wait
  std::string advice = ": name the regular file that has the letters";
  for (const auto& [path, why] : std::vector<std::pair<std::string, std::string>>{
           {"/nonexistent/letters", "No such file or directory"},
           {pipe, "it is a pipe" + advice},
           {folder.path(), "it is a folder" + advice},
           {"/dev/null", "it is a device" + advice}}) {
    Bench bench;
    ReplayInput input({{good, path}, {}}, std::make_shared<Report>());
    auto started = input.start(bench.context(), bench.on_end());
    REQUIRE_FALSE(started.has_value());
    CHECK(started.error().what == "cannot read " + path + ": " + why);
    bench.io.poll();
    CHECK(bench.intake.lines.empty());
  }
}

TEST_CASE("replay: a line that is too long is passed over") {
  Bench bench;
  testing::TempFolder folder;
  std::string path = folder / "letters.ndjson";
  // More than 36 times the line and 1 MiB; the last one without an end, and mostly a hole.
  std::ofstream(path) << letter("es", record(1)) << "\n"
                      << std::string((1 << 20) + 36 * 1024 + 1, 'x') << "\n"
                      << letter("es", record(2)) << "\nendless";
  std::filesystem::resize_file(path, size_t{64} << 20);
  auto report = std::make_shared<Report>();
  Log log;
  ReplayInput input({{path}, {}}, report);
  REQUIRE(input.start(bench.context(false, 1024), bench.on_end()).has_value());
  REQUIRE(bench.until([&] { return bench.ended; }));
  CHECK(bench.intake.texts() == std::vector<std::string>{record(1), record(2)});
  CHECK(report->unusable == 2);
  CHECK(log.has(path + ":2: longer than any letter can be (1060KiB; parse.max_line is 1KiB)"));
  CHECK(log.has(path + ":4: longer than any letter can be"));
}

TEST_CASE("replay: lines are told apart wherever the buffer ends") {
  testing::TempFolder folder;
  std::string path = folder / "lines";
  std::vector<std::string> lines;
  std::string all;
  // Around 128 KiB, which are read at a time, and around the longest.
  for (size_t size :
       {1u, 0u, 131070u, 0u, 1u, 131071u, 131072u, 131073u, 299999u, 300000u, 300001u, 3u}) {
    lines.emplace_back(size, static_cast<char>('a' + lines.size()));
    all += lines.back() + "\n";
  }
  for (bool ended : {true, false}) {
    std::ofstream(path) << all.substr(0, all.size() - (ended ? 0 : 1));
    auto file = LetterFile::open(path, 300000);
    REQUIRE(file.has_value());
    uint64_t offset = 0;
    for (const std::string& line : lines) {
      LetterFile::Step step = LetterFile::Step::kMore;
      while (step == LetterFile::Step::kMore) step = (*file)->step();
      CHECK((step == LetterFile::Step::kTooLong) == (line.size() == 300001));
      if (step == LetterFile::Step::kLine) CHECK((*file)->line() == line);
      CHECK((*file)->offset() == offset);
      offset += line.size() + 1;
    }
    CHECK((*file)->number() == lines.size());
    CHECK((*file)->step() == LetterFile::Step::kEnd);
  }
}

TEST_CASE("replay: a name that goes on and on is not said as a whole") {
  Bench bench;
  testing::TempFolder folder;
  std::string path = folder / "letters.ndjson";
  std::ofstream(path) << letter(std::string(99, 'n') + "äää", record(1)) << "\n";
  Log log;
  ReplayInput input({{path}, {"es"}}, std::make_shared<Report>());
  REQUIRE(input.start(bench.context(), bench.on_end()).has_value());
  REQUIRE(bench.until([&] { return bench.ended; }));
  CHECK(log.has("it is for output '" + std::string(99, 'n') + "'…, and there are: es (--to"));
}

TEST_CASE("replay: with --to all letters share one source") {
  Bench bench;
  testing::TempFolder folder;
  std::string path = folder / "letters.ndjson";
  std::ofstream(path) << letter("es", record(1)) << "\n" << letter("loki", record(2)) << "\n";
  ReplayInput input({{path}, {}}, std::make_shared<Report>());
  REQUIRE(input.start(bench.context(), bench.on_end()).has_value());
  REQUIRE(bench.until([&] { return bench.ended; }));
  REQUIRE(bench.intake.lines.size() == 2);
  CHECK(bench.intake.lines[0].source == bench.intake.lines[1].source);
  CHECK(bench.intake.lines[0].source->only_output.empty());
}

TEST_CASE("replay: a file that shrinks is said to have ended early") {
  testing::TempFolder folder;
  std::string path = folder / "lines";
  std::ofstream(path) << std::string(200000, 'x') << "\nsecond\n";
  auto file = LetterFile::open(path, 300000);
  REQUIRE(file.has_value());
  CHECK((*file)->step() == LetterFile::Step::kMore);
  std::filesystem::resize_file(path, 150000);
  LetterFile::Step step = LetterFile::Step::kMore;
  while (step == LetterFile::Step::kMore) step = (*file)->step();
  CHECK(step == LetterFile::Step::kFailed);
  CHECK((*file)->problem() == "it ends here: somebody has made it shorter meanwhile");
}

TEST_CASE("replay: many unusable lines are summed up") {
  Bench bench;
  testing::TempFolder folder;
  std::string path = folder / "letters.ndjson";
  std::ofstream file(path);
  for (int i = 0; i < 1000; ++i) file << "nonsense\n";
  file.close();
  auto report = std::make_shared<Report>();
  Log log;
  ReplayInput input({{path}, {}}, report);
  REQUIRE(input.start(bench.context(), bench.on_end()).has_value());
  REQUIRE(bench.until([&] { return bench.ended; }));
  CHECK(report->unusable == 1000);
  CHECK(log.has(path + ":1: not a dead letter: no JSON object\n"));
  CHECK(log.has(path + ":1000: not a dead letter: no JSON object; 998 others before it\n"));
  CHECK(log.lines() == 2);
}
