// SPDX-License-Identifier: Apache-2.0
#include "core/expression.h"

#include <doctest/doctest.h>

#include <string>

#include "core/test_support.h"

namespace waybill {

namespace {

// A stand-in for an engine: whether the text has the pattern in it.
Result<Expression::Matcher> contains(const std::string& pattern) {
  if (pattern == "(") return Error{Action::kFixConfig, "missing )"};
  return Expression::Matcher(
      [pattern](std::string_view text) { return text.find(pattern) != text.npos; });
}

std::string fault_of(std::string_view text) {
  auto made = Expression::parse(text, contains);
  return made ? "" : made.error().what;
}

bool holds(std::string_view text, testing::Lines& lines) {
  auto made = Expression::parse(text, contains);
  REQUIRE_MESSAGE(made, std::string(text));
  std::string scratch;
  Identity identity;
  identity.service_name = "shop";
  return made->matches(lines.batch(), lines.record(), identity, scratch);
}

}  // namespace

TEST_CASE("expressions: what holds of a record") {
  testing::Lines lines;
  Record& record = lines.put_json(
      R"({"logger":"poll","n":5,"big":1e3,"ok":true,"none":null,"text":"7","a":{"b":{"c":"x"}},)"
      R"("http.route":"/a","q":"say \"hi\"","list":[1]})");
  record.level = Level::kWarn;
  record.message = Text(std::string_view("timed out after 5s"), TextForm::kRaw);
  record.logger = Text(std::string_view("poll"), TextForm::kClean);
  for (std::string_view text : {
           "level == WARN",
           "level >= warning",
           "level < ERROR",
           "level != INFO",
           "level in [INFO, WARN]",
           "level exists",
           "logger == 'poll'",
           "logger == poll",
           "logger in (a, \"poll\")",
           "service_name == shop",
           "message =~ 'timed'",
           "context.n == 5",
           "context.n > 4.5",
           "context.n <= 5",
           "context.n in [4, 5.0]",
           "context.big == 1000",
           "context.ok == true",
           "context.none == null",
           "context.text == 7",
           "context.text == '7'",
           "context.a.b.c == 'x'",
           "context.a exists",
           "context.http.route == '/a'",
           "context.q == 'say \"hi\"'",
           "context.q == \"say \\\"hi\\\"\"",
           "not logger == 'x'",
           "not (logger == 'poll' and context.n == 4)",
           "logger == 'x' or logger == 'y' or level == WARN",
           "logger == 'poll' and not context.n == 4 and level == WARN",
           // `and` binds closer than `or`.
           "logger == 'poll' or logger == 'x' and logger == 'y'",
           "context.n != 'five'",
           "context.ok != null",
           "logger > 'pol'",
           "source.input == 'test'",
       }) {
    CAPTURE(text);
    CHECK(holds(text, lines));
  }
  for (std::string_view text : {
           "level == INFO",
           "level > WARN",
           "logger == 'Poll'",
           "context.n == 6",
           "context.n < 5",
           "context.ok == false",
           "context.none exists and context.n == 6",
           "context.a.b == 'x'",
           "context.text > 8",
           "context.q == 'hi'",
           "message =~ 'nothing'",
           // What is missing makes every comparison false.
           "context.x == 1",
           "context.x != 1",
           "context.x < 1",
           "context.x =~ ''",
           "trace_id exists",
           "trace_id != 'a'",
           "error.type in [a]",
           "context.a == 1",
           "context.n == 'five'",
           "context.list.b exists",
           "request_id exists",
       }) {
    CAPTURE(text);
    CHECK_FALSE(holds(text, lines));
  }
}

TEST_CASE("expressions: a record without a level has none to compare") {
  testing::Lines lines;
  lines.put("x");
  CHECK_FALSE(holds("level < ERROR", lines));
  CHECK(holds("not level < ERROR", lines));
  CHECK_FALSE(holds("level exists", lines));
}

TEST_CASE("expressions: what is wrong with one") {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"", "column 1: expected the path of a field, as level or context.route"},
      {"level", "column 6: expected ==, !=, <, <=, >, >=, =~, in or exists behind level"},
      {"level = INFO", "column 7: write == to compare"},
      {"level == loud", "column 10: 'loud' is no level (DEBUG, INFO, WARN, ERROR, FATAL)"},
      {"level >=", "column 9: expected a text in quotes, a number or a word"},
      {"logger == 'x", "column 11: the quote is not closed"},
      {"(logger == 'x'", "column 15: a bracket is not closed"},
      {"logger == 'x')", "column 14: expected and, or, or the end"},
      {"logger == 'x' logger == 'y'", "column 15: expected and, or, or the end"},
      {"logger in 'x'", "column 11: expected a list, as in [a, b]"},
      {"logger in [x", "column 13: the list is not closed"},
      {"logger =~ x", "column 11: expected a regular expression in quotes"},
      {"logger =~ '('", "column 11: missing )"},
      {"context.n == 1x", "column 14: '1x' is no number"},
      {"level == INFO & x", "column 15: nothing can begin with this character"},
  };
  for (const auto& one : cases) {
    const auto text = one.first, fault = one.second;
    CAPTURE(text);
    CHECK(fault_of(text) == fault);
  }
  CHECK(fault_of("route == 'x'").find("column 1: 'route' is no field of a record") == 0);
  CHECK(fault_of("route == 'x'").find("as context.route)") != std::string::npos);
  CHECK(fault_of("context. == 1").find("is no field") != std::string::npos);
  CHECK(fault_of(std::string(100, '(') + "level exists" + std::string(100, ')')).find("too deep") !=
        std::string::npos);
}

TEST_CASE("expressions: what is known of a level alone") {
  auto levels = [](std::string_view text) {
    auto made = Expression::parse(text, contains);
    REQUIRE(made);
    std::string all;
    for (int i = 0; i < kLevelCount; ++i) {
      auto outcomes = made->outcomes(static_cast<Level>(i));
      all += outcomes.may_hold ? outcomes.may_fail ? '?' : '+' : '-';
    }
    return all;
  };
  CHECK(levels("level >= ERROR") == "----++");
  CHECK(levels("not level >= ERROR") == "++++--");
  CHECK(levels("level == INFO or logger == 'a'") == "??+???");
  CHECK(levels("level == INFO and logger == 'a'") == "--?---");
  CHECK(levels("level == INFO and level == WARN") == "------");
  CHECK(levels("level in [DEBUG, WARN]") == "-+-+--");
  CHECK(levels("level exists") == "-+++++");
}

}  // namespace waybill
