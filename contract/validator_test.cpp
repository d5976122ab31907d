// SPDX-License-Identifier: Apache-2.0
#include "contract/validator.h"

#include "contract/test_schemas.h"

using namespace waybill::contract;
using namespace waybill::contract::testing;

TEST_CASE("validator: types and choices") {
  check({
      {R"({"type":"integer"})", {"1", "1.0", "-3e2", "1e99"}, {"1.5", "1e-1", "\"1\"", "true"}},
      {R"({"type":["string","null"]})", {"\"\"", "null"}, {"1", "[]", "{}", "false"}},
      {R"({"type":"number"})", {"1", "1.5"}, {"\"1\""}},
      {R"({"type":"boolean"})", {"true", "false"}, {"0", "null"}},
      {R"({"enum":[1,"a",{"x":[1,2]},null]})",
       {"1.0", "\"\\u0061\"", R"({"x":[1.0,2e0]})", "null", "10e-1"},
       {"2", "\"b\"", R"({"x":[2,1]})", "true", "{}", "[]"}},
      {R"({"const":{"a":1,"b":{"c":[true]}}})",
       {R"({"b":{"c":[true]},"a":1})", R"({"a":9,"b":{"c":[true]},"a":1})"},
       {R"({"a":1})", R"({"a":1,"b":{"c":[1]}})", R"({"a":1,"b":{"c":[true]},"d":0})"}},
      {R"({"const":false})", {"false"}, {"0", "null", "[]"}},
      {R"({"const":9007199254740993})",
       {"9007199254740993", "9007199254740993.0"},
       {"9007199254740992"}},
      {R"({"enum":[]})", {}, {"1"}},
      {"true", {"1"}, {}},
      {"false", {}, {"1"}},
      {"{}", {"1", "[]"}, {}},
  });
}

TEST_CASE("validator: numbers, exactly") {
  check({
      {R"({"minimum":1.1})", {"1.1", "1.10", "2", "\"a\""}, {"1.0999999999999999999999", "-2"}},
      {R"({"maximum":18446744073709551615})", {"18446744073709551615"}, {"18446744073709551616"}},
      {R"({"exclusiveMinimum":0,"exclusiveMaximum":1e2})",
       {"1e-400", "99.9"},
       {"0", "-0.0", "100"}},
      {R"({"multipleOf":0.01})", {"19.99", "0", "5e300"}, {"19.999", "1e-3"}},
      {R"({"minimum":-5})", {"-5", "-4.9"}, {"-5.1", "-6", "-1e30"}},
  });
}

TEST_CASE("validator: strings by code points") {
  check({
      {R"({"minLength":2,"maxLength":3})",
       {"\"ab\"", "\"\\ud83d\\ude00x\"", "\"äöü\"", "\"😀😀😀\"", "1", "\"\\n\\t\""},
       {"\"a\"", "\"abcd\"", "\"😀\"", "\"\\ud83d\\ude00\"", "\"\""}},
      {R"({"maxLength":2.0})", {"\"ab\"", "\"\\u00e9\\ud800\""}, {"\"abc\""}},
      {R"({"pattern":"^a\\d$"})", {"\"a1\"", "\"\\u00611\"", "1"}, {"\"b1\"", "\"a1\\n\""}},
      {R"({"format":"ipv4"})", {"\"x\""}, {}},
  });
  CompileOptions options;
  options.assert_formats = true;
  check({{R"({"format":"ipv4"})", {"\"1.2.3.4\"", "1"}, {"\"x\""}},
         {R"({"format":"who-knows"})", {"\"x\""}, {}}},
        options);
}

TEST_CASE("validator: objects") {
  check({
      {R"({"properties":{"a":{"type":"string"},"b":false},"required":["a"]})",
       {R"({"a":"x"})", R"({"a":1,"a":"x"})", "[]", R"({"\u0061":"x"})"},
       {"{}", R"({"a":1})", R"({"a":"x","b":1})", R"({"a":"x","a":1})"}},
      {R"({"properties":{"a":true},"patternProperties":{"^x":{"type":"integer"}},
           "additionalProperties":{"type":"null"}})",
       {R"({"a":1,"x1":2,"b":null})"},
       {R"({"x1":"a"})", R"({"b":1})"}},
      {R"({"propertyNames":{"maxLength":2}})", {R"({"ab":1})"}, {R"({"abc":1})"}},
      {R"({"minProperties":1,"maxProperties":2})",
       {R"({"a":1})", R"({"a":1,"a":2,"b":3})"},
       {"{}", R"({"a":1,"b":2,"c":3})"}},
      {R"({"dependentRequired":{"a":["b","c"]}})",
       {"{}", R"({"a":1,"b":1,"c":1})", R"({"b":1})"},
       {R"({"a":1})", R"({"a":1,"b":1})"}},
      {R"({"dependentSchemas":{"a":{"required":["b"]},"c":false}})",
       {"{}", R"({"a":1,"b":1})"},
       {R"({"a":1})", R"({"c":1})"}},
      {R"({"$schema":"http://json-schema.org/draft-07/schema#",
           "dependencies":{"a":["b"],"c":{"maxProperties":1}}})",
       {R"({"a":1,"b":1})", R"({"c":1})"},
       {R"({"a":1})", R"({"c":1,"b":1})"}},
  });
}

