// SPDX-License-Identifier: Apache-2.0
// Test cases of `waybill test`: lines, and what has to become of them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/section.h"

namespace waybill::config {

// What is wanted of one record.
struct Expected {
  std::vector<Leaf> record;         // values, by their paths in it
  std::vector<std::string> absent;  // paths at which nothing may stand
  std::optional<std::vector<std::string>>
      outputs;      // those that get it; nothing: it does not matter
  Section section;  // where faults of it are reported
};

struct TestCase {
  std::string name;
  std::vector<std::string> lines;  // without line ends; at least one
  std::string input;   // as if they came through this one of the config; empty: through stdin
  std::string path;    // of the file that they stand in; empty: in none
  std::string stream;  // "stdout", "stderr" or empty
  std::vector<Expected> expected;  // a record each, in order
  Section section;                 // where faults of it are reported
};

// The `tests` of a file. Variables do not expand: lines are taken as they stand. Faults are in
// `diagnostics`, which outlives the sections; what is faulty is left out.
std::vector<TestCase> test_cases(const std::string& file, std::string_view text,
                                 Diagnostics& diagnostics);

}  // namespace waybill::config
