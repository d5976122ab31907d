// SPDX-License-Identifier: Apache-2.0
#include "contract/automaton.h"

#include <doctest/doctest.h>
#include <re2/re2.h>

#include <random>
#include <string>

#include "contract/pattern.h"

using waybill::contract::Automaton;
using waybill::contract::translate;

TEST_CASE("automaton: says what RE2 says") {
  const char* patterns[] = {
      "",
      "^$",
      "a",
      "^a",
      "a$",
      "^a$",
      "^[0-9a-f]{4}$",
      "^[0-9]{2}-[0-9]{2}(\\.[0-9]+)?Z$",
      "a|b",
      "(a|b)*c",
      "^(ab|a)(c|bc)$",
      "^(a*)*$",
      "(?:a?){3}b{2,}",
      "^.+$",
      "^.{1,3}$",
      "é",
      "^[é-ü]+$",
      "^[^a]$",
      "^[^\\d]+$",
      "\\s",
      "^\\S*$",
      "^[\\u{1F600}-\\u{1F64F}]$",
      "^[^\\u{1F600}]a",
      "^\\w+@\\w+\\.[a-z]{2,3}$",
      "^(?:[a-z]|-b)+?$",
      "x*",
      "[]",
      "a[^]b",
      "^a{00}b{01,}c{0,02}$",
      "^\\W$",
      "(a|ab)(c|bcd)(d*)$",
      "^\\\\z$",
      "z$",
      "^\\x7f?\\u0080?\\u07ff?\\u0800?\\uffff?\\u{10000}?\\u{10ffff}?$",
  };
  const std::string pieces[] = {"a", "b",  "c",      "d",          "0", "9",  "-",   ".",
                                "Z", "@",  "z",      "é",          "ü", "\n", " ",   "ß",
                                "_", "\\", "\u2028", "\U0001F600", "x", "f",  "\x7f"};
  std::mt19937 random(7);
  for (const char* pattern : patterns) {
    CAPTURE(pattern);
    auto translated = translate(pattern);
    REQUIRE(translated.invalid.empty());
    auto automaton = Automaton::make(translated.re2);
    REQUIRE(automaton.has_value());
    RE2::Options options;
    options.set_log_errors(false);
    RE2 re2(translated.re2, options);
    REQUIRE(re2.ok());
    for (int i = 0; i < 2000; ++i) {
      std::string text;
      for (auto left = random() % 7; left > 0; --left) {
        text += pieces[random() % std::size(pieces)];
      }
      CAPTURE(text);
      CHECK(automaton->matches(text) == RE2::PartialMatch(text, re2));
    }
  }
}

TEST_CASE("automaton: as many bytes, each of a set") {
  using waybill::contract::fixed_sets;
  auto sets = fixed_sets(translate("^[0-9]{4}-(?:\\d\\d)T$").re2);
  REQUIRE(sets.has_value());
  CHECK(sets->size == 8);
  CHECK(sets->runs.size() == 4);
  auto made = waybill::contract::Pattern::make("^[0-9]{4}-(?:\\d\\d)T$");
  REQUIRE(made.has_value());
  CHECK((*made)->matches("2024-01T"));
  for (const char* text : {"", "2024-01", "2024-01T ", "2024_01T", "20240-1T", "2024-01é"}) {
    CHECK(!(*made)->matches(text));
  }
  for (const char* pattern : {"[0-9]{4}", "^a", "a$", "^a?$", "^(a|b)$", "^é$", "^a*$",
                              "^[a][b][c][d][e][f][g][h][i]$", "^a{300}$"}) {
    CAPTURE(pattern);
    CHECK(!fixed_sets(translate(pattern).re2).has_value());
  }
}

TEST_CASE("automaton: what it leaves to RE2") {
  for (const char* pattern :
       {"\\bab", "^\\p{L}+$", "^a|b$", "a^b", "(^a)", "a$b", "(a|b)*a(a|b){12}",
        "^(((){900}){900}){900}x$", "^.{1,900}[a-z]{1,900}$"}) {
    CAPTURE(pattern);
    auto translated = translate(pattern);
    REQUIRE(translated.invalid.empty());
    CHECK(!Automaton::make(translated.re2).has_value());
    CHECK(waybill::contract::Pattern::make(pattern).has_value());
  }
}
