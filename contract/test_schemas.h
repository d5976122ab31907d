// SPDX-License-Identifier: Apache-2.0
// What the unit tests of this folder share: schemas and values as JSON text.
#pragma once

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "contract/compile.h"
#include "contract/instance.h"
#include "contract/validator.h"

namespace waybill::contract::testing {

inline SharedProgram compiled(std::string_view schema, const CompileOptions& options = {}) {
  auto program = compile_text(std::string(schema), "test.json", "", options);
  std::string why = program ? "" : program.error().what;
  INFO(schema << ": " << why);
  REQUIRE(program.has_value());
  return *program;
}

// Why the schema does not compile.
inline std::string fault_of(std::string_view schema, const CompileOptions& options = {}) {
  auto program = compile_text(std::string(schema), "test.json", "", options);
  INFO(schema);
  REQUIRE(!program.has_value());
  return program.error().what;
}

// "POINTER KEYWORD: MESSAGE" of each violation; a valid value has none.
inline std::vector<std::string> violations_of(const Program& program, std::string_view value,
                                              Limits limits = {}) {
  Instance instance;
  std::string why = instance.read(value);
  INFO(value << ": " << why);
  REQUIRE(why.empty());
  Validator validator(limits);
  std::vector<Violation> violations;
  Verdict verdict = validator.explain(program, instance.value(), instance.size(), violations);
  if (verdict == Verdict::kLimit) return {validator.limit()};
  // Both ways of asking agree.
  CHECK((verdict == Verdict::kValid) == violations.empty());
  CHECK(validator.judge(program, instance.value(), instance.size()) == verdict);
  std::vector<std::string> texts;
  for (const Violation& one : violations) {
    texts.push_back(one.path + " " + std::string(one.keyword) + ": " + one.message);
  }
  return texts;
}

inline bool is_valid(const Program& program, std::string_view value) {
  return violations_of(program, value).empty();
}

// A schema, and values that are valid and invalid under it.
struct Case {
  const char* schema;
  std::vector<const char*> valid;
  std::vector<const char*> invalid;
};

inline void check(const std::vector<Case>& cases, const CompileOptions& options = {}) {
  for (const Case& one : cases) {
    CAPTURE(one.schema);
    SharedProgram program = compiled(one.schema, options);
    for (const char* value : one.valid) {
      CAPTURE(value);
      CHECK(is_valid(*program, value));
    }
    for (const char* value : one.invalid) {
      CAPTURE(value);
      CHECK(!is_valid(*program, value));
    }
  }
}

}  // namespace waybill::contract::testing
