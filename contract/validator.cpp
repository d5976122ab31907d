// SPDX-License-Identifier: Apache-2.0
#include "contract/validator.h"

#include <fmt/format.h>

#include "contract/run.h"

namespace waybill::contract {

Verdict Validator::judge(const Program& program, const Value& value, size_t size) {
  too_deep_ = false;
  bits_.clear();
  scope_.clear();
  steps_allowed_ = limits_.base_steps + limits_.steps_per_token * size;
  Run run(program, *this, steps_allowed_, nullptr);
  bool valid = run.schema(0, value, Place{}, {});
  if (run.exhausted()) return Verdict::kLimit;
  return valid ? Verdict::kValid : Verdict::kInvalid;
}

Verdict Validator::explain(const Program& program, const Value& value, size_t size,
                           std::vector<Violation>& violations) {
  violations.clear();
  Verdict verdict = judge(program, value, size);
  if (verdict != Verdict::kInvalid) return verdict;
  // It goes on where the first run stopped, so it may take more.
  bits_.clear();
  scope_.clear();
  Run run(program, *this, steps_allowed_ * 2, &violations);
  run.schema(0, value, Place{}, {});
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
