// SPDX-License-Identifier: Apache-2.0
#include "contract/document.h"

#include <doctest/doctest.h>

using waybill::JsonType;
using waybill::contract::Document;
using waybill::contract::Node;

namespace {

std::string fault_of(std::string text) {
  auto document = Document::parse(std::move(text), "x.json");
  REQUIRE(!document.has_value());
  return document.error().what;
}

}  // namespace

TEST_CASE("document: values, positions and pointers") {
  auto parsed = Document::parse(
      "\xEF\xBB\xBF{\n  \"a/b\": [1.50, {\"\\u00e9~\": null}],\n\"c\":true}", "x.json");
  REQUIRE(parsed.has_value());
  const Document& document = **parsed;
  CHECK(document.root().count == 2);
  const Node* number = Document::find(document.root(), "/a~1b/0");
  REQUIRE(number != nullptr);
  CHECK(number->text == "1.50");
  const Node* deep = Document::find(document.root(), "/a~1b/1/é~0");
  REQUIRE(deep != nullptr);
  CHECK(deep->is(JsonType::kNull));
  CHECK(Document::pointer_of(*deep) == "/a~1b/1/é~0");
  CHECK(document.position(deep->begin).line == 2);
  CHECK(document.error(*number, "wrong").what == "x.json:2:11: wrong (at #/a~1b/0)");
  CHECK(Document::find(document.root(), "/a~1b/2") == nullptr);
  CHECK(Document::find(document.root(), "/a~1b/00") == nullptr);
  CHECK(Document::find(document.root(), "c") == nullptr);
  CHECK(Document::find(document.root(), "") == &document.root());
}

TEST_CASE("document: in large objects and arrays, too, each is found") {
  std::string text = "{\"a\":[";
  for (int i = 0; i < 1000; ++i) text += std::to_string(i) + ",";
  text += "0]";
  for (int i = 0; i < 1000; ++i) text += ",\"k" + std::to_string(i) + "\":" + std::to_string(i);
  auto parsed = Document::parse(text + "}", "x.json");
  REQUIRE(parsed.has_value());
  const Node& root = (*parsed)->root();
  CHECK(Document::find(root, "/k999")->text == "999");
  CHECK(Document::find(root, "/a/998")->text == "998");
  CHECK(Document::find(root, "/a/1001") == nullptr);
  CHECK(Document::find(root, "/k1000") == nullptr);
}

TEST_CASE("document: what is wrong, and where") {
  CHECK(fault_of("") == "x.json:1:1: not JSON: the text ends where a value should begin");
  CHECK(fault_of("{\"a\":1,\n \"a\":2}") ==
        "x.json:2:2: the key \"a\" stands twice in this object: remove one");
  CHECK(fault_of("{\"a\":1} x") == "x.json:1:9: text behind the end of the JSON value: remove it");
  CHECK(fault_of("\xff") == "x.json: not UTF-8: save it as UTF-8");
  for (const char* text :
       {"[1,]", "{\"a\"}", "{\"a\":}", "[01]", "[1.]", "[1e]", "[-]", "[tru]", "\"abc", "\"\\x\"",
        "\"\t\"", "{a:1}", "[", "{\"a\":1", "[1 2]", "'a'", "\"\\u12\"", "nul", "\"\\"}) {
    CAPTURE(text);
    CHECK(fault_of(text).find("not JSON") != std::string::npos);
  }
  CHECK(fault_of(std::string(300, '[')).find("nested deeper than 127") != std::string::npos);
}
