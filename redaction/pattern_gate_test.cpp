// SPDX-License-Identifier: Apache-2.0
#include "redaction/pattern_gate.h"

#include <doctest/doctest.h>
#include <re2/re2.h>

#include <random>

namespace waybill::redaction {

namespace {

std::vector<Rule> rules_of(std::initializer_list<const char*> patterns) {
  std::vector<Rule> rules;
  for (const char* pattern : patterns) {
    rules.emplace_back().pattern = std::make_shared<const RE2>(pattern);
  }
  return rules;
}

}  // namespace

TEST_CASE("redaction: the gate of patterns knows what a pattern needs") {
  struct Case {
    const char* pattern;
    const char* text;
    bool may;
  };
  for (const Case& one : {
           Case{"EMP-\\d+", "an employee EMP-12", true},
           Case{"EMP-\\d+", "an employee E-12", false},
           Case{"(?i)emp-\\d+", "an employee Emp-12", true},
           Case{"(?i)task", "ta\u017F\u212A", true},  // the long s and the Kelvin sign
           Case{"acct|user", "the account", false},
           Case{"acct|user", "the User, in other letters", true},  // looked at closer
           Case{"\\d{3}-\\d{2}-\\d{4}", "x 123-45-6789 y", true},
           Case{"\\d{3}-\\d{2}-\\d{4}", "x 123-45-678 y", false},
           // What is the end of a text may stand in the middle of the line.
           Case{"^\\d{3}$", "{\"a\":\"123\"}", true},
           Case{"\\b\\d{3}\\B", "a1234", true},
           Case{"^\\d{3}$", "{\"a\":\"12\"}", false},
       }) {
    CAPTURE(one.pattern);
    CAPTURE(one.text);
    std::vector<Rule> rules = rules_of({one.pattern});
    CHECK(PatternGate(rules).may_match(one.text) == one.may);
  }
}

TEST_CASE("redaction: an expression without its anchors") {
  CHECK(without_anchors("^a\\b[$^\\b]\\$b$") == "(?:)a(?:)[$^\\b]\\$b(?:)");
  CHECK(without_anchors("[]^]x[[:alpha:]\\]]$") == "[]^]x[[:alpha:]\\]](?:)");
  CHECK(without_anchors("\\Qa^\\E") == "");
  CHECK(without_anchors("[a") == "");
  CHECK(without_anchors("a\\") == "a\\");
}

TEST_CASE("redaction: the gate never hides a match of a part") {
  std::vector<Rule> rules =
      rules_of({"^ab+c$", "\\bk=\\w+", "[0-9]{4}", "(?i)secret", "x.y$", "caf\u00e9|tea"});
  PatternGate gate(rules);
  std::mt19937 draw(7);
  const std::vector<std::string> words = {"ab", "bc",     "k=",  "12",  "345", "SeCret", "x-y",
                                          " ",  "\u00e9", "caf", "tea", "\"",  "c"};
  size_t closed = 0;
  for (int round = 0; round < 4000; ++round) {
    std::string text;
    for (size_t i = 0; i < 4; ++i) text += words[draw() % words.size()];
    bool may = gate.may_match(text);
    closed += may ? 0 : 1;
    for (size_t from = 0; from < text.size(); ++from) {
      for (size_t size = 1; size <= text.size() - from; ++size) {
        std::string part = text.substr(from, size);
        for (const Rule& rule : rules) {
          if (!RE2::PartialMatch(part, *rule.pattern)) continue;
          CAPTURE(text);
          CAPTURE(part);
          REQUIRE(may);
        }
      }
    }
  }
  CHECK(closed > 400);
}

}  // namespace waybill::redaction