TEST_CASE("validator: more names than fit into one word") {
  std::string required, properties, value, short_of_one;
  for (int i = 0; i < 100; ++i) {
    std::string name = "\"name_of_a_property_" + std::to_string(i) + "\"";
    required += (i > 0 ? "," : "") + name;
    properties += (i > 0 ? "," : "") + name + ":{\"const\":" + std::to_string(i) + "}";
    value += (i > 0 ? "," : "") + name + ":" + std::to_string(i);
    if (i == 98) short_of_one = value;
  }
  auto program = compiled("{\"required\":[" + required + "],\"properties\":{" + properties + "}}");
  CHECK(is_valid(*program, "{" + value + "}"));
  CHECK(violations_of(*program, "{" + short_of_one + "}").size() == 1);
  // No more than that are kept.
  CHECK(violations_of(*program, "{}").size() == Validator::kMostViolations);
}

TEST_CASE("validator: arrays") {
  check({
      {R"({"prefixItems":[{"type":"string"},{"type":"integer"}],"items":false})",
       {"[]", "[\"a\"]", "[\"a\",1]", "{}"},
       {"[1]", "[\"a\",1,2]"}},
      {R"({"items":{"type":"integer"},"minItems":1,"maxItems":2})",
       {"[1]", "[1,2.0]"},
       {"[]", "[1,2,3]", "[\"a\"]"}},
      {R"({"$schema":"http://json-schema.org/draft-07/schema#",
           "items":[{"type":"string"}],"additionalItems":{"type":"integer"}})",
       {"[\"a\",1]", "[]"},
       {"[1]", "[\"a\",\"b\"]"}},
      {R"({"contains":{"minimum":5}})", {"[1,5]", "[9,9]"}, {"[]", "[1]"}},
      {R"({"contains":{"const":1},"minContains":2,"maxContains":3})",
       {"[1,1]", "[1,2,1.0,1]"},
       {"[1]", "[1,1,1,1]"}},
      {R"({"contains":{"const":1},"minContains":0})", {"[]", "[2]"}, {}},
      {R"({"uniqueItems":true})",
       {"[1,2,\"1\",true,false,null,[1],{\"a\":1}]", "[[1],[2]]", "[{\"a\":1},{\"a\":2}]", "[1]",
        "[1,true,0,false]"},
       {"[1,1.0]", "[{\"a\":1,\"b\":2},{\"b\":2,\"a\":1}]", "[\"a\",\"\\u0061\"]", "[[],[]]",
        "[{\"a\":1},{\"a\":2,\"a\":1}]"}},
  });
}

TEST_CASE("validator: schemas put together") {
  check({
      {R"({"allOf":[{"minimum":1},{"maximum":3}]})", {"2"}, {"0", "4"}},
      {R"({"anyOf":[{"minimum":3},{"maximum":1}]})", {"0", "4"}, {"2"}},
      {R"({"oneOf":[{"minimum":1},{"maximum":3}]})", {"0", "4"}, {"2"}},
      {R"({"not":{"type":"null"}})", {"1"}, {"null"}},
      {R"({"if":{"minimum":10},"then":{"multipleOf":10},"else":{"multipleOf":2}})",
       {"20", "4"},
       {"15", "3"}},
      {R"({"then":false,"else":false})", {"1"}, {}},
  });
}

