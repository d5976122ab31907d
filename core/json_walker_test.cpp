// SPDX-License-Identifier: Apache-2.0
#include "core/json_walker.h"

#include <doctest/doctest.h>

#include <string>

#include "core/test_support.h"

using namespace waybill;
using testing::Lines;

namespace {

WalkOutcome walk(std::string_view line) {
  Lines lines;
  WalkOutcome outcome;
  lines.put_json(line, &outcome);
  return outcome;
}

std::string nested(std::string_view open, std::string_view close, int depth) {
  std::string text;
  for (int i = 0; i < depth; ++i) text += open;
  for (int i = 0; i < depth; ++i) text += close;
  return text;
}

// An object whose innermost array is at this depth, the object itself at 1.
std::string object_of_depth(int depth) { return R"({"a":)" + nested("[", "]", depth - 1) + "}"; }

uint32_t duplicates(std::string_view line) {
  Lines lines;
  WalkOutcome outcome;
  lines.put_json(line, &outcome);
  REQUIRE(outcome == WalkOutcome::kObject);
  return lines.record().marks.duplicate_keys;
}

}  // namespace

TEST_CASE("json_walker: what RFC 8259 allows is an object") {
  for (std::string_view line : {R"({})",
                                R"( { } )",
                                "\t{\"a\"\r:\n1\t}\r",
                                R"({"":""})",
                                R"({"a":[]})",
                                R"({"a":{},"b":[{}]})",
                                R"({"a":0})",
                                R"({"a":-0})",
                                R"({"a":-0.0e-0})",
                                R"({"a":1E+2})",
                                R"({"a":1e999})",
                                R"({"a":123456789012345678901234567890})",
                                R"({"a":true,"b":false,"c":null})",
                                R"({"a":"\"\\\/\b\f\n\r\t\u00e9\uD83D\uDE00"})",
                                R"({"a":"\ud800"})",
                                R"({"a":[1,[2,[3]],{"b":4}]})",
                                "{\"a\":\"\x7f\"}",
                                "{\"\xC3\xA9\":\"\xF0\x9F\x98\x80\"}",
                                R"({"a": 1 , "b": [ 1 , 2 ] })",
                                R"({"\\":1})",
                                R"({"a":"\\"})",
                                R"({"a":"\\\""})"}) {
    CAPTURE(line);
    CHECK(walk(line) == WalkOutcome::kObject);
  }
}

