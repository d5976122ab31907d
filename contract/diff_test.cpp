// SPDX-License-Identifier: Apache-2.0
#include "contract/diff.h"

#include <algorithm>
#include <random>

#include "contract/test_schemas.h"

using namespace waybill::contract;
using namespace waybill::contract::testing;

namespace {

// "WORD POINTER" of each change.
std::vector<std::string> diff(std::string_view before, std::string_view after,
                              const CompileOptions& options = {}) {
  auto changes = diff_schema_texts(std::string(before), std::string(after), options);
  std::string why = changes ? "" : changes.error().what;
  INFO(before << " -> " << after << ": " << why);
  REQUIRE(changes.has_value());
  std::vector<std::string> all;
  for (const Change& one : *changes) {
    all.push_back(std::string(impact_name(one.impact)) + " " + one.pointer);
  }
  return all;
}

struct Row {
  const char* before;
  const char* after;
  std::vector<std::string> changes;
};

void check_rows(const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    CAPTURE(row.before);
    CAPTURE(row.after);
    CHECK(diff(row.before, row.after) == row.changes);
  }
}

}  // namespace

TEST_CASE("diff: values by themselves") {
  check_rows({
      {R"({"type":"string"})", R"({"type":"string","title":"x","x-own":1})", {}},
      {R"({"type":["integer","string"]})", R"({"type":"integer"})", {"breaking /type"}},
      {R"({"type":"integer"})", R"({"type":"number"})", {"compatible /type"}},
      {R"({"type":"number"})", R"({"type":"integer"})", {"breaking /type"}},
      {R"({})", R"({"type":"string"})", {"breaking /type"}},
      {R"({"type":"string"})", R"({})", {"compatible /type"}},
      {R"({"enum":["a",1.0]})", R"({"enum":[1,"a","b"]})", {"compatible /enum"}},
      {R"({"enum":["a","b"]})", R"({"enum":["a"]})", {"breaking /enum"}},
      {R"({"enum":["a"]})", R"({"const":"a"})", {}},
      {R"({"enum":["a"]})", R"({"enum":[]})", {"breaking /enum"}},
      {R"({"enum":[]})", R"({"enum":["a"]})", {"compatible /enum"}},
      {R"({"enum":["a","b"]})", R"({"enum":["a","b"],"type":"string"})", {}},
      {R"({"type":"string"})", R"({"enum":["a"],"type":"string"})", {"breaking /enum"}},
      {R"({"minimum":1})", R"({"minimum":1.0})", {}},
      {R"({"minimum":1})", R"({"exclusiveMinimum":1})", {"breaking /exclusiveMinimum"}},
      {R"({"minimum":1})", R"({"minimum":0})", {"compatible /minimum"}},
      {R"({"maximum":9})", R"({"maximum":8.5})", {"breaking /maximum"}},
      {R"({"maximum":9})", R"({})", {"compatible /maximum"}},
      {R"({"multipleOf":4})", R"({"multipleOf":2})", {"compatible /multipleOf"}},
      {R"({"multipleOf":2})", R"({"multipleOf":4})", {"breaking /multipleOf"}},
      {R"({"minLength":0})", R"({})", {}},
      {R"({"maxLength":9})", R"({"maxLength":8})", {"breaking /maxLength"}},
      {R"({"minItems":2})", R"({"minItems":1})", {"compatible /minItems"}},
      {R"({})", R"({"uniqueItems":true})", {"breaking /uniqueItems"}},
      {R"({"pattern":"a"})", R"({"pattern":"b"})", {"unknown /pattern"}},
      {R"({})", R"({"pattern":"b"})", {"breaking /pattern"}},
      {R"({"pattern":"b"})", R"({})", {"compatible /pattern"}},
      {R"({})", R"({"format":"date"})", {"unknown /format"}},
      {R"({})", R"({"format":"of-its-own"})", {}},
      {R"(true)", R"(false)", {"breaking "}},
      {R"(false)", R"(true)", {"compatible "}},
  });
  CompileOptions asserting;
  asserting.assert_formats = true;
  CHECK(diff(R"({})", R"({"format":"date"})", asserting) ==
        std::vector<std::string>{"breaking /format"});
}

