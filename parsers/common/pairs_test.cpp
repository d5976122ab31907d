// SPDX-License-Identifier: Apache-2.0
#include "parsers/common/pairs.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "core/json_text.h"

using namespace waybill;
using namespace waybill::parsers;

namespace {

// "key|value" of every pair, a quoted value in quotes.
std::vector<std::string> pairs(std::string_view text) {
  std::vector<std::string> found;
  Pair pair;
  for (size_t from = 0; next_pair(text, from, pair); from = pair.end) {
    std::string value(pair.value);
    found.push_back(std::string(pair.key) + "|" + (pair.quoted ? "\"" + value + "\"" : value));
    CHECK(pair.begin >= from);
    CHECK(pair.end > pair.begin);
    CHECK(text.substr(pair.begin, pair.key.size()) == pair.key);
  }
  return found;
}

using List = std::vector<std::string>;

}  // namespace

TEST_CASE("pairs: where they are found") {
  CHECK(pairs("a=1") == List{"a|1"});
  CHECK(pairs("took 3ms (a=1, b=2; c=3) [d=4] {e=5}|f=6") ==
        List{"a|1", "b|2", "c|3", "d|4", "e|5", "f|6"});
  CHECK(pairs(R"(a="x y" b="q\"q" c="\\")") == List{R"(a|"x y")", R"(b|"q\"q")", R"(c|"\\")"});
  CHECK(pairs("user.name=x k8s/pod=y @t=z _a=1 b-c=2") ==
        List{"user.name|x", "k8s/pod|y", "@t|z", "_a|1", "b-c|2"});
  CHECK(pairs("a=b=c d=e?f=g") == List{"a|b=c", "d|e?f=g"});
  CHECK(pairs("client=mx[203.0.113.9]:25, x=f(1)(2), [y=z]") ==
        List{"client|mx[203.0.113.9]:25", "x|f(1)(2)", "y|z"});
  CHECK(pairs("a='x y', b='', c='open d=1 e='x's f=1") ==
        List{"a|\"x y\"", "b|\"\"", "c|'open", "d|1", "e|'x's", "f|1"});
  CHECK(pairs(R"(a="" b=1)") == List{R"(a|"")", "b|1"});
  CHECK(pairs(R"(a="open b=1)") == List{R"(a|"open)", "b|1"});
}

TEST_CASE("pairs: brackets without end take no longer than their line") {
  constexpr size_t many = 1 << 20;
  std::string text = "k=" + std::string(many, '(') + std::string(many, ')') + ") a=1";
  CHECK(pairs(text).size() == 2);
}

TEST_CASE("pairs: what is none") {
  for (std::string_view text : {"", "=", "a=", "=b", "a = b", "a == b", "if (x==y)", "1=2", "-a=b",
                                "http://x/?a=b", "x!a=b", "a= b", "a=,b", "..a=1"}) {
    CAPTURE(text);
    CHECK(pairs(text).empty());
  }
}

TEST_CASE("pairs: as fields") {
  Arena arena;
  auto field = [&](std::string_view text) {
    Pair pair;
    REQUIRE(next_pair(text, 0, pair));
    Field made = field_of(pair, arena);
    Buffer out;
    append_json(out, made.value);
    return std::pair(made.type, std::string(out.view()));
  };
  using Typed = std::pair<JsonType, std::string>;
  for (std::string_view number : {"0", "-1", "1.5", "1e9", "-0.5E-3", "123456789012345678901"}) {
    CAPTURE(number);
    CHECK(field("a=" + std::string(number)) == Typed{JsonType::kNumber, std::string(number)});
  }
  for (std::string_view text :
       {"01", "1.", ".5", "+1", "1e", "1x", "-", "NaN", "0x10", "1_0", "True"}) {
    CAPTURE(text);
    CHECK(field("a=" + std::string(text)) == Typed{JsonType::kString, std::string(text)});
  }
  CHECK(field("a=true").first == JsonType::kTrue);
  CHECK(field("a=false").first == JsonType::kFalse);
  CHECK(field(R"(a="1")") == Typed{JsonType::kString, "1"});
  CHECK(field(R"(a="true")").first == JsonType::kString);
  CHECK(field(R"(a="x\n\u00e9")") == Typed{JsonType::kString, R"(x\n\u00e9)"});
  CHECK(field(R"(a="x\a\"")") == Typed{JsonType::kString, R"(x\\a\")"});
  CHECK(field("a=\"tab\t\"") == Typed{JsonType::kString, R"(tab\t)"});
  CHECK(field(R"(a=C:\dir)") == Typed{JsonType::kString, R"(C:\\dir)"});
}
