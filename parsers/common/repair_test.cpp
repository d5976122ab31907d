// SPDX-License-Identifier: Apache-2.0
#include "parsers/common/repair.h"

#include <doctest/doctest.h>

#include <string>

#include "core/batch.h"

using namespace waybill;
using namespace waybill::parsers;

namespace {

#define FFFD "\xEF\xBF\xBD"

std::string utf8(std::string_view text) {
  Arena arena;
  std::string_view repaired = repair_utf8(text, arena);
  for (size_t i = 0; i < kPadding; ++i) CHECK(repaired.data()[repaired.size() + i] == '\0');
  CHECK(is_utf8(repaired));
  return std::string(repaired);
}
std::string controls(std::string_view text) {
  Arena arena;
  return std::string(escape_raw_controls(text, arena));
}
std::string ansi(std::string_view text) {
  Arena arena;
  return std::string(strip_ansi(text, arena));
}

}  // namespace

TEST_CASE("repair: what is valid UTF-8 stays") {
  std::string_view all =
      "a\x7f\xC2\x80\xDF\xBF\xE0\xA0\x80\xED\x9F\xBF\xEE\x80\x80\xEF\xBF\xBF"
      "\xF0\x90\x80\x80\xF4\x8F\xBF\xBF";
  CHECK(is_utf8(all));
  CHECK(utf8(all) == all);
  CHECK(utf8("") == "");
}

TEST_CASE("repair: maximal subparts become one replacement each (Unicode 15, table 3-8)") {
  CHECK(utf8("\x61\xF1\x80\x80\xE1\x80\xC2\x62\x80\x63\x80\xBF\x64") == "a" FFFD FFFD FFFD "b" FFFD
                                                                        "c" FFFD FFFD "d");
  CHECK(utf8("\xC0\xAF\xE0\x80\xBF\xF0\x81\x82\x41") == FFFD FFFD FFFD FFFD FFFD FFFD FFFD FFFD
        "A");
  CHECK(utf8("\xED\xA0\x80\xED\xBF\xBF\xED\xAF\x41") == FFFD FFFD FFFD FFFD FFFD FFFD FFFD FFFD
        "A");
  CHECK(utf8("\xF4\x91\x92\x93\xFF\x41\x80\xBF\x42") == FFFD FFFD FFFD FFFD FFFD "A" FFFD FFFD "B");
  CHECK(utf8("\xE1\x80\xE2\xF0\x91\x92\xF1\xBF\x41") == FFFD FFFD FFFD FFFD "A");
  CHECK(utf8("cut \xF0\x9F\x98") == "cut " FFFD);
  CHECK(utf8("\xE2\x82") == FFFD);
}

TEST_CASE("repair: raw control characters inside of strings alone") {
  CHECK(controls("{\"a\tb\":\"c\x01\n\"}") == R"({"a\u0009b":"c\u0001\u000a"})");
  CHECK(controls("{\t\"a\": 1}") == "{\t\"a\": 1}");
  CHECK(controls("{\"a\":\"q\\\"\t\"}") == R"({"a":"q\"\u0009"})");
  CHECK(controls("{\"a\":\"\\\\\",\t\"b\":1}") == "{\"a\":\"\\\\\",\t\"b\":1}");
  CHECK(controls(std::string_view("\"\0\"", 3)) == R"("\u0000")");
  // A backslash before one is no escape of JSON: both are kept.
  CHECK(controls("\"\\\t\"") == R"("\\\u0009")");
  CHECK(controls("\"open\\") == "\"open\\");
}

TEST_CASE("repair: ANSI sequences") {
  CHECK(ansi("plain") == "plain");
  CHECK(ansi("\x1b[31mred\x1b[0m") == "red");
  CHECK(ansi("\x1b[38;5;196mx\x1b[K\x1b[2Jy") == "xy");
  CHECK(ansi("\x1b]0;title\x07text") == "text");
  CHECK(ansi("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\") == "link");
  CHECK(ansi("\x1b"
             "7saved\x1b"
             "8") == "saved");
  // Cut off, or none at all.
  CHECK(ansi("x\x1b") == "x");
  CHECK(ansi("x\x1b[") == "x");
  CHECK(ansi("x\x1b[31") == "x");
  CHECK(ansi("x\x1b[31\xC3\xA9") == "x\xC3\xA9");
  CHECK(ansi("x\x1b\xC3\xA9") == "x\xC3\xA9");
  CHECK(ansi("x\x1b]open") == "x");
}
