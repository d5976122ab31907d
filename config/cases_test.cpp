// SPDX-License-Identifier: Apache-2.0
#include "config/cases.h"

#include <doctest/doctest.h>

#include "config/test_support.h"

using namespace waybill::config;

namespace {

std::string faults_in(std::string_view text) {
  Diagnostics diagnostics;
  (void)test_cases("c.yaml", text, diagnostics);
  return testing::lines_of(diagnostics);
}

}  // namespace

TEST_CASE("test cases: lines, where they come from, and what is expected") {
  Diagnostics diagnostics;
  auto tests = test_cases("c.yaml",
                          "tests:\n"
                          "  - name: one\n"
                          "    lines: |\n"
                          "      a ${HOST}\n"
                          "\n"
                          "      b\n"
                          "    input: app\n"
                          "    path: /x.log\n"
                          "    stream: stderr\n"
                          "    expect:\n"
                          "      - record: {level: ERROR, context: {n: 1}}\n"
                          "        absent: [trace_id]\n"
                          "        outputs: []\n"
                          "      - {}\n"
                          "  - {name: two, lines: [a, 'b\n\n c'], expect: []}\n",
                          diagnostics);
  CHECK(testing::lines_of(diagnostics) == "");
  REQUIRE(tests.size() == 2);
  const TestCase& one = tests[0];
  CHECK(one.name == "one");
  CHECK(one.lines == std::vector<std::string>{"a ${HOST}", "", "b"});
  CHECK(one.input == "app");
  CHECK(one.path == "/x.log");
  CHECK(one.stream == "stderr");
  REQUIRE(one.expected.size() == 2);
  REQUIRE(one.expected[0].record.size() == 2);
  CHECK(one.expected[0].record[1].path == "context.n");
  CHECK_FALSE(one.expected[0].record[1].is_text);
  CHECK(one.expected[0].absent == std::vector<std::string>{"trace_id"});
  REQUIRE(one.expected[0].outputs.has_value());
  CHECK(one.expected[0].outputs->empty());
  CHECK_FALSE(one.expected[1].outputs.has_value());
  CHECK(tests[1].lines == std::vector<std::string>{"a", "b", "c"});
  CHECK(tests[1].expected.empty());
}

TEST_CASE("test cases: faults say where, and what to write") {
  CHECK(faults_in("a: 1\n") ==
        "c.yaml:1:1: unknown key 'a' (known here: tests)\n"
        "c.yaml:1:1: needs 'tests' (a list of them)\n");
  CHECK(faults_in("tests: [x]\n") == "c.yaml:1:9: tests: must be a mapping: name, lines, expect\n");
  CHECK(faults_in("tests: [{name: n, lines: [], expect: [a], stream: out}]\n") ==
        "c.yaml:1:19: tests[0].lines: there are none\n"
        "c.yaml:1:39: tests[0].expect: must be a mapping: record, absent, outputs\n"
        "c.yaml:1:43: tests[0].stream: must be stdout or stderr\n");
  CHECK(faults_in("tests: []\n") == "c.yaml:1:1: tests: there are none\n");
  CHECK(faults_in("- name: n\n") ==
        "c.yaml:1:1: tests are a list below a key (write 'tests:' above it)\n");
  CHECK(faults_in("tests: [{name: n, lines: 42, expect: []}]\n").find("there are none") ==
        std::string::npos);
  CHECK(faults_in("tests: [{linse: a, expect: [{recrod: {}}]}]\n").find("did you mean 'lines'") !=
        std::string::npos);
}
