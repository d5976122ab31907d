// SPDX-License-Identifier: Apache-2.0
#include "parsers/patterns/engine.h"

#include <doctest/doctest.h>

#include <chrono>
#include <string>

#include "parsers/patterns/regex_text.h"

namespace waybill::parsers::patterns {

namespace {

using Made = Result<std::unique_ptr<Engine>>;

// "a=1 b=2", with "…" behind it where the match is not the whole line; "-" when there is none.
std::string matched(const Made& engine, std::string_view line) {
  REQUIRE(engine.has_value());
  Arena arena;
  Match match;
  if (!(*engine)->match(line, arena, match)) return "-";
  std::string out;
  for (size_t i = 0; i < (*engine)->names().size(); ++i) {
    if (match.groups[i].data() == nullptr) continue;
    out += (out.empty() ? "" : " ") + (*engine)->names()[i] + "=" + std::string(match.groups[i]);
  }
  return out + (match.whole ? "" : "…");
}

std::string error_of(const Made& engine) {
  REQUIRE_FALSE(engine.has_value());
  return engine.error().what;
}

bool says(const Made& engine, std::string_view words) {
  std::string error = error_of(engine);
  CAPTURE(error);
  return error.find(words) != std::string::npos;
}

}  // namespace

TEST_CASE("patterns: dissect goes from literal to literal") {
  auto form = make_dissect("%{time} [%{level}] %{?skipped} %{user} took %{took}: %{message}");
  CHECK(matched(form, "12:00 [info] x ada took 5ms: all: well") ==
        "time=12:00 level=info user=ada took=5ms message=all: well");
  CHECK(matched(form, "12:00 [] x  took : ") == "time=12:00 level= user= took= message=");
  CHECK(matched(form, "12:00 info x ada took 5ms: y") == "-");
  CHECK((*form)->why_not("12:00 [info] x ada spent 5ms: y") ==
        "no ' took ' behind %{user}, in 'ada spent 5ms: y'");
  CHECK(matched(make_dissect("<%{a}>"), "<1>") == "a=1");
  CHECK(matched(make_dissect("<%{a}>"), "<1> and more") == "a=1…");
  CHECK(matched(make_dissect("<%{a}>"), "(1>") == "-");
  CHECK((*make_dissect("<%{a}>"))->why_not("(1>") == "the line does not begin with '<'");
  CHECK(matched(make_dissect("%{a->} %{b}"), "x     y z") == "a=x b=y z");
  CHECK(matched(make_dissect("%{a} %{+a} %{b}"), "x y z") == "a=x y b=z");
  CHECK(matched(make_dissect("%{+a} %{}"), "x y") == "a=x");
  CHECK(matched(make_dissect("%{error.type}: %{error.message}"), "E: x") ==
        "error.type=E error.message=x");
}

TEST_CASE("patterns: what is wrong with a dissect form") {
  CHECK(says(make_dissect("plain"), "no %{name} is in it"));
  CHECK(says(make_dissect("%{a} %{b"), "'%{b' is not closed"));
  CHECK(says(make_dissect("%{a}%{b}"), "nothing stands between %{a} and the field behind it"));
  CHECK(says(make_dissect("%{a b}"), "%{a b} has no name that can be used"));
  CHECK(says(make_dissect("%{*a} %{&a}"), "%{*a} has no name that can be used"));
  CHECK(says(make_dissect("%{a} %{a}"), "%{a} stands there twice: write %{+a}"));
}

TEST_CASE("patterns: regular expressions") {
  auto shop = make_regex(R"(^(?P<time>\S+) (?P<level>\w+) (?P<message>.*)$)");
  CHECK(matched(shop, "12:00 info it (works)") == "time=12:00 level=info message=it (works)");
  CHECK(matched(shop, "12:00 - it") == "-");
  CHECK((*shop)->slow().empty());
  CHECK(matched(make_regex(R"((?<a>\d+)ms)"), "took 15ms.") == "a=15…");
  CHECK(matched(make_regex(R"((?<error.type>\w+): (x|y)+(?P<n>z)?)"), "E: xyx") == "error.type=E");
  CHECK(matched(make_regex(R"(\((?P<a>[)(]+)\) \Q(?P<b>\E)"), "(()) (?P<b>") == "a=()");
  CHECK(matched(make_regex("^(?P<a>.*)$"), "two\nlines") == "a=two\nlines");
  CHECK(matched(make_regex("(?i)^ERR (?P<a>.)"), "err 1") == "a=1");
  CHECK(matched(make_regex("^a|(?P<b>b)$"), "xb") == "b=b…");
  CHECK(matched(make_regex("^?(?P<b>b)"), "ab") == "b=b…");
  CHECK(matched(make_regex("ab*(?P<c>c)"), "ac") == "c=c");
  CHECK(matched(make_regex("ab{0,2}(?P<c>c)d?"), "acx") == "c=c…");
  CHECK(matched(make_regex("é?x(?P<c>c)"), "xc") == "c=c");
  CHECK(matched(make_regex("(?m)^b(?P<c>c)"), "a\nbc") == "c=c…");
}

TEST_CASE("patterns: what can be seen of a regular expression") {
  struct Case {
    std::string_view regex;
    bool anchored;
    std::string_view prefix, literal;
  };
  const Case cases[] = {
      {"^shop: (?P<a>x) has taken ", true, "shop: ", " has taken "},
      {"\\Ashop(?P<a>x)", true, "shop", "shop"},
      {"^sh?op", true, "s", "op"},
      {"^sho+p", true, "sho", "sho"},
      {"shop|till", false, "", ""},
      {"^(?:shop|till) x", true, "", " x"},
      {"(?i)^shop", true, "", ""},
      {"(?m)^shop", false, "", "shop"},
      {"(?P<a>\\S+) \\[(?P<b>x)\\]: ", false, "", "]: "},
      {"^*shop", false, "", "shop"},
      {"[a^(]x{2}y{,z", false, "", "y{,z"},
      {"[[:alpha:]\\]]ab", false, "", "ab"},
      {"\\p{Greek}x{1}ab", false, "", "ab"},
      {"a.b", false, "", "a"},
      {"\\x41bc\\x{41}d", false, "", "bc"},
      {"\\pLab\\012cde\\d\\t", false, "", "cde"},
      {"^\\[a\\.b\\]", true, "[a.b]", "[a.b]"},
      {"größe?", false, "", "größ"},
  };
  for (const Case& each : cases) {
    CAPTURE(each.regex);
    auto text = rewrite(each.regex);
    REQUIRE(text.has_value());
    CHECK(text->anchored == each.anchored);
    CHECK(text->prefix == each.prefix);
    CHECK(text->literal == each.literal);
  }
  CHECK(rewrite("(a)(?<b>c)(?:d)(?i:e)")->rewritten == "(?:a)(?P<g1>c)(?:d)(?i:e)");
}

TEST_CASE("patterns: a slow one is known by its structure") {
  CHECK((*make_regex("(?P<a>\\w+) (?P<b>\\d+)$"))->slow().empty());
  CHECK((*make_regex("(?P<a>\\w+)\\s(?P<b>\\d+)$"))->slow().find("begin it with ^") !=
        std::string::npos);
}

TEST_CASE("patterns: what is wrong with a regular expression") {
  CHECK(error_of(make_regex("(?P<a>x")) == "no regular expression of RE2's: missing )");
  CHECK(says(make_regex("[z-a]"), "invalid character class range: z-a"));
  CHECK(says(make_regex("(?P<a b>x)"), "'a b' is no name of a group"));
  CHECK(says(make_regex("(?P<a>x)(?<a>y)"), "two groups are called 'a'"));
  CHECK(says(make_regex("(?P<a>x)(?=y)"), "invalid perl operator: (?=: it looks around"));
  CHECK(says(make_regex("(?<!y)x"), "it looks around"));
  CHECK(says(make_regex("(?P<a>x)\\1"), "it refers back to a group"));
  CHECK(says(make_regex("(?P<a>x)(?P=a)"), "it refers back to a group"));
  CHECK(says(make_regex("a++"), "write a+"));
  CHECK(says(make_regex("(?>a)"), "write (?:…)"));
  CHECK(says(make_regex("(?x) a b"), "free spacing"));
  CHECK(says(make_regex("(?#note)a"), "comments"));
  CHECK(says(make_regex("(?P<a>\\C)"), "write . instead"));
  CHECK(says(make_regex("(?:a{1000}){1000}"), ""));
}

TEST_CASE("patterns: how far a line got") {
  auto shop = make_regex(R"(^(?P<time>\S+) (?P<level>\w+) (?P<message>.*)$)");
  CHECK(
      (*shop)->why_not("12:00 - it") ==
      R"(no match: '^(?P<time>\S+) ' matches '12:00 '; '(?P<level>\w+)' is wanted behind it, and )"
      R"('- it' is not that)");
  CHECK((*shop)->why_not("12:00 x").ends_with("' ' is wanted behind it, and the line ends"));
  CHECK((*make_regex("^shop (?P<a>x)"))->why_not("till x") ==
        "the line does not begin with 'shop '");
  CHECK((*make_regex("(?P<a>x) took "))->why_not("y") == "no match; ' took ' is not in the line");
}

TEST_CASE("patterns: a hostile regular expression takes linear time") {
  auto hostile = make_regex("^(x+x+)+y$");
  REQUIRE(hostile.has_value());
  Arena arena;
  Match match;
  const std::string line = std::string(10'000, 'x') + "z";
  auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < 20; ++i) CHECK_FALSE((*hostile)->match(line, arena, match));
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(2));
}

}  // namespace waybill::parsers::patterns
