// SPDX-License-Identifier: Apache-2.0
#include "parsers/multiline/rules.h"

#include <doctest/doctest.h>

using namespace waybill;
using parsers::multiline::Rules;

namespace {

std::shared_ptr<const Rules> compiled(const std::vector<parsers::multiline::RuleText>& texts) {
  auto rules = Rules::compile(texts);
  REQUIRE(rules.has_value());
  return *rules;
}

}  // namespace

TEST_CASE("multiline rules: a start alone takes every line up to the next start of any rule") {
  auto rules = compiled({{"^BEGIN", ""}, {"^order \\d+", "^  "}});
  CHECK(rules->begins("BEGIN 1") == 0);
  CHECK(rules->begins("order 12") == 1);
  CHECK(rules->begins("an order 12") == Rules::kNone);
  CHECK(rules->continues(0, "anything"));
  CHECK(rules->continues(1, "  item"));
  CHECK_FALSE(rules->continues(1, "anything"));
  CHECK_FALSE(rules->continues(Rules::kNone, "  item"));
  CHECK_FALSE(rules->join_any());
}

TEST_CASE("multiline rules: a continue alone goes on with whatever stands above") {
  auto rules = compiled({{"", "^\\+ "}, {"^order", "^  "}});
  CHECK(rules->join_any());
  CHECK(rules->begins("+ more") == Rules::kNone);
  CHECK(rules->continues(Rules::kNone, "+ more"));
  CHECK(rules->continues(1, "+ more"));
  CHECK_FALSE(rules->continues(Rules::kNone, "  item"));
}

TEST_CASE("multiline rules: what is no expression is said in RE2's words") {
  auto rules = Rules::compile({{"ok", ""}, {"a(b", ""}});
  REQUIRE_FALSE(rules.has_value());
  CHECK(rules.error().what == "is no regular expression of RE2: missing ): a(b");
}
