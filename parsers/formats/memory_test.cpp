// SPDX-License-Identifier: Apache-2.0
#include "parsers/formats/memory.h"

#include <doctest/doctest.h>

#include <memory>
#include <random>
#include <string>
#include <utility>

#include "parsers/test_support.h"

using namespace waybill;
using parsers::formats::shape_of;
using parsers::testing::Parsed;

TEST_CASE("format memory: words and numbers in the same places are one shape") {
  auto shape = [](std::string_view line) { return shape_of(7, line); };
  uint64_t one = shape("2026-01-02T03:04:05.678Z INFO [worker-9] shop.orders: took 7 ms");
  CHECK(one == shape("2025-12-31T13:14:15.987Z INFO [worker-1] page.views: took 3 ms"));
  CHECK(one != shape("2026-01-02T03:04:05.678Z WARN [worker-9] shop.orders: took 7 ms"));
  CHECK(one != shape("2026-01-02T03:04:05.678Z INFO [worker-9] shop.orders - took 7 ms"));
  CHECK(one != shape("2026-01-02T03:04:05.67Z INFO [worker-9] shop.orders: took 7 ms"));
  CHECK(shape("nginx: [emerg] a") != shape("shop: [emerg] a"));
  CHECK(shape("[x] [notice] a") != shape("[x] [nothing] a"));
  CHECK(shape_of(1, "a") != shape_of(2, "a"));
  CHECK(shape("") != 0);
  // Wherever in the line it stands.
  for (size_t before = 0; before < parsers::formats::kFrontBytes - 4; ++before) {
    std::string dots(before, '.');
    CHECK(shape(dots + "abc 9") == shape(dots + "x 7"));
    CHECK(shape(dots + "abc 9") != shape(dots + "abc 99"));
    CHECK(shape(dots + "abc 9") != shape(dots + "abc-9"));
    CHECK(shape(dots + "AB") != shape(dots + "AC"));
    CHECK(shape(dots + "info") != shape(dots + "warn"));
    CHECK(shape(dots + "\xc3\xa9") != shape(dots + "\xc3\xa8"));
  }
  CHECK(shape("Error a") != shape("Ermor a"));
  CHECK(shape("INFORMATIONAL") != shape("INFORMATIONAx"));
  CHECK(shape("INFORMATIONAL") != shape("INFORMATIONAM"));
  // Only the front counts, and whether there is more.
  std::string front(parsers::formats::kFrontBytes, '.');
  CHECK(shape(front + "a") == shape(front + "-"));
  CHECK(shape(front) != shape(front + "a"));
}

TEST_CASE("format memory: every processor sees the same shapes") {
  std::minstd_rand random(7);
  const std::string_view letters =
      "aaab 09  \t[]<>:-IWE\xc3\xa9"
      "error";
  for (int i = 0; i < 2000; ++i) {
    std::string line(random() % 160, ' ');
    for (char& c : line) c = letters[random() % letters.size()];
    CAPTURE(line);
    CHECK(shape_of(7, line) == parsers::formats::portable_shape_of(7, line));
  }
}

