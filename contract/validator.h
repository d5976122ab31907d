// SPDX-License-Identifier: Apache-2.0
// Validator: runs a Program over a Value.
//
// First it only asks whether the value is valid; the few that are not are gone through again to say
// what is wrong. What it does is bounded: by steps in proportion to the size of the value, so that
// no schema and no record can make it slow together, and by a depth, so that no recursion ends the
// process.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "contract/memo.h"
#include "contract/program.h"

namespace waybill::contract {

enum class Verdict : uint8_t {
  kValid,
  kInvalid,
  kLimit,  // given up; Validator::limit() says why
};

struct Violation {
  std::string path;          // JSON pointer into the value
  std::string_view keyword;  // of the schema that is violated; lives as long as the process
  std::string message;       // "expected …, got …"
  // Of `required`: the member that is not there, in Program::properties.
  uint32_t missing = kNone;
  // The same in two parts; empty where there is no such thing (`limit`).
  std::string expected, got;
  bool time = false;  // a string is wanted, and a date-time in it
};

// Of what should have been a JSON object and is none.
Violation no_object();

struct Limits {
  uint64_t base_steps = 100'000;
  uint64_t steps_per_token = 1'000;
  uint32_t depth = 800;  // schemas inside schemas that are run at once
};

// One per thread: keeps its scratch memory. Once warm it allocates nothing for values without
// escapes.
class Validator {
 public:
  static constexpr size_t kMostViolations = 16;
  explicit Validator(Limits limits = {}) : limits_(limits) {}

  // `size`: of the value, in tokens or entries, and one more for each 64 bytes of text; it sets the
  // steps that may be taken.
  Verdict judge(const Program& program, const Value& value, size_t size);
  // The same, and what is wrong, in the order of the value: kMostViolations at most.
  Verdict explain(const Program& program, const Value& value, size_t size,
                  std::vector<Violation>& violations);
  // After kLimit: what was exceeded, and what that means.
  std::string limit() const;

 private:
  friend class Run;
  Limits limits_;
  bool too_deep_ = false;
  uint64_t steps_allowed_ = 0;
  // Scratch, used as stacks by the run.
  std::string text_, key_;
  std::vector<uint64_t> bits_;
  std::vector<uint32_t> scope_;
  std::vector<std::pair<uint64_t, Value>> elements_;
  Memo memo_;
};

}  // namespace waybill::contract