TEST_CASE("json_walker: what the grammar does not allow is malformed") {
  for (std::string_view line :
       {// numbers
        R"({"a":01})", R"({"a":-01})", R"({"a":1x2})", R"({"a":1.})", R"({"a":.5})", R"({"a":+1})",
        R"({"a":-})", R"({"a":1e})", R"({"a":1e+})", R"({"a":1.e1})", R"({"a":0x10})",
        R"({"a":1_000})", R"({"a":NaN})", R"({"a":-Infinity})", R"({"a":1"b"})", R"({"a":--1})",
        R"({"a":1.2.3})", R"({"a":1 2})",
        // words
        R"({"a":trux})", R"({"a":truee})", R"({"a":tru)", R"({"a":True})", R"({"a":nul})",
        R"({"a":nulll})", R"({"a":false1})", R"({"a":undefined})", R"({"a":true"b"})",
        // strings
        R"({"a":"\q"})", R"({"a":"\u12"})", R"({"a":"\u12G4"})", R"({"a":"\x41"})", R"({"a":"b)",
        R"({"a":"b\"})", R"({"a":'b'})", R"({"a":"b"c})", R"({"a":"b""c"})", R"({a:1})",
        R"({'a':1})", R"({"\q":1})", R"({"a\":1})", R"({\"a":1})", R"({"a":\"})",
        // structure
        R"({"a":[1 2 : tru {"q" 4}]})", R"({"a":1,})", R"({,"a":1})", R"({"a":1,,"b":2})",
        R"({"a" 1})", R"({"a":})", R"({"a"})", R"({:1})", R"({"a"::1})", R"({"a":1:2})",
        R"({"a":1;"b":2})", R"({"a":[1,]})", R"({"a":[,1]})", R"({"a":[1,,2]})", R"({"a":[)",
        R"({"a":[1})", R"({"a":1])", R"({"a":[})", R"({)", R"(})", R"({"a":1}})", R"({"a":1)",
        R"({"a":1,)", R"({"a":{)", R"({1:2})", R"({"a":1 "b":2})", R"({[]:1})", R"({{}:1})",
        R"({"a":[1:2]})", R"({"a":/**/1})", R"({"a":1}//)",
        // behind the object
        R"({"a":1} x)", R"({"a":1}{"b":2})", R"({"a":1},)", R"({"a":1}])", R"({"a":1}"b")",
        R"({"a":1}1)", R"({"a":1} "b)",
        // blanks that JSON has not
        "{\"a\":\f1}", "{\"a\":\v1}",
        "{\"a\":\xC2\xA0"
        "1}",
        "\xEF\xBB\xBF{\"a\":1}",
        // no object
        "", " ", "[]", R"([{"a":1}])", R"("a")", "1", "true", "null", "-", "x"}) {
    CAPTURE(line);
    CHECK(walk(line) == WalkOutcome::kMalformed);
  }
  CHECK(walk(std::string_view("{\"a\":1\0}", 8)) == WalkOutcome::kMalformed);
  CHECK(walk(std::string_view("{\"a\":1}\0", 8)) == WalkOutcome::kMalformed);
}

TEST_CASE("json_walker: what stands behind the line is never read as part of it") {
  // The batch goes on right behind the line.
  const std::string batch = R"({"a":1}2})" + std::string(kPadding, '2');
  JsonWalker walker;
  std::vector<Token> tokens;
  uint32_t duplicate_keys = 0;
  for (size_t size = 0; size < 9; ++size) {
    CAPTURE(size);
    auto outcome = walker.walk({batch.data(), size}, tokens, duplicate_keys);
    CHECK((outcome == WalkOutcome::kObject) == (size == 7));
  }
  const std::string word = R"({"a":true)" + std::string(kPadding, '}');
  CHECK(walker.walk({word.data(), 8}, tokens, duplicate_keys) == WalkOutcome::kMalformed);
  CHECK(walker.walk({word.data(), 9}, tokens, duplicate_keys) == WalkOutcome::kMalformed);
  CHECK(walker.walk({word.data(), 10}, tokens, duplicate_keys) == WalkOutcome::kObject);
}

TEST_CASE("json_walker: control characters and UTF-8 have outcomes of their own") {
  CHECK(walk("{\"a\":\"\x01\"}") == WalkOutcome::kRawControl);
  CHECK(walk("{\"a\":\"b\tc\"}") == WalkOutcome::kRawControl);
  CHECK(walk("{\"a\tb\":1}") == WalkOutcome::kRawControl);
  CHECK(walk(std::string_view("{\"a\":\"\0\"}", 9)) == WalkOutcome::kRawControl);
  for (std::string_view bad : {"\xFF", "\x80", "\xC3", "\xC0\xAF", "\xE0\x80\x80", "\xED\xA0\x80",
                               "\xF4\x90\x80\x80", "\xF0\x9F\x98", "\xF8\x88\x80\x80\x80"}) {
    CAPTURE(bad);
    CHECK(walk("{\"a\":\"" + std::string(bad) + "\"}") == WalkOutcome::kBadUtf8);
    CHECK(walk("{\"" + std::string(bad) + "\":1}") == WalkOutcome::kBadUtf8);
  }
}