TEST_CASE("format memory: what a line is does not hang on the lines before it") {
  // Two of one stream that look much the same: the first one must not decide the second.
  const char* pairs[][2] = {
      {"203.0.113.9 - - [02/Jan/2026:03:04:05 +0000] \"GET /cart HTTP/1.1\" 000 0",
       "203.0.113.9 - - [02/Jan/2026:03:04:05 +0000] \"GET /cart HTTP/1.1\" 200 5"},
      {"2026-01-02 03:04:05 see main.go:42 hello", "2026-01-02 03:04:05 info main.go:42 hello"},
      {"2026-01-02 03:04:05,678 - app.db - done - hello",
       "2026-01-02 03:04:05,678 - app.db - info - hello"},
      {"2026-02-30 03:04:05 INFO main.go:42 hello", "2026-02-28 03:04:05 INFO main.go:42 hello"},
      {"0000-00-00 00:00:00 INFO main.go:42 hello", "2026-01-02 00:00:00 INFO main.go:42 hello"},
      {"proc[0001] hello", "info[0001] hello"},
      {"shop: [emerg] hello", "nginx: [emerg] hello"},
      {"2026/01/02 03:04:05 Into| hello", "2026/01/02 03:04:05 Info| hello"},
      {"[01.02 03:04:05] Into - hello", "[01.02 03:04:05] Info - hello"},
      {"[Nast] 71  - 01/02/2026, 3:04:05 AM   ERROR [Shop] hello",
       "[Nest] 71  - 01/02/2026, 3:04:05 AM   ERROR [Shop] hello"},
      {"Feb 30 03:04:05 INFO main.go:42 hello", "Feb 28 03:04:05 INFO main.go:42 hello"},
      {"Foo 28 03:04:05 INFO main.go:42 hello", "Feb 28 03:04:05 INFO main.go:42 hello"},
      {"Feb 28 03:04:05 INFO main.go:42 hello", "Foo 28 03:04:05 INFO main.go:42 hello"},
      {"[Feb 30 03:04:05] [INFO] hello", "[Feb 28 03:04:05] [INFO] hello"},
      {"03:04:05,678 |-WARN at a.b.Appender - slow", "03:04:05,678 |-WARN in a.b.Appender - slow"},
      {"Completed 500 Rows of 3ms", "Completed 500 Rows in 3ms"},
      {"[2026/01/02 03:04:05.678 +00:00] [WARN] [server.xy:12] [\"slow\"] [t=3ms]",
       "[2026/01/02 03:04:05.678 +00:00] [WARN] [server.rs:12] [\"slow\"] [t=3ms]"},
      {"[W9902 03:04:05.678 init.cpp:12] slow", "[W0102 03:04:05.678 init.cpp:12] slow"},
      {"(2026-01-02 03:04:05): [nss] [get] (0x004g): hello",
       "(2026-01-02 03:04:05): [nss] [get] (0x004a): hello"},
      {"1767323045: Xaving in-memory database", "1767323045: Saving in-memory database"},
      {"1767323045: Wxrning: no password file", "1767323045: Warning: no password file"},
      {"####<Jan 2, 2026 3:04:05 AM UTC> <Warnbng> <S> <a> <A> <main> <> <> <> <1> <B-1> <m>",
       "####<Jan 2, 2026 3:04:05 AM UTC> <Warning> <S> <a> <A> <main> <> <> <> <1> <B-1> <m>"},
  };
  for (const auto& [first, second] : pairs) {
    CAPTURE(second);
    parsers::LineParser parser(parsers::Settings{}, {"auto"});
    std::string behind;
    for (const char* line : {first, second}) {
      waybill::testing::Lines lines;
      Record& record = lines.put(line, parsers::testing::kReadNs);
      parser.parse(lines.batch(), record);
      behind = lines.canonical(part::kAll);
    }
    CHECK(behind == Parsed(second).canonical());
  }
}

TEST_CASE("format memory: a stream that changes its format in the middle") {
  // The same beginnings, and what tells them apart is at their ends.
  const char* logged =
      "[2026-01-02 03:04:05,678] INFO Session of the first member was closed for "
      "good by the peer on its own wish (kafka.server.Sessions)";
  const char* plain =
      "[2026-01-02 03:04:05,678] INFO Session of the first member was closed for "
      "good by the peer on its own wish, we hope";
  parsers::LineParser parser(parsers::Settings{}, {"auto"});
  for (int i = 0; i < 3; ++i) {
    for (auto [line, format] : {std::pair(plain, "text"), std::pair(logged, "kafka")}) {
      waybill::testing::Lines lines;
      Record& record = lines.put(line, parsers::testing::kReadNs);
      parser.parse(lines.batch(), record);
      CHECK(record.format == format);
    }
  }
}
