// SPDX-License-Identifier: Apache-2.0
#include "config/expansion.h"

#include <doctest/doctest.h>

#include "config/test_support.h"

namespace waybill::config {

using testing::faults_of;
using testing::known_formats;
using testing::lines_of;
using testing::test_environment;

TEST_CASE("variables, defaults and dollar signs") {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"${HOST}:${PORT}", "db.example:8080"},
      {"${GONE:-fallback}", "fallback"},
      {"${GONE:-}", ""},
      {"${EMPTY}", ""},
      {"${EMPTY:-fallback}", "fallback"},
      {"${HOST:-fallback}", "db.example"},
      {"${GONE:-a:-b}", "a:-b"},
      {"${GONE:-5$$}", "5$"},
      {"$$", "$"},
      {"$${HOST}", "${HOST}"},
      {"$$${PORT}", "$8080"},
      {"$$$$", "$$"},
      {"^a$", "^a$"},
      {"$HOST", "$HOST"},
      {"a$b$", "a$b$"},
      {"", ""},
  };
  for (const auto& [text, expanded] : cases) {
    CAPTURE(text);
    Expansion expansion = expand(text, test_environment());
    CHECK(expansion.fault == "");
    CHECK(expansion.text == expanded);
  }
}

TEST_CASE("what does not expand is a fault at the key") {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"${GONE}", "the variable GONE is not set (set it, or write ${GONE:-default})"},
      {"${HOST", "a '${' without its '}' (write $$ for a dollar sign)"},
      {"${}", "'${}' is no variable (write ${NAME} or ${NAME:-default}, and $$ for a dollar sign)"},
      {"${1A}",
       "'${1A}' is no variable (write ${NAME} or ${NAME:-default}, and $$ for a dollar sign)"},
      {"${HOST-x}",
       "'${HOST-x}' is no variable (write ${NAME} or ${NAME:-default}, and $$ for a dollar sign)"},
      {"${HOST:?x}",
       "'${HOST:?x}' is no variable (write ${NAME} or ${NAME:-default}, and $$ for a dollar "
       "sign)"},
      {"${GONE:-${HOST}}", "the default of ${GONE} holds another variable: they do not nest"},
      {"${LATIN}", "the value of the variable LATIN is not UTF-8 text"},
  };
  for (const auto& [text, fault] : cases) {
    CAPTURE(text);
    CHECK(expand(text, test_environment()).fault == fault);
    CHECK(faults_of("service:\n  name: '" + std::string(text) + "'\n") ==
          "w.yaml:2:3: service.name: " + std::string(fault) + "\n");
  }
}

TEST_CASE("a value never injects structure") {
  Diagnostics diagnostics;
  auto config = load("w.yaml", "service:\n  name: ${EVIL}\n", known_formats(), diagnostics,
                     test_environment());
  CHECK(lines_of(diagnostics) == "");
  REQUIRE(config);
  CHECK(config->service.name == "{a: b}\nc: d");
}

TEST_CASE("the result takes the key's type, in quotes or not") {
  for (std::string_view text : {"memory: ${BYTES:-33554432}\n", "memory: \"${BYTES:-33554432}\"\n",
                                "memory: ${N:-32}MiB\n", "memory: '${N:-32}MiB'\n"}) {
    CAPTURE(text);
    Diagnostics diagnostics;
    auto config = load("w.yaml", text, known_formats(), diagnostics, test_environment());
    CHECK(lines_of(diagnostics) == "");
    REQUIRE(config);
    CHECK(config->memory == 32 << 20);
  }
  // Text, too: bare, these would be a number and a boolean.
  Diagnostics diagnostics;
  auto config = load("w.yaml", "service: {name: \"${PORT}\", version: \"${YES}\"}\n",
                     known_formats(), diagnostics, test_environment());
  CHECK(lines_of(diagnostics) == "");
  REQUIRE(config);
  CHECK(config->service.name == "8080");
  CHECK(config->service.version == "true");
}

TEST_CASE("messages name the variable and never show its value") {
  CHECK(faults_of("memory: ${SIZE}\n") ==
        "w.yaml:1:1: memory: '${SIZE}' is not a size (write for example 64MiB)\n");
  CHECK(faults_of("memory: ${OCTAL}\n") ==
        "w.yaml:1:1: memory: '${OCTAL}' looks like an octal number (write it without the leading "
        "zero)\n");
  CHECK(faults_of("parse: {default_level: \"${NAME}\"}\n") ==
        "w.yaml:1:9: parse.default_level: '${NAME}' is not one of DEBUG, INFO, WARN, ERROR, "
        "FATAL\n");
  CHECK(faults_of("parse: {formats: [json, \"${NAME}\"]}\n") ==
        "w.yaml:1:25: parse.formats: '${NAME}' is not a format (known: auto, json, logfmt, "
        "text)\n");
}

}  // namespace waybill::config
