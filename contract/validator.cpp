// SPDX-License-Identifier: Apache-2.0
#include "contract/validator.h"

#include <fmt/format.h>

#include <algorithm>

#include "contract/run.h"

namespace waybill::contract {

Violation no_object() {
  return {"",    "json",          "expected a JSON object, got a line that is none",
          kNone, "a JSON object", "a line that is none"};
}

Verdict Validator::judge(const Program& program, const Value& value, size_t size) {
  too_deep_ = false;
  bits_.clear();
  scope_.clear();
  memo_.forget();
  steps_allowed_ = limits_.base_steps + limits_.steps_per_token * size;
  // What most values need; from then on answers are kept.
  const uint64_t usual = 2'000 + 20 * uint64_t{size};
  Run run(program, *this, steps_allowed_, steps_allowed_ - std::min(usual, steps_allowed_),
          nullptr);
  bool valid = run.schema(0, value, Place{}, {});
  if (run.exhausted()) return Verdict::kLimit;
  return valid ? Verdict::kValid : Verdict::kInvalid;
}

Verdict Validator::explain(const Program& program, const Value& value, size_t size,
                           std::vector<Violation>& violations) {
  violations.clear();
  Verdict verdict = judge(program, value, size);
  if (verdict != Verdict::kInvalid) return verdict;
  // It goes on where the first run stopped, so it may take more. What that one found out is known.
  bits_.clear();
  scope_.clear();
  Run run(program, *this, steps_allowed_ * 2, steps_allowed_ * 2, &violations);
  run.schema(0, value, Place{}, {});
  if (violations.empty()) {
    violations.push_back(
        {"", "limit", "not valid; to say where and why would take too many steps", kNone, "", ""});
  }
  return verdict;
}

std::string Validator::limit() const {
  if (too_deep_) {
    return fmt::format(
        "given up: more than {} schemas refer to each other here; the schema recurses without end, "
        "or the value is nested too deep for it",
        limits_.depth);
  }
  return fmt::format(
      "given up after {} steps: too many for a value of this size; the schema has alternatives "
      "that lead to themselves, thousands of them, or large patterns for long texts",
      steps_allowed_);
}

}  // namespace waybill::contract
