// SPDX-License-Identifier: Apache-2.0
#include "contract/infer.h"

#include "contract/test_schemas.h"

using namespace waybill::contract;
using namespace waybill::contract::testing;

namespace {

// A draft from JSON values, which accepts each of them but for `required`.
class Drafted {
 public:
  explicit Drafted(InferOptions options = {.records = false}) : inference_(options) {}

  void add(std::string_view json) {
    Instance instance;
    REQUIRE(instance.read(json) == "");
    inference_.add(instance.value(), {0, ++line_});
    values_.emplace_back(json);
  }
  std::string schema() {
    inference_.finish();
    std::string text = inference_.schema();
    CompileOptions asserting;
    asserting.assert_formats = true;
    auto program = compiled(text, asserting);
    for (const std::string& value : values_) {
      CAPTURE(value);
      for (const std::string& one : violations_of(*program, value)) {
        CHECK(one.find(" required: ") != one.npos);
      }
    }
    return text;
  }
  std::string doubts() const {
    std::string all;
    for (const std::string& one : inference_.doubts({"x.log"})) all += one + "\n";
    return all;
  }

 private:
  Inference inference_;
  uint64_t line_ = 0;
  std::vector<std::string> values_;
};

bool has(const std::string& text, std::string_view part) { return text.find(part) != text.npos; }

}  // namespace

TEST_CASE("infer: types, required members, nested objects and arrays") {
  Drafted draft;
  draft.add(R"({"a":1,"b":"x","c":{"d":[1,2.5]},"e":null})");
  draft.add(R"({"a":2.0,"b":true,"c":{"d":[]},"e":"x"})");
  std::string schema = draft.schema();
  auto program = compiled(schema);
  CHECK(is_valid(*program, R"({"a":5,"b":false,"c":{"d":[0.5]},"e":null})"));
  CHECK(!is_valid(*program, R"({"a":5.5,"b":false,"c":{"d":[0.5]},"e":null})"));
  CHECK(!is_valid(*program, R"({"a":5,"b":null,"c":{"d":[]},"e":null})"));
  CHECK(!is_valid(*program, R"({"a":5,"b":"x","c":{"d":["x"]},"e":null})"));
  CHECK(!is_valid(*program, R"({"b":"x","c":{"d":[]},"e":null})"));
  CHECK(has(schema, R"("required": ["a", "b", "c", "e"])"));
  CHECK(has(schema, R"("examples": [1, 2.0])"));
  CHECK(has(draft.doubts(), "/b: types that mix: boolean 1 times (first x.log:2), string 1"));
  CHECK(!has(draft.doubts(), "/e"));
}

TEST_CASE("infer: required by share, and what is nearly so is said") {
  Drafted draft({.required_share = 0.9, .records = false});
  for (int i = 0; i < 100; ++i) {
    draft.add(i < 5    ? R"({"all":1})"
              : i < 15 ? R"({"all":1,"most":1})"
                       : R"({"all":1,"most":1,"nearly":1})");
  }
  CHECK(has(draft.schema(), R"("required": ["all", "most"])"));
  CHECK(has(draft.doubts(), "/most: required, though 5 of 100"));
  CHECK(has(draft.doubts(), "/nearly: nearly always there: 15 of 100"));
}

TEST_CASE("infer: enums of few texts that came often, formats where all fit") {
  Drafted draft;
  for (int i = 0; i < 100; ++i) {
    std::string n = std::to_string(i);
    draft.add(R"({"method":")" + std::string(i % 3 == 0 ? "GET" : "POST") + R"(","late":")" +
              (i < 90 ? "a" : "b") + R"(","same":"x","at":"2026-01-02T03:04:0)" + n.substr(0, 1) +
              R"(Z","ip":"10.0.0.)" + n + R"(","url":"http://x.example/)" + n + R"(","mail":"a)" +
              n + R"(@x.example","word":"db:)" + n + R"("})");
  }
  std::string schema = draft.schema();
  CHECK(has(schema, R"("enum": ["GET", "POST"])"));
  for (const char* format : {"date-time", "ipv4", "uri", "email"}) {
    CHECK(has(schema, "\"format\": \"" + std::string(format) + "\""));
  }
  size_t enums = 0;
  for (size_t at = 0; (at = schema.find("\"enum\"", at)) != schema.npos; ++at) ++enums;
  CHECK(enums == 1);  // not of what is always the same, nor of what came late
  CHECK(has(draft.doubts(), "/method: 2 different texts"));
}

