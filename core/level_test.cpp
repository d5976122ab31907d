// SPDX-License-Identifier: Apache-2.0
#include "core/level.h"

#include <doctest/doctest.h>

#include <string>

using namespace waybill;

namespace {

int number(std::string_view word) {
  auto severity = severity_of_word(word);
  return severity ? severity->number : -1;
}

}  // namespace

TEST_CASE("level: words of the usual libraries") {
  struct Case {
    const char* words;
    Level level;
  };
  const Case cases[] = {
      {"trace TRACE Trace verbose finest silly trc t v", Level::kDebug},
      {"debug DEBUG Debug dbg fine finer config d D", Level::kDebug},
      {"info INFO Information informational inf notice log default i I", Level::kInfo},
      {"warn WARN warning Warning wrn w W", Level::kWarn},
      {"error ERROR err severe SEVERE dpanic crit alert e E", Level::kError},
      {"fatal FATAL ftl critical CRITICAL emerg emergency panic f F", Level::kFatal},
  };
  for (const Case& each : cases) {
    std::string words = each.words;
    for (size_t at = 0; at < words.size();) {
      size_t end = std::min(words.find(' ', at), words.size());
      std::string word = words.substr(at, end - at);
      CAPTURE(word);
      auto severity = severity_of_word(word);
      REQUIRE(severity.has_value());
      CHECK(severity->level == each.level);
      CHECK(severity->number >= 1);
      CHECK(severity->number <= 24);
      at = end + 1;
    }
  }
  CHECK(number(" info ") == 9);
  CHECK(number("notice") == 10);
  CHECK(number("trace") == 1);
  for (std::string_view word :
       {"", " ", "banana", "informationally", "inf0", "in fo", "information al", "\xC3\xA9",
        "errors", "warnings", "-", "+", "0"}) {
    CAPTURE(word);
    CHECK(number(word) == -1);
  }
}

TEST_CASE("level: slog's levels in between") {
  CHECK(number("INFO+2") == 11);
  CHECK(number("DEBUG-4") == 1);
  CHECK(number("WARN+1") == 14);
  CHECK(number("ERROR+4") == 21);
  CHECK(severity_of_word("ERROR+4")->level == Level::kFatal);
  CHECK(severity_of_word("DEBUG+4")->level == Level::kInfo);
  CHECK(severity_of_word("INFO-1")->level == Level::kDebug);
  for (std::string_view word : {"INFO+", "INFO-", "INFO+x", "INFO+99", "DEBUG-9", "banana+1",
                                "INFO+1 x", "INFO+1.5", "INFO+-1"}) {
    CAPTURE(word);
    CHECK(number(word) == -1);
  }
}

TEST_CASE("level: numbers of syslog") {
  const Level expected[] = {Level::kFatal, Level::kError, Level::kError, Level::kError,
                            Level::kWarn,  Level::kInfo,  Level::kInfo,  Level::kDebug};
  uint8_t above = 25;
  for (int64_t i = 0; i < 8; ++i) {
    auto severity = severity_of_syslog(i);
    REQUIRE(severity.has_value());
    CHECK(severity->level == expected[i]);
    CHECK(severity->number < above);  // ever less severe
    above = severity->number;
  }
  CHECK_FALSE(severity_of_syslog(-1).has_value());
  CHECK_FALSE(severity_of_syslog(8).has_value());
}

TEST_CASE("level: numbers in tens") {
  auto level = [](int64_t n) { return severity_of_decades(n)->level; };
  CHECK(level(10) == Level::kDebug);
  CHECK(level(20) == Level::kDebug);
  CHECK(level(30) == Level::kInfo);
  CHECK(level(35) == Level::kInfo);
  CHECK(level(40) == Level::kWarn);
  CHECK(level(50) == Level::kError);
  CHECK(level(60) == Level::kFatal);
  CHECK_FALSE(severity_of_decades(-1).has_value());
  CHECK_FALSE(severity_of_decades(101).has_value());
}

TEST_CASE("level: names and ranks") {
  CHECK(level_name(Level::kNone).empty());
  CHECK(level_name(Level::kDebug) == "DEBUG");
  CHECK(level_name(Level::kFatal) == "FATAL");
  CHECK(Level::kError >= Level::kWarn);
  CHECK(Level::kInfo > Level::kNone);
}
