// SPDX-License-Identifier: Apache-2.0
#include "outputs/elasticsearch/conflicts.h"

#include <doctest/doctest.h>

namespace waybill::outputs::elasticsearch {
namespace {

std::string told(std::string_view reason) {
  Conflict found = conflict_of(reason);
  return found.path.empty() ? "" : found.path + " " + found.type;
}

struct Fixture {
  Conflicts conflicts;
  size_t moved = 0;
  std::string mend(std::string_view context) {
    Buffer out;
    std::string document = "{\"@timestamp\":\"x\",\"n\":\"y\",\"context\":" + std::string(context) +
                           ",\"log.offset\":1}\n";
    moved = conflicts.mend(document, out);
    std::string text(out.view());
    size_t begin = text.find("\"context\":") + 10, end = text.find(",\"log.offset\":1}\n");
    REQUIRE(end != text.npos);
    CHECK(text.rfind("{\"@timestamp\":\"x\",\"n\":\"y\",", 0) == 0);
    return text.substr(begin, end - begin);
  }
};

TEST_CASE("conflicts: what refusals name") {
  CHECK(told("[1:235] failed to parse field [context.n] of type [long] in document with id 'x'. "
             "Preview of field's value: 'abc'") == "context.n long");
  CHECK(told("mapper_parsing_exception: failed to parse field [context.user.x] of type [text] in "
             "document with id '1'. Preview of field's value: '{a=1}'") == "context.user.x text");
  CHECK(told("[1:20] object mapping for [context.user] tried to parse field [user] as object, but "
             "found a concrete value") == "context.user object");
  CHECK(told("mapper [context.n] cannot be changed from type [long] to [text]") ==
        "context.n long");
  CHECK(told("can't merge a non object mapping [context.a] with an object mapping") ==
        "context.a object");
  for (std::string_view other :
       {"", "failed to parse field [@timestamp] of type [date] in document", "failed to parse",
        "failed to parse field [context] of type [flattened]", "failed to parse field [context.n",
        "failed to parse field [contextual.n] of type [long]",
        "failed to parse field [context.n] of type []", "Limit of total fields [1000] exceeded"}) {
    CAPTURE(other);
    CHECK(told(other) == "");
  }
  CHECK(told("failed to parse field [context." + std::string(9000, 'x') + "] of type [long]") ==
        "");
}

TEST_CASE_FIXTURE(Fixture, "conflicts: what does not fit a type is moved, as text") {
  CHECK(mend(R"({"n":"abc"})") == R"({"n":"abc"})");
  CHECK_FALSE(conflicts.any());
  CHECK(conflicts.learn({"context.n", "long"}));
  CHECK(conflicts.any());
  CHECK_FALSE(conflicts.learn({"context.n", "date"}));
  CHECK(mend(R"({"n":"abc"})") == R"({"n_text":"abc"})");
  CHECK(moved == 1);
  CHECK(mend(R"({"a":[1],"n":{"x":"\"q\""},"b":2})") ==
        R"({"a":[1],"n_text":"{\"x\":\"\\\"q\\\"\"}","b":2})");
  CHECK(mend(R"({"n":true})") == R"({"n_text":"true"})");
  CHECK(mend(R"({"n":[1,"a"]})") == R"({"n_text":"[1,\"a\"]"})");
  CHECK(mend(R"({"n":123456789012345678901234567890})") ==
        R"({"n_text":"123456789012345678901234567890"})");
  for (std::string_view fine :
       {R"({"n":7})", R"({"n":-1.5})", R"({"n":"12"})", R"({"n":null})", R"({"n":[1,"2",null]})",
        R"({"m":"n"})", R"({"deep":{"n":"abc"}})", "{}", R"({"n\u0020":"abc"})"}) {
    CAPTURE(fine);
    CHECK(mend(fine) == fine);
    CHECK(moved == 0);
  }
}

TEST_CASE_FIXTURE(Fixture, "conflicts: by path, through objects and arrays of them") {
  conflicts.learn({"context.user.age", "long"});
  conflicts.learn({"context.tags", "object"});
  CHECK(mend(R"({"user":{"age":"old","name":"n"},"tags":"x"})") ==
        R"({"user":{"age_text":"old","name":"n"},"tags_text":"x"})");
  CHECK(moved == 2);
  CHECK(mend(R"({"user":[{"age":1},{"age":"x"}],"tags":[{"a":1}]})") ==
        R"({"user":[{"age":1},{"age_text":"x"}],"tags":[{"a":1}]})");
  CHECK(mend(R"({"user.age":"x"})") == R"({"user.age_text":"x"})");
  CHECK(mend(R"({"tags":[]})") == R"({"tags":[]})");
}

TEST_CASE_FIXTURE(Fixture, "conflicts: the new name is never one that is there") {
  conflicts.learn({"context.n", "boolean"});
  CHECK(mend(R"({"n_text":1,"n":5,"n_text_2":""})") ==
        R"({"n_text":1,"n_text_3":"5","n_text_2":""})");
}

TEST_CASE_FIXTURE(Fixture, "conflicts: types and what fits them") {
  struct Case {
    const char *type, *fits, *moves;
  };
  for (const Case& one :
       {Case{"double", R"([1,"1e5",2.5])", R"("x")"}, Case{"keyword", R"([1,true,"x"])", "{}"},
        Case{"boolean", R"([true,"false",""])", "0"},
        Case{"date", R"(["2026-01-02T03:04:05Z","2026-01-02",1767323045])", R"("yesterday")"},
        Case{"ip", "null", R"("x")"}, Case{"object", "{}", "1"}}) {
    CAPTURE(one.type);
    Conflicts fresh;
    fresh.learn({"context.n", one.type});
    auto mended = [&](std::string_view value) {
      Buffer out;
      return fresh.mend("{\"context\":{\"n\":" + std::string(value) + "}}", out);
    };
    CHECK(mended(one.fits) == 0);
    CHECK(mended(one.moves) == 1);
  }
}

TEST_CASE_FIXTURE(Fixture, "conflicts: bounded, and what is no document passes") {
  for (size_t i = 0; i < Conflicts::kMost; ++i) {
    CHECK(conflicts.learn({"context.f" + std::to_string(i), "long"}));
  }
  CHECK_FALSE(conflicts.learn({"context.n", "long"}));
  Buffer out;
  CHECK(conflicts.mend("{\"context\":{\"f1\":", out) == 0);
  CHECK(out.view() == "{\"context\":{\"f1\":");
}

TEST_CASE("elasticsearch: what was moved is counted, what was only looked at is not") {
  Conflicts conflicts;
  CHECK(conflicts.moved() == 0);
  CHECK(conflicts.learn({"context.n", "long"}));
  constexpr std::string_view document = R"({"context":{"n":"many"}})";
  CHECK(Conflicts::concerns({"context.n", "long"}, document));
  CHECK(conflicts.moved() == 0);
  Buffer out;
  CHECK(conflicts.mend(document, out) == 1);
  CHECK(conflicts.mend(R"({"context":{"n":7}})", out) == 0);
  CHECK(conflicts.mend(document, out) == 1);
  CHECK(conflicts.moved() == 2);
}

}  // namespace
}  // namespace waybill::outputs::elasticsearch
