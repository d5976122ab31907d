// SPDX-License-Identifier: Apache-2.0
#include "contract/findings.h"

#include <doctest/doctest.h>

using namespace waybill::contract;

namespace {

Violation violation(const char* path, const char* keyword, const char* message = "expected x") {
  return {path, keyword, message, kNone, "", ""};
}

}  // namespace

TEST_CASE("findings: kinds by keyword and path, those of most records first") {
  Findings findings;
  findings.add_clean();
  findings.add({violation("/a", "type", "first"), violation("/b", "enum")}, {0, 7});
  findings.add({violation("/b", "enum"), violation("/b", "enum")}, {1, 2});
  CHECK(findings.records() == 3);
  CHECK(findings.violating() == 2);
  CHECK(findings.clean() == 1);
  auto kinds = findings.kinds();
  REQUIRE(kinds.size() == 2);
  CHECK(kinds[0]->keyword == "enum");
  CHECK(kinds[0]->records == 2);  // a record counts once
  CHECK(kinds[1]->path == "/a");
  REQUIRE(kinds[1]->examples.size() == 1);
  CHECK(kinds[1]->examples[0].message == "first");
  CHECK(kinds[1]->examples[0].place.line == 7);
}

TEST_CASE("findings: elements of an array are one, what is missing is told apart") {
  Findings findings;
  findings.add(
      {violation("/a/0/x", "type"), violation("/a/12/x", "type"),
       violation("/o", "required", "expected a member \"k/1\", got an object without it"),
       violation("/o", "required", "expected a member \"b\", got an object without it"),
       violation("", "dependentRequired", "expected a member \"c\" beside \"d\", got none")},
      {0, 1});
  auto kinds = findings.kinds();
  REQUIRE(kinds.size() == 4);
  CHECK(kinds[0]->path == "/a/*/x");
  CHECK(kinds[0]->examples[0].pointer == "/a/0/x");
  CHECK(kinds[1]->path == "/o/k~11");
  CHECK(kinds[2]->path == "/o/b");
  CHECK(kinds[3]->path == "/c");
}

TEST_CASE("findings: bounded in kinds, in examples, and in the length of paths") {
  Findings findings(3, 4);
  for (size_t i = 0; i < Findings::kMostKinds + 10; ++i) {
    std::string path = "/k" + std::to_string(i);
    for (uint64_t line = 1; line <= 5; ++line) {
      findings.add({violation(path.c_str(), "type")}, {0, line});
    }
  }
  CHECK(findings.kinds().size() == Findings::kMostKinds);
  CHECK(findings.others() == 50);
  size_t examples = 0;
  for (const auto* kind : findings.kinds()) examples += kind->examples.size();
  CHECK(examples == Findings::kMostKinds + 4);
  CHECK(findings.kinds()[0]->examples.size() == 3);

  Findings one;
  std::string longest = "/" + std::string(600, 'x') + "\xc3\xa4";
  one.add({violation(longest.c_str(), "type")}, {0, 1});
  CHECK(one.kinds()[0]->path.size() < 520);
}
