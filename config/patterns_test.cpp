// SPDX-License-Identifier: Apache-2.0
#include "config/patterns.h"

#include <doctest/doctest.h>

#include "config/test_support.h"

namespace waybill::config {

namespace {

using testing::faults_of;
using testing::known_formats;
using testing::lines_of;
using testing::test_environment;

}  // namespace

TEST_CASE("patterns in their typed form") {
  Diagnostics diagnostics;
  auto config =
      load("w.yaml",
           "parse:\n"
           "  formats: [shop, json, patterns]\n"
           "  patterns:\n"
           "    - name: shop\n"
           "      regex: '^(?P<time>\\S+) (?P<message>.*)$'\n"
           "      types: {took: duration, n: int}\n"
           "      samples:\n"
           "        - one line\n"
           "        - {line: x, record: {took: 1.5, user: '7', error: {type: \"${NAME}\"}}}\n"
           "    - {name: till, dissect: '%{a} %{b}', samples: alone}\n",
           known_formats(), diagnostics, test_environment());
  CHECK(lines_of(diagnostics) == "");
  REQUIRE(config);
  REQUIRE(config->parse.patterns.size() == 2);
  const PatternSettings& shop = config->parse.patterns[0].settings;
  CHECK(shop.name == "shop");
  CHECK(shop.regex == "^(?P<time>\\S+) (?P<message>.*)$");
  CHECK(shop.dissect == "");
  REQUIRE(shop.types.size() == 2);
  CHECK(shop.types[0] == std::pair<std::string, std::string>{"took", "duration"});
  REQUIRE(shop.samples.size() == 2);
  CHECK(shop.samples[0].line == "one line");
  CHECK(shop.samples[0].record.empty());
  CHECK(shop.samples[1].index == 1);
  const std::vector<Leaf>& leaves = shop.samples[1].record;
  REQUIRE(leaves.size() == 3);
  CHECK(leaves[0].path == "took");
  CHECK(leaves[0].text == "1.5");
  CHECK_FALSE(leaves[0].is_text);
  CHECK(leaves[1].is_text);
  CHECK(leaves[2].path == "error.type");
  CHECK(leaves[2].text == "checkout");
  const PatternSettings& till = config->parse.patterns[1].settings;
  CHECK(till.dissect == "%{a} %{b}");
  CHECK(till.samples.at(0).line == "alone");
  CHECK(config->parse.patterns[1].section.path() == "parse.patterns[1]");
}

TEST_CASE("faults of patterns") {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"parse: {patterns: []}", ""},
      {"parse: {patterns: ~}", ""},
      {"parse: {patterns: {a: b}}",
       "w.yaml:1:9: parse.patterns: must be a list, not a mapping (write '- ' before each)\n"},
      {"parse: {patterns: [x]}",
       "w.yaml:1:20: parse.patterns: must be a mapping with name and regex or dissect, not a "
       "single value\n"},
      {"parse: {patterns: [[x]]}",
       "w.yaml:1:20: parse.patterns: must be a text or a mapping, not a list\n"},
      {"parse: {patterns: [{name: json, regex: x}]}",
       "w.yaml:1:21: parse.patterns[0].name: 'json' is a format that is built in: choose another "
       "name\n"},
      {"parse: {patterns: [{name: a, regex: x, dissect: y}]}",
       "w.yaml:1:40: parse.patterns[0].dissect: there is a regex as well: remove one of them, or "
       "make two patterns\n"},
      {"parse: {patterns: [{name: a, regex: x, types: {n: itn}}]}",
       "w.yaml:1:48: parse.patterns[0].types.n: 'itn' is not one of int, float, bool, duration, "
       "bytes (did you mean 'int'?)\n"},
      {"parse: {patterns: [{name: a, regex: x, samples: [{line: x, record: {a: [1]}}]}]}",
       "w.yaml:1:69: parse.patterns[0].samples[0].record.a: must be a single value, not a list\n"},
      {"parse: {patterns: [{name: a, regex: x}, {name: a, regex: y}]}",
       "w.yaml:1:42: parse.patterns[1].name: another pattern is called 'a' already\n"},
      {"parse: {formats: [a, patterns, b], patterns: [{name: a, regex: ''}]}",
       "w.yaml:1:32: parse.formats: 'b' is not a format (known: auto, json, logfmt, text, "
       "patterns, a)\n"
       "w.yaml:1:57: parse.patterns[0].regex: must not be empty\n"},
      {"parse: {formats: [patterns]}",
       "w.yaml:1:19: parse.formats: 'patterns' is not a format (known: auto, json, logfmt, "
       "text)\n"},
  };
  for (const auto& [text, faults] : cases) {
    CAPTURE(text);
    CHECK(faults_of(text) == faults);
  }
}

}  // namespace waybill::config
