// SPDX-License-Identifier: Apache-2.0
#include "config/document.h"

#include <doctest/doctest.h>

#include "config/test_support.h"

namespace waybill::config {

namespace {

using testing::faults_of;

struct Case {
  std::string_view text;
  std::string_view faults;
};

constexpr std::string_view kBehind =
    "not valid YAML: text behind a value that has ended (put the whole value in quotes, or close "
    "the quotes of an earlier one)\n";

}  // namespace

TEST_CASE("syntax errors say where and what to do") {
  const Case cases[] = {
      {"service:\n\tname: x\n",
       "w.yaml:2:6: not valid YAML: a tab in the indentation (use blanks)\n"},
      {"\tmemory: 12MiB\n", "w.yaml:1:8: not valid YAML: a tab in the indentation (use blanks)\n"},
      {"a: [1, 2\nb: 3\n",
       "w.yaml:2:2: not valid YAML: the '[' of line 1 is not closed, or a ',' is missing between "
       "its items (write [a, b])\n"},
      {"service: {name: x: y}\n",
       "w.yaml:1:18: not valid YAML: the '{' is not closed, or a ',' is missing between its keys "
       "(write {a: 1, b: 2})\n"},
      {"service: {name: ${NAME}}\n",
       "w.yaml:1:18: not valid YAML: a variable inside {…} or […] needs quotes (write "
       "\"${NAME}\")\n"},
      {"service:\n  name: x\n version: y\n",
       "w.yaml:3:2: not valid YAML: this line does not go on with the mapping above (check its "
       "indentation, and that every key is followed by a ':' and a blank)\n"},
      {"service: {name: \"\\q\"}\n",
       "w.yaml:1:20: not valid YAML: an unknown escape in \"…\" (put the text in single quotes, "
       "or write \\\\ for a backslash)\n"},
      {"a: @x\n",
       "w.yaml:1:4: not valid YAML: a character that cannot begin a value (put the text in "
       "quotes)\n"},
      {"service: name: x\n",
       "w.yaml:1:14: not valid YAML: a ':' where no value can follow (put the text in quotes if "
       "the ':' belongs to it)\n"},
      {"service: {name: x}}\n",
       "w.yaml:1:19: not valid YAML: a closing bracket without its opening one\n"},
  };
  for (const Case& test : cases) {
    CAPTURE(test.text);
    CHECK(faults_of(test.text) == test.faults);
  }
}

TEST_CASE("a text whose quotes do not close never swallows the rest of the file") {
  for (std::string_view text : {"service:\n  name: \"x\nmemory: 64MiB\n", "service:\n  name: \"x\n",
                                "service:\n  name: 'x''\nmemory: 64MiB\n",
                                "service:\n  name: \"x\\\"\n", "service:\n  name: \"x"}) {
    CAPTURE(text);
    std::string faults = faults_of(text);
    CHECK(faults.find("not valid YAML: a quoted text is not closed") != std::string::npos);
  }
  CHECK(faults_of("service:\n  name: \"x\nmemory: \"y\"\n") ==
        "w.yaml:3:10: " + std::string(kBehind));
  CHECK(faults_of("service:\n  name: \"x\" y\n") == "w.yaml:2:13: " + std::string(kBehind));
}

TEST_CASE("closed quotes are closed, whatever is inside") {
  for (std::string_view text :
       {"service: {name: 'it''s'}\n", "service: {name: ''}\n", "service: {name: '''x'''}\n",
        "service: {name: \"a \\\" b\"}\n", "service: {name: \"\\\\\"}\n",
        "service:\n  name: \"a\n\n    b\"\n", "service:\n  name: |\n    \"x\n  version: 'y'\n"}) {
    CAPTURE(text);
    CHECK(faults_of(text) == "");
  }
}

TEST_CASE("what YAML allows and a config does not") {
  const Case cases[] = {
      {"service: {name: x, name: y}\n",
       "w.yaml:1:20: duplicate key 'name', first at line 1 (remove one of them)\n"},
      {"memory: auto\nservice: {name: x}\n\"memory\": auto\n",
       "w.yaml:3:1: duplicate key 'memory', first at line 1 (remove one of them)\n"},
      {"service:\n  <<: {name: x}\n",
       "w.yaml:2:3: merge keys ('<<') are not allowed here (write the keys out)\n"},
      {"memory: &m auto\n", "w.yaml:1:9: anchors ('&m') are not allowed here (remove it)\n"},
      {"service: &s {name: x}\nresource: *s\n",
       "w.yaml:1:10: anchors ('&s') are not allowed here (remove it)\n"
       "w.yaml:2:11: aliases ('*name') are not allowed here (write the value out)\n"},
      {"memory: *m\n",
       "w.yaml:1:9: not valid YAML: an alias ('*name'), and aliases are not allowed here (write "
       "the value out)\n"},
      {"memory: !!str auto\n", "w.yaml:1:9: tags ('!!str') are not allowed here (remove it)\n"},
      {"service: !!map {name: x}\n",
       "w.yaml:1:10: tags ('!!map') are not allowed here (remove it)\n"},
      {"memory: !secret auto\n", "w.yaml:1:9: tags ('!secret') are not allowed here (remove it)\n"},
      {"memory: auto\n---\nmemory: auto\n",
       "w.yaml:2:1: a second document (a file holds one config: remove '---' and what follows)\n"},
      {"memory: auto\n---\n",
       "w.yaml:2:1: a second document (a file holds one config: remove '---' and what follows)\n"},
      {"? [a, b]\n: c\n", "w.yaml:1:3: a key must be a word, not a list or a mapping\n"},
      {"~: x\n", "w.yaml:1:1: a value without a key, or with null for a key\n"},
      {"service: {name: x,, version: y}\n",
       "w.yaml:1:19: a value without a key, or with null for a key\n"},
      {"\"\": x\n", "w.yaml:1:1: an empty key\n"},
      {"resource: {\"${NAME}\": x}\n",
       "w.yaml:1:12: '${NAME}': variables expand in values only, not in keys\n"},
      {"service: {name: \"a\\0b\"}\n",
       "w.yaml:1:17: a NUL character (\\0), which nothing here can take\n"},
      {"- a\n- b\n",
       "w.yaml:1:1: a config is a mapping of keys to values (write for example "
       "'service: {name: checkout}')\n"},
      {"hello\n",
       "w.yaml:1:1: a config is a mapping of keys to values (write for example "
       "'service: {name: checkout}')\n"},
  };
  for (const Case& test : cases) {
    CAPTURE(test.text);
    CHECK(faults_of(test.text) == test.faults);
  }
}

TEST_CASE("what is no UTF-8 text is refused with its place") {
  using namespace std::string_view_literals;
  const Case cases[] = {
      {"memory: auto\nservice: {name: \"caf\xE9\"}\n",
       "w.yaml:2:21: byte 0xE9 is not UTF-8 (save it as UTF-8)\n"},
      {"memory: \xC0\x80\n", "w.yaml:1:9: byte 0xC0 is not UTF-8 (save it as UTF-8)\n"},
      {"memory: \xED\xA0\x80\n", "w.yaml:1:9: byte 0xED is not UTF-8 (save it as UTF-8)\n"},
      {"memory: \xF4\x90\x80\x80\n", "w.yaml:1:9: byte 0xF4 is not UTF-8 (save it as UTF-8)\n"},
      {"memory: \xE2\x82", "w.yaml:1:9: byte 0xE2 is not UTF-8 (save it as UTF-8)\n"},
      {"\xFF\xFEm\0e\0"sv, "w.yaml:1:1: UTF-16 text (save it as UTF-8)\n"},
      {"memory: \0auto\n"sv,
       "w.yaml:1:9: control character 0x00: is this a text file? (in \"…\" write it as "
       "\"\\x00\")\n"},
      {"memory: auto\n\x04service: 5\n",
       "w.yaml:2:1: control character 0x04: is this a text file? (in \"…\" write it as "
       "\"\\x04\")\n"},
  };
  for (const Case& test : cases) {
    CAPTURE(test.text);
    CHECK(faults_of(test.text) == test.faults);
  }
}

TEST_CASE("empty files, byte order marks and any line ends are fine") {
  for (std::string_view text :
       {"", "\n", "# nothing\n", "---\n", "~\n", "...\n", "\xEF\xBB\xBF", "memory: auto",
        "---\nmemory: auto\n...\n", "%YAML 1.2\n---\nmemory: auto\n",
        "{\"service\": {\"name\": \"x\"}}", "memory:\tauto\n", "service:\r\n  name: x\r\n"}) {
    CAPTURE(text);
    CHECK(faults_of(text) == "");
  }
  const std::string_view unknown =
      "w.yaml:2:3: unknown key 'nmae' in service (did you mean 'name'?)\n";
  CHECK(faults_of("service:\n  nmae: x\n") == unknown);
  CHECK(faults_of("service:\r\n  nmae: x\r\n") == unknown);
  CHECK(faults_of("service:\r  nmae: x\r") == unknown);
  CHECK(faults_of("\xEF\xBB\xBFservice:\n  nmae: x\n") == unknown);
}

TEST_CASE("columns count characters, not bytes") {
  CHECK(faults_of("resource: {\"größe\": ü, \"größe\": 1}\n") ==
        "w.yaml:1:24: duplicate key 'größe', first at line 1 (remove one of them)\n");
}

TEST_CASE("depth and size have limits") {
  auto nested = [](size_t levels) {
    return "resource: " + std::string(levels, '[') + std::string(levels, ']') + "\n";
  };
  const std::string no_list =
      "w.yaml:1:1: resource: must be a mapping of keys to values, not a list\n";
  const std::string too_deep = "w.yaml:1:42: nested deeper than 32 levels\n";
  // The root is a level, too.
  CHECK(faults_of(nested(kMaxDepth - 1)) == no_list);
  CHECK(faults_of(nested(kMaxDepth)) == no_list + too_deep);
  CHECK(faults_of(nested(450)) == no_list + too_deep);
  // More than yaml-cpp takes, so nothing behind it is known.
  CHECK(faults_of(nested(100'000)) == too_deep);
  // What stands behind is judged still.
  CHECK(faults_of(nested(40) + "memroy: auto\n") ==
        no_list + too_deep + "w.yaml:2:1: unknown key 'memroy' (did you mean 'memory'?)\n");

  CHECK(faults_of("#" + std::string(kMaxDocumentBytes - 1, 'x')) == "");
  CHECK(faults_of(std::string(10 * 1024 * 1024, 'x')) ==
        "w.yaml: 10485760 bytes: a config has at most 1 MiB\n");
}

TEST_CASE("one long line costs linear time") {
  // Quadratic work on it would take minutes, and the test would run into its time-out.
  std::string text = "resource: {";
  for (int i = 0; i < 60'000; ++i) text += "k" + std::to_string(i) + ": 1, ";
  Diagnostics diagnostics;
  auto config = load("w.yaml", text + "}", {"auto"}, diagnostics);
  CHECK(diagnostics.empty());
  REQUIRE(config);
  CHECK(config->resource.size() == 60'000);
}

}  // namespace waybill::config