TEST_CASE("diff: members") {
  check_rows({
      {R"({"required":["a"]})", R"({"required":["a","b"]})", {"breaking /required/1"}},
      {R"({"required":["a","b"]})", R"({"required":["b"]})", {"compatible /required/0"}},
      {R"({"dependentRequired":{"a":["b"]}})",
       R"({"dependentRequired":{"a":["b","c"]}})",
       {"breaking /dependentRequired/a/1"}},
      {R"({"properties":{"a":{"type":"string"}}})",
       R"({"properties":{"a":{}}})",
       {"compatible /properties/a/type"}},
      // What was open could have held anything.
      {R"({})", R"({"properties":{"a":{"type":"string"}}})", {"unknown /properties/a"}},
      {R"({})", R"({"properties":{"a":{"title":"x"}}})", {}},
      {R"({"additionalProperties":false})",
       R"({"properties":{"a":{"type":"string"}},"additionalProperties":false})",
       {"compatible /properties/a"}},
      {R"({"properties":{"a":{"type":"string"}}})", R"({})", {"compatible /properties/a"}},
      {R"({"properties":{"a":{}},"additionalProperties":false})",
       R"({"additionalProperties":false})",
       {"breaking /properties/a"}},
      {R"({"properties":{"a":{}}})",
       R"({"properties":{"a":{}},"additionalProperties":false})",
       {"breaking /additionalProperties"}},
      {R"({"additionalProperties":{"type":"number"}})",
       R"({"additionalProperties":{"type":"integer"}})",
       {"breaking /additionalProperties/type"}},
      {R"({"additionalProperties":{"type":"integer"}})",
       R"({"properties":{"a":{"type":"number"}},"additionalProperties":{"type":"integer"}})",
       {"compatible /properties/a/type"}},
      {R"({"patternProperties":{"^x":{"type":"number"}}})",
       R"({"patternProperties":{"^x":{"type":"integer"}}})",
       {"breaking /patternProperties/^x/type"}},
      {R"({"patternProperties":{"^x":{"type":"number"}}})",
       R"({"patternProperties":{"^y":{"type":"number"}}})",
       {"unknown /patternProperties/^y", "compatible /patternProperties/^x"}},
      {R"({"propertyNames":{"maxLength":4}})",
       R"({"propertyNames":{"maxLength":3}})",
       {"breaking /propertyNames/maxLength"}},
      {R"({"maxProperties":3})", R"({"maxProperties":4})", {"compatible /maxProperties"}},
  });
}

TEST_CASE("diff: elements") {
  check_rows({
      {R"({"items":{"type":"number"}})",
       R"({"items":{"type":"integer"}})",
       {"breaking /items/type"}},
      {R"({"prefixItems":[{}]})",
       R"({"prefixItems":[{},{"type":"string"}]})",
       {"breaking /prefixItems/1/type"}},
      {R"({"prefixItems":[{}],"items":false})",
       R"({"prefixItems":[{},{}],"items":false})",
       {"compatible /items"}},
      {R"({"contains":{"const":1}})", R"({"contains":{"enum":[1,2]}})", {"compatible /contains"}},
      {R"({"contains":{"enum":[1,2]}})", R"({"contains":{"const":1}})", {"unknown /contains"}},
      {R"({"contains":{"const":1},"maxContains":2})",
       R"({"contains":{"enum":[1,2]},"maxContains":2})",
       {"unknown /contains"}},
      {R"({"contains":{}})", R"({"contains":{},"minContains":2})", {"breaking /minContains"}},
      {R"({})", R"({"contains":{}})", {"breaking /contains"}},
      {R"({"$schema":"http://json-schema.org/draft-07/schema#","items":[{}],"additionalItems":false})",
       R"({"$schema":"http://json-schema.org/draft-07/schema#","items":[{}]})",
       {"compatible /additionalItems"}},
  });
}

TEST_CASE("diff: schemas put together") {
  check_rows({
      {R"({"allOf":[{"minimum":1},{"maximum":9}]})",
       R"({"allOf":[{"maximum":9},{"minimum":1}]})",
       {}},
      {R"({"allOf":[{"minimum":1}]})",
       R"({"allOf":[{"minimum":1},{"maximum":9}]})",
       {"breaking /allOf/1/maximum"}},
      {R"({"anyOf":[{"type":"string"}]})",
       R"({"anyOf":[{"type":"null"},{"type":"string"}]})",
       {"compatible /anyOf"}},
      {R"({"anyOf":[{"type":"null"},{"type":"string"}]})",
       R"({"anyOf":[{"type":"string"}]})",
       {"breaking /anyOf/0", "compatible /anyOf"}},
      {R"({"anyOf":[{"minimum":1}]})",
       R"({"anyOf":[{"minimum":2}]})",
       {"unknown /anyOf/0", "compatible /anyOf"}},
      {R"({"type":"string"})",
       R"({"anyOf":[{"type":"null"},{"type":"string"}]})",
       {"compatible /type", "compatible /anyOf"}},
      {R"({"oneOf":[{"type":"null"},{"minimum":1}]})",
       R"({"oneOf":[{"minimum":1},{"type":"null"}]})",
       {}},
      {R"({"oneOf":[{"type":"null"},{"minimum":1}]})",
       R"({"oneOf":[{"type":"null"},{"minimum":0}]})",
       {"unknown /oneOf"}},
      {R"({"not":{"minimum":1}})", R"({"not":{"minimum":0}})", {"unknown /not"}},
      {R"({"not":{"minimum":1,"title":"a"}})", R"({"not":{"minimum":1.0}})", {}},
      {R"({})", R"({"not":{}})", {"breaking /not"}},
      {R"({"if":{"minimum":1},"then":{"maximum":9}})",
       R"({"if":{"minimum":1},"then":{"maximum":8}})",
       {"breaking /then/maximum"}},
      {R"({"if":{"minimum":1},"then":{"maximum":9}})",
       R"({"if":{"minimum":2},"then":{"maximum":9}})",
       {"unknown /if"}},
      // Without the property the member is left to what is unevaluated.
      {R"({"properties":{"a":{}},"unevaluatedProperties":false})",
       R"({"unevaluatedProperties":false})",
       {"unknown /properties/a"}},
      {R"({})", R"({"unevaluatedProperties":false})", {"breaking /unevaluatedProperties"}},
  });
}