TEST_CASE("infer: keys that look like ids share a schema") {
  Drafted draft;
  for (int i = 0; i < 3000; ++i) {
    draft.add(R"({"kind":"x","by_user":{"total":1,"user-)" + std::to_string(i * 7) +
              R"(":{"n":1}}})");
  }
  std::string schema = draft.schema();
  CHECK(has(schema, "additionalProperties"));
  CHECK(!has(schema, "user-7"));
  CHECK(has(draft.doubts(), "/by_user: "));
  auto program = compiled(schema);
  CHECK(is_valid(*program, R"({"kind":"x","by_user":{"total":1,"user-999999":{"n":5}}})"));
  CHECK(!is_valid(*program, R"({"kind":"x","by_user":{"total":1,"user-999999":{"n":"x"}}})"));
}

TEST_CASE("infer: of very many members, and of one object of them, memory stays bounded") {
  Drafted many;
  std::string object = "{";
  for (int i = 0; i < 5000; ++i) {
    std::string word = "k";
    for (int n = i; n > 0; n /= 26) word += static_cast<char>('a' + n % 26);
    object += (i > 0 ? ",\"" : "\"") + word + "\":" + (i == 4999 ? "\"x\"" : "1");
  }
  object += "}";
  many.add(object);
  many.add(R"({"a":{"b":1}})");
  std::string schema = many.schema();
  CHECK(schema.size() < 100'000);

  Drafted wide;
  for (int i = 0; i < 200; ++i) {
    std::string line = "{";
    for (int k = 0; k < 150; ++k) {
      line += (k > 0 ? ",\"f" : "\"f") + std::to_string(k) + "\":{\"g" + std::to_string(i) +
              "\":{\"h\":1,\"i\":\"x\"}}";
    }
    wide.add(line + "}");
  }
  CHECK(wide.schema().size() < 4'000'000);
}

TEST_CASE("infer: nested deeper than it looks, odd keys and texts") {
  Drafted draft;
  draft.add(R"({"":1,"a/b~c":"\ud800","\u0000":"\u0000","x":")" + std::string(5000, 'y') + "\"}");
  draft.add("{\"deep\":1}");
  draft.schema();
  Drafted other;
  std::string open, close;
  for (int i = 0; i < 60; ++i) {
    open += R"({"a":[)";
    close.insert(0, "]}");
  }
  other.add(open + "1" + close);
  other.add(open + "\"x\"" + close);
  other.schema();
  CHECK(has(other.doubts(), "nested too deep"));
}

TEST_CASE("infer: of records the levels are known and names are free") {
  Drafted draft({.records = true});
  for (int i = 0; i < 200; ++i) {
    draft.add(R"({"level":"INFO","service_name":")" + std::string(i % 2 == 0 ? "a" : "b") +
              R"(","trace_id":"0123456789abcdef0123456789abcdef","message":"m"})");
  }
  std::string schema = draft.schema();
  CHECK(has(schema, R"("enum": ["DEBUG", "INFO", "WARN", "ERROR", "FATAL"])"));
  CHECK(has(schema, R"("pattern": "^[0-9a-f]{32}$")"));
  CHECK(!has(schema, R"("enum": ["a", "b"])"));
  Drafted odd({.examples = false, .records = true});
  odd.add(R"({"level":"INFO"})");
  odd.add(R"({"level":"banana"})");
  CHECK(!has(odd.schema(), "examples"));
}