TEST_CASE("validator: what is evaluated") {
  check({
      {R"({"properties":{"a":true},"allOf":[{"properties":{"b":true}}],
           "anyOf":[{"required":["c"],"properties":{"c":true}},{"properties":{"d":true}}],
           "unevaluatedProperties":false})",
       {R"({"a":1,"b":2})", R"({"c":1})", R"({"c":1,"d":1})"},
       {R"({"e":1})"}},
      {R"({"if":{"properties":{"a":{"const":1}},"required":["a"]},"then":{"properties":{"b":true}},
           "else":{"properties":{"c":true}},"unevaluatedProperties":false})",
       {R"({"a":1,"b":1})", R"({"c":1})"},
       {R"({"b":1})", R"({"a":2})", R"({"a":1,"c":1})"}},
      {R"({"not":{"not":{"properties":{"a":true}}},"unevaluatedProperties":false})",
       {"{}"},
       {R"({"a":1})"}},
      {R"({"prefixItems":[true],"contains":{"type":"string"},"unevaluatedItems":{"type":"null"}})",
       {R"([1,"a",null])", R"(["a"])"},
       {R"([1,"a",2])"}},
      {R"({"$defs":{"x":{"properties":{"a":true},"unevaluatedProperties":{"type":"integer"}}},
           "$ref":"#/$defs/x","properties":{"s":true},"unevaluatedProperties":false})",
       {R"({"a":"","b":1})"},
       {R"({"b":""})", R"({"s":"x"})"}},
      {R"({"dependentSchemas":{"a":{"properties":{"b":true}}},"properties":{"a":true},
           "unevaluatedProperties":false})",
       {R"({"a":1,"b":1})"},
       {R"({"b":1})"}},
      {R"({"items":{"unevaluatedProperties":false,"properties":{"a":true}}})",
       {R"([{"a":1}])"},
       {R"([{"b":1}])"}},
  });
}

TEST_CASE("validator: what is said") {
  auto program = compiled(R"({
    "type":"object","required":["level","n"],
    "properties":{"level":{"enum":["INFO","WARN"]},"n":{"type":"integer","maximum":9},
                  "a/b~c":{"items":{"minLength":2}},"id":{"pattern":"^x"}},
    "additionalProperties":false})");
  using Texts = std::vector<std::string>;
  CHECK(violations_of(*program, R"({"level":"info","n":10})") ==
        Texts{"/level enum: expected one of \"INFO\", \"WARN\", got \"info\"",
              "/n maximum: expected at most 9, got 10"});
  CHECK(violations_of(*program, R"({"n":1.5,"a/b~c":["ok","é"],"zz":{"a":1},"id":"y\n"})") ==
        Texts{"/n type: expected integer, got 1.5",
              "/a~1b~0c/1 minLength: expected at least 2 characters, got 1: \"é\"",
              "/zz additionalProperties: expected nothing here, got an object of 1 member",
              "/id pattern: expected text that matches ^x, got \"y\\n\"",
              " required: expected a member \"level\", got an object of 4 members without it"});
  CHECK(violations_of(*program, "[]") == Texts{" type: expected object, got an array of 0"});
  auto other = compiled(R"({"anyOf":[{"type":"null"},{"minimum":3}],"oneOf":[true,true],
    "uniqueItems":true,"propertyNames":{"maxLength":1},"not":{"const":"x"}})");
  CHECK(violations_of(*other, "2") ==
        Texts{" anyOf: expected one of 2 alternatives to fit, got 2; nearest: expected at least 3, "
              "got 2",
              " oneOf: expected exactly one alternative to fit, got number 1 and number 2"});
}

TEST_CASE("validator: nothing makes it slow") {
  // Twice as many ways at every level.
  auto program = compiled(R"({"$defs":{"n":{"anyOf":[
    {"properties":{"x":{"$ref":"#/$defs/n"}},"required":["no"]},
    {"properties":{"x":{"$ref":"#/$defs/n"}},"required":["no"]}]}},"$ref":"#/$defs/n"})");
  std::string deep = "1";
  for (int i = 0; i < 60; ++i) deep = "{\"x\":" + deep + "}";
  auto said = violations_of(*program, deep);
  REQUIRE(said.size() == 1);
  CHECK(said.front().starts_with(" anyOf: expected one of 2 alternatives to fit, got an object"));
  // The same with exactly one, whatever comes first in the value or in the schema.
  for (bool first : {false, true}) {
    std::string all;
    std::string value = first ? R"({"kind":"0"})" : "{}";
    for (const char* kind : {"0", "1", "2", "3"}) {
      std::string own = std::string(R"("kind":{"const":")") + kind + R"("})";
      std::string child = R"("next":{"$ref":"#"})";
      all += (all.empty() ? "" : ",") + std::string(R"({"required":["kind"],"properties":{)") +
             (first ? own + "," + child : child + "," + own) + "}}";
    }
    for (int i = 0; i < 60; ++i) {
      std::string kind = R"("kind":")" + std::to_string(i % 4) + "\"";
      std::string next = "\"next\":" + value;
      value = "{" + (first ? kind + "," + next : next + "," + kind) + "}";
    }
    auto tree = compiled(R"({"oneOf":[)" + all + "]}");
    CHECK(is_valid(*tree, value) == first);
  }
  // References that double at every step over the same value.
  std::string doubled = R"({"$defs":{"a0":{"properties":{"x":true}})";
  for (int i = 1; i <= 200; ++i) {
    std::string ref = R"({"$ref":"#/$defs/a)" + std::to_string(i - 1) + "\"}";
    doubled +=
        ",\"a" + std::to_string(i) + R"(":{"anyOf":[false,{"allOf":[)" + ref + "," + ref + "]}]}";
  }
  auto chain = compiled(doubled + R"(},"$ref":"#/$defs/a200"})");
  CHECK(is_valid(*chain, R"({"x":1})"));
  // Steps grow with the text, too.
  auto text = compiled(R"({"type":"string","minLength":9000000,"pattern":"^[a-z]*$"})");
  CHECK(is_valid(*text, "\"" + std::string(10'000'000, 'a') + "\""));
  // Comes back to the same value by a dynamic reference, which no compiler sees.
  auto endless = compiled(R"({"$id":"urn:a","$dynamicAnchor":"n","$ref":"urn:b",
    "$defs":{"b":{"$id":"urn:b","$dynamicRef":"#n","$defs":{"n":{"$dynamicAnchor":"n"}}}}})");
  said = violations_of(*endless, "1");
  REQUIRE(said.size() == 1);
  CHECK(said.front().find("schemas refer to each other") != std::string::npos);
  // Thousands of equal things.
  auto unique = compiled(R"({"uniqueItems":true})");
  std::string many = "[";
  for (int i = 0; i < 20'000; ++i) many += "{\"a\":" + std::to_string(i) + "},";
  CHECK(is_valid(*unique, many + "0]"));
  CHECK(!is_valid(*unique, many + "{\"a\":7.0}]"));
}