TEST_CASE("diff: references are what they lead to") {
  check_rows({
      {R"({"properties":{"a":{"type":"string"}}})",
       R"({"properties":{"a":{"$ref":"#/$defs/s"}},"$defs":{"s":{"type":"string"}}})",
       {}},
      {R"({"properties":{"a":{"$ref":"#/$defs/s"}},"$defs":{"s":{"type":"string"}}})",
       R"({"properties":{"a":{"$ref":"#/$defs/s"}},"$defs":{"s":{"type":"null"}}})",
       {"breaking /$defs/s/type", "compatible /$defs/s/type"}},
      {R"({"$ref":"#/$defs/n","$defs":{"n":{"properties":{"n":{"$ref":"#/$defs/n"}}}}})",
       R"({"$ref":"#/$defs/m","$defs":{"m":{"properties":{"n":{"$ref":"#/$defs/m"}}}}})",
       {}},
      {R"({"type":"string"})",
       R"({"minLength":0,"$ref":"#/$defs/s","$defs":{"s":{"maxLength":3}}})",
       {"breaking /$defs/s/maxLength", "compatible /type"}},
  });
  // What looks like a looser bound is a tighter one below `not`.
  auto changes = diff(R"({"maximum":5,"properties":{"c":{"not":{"$ref":"#"}}}})",
                      R"({"maximum":10,"properties":{"c":{"not":{"$ref":"#"}}}})");
  CHECK(changes == std::vector<std::string>{"unknown /properties/c/not", "compatible /maximum"});
  const char* recursive = R"({"not":{"properties":{"c":{"$ref":"#"}}}})";
  CHECK(diff(recursive, recursive).empty());
}

TEST_CASE("diff: another draft, faulty schemas, too much of it") {
  auto changes = diff(R"({"$schema":"http://json-schema.org/draft-07/schema#"})",
                      R"({"$schema":"https://json-schema.org/draft/2020-12/schema"})");
  CHECK(changes == std::vector<std::string>{"unknown "});
  CHECK(!diff_schema_texts("{", "{}", {}).has_value());
  CHECK(!diff_schema_texts("{}", R"({"$ref":"#/no"})", {}).has_value());
  // Alternatives of alternatives of alternatives …, each another.
  std::string before = R"({"maximum":1})", after = R"({"maximum":0})";
  for (int i = 0; i < 12; ++i) {
    before =
        R"({"oneOf":[)" + before + R"(,{"minimum":)" + std::to_string(i) + "}," + before + "]}";
    after = R"({"oneOf":[{"minimum":)" + std::to_string(i) + "}," + after + "," + after + "]}";
    if (before.size() > 40'000) break;
  }
  CHECK(!diff(before, after).empty());
}

// Random small schemas and a small change: whatever breaks for a value must be said.
namespace {

class Maker {
 public:
  explicit Maker(uint32_t seed) : random_(seed) {}

  // With something that references in it lead to.
  std::string whole() {
    std::string out = schema(3);
    if (out.size() < 3 || out.front() != '{') return out;
    return R"({"$defs":{"r":)" + schema(2) + "}," + out.substr(1);
  }
  std::string schema(int depth) {
    if (below(12) == 0) return below(2) == 0 ? "true" : "false";
    std::string out = "{";
    size_t count = below(3);
    std::vector<std::string> used;
    for (size_t i = 0; i <= count; ++i) {
      auto [key, value] = keyword(depth);
      if (std::find(used.begin(), used.end(), key) != used.end()) continue;
      used.push_back(key);
      out += (out.size() > 1 ? ",\"" : "\"") + key + "\":" + value;
    }
    return out + "}";
  }
  std::string value(int depth) {
    switch (below(depth > 0 ? 8 : 5)) {
      case 0: return "null";
      case 1: return below(2) == 0 ? "true" : "1.5";
      case 2: return std::to_string(below(5));
      case 3: return R"("a")";
      case 4: return R"("bb")";
      case 5: return "[" + value(depth - 1) + (below(2) == 0 ? "" : "," + value(depth - 1)) + "]";
      default: break;
    }
    std::string out = R"({"a":)" + value(depth - 1);
    if (below(2) == 0) out += R"(,"b":)" + value(depth - 1);
    if (below(3) == 0) out += R"(,"xa":)" + value(depth - 1);
    return out + "}";
  }
  // Changes one number or word of a schema's text to one of another schema's, by chance.
  std::string changed(const std::string& text) {
    std::string out = text;
    for (int tries = 0; tries < 4; ++tries) {
      size_t at = below(out.size());
      if (out[at] >= '0' && out[at] <= '4') {
        out[at] = static_cast<char>('0' + below(5));
        return out;
      }
    }
    return below(3) == 0 ? "{\"allOf\":[" + out + "]}" : whole();
  }
  size_t below(size_t limit) { return random_() % limit; }

 private:
  std::pair<std::string, std::string> keyword(int depth) {
    auto number = [&] { return std::to_string(below(5)); };
    auto inner = [&] { return depth > 0 ? schema(depth - 1) : std::string("true"); };
    auto list = [&] { return "[" + inner() + (below(2) == 0 ? "]" : "," + inner() + "]"); };
    constexpr const char* types[] = {"null",   "boolean", "integer", "number",
                                     "string", "array",   "object"};
    switch (below(30)) {
      case 0:
      case 1: return {"type", "\"" + std::string(types[below(7)]) + "\""};
      case 2: return {"type", R"(["integer",")" + std::string(types[4 + below(3)]) + "\"]"};
      case 3: return {"enum", "[" + value(0) + "," + value(1) + "]"};
      case 4: return {"const", value(1)};
      case 5: return {"minimum", number()};
      case 6: return {"maximum", number()};
      case 7: return {"exclusiveMinimum", number()};
      case 8: return {"multipleOf", std::to_string(1 + below(3))};
      case 9: return {"minLength", number()};
      case 10: return {"maxLength", number()};
      case 11: return {"required", below(2) == 0 ? R"(["a"])" : R"(["a","b"])"};
      case 12: return {"properties", R"({"a":)" + inner() + "}"};
      case 13: return {"properties", R"({"a":)" + inner() + R"(,"b":)" + inner() + "}"};
      case 14: return {"additionalProperties", inner()};
      case 15: return {"patternProperties", R"({"^x":)" + inner() + "}"};
      case 16: return {"patternProperties", R"({"a":)" + inner() + "}"};
      case 17: return {"items", inner()};
      case 18: return {"prefixItems", list()};
      case 19: return {"contains", inner()};
      case 20: return {below(2) == 0 ? "minItems" : "maxItems", number()};
      case 21: return {"allOf", list()};
      case 22: return {"anyOf", list()};
      case 23: return {"oneOf", list()};
      case 24: return {"not", inner()};
      case 25: return {"if", inner()};
      case 26: return {below(2) == 0 ? "then" : "else", inner()};
      case 27: return {"$ref", below(3) == 0 ? R"("#")" : R"("#/$defs/r")"};
      default: break;
    }
    constexpr const char* rare[] = {"unevaluatedProperties", "unevaluatedItems", "propertyNames",
                                    "minContains"};
    size_t which = below(4);
    return {rare[which], which == 3 ? number() : inner()};
  }

  std::mt19937 random_;
};

}  // namespace

TEST_CASE("diff: sound for random schemas: what breaks a value is never called compatible") {
  size_t broken = 0, compatible = 0;
  for (uint32_t seed = 0; seed < 3000; ++seed) {
    Maker maker(seed);
    std::string before = maker.whole();
    std::string after = maker.changed(before);
    auto old_program = compile_text(before, "old", "", {});
    auto new_program = compile_text(after, "new", "", {});
    if (!old_program || !new_program) continue;
    bool alarm = false;
    for (const std::string& one : diff(before, after)) alarm |= !one.starts_with("compatible");
    compatible += !alarm;
    for (int i = 0; i < 60; ++i) {
      std::string value = maker.value(3);
      if (!is_valid(**old_program, value) || is_valid(**new_program, value)) continue;
      ++broken;
      CAPTURE(before);
      CAPTURE(after);
      CAPTURE(value);
      CHECK(alarm);
    }
  }
  // It looks at both kinds.
  CHECK(broken > 1000);
  CHECK(compatible > 100);
}