TEST_CASE("json_walker: depth is limited to 128, the object itself counted") {
  CHECK(walk(object_of_depth(127)) == WalkOutcome::kObject);
  CHECK(walk(object_of_depth(128)) == WalkOutcome::kObject);
  CHECK(walk(object_of_depth(129)) == WalkOutcome::kTooDeep);
  CHECK(walk(object_of_depth(100'000)) == WalkOutcome::kTooDeep);
  CHECK(walk(nested(R"({"a":)", "}", 128)) == WalkOutcome::kMalformed);  // the last has no value
  CHECK(walk(nested(R"({"a":)", "", 127) + "{}" + std::string(127, '}')) == WalkOutcome::kObject);
  CHECK(walk(nested(R"({"a":)", "", 128) + "{}" + std::string(128, '}')) == WalkOutcome::kTooDeep);
  // A line that is refused leaves nothing for the next one.
  CHECK(walk(R"({"a":1})") == WalkOutcome::kObject);
}

TEST_CASE("json_walker: numbers and strings may be long") {
  std::string digits(5000, '7');
  Lines lines;
  WalkOutcome outcome;
  Record& record = lines.put_json("{\"a\":" + digits + "}", &outcome);
  REQUIRE(outcome == WalkOutcome::kObject);
  const Token& number = lines.batch().tokens_of(record)[1];
  CHECK(number.type == JsonType::kNumber);
  CHECK(std::string_view(record.json + number.value, number.value_size) == digits);
  CHECK(walk("{\"" + std::string(70'000, 'k') + "\":\"" + std::string(300'000, 'v') + "\"}") ==
        WalkOutcome::kObject);
  std::string quotes;
  for (int i = 0; i < 5000; ++i) quotes += "\\\"\\\\";
  CHECK(walk("{\"a\":\"" + quotes + "\"}") == WalkOutcome::kObject);
}

TEST_CASE("json_walker: tokens say where everything is") {
  Lines lines;
  WalkOutcome outcome;
  Record& record = lines.put_json(R"( {"k" : [1, {"x\u0079":"v\n"}, []] , "t":true})", &outcome);
  REQUIRE(outcome == WalkOutcome::kObject);
  REQUIRE(record.token_count == 7);
  const Token* tokens = lines.batch().tokens_of(record);
  struct Expected {
    JsonType type;
    std::string_view key, value;
    uint32_t span, depth;
    int flags;
  };
  const Expected expected[] = {
      {JsonType::kObject, "", R"({"k" : [1, {"x\u0079":"v\n"}, []] , "t":true})", 7, 0, 0},
      {JsonType::kArray, "k", R"([1, {"x\u0079":"v\n"}, []])", 5, 1, Token::kHasKey},
      {JsonType::kNumber, "", "1", 1, 2, 0},
      {JsonType::kObject, "", R"({"x\u0079":"v\n"})", 2, 2, 0},
      {JsonType::kString, R"(x\u0079)", R"("v\n")", 1, 3,
       Token::kHasKey | Token::kKeyEscaped | Token::kValueEscaped},
      {JsonType::kArray, "", "[]", 1, 2, 0},
      {JsonType::kTrue, "t", "true", 1, 1, Token::kHasKey},
  };
  for (size_t i = 0; i < 7; ++i) {
    CAPTURE(i);
    const Token& token = tokens[i];
    CHECK(token.type == expected[i].type);
    CHECK(token.flags == expected[i].flags);
    if (token.has(Token::kHasKey)) {
      CHECK(std::string_view(record.json + token.key, token.key_size) == expected[i].key);
    }
    CHECK(std::string_view(record.json + token.value, token.value_size) == expected[i].value);
    CHECK(token.span == expected[i].span);
    CHECK(token.depth == expected[i].depth);
  }
}

TEST_CASE("json_walker: tokens are appended, or left as they were") {
  JsonWalker walker;
  std::vector<Token> tokens(3);
  uint32_t duplicate_keys = 0;
  std::string bad = R"({"a":1,"b":[1,2,trux]})" + std::string(kPadding, '\0');
  CHECK(walker.walk({bad.data(), bad.size() - kPadding}, tokens, duplicate_keys) ==
        WalkOutcome::kMalformed);
  CHECK(tokens.size() == 3);
  std::string good = R"({"a":1})" + std::string(kPadding, '\0');
  CHECK(walker.walk({good.data(), good.size() - kPadding}, tokens, duplicate_keys) ==
        WalkOutcome::kObject);
  CHECK(tokens.size() == 5);
  CHECK(tokens[3].value == 0);
}

TEST_CASE("json_walker: of equal keys the last one stays") {
  CHECK(duplicates(R"({"a":1,"b":2})") == 0);
  CHECK(duplicates(R"({"a":1,"a":2})") == 1);
  CHECK(duplicates(R"({"a":1,"a":2,"a":3})") == 2);
  CHECK(duplicates(R"({"a":1,"A":2,"aa":3,"":4," ":5})") == 0);
  CHECK(duplicates(R"({"":1,"":2})") == 1);
  // The same characters, written differently.
  CHECK(duplicates(R"({"a":1,"\u0061":2})") == 1);
  CHECK(duplicates(R"({"\u0061":1,"a":2})") == 1);
  CHECK(duplicates(R"({"\u0061":1,"b":2,"\u0061":3})") == 1);
  CHECK(duplicates(R"({"a/b":1,"a\/b":2})") == 1);
  CHECK(duplicates(R"({"\u0061":1,"\u0062":2,"c":3})") == 0);
  // Objects are apart from each other.
  CHECK(duplicates(R"({"a":{"a":1},"b":{"a":2}})") == 0);
  CHECK(duplicates(R"({"a":{"x":1,"x":2},"b":[{"y":1,"y":2}]})") == 2);
  CHECK(duplicates(R"({"a":["a","a"],"b":"a"})") == 0);
  // Keys that share length, head and tail.
  CHECK(duplicates(R"({"request_a_id":1,"request_b_id":2,"request_c_id":3})") == 0);

  Lines lines;
  lines.put_json(R"({"a":1,"n":{"k":1,"k":{"k":2}},"a":[2]})");
  CHECK(lines.context() == R"({"n":{"k":{"k":2}},"a":[2]})");
  const Token* tokens = lines.batch().tokens_of(lines.record());
  CHECK(tokens[1].has(Token::kDuplicate));
  CHECK(tokens[1].has(Token::kCut));
  CHECK(tokens[0].has(Token::kHasCut));
  CHECK(tokens[2].has(Token::kHasCut));
  CHECK_FALSE(tokens[2].has(Token::kCut));
}

TEST_CASE("json_walker: equal keys are found in objects with very many members") {
  // Around the number of members beyond which they are sorted.
  for (int members : {47, 48, 49, 50, 500}) {
    CAPTURE(members);
    for (bool escaped : {false, true}) {
      std::string line = R"({"first":0)";
      for (int i = 0; i < members - 2; ++i) line += ",\"k" + std::to_string(i) + "\":{}";
      line += escaped ? R"(,"\u0066irst":1})" : R"(,"first":1})";
      Lines lines;
      lines.put_json(line);
      CHECK(lines.record().marks.duplicate_keys == 1);
      const Token* tokens = lines.batch().tokens_of(lines.record());
      CHECK(tokens[0].has(Token::kHasCut));
      CHECK(tokens[1].has(Token::kDuplicate));
    }
  }
  // Inside of another container, all containers around it know of the cut.
  std::string inner = R"({"x":0)";
  for (int i = 0; i < 60; ++i) inner += ",\"k" + std::to_string(i % 55) + "\":1";
  inner += "}";
  Lines lines;
  lines.put_json(R"({"a":[)" + inner + "]}");
  CHECK(lines.record().marks.duplicate_keys == 5);
  const Token* tokens = lines.batch().tokens_of(lines.record());
  for (int i = 0; i < 3; ++i) CHECK(tokens[i].has(Token::kHasCut));
}