TEST_CASE("validator: halves of surrogate pairs are characters of their own") {
  check({
      {R"({"const":"\ud800"})",
       {R"("\uD800")"},
       {R"("\ud801")", R"("\ufffd")", R"("\ud800\udc00")"}},
      {R"({"enum":["a","\udfff\ud800x"]})", {R"("\udfff\ud800x")"}, {R"("\ud800\udfffx")"}},
      {R"({"properties":{"\ud800":false}})", {R"({"\ud801":1})"}, {R"({"\ud800":1})"}},
      {R"({"uniqueItems":true})", {R"(["\ud800","\udbff"])"}, {R"(["\ud800","\ud800"])"}},
      {R"({"minLength":2,"pattern":"^.b$"})", {R"("\ud800b")"}, {R"("\ud800")"}},
  });
  auto program = compiled(R"({"required":["\ud800"]})");
  CHECK(
      violations_of(*program, "{}") ==
      std::vector<std::string>{
          " required: expected a member \"\xEF\xBF\xBD\", got an object of 0 members without it"});
}

TEST_CASE("validator: numbers at bounds, however they are written") {
  check({
      {R"({"minimum":3})",
       {"3", "3.0", "3.000", "3.1", "30e-1", "1e9", "300000000000000000000"},
       {"2", "2.999999999999999999999", "-3", "-3.5", "29e-1", "-300000000000000000000"}},
      {R"({"exclusiveMinimum":-1})", {"-0.9", "0", "-0.0"}, {"-1", "-1.0", "-1.1", "-1.00001"}},
      {R"({"maximum":-1})", {"-1", "-1.0", "-1.5"}, {"-0.999", "0", "1"}},
      {R"({"exclusiveMaximum":0})", {"-0.1", "-1e-9"}, {"0", "-0", "0.1", "-0.000"}},
      {R"({"maximum":0.5})", {"0.5", "0.49", "-7"}, {"0.51", "1"}},
  });
}

TEST_CASE("validator: what is said has two parts") {
  auto program = compiled(R"({"properties":{"n":{"type":"integer"}}})");
  Instance instance;
  REQUIRE(instance.read(R"({"n":"x"})").empty());
  Validator validator;
  std::vector<Violation> found;
  validator.explain(*program, instance.value(), instance.size(), found);
  REQUIRE(found.size() == 1);
  CHECK(found[0].expected == "integer");
  CHECK(found[0].got == "\"x\"");
  CHECK(found[0].message == "expected integer, got \"x\"");
}

TEST_CASE("validator: what is shown of a long value is short and whole") {
  auto program = compiled(R"({"type":"null"})");
  std::string escaped = "\"" + std::string(57, 'a');
  for (const char* tail : {"\\u00e9bcdefgh", "\\\\\\\\\\\\\\\\", "ééééé", "\\\"\\\"\\\"\\\"\\\""}) {
    for (const char* more : {"", "x", "xy", "xyz", "wxyz", "vwxyz"}) {
      auto said = violations_of(*program, escaped + more + tail + std::string(500, 'b') + "\"");
      REQUIRE(said.size() == 1);
      CAPTURE(said.front());
      CHECK(said.front().size() < 120);
      CHECK(said.front().ends_with("…"));
    }
  }
}
