// SPDX-License-Identifier: Apache-2.0
// Run: one value going through one program. Used by contract/validator.cpp alone.
#pragma once

#include <string>
#include <vector>

#include "contract/validator.h"

namespace waybill::contract {

// Where a value stands: a chain on the stack, followed only when somebody has to be told.
struct Place {
  const Place* up = nullptr;
  Text key;
  uint32_t index = kNone;  // of an element

  Place member(Text name) const { return {this, name, kNone}; }
  Place element(uint32_t number) const { return {this, {}, number}; }
  std::string pointer() const;
};

// Which members or elements of one container were evaluated (2020-12, unevaluated*): a bit for
// each, in the validator's scratch. None where nobody asks.
struct Evaluated {
  uint32_t offset = kNone;
  uint32_t words = 0;
  explicit operator bool() const { return offset != kNone; }
};

class Run {
 public:
  // `violations`: null only to ask whether the value is valid. Answers are kept (contract/memo.h)
  // once no more than `kept_below` of the steps are left.
  Run(const Program& program, Validator& validator, uint64_t steps, uint64_t kept_below,
      std::vector<Violation>* violations)
      : program_(program),
        scratch_(validator),
        steps_{steps},
        kept_below_(kept_below),
        violations_(violations),
        collect_(violations != nullptr) {}

  // Whether the value is valid under the schema. Once exhausted() the answer means nothing.
  bool schema(uint32_t index, const Value& value, const Place& place, Evaluated seen);
  bool exhausted() const { return steps_.left == 0; }

 private:
  // What a violation is told as.
  struct Told {
    std::string expected, got;
    bool time = false;  // Violation::time
  };
  bool judge(const Schema& schema, const Value& value, const Place& place, Evaluated seen);
  bool flat(const Schema& schema, const Value& value, const Place& place);
  bool holds(const Schema& schema, const Value& value);
  bool scalar(const Instruction& code, const Value& value);
  bool instruction(const Instruction& code, const Value& value, const Place& place, Evaluated seen);

  // ---- run_scalar.cpp: one value by itself ----
  bool has_type(uint32_t types, const Value& value) const;
  bool chosen(const Choice& choice, const Value& value);
  bool bounded(const Bound& bound, Keyword keyword, const Value& value);
  bool has_length(Keyword keyword, uint32_t limit, Text text);
  bool divides(const Divisor& divisor, const Value& value);
  bool matches(const Pattern& pattern, Text text);
  bool formatted(Format format, Text text);

  // ---- run_container.cpp ----
  bool object(const ObjectRules& rules, const Value& value, const Place& place, Evaluated seen);
  bool plain_members(const ObjectRules& rules, const Value& value, const Place& place,
                     uint64_t* watched, uint32_t& count);
  bool plain_member(const ObjectRules& rules, uint32_t known, Text key, const Value& value,
                    const Place& place);
  bool all_members(const ObjectRules& rules, const Value& value, const Place& place,
                   uint64_t* watched, uint32_t& count, Evaluated seen);
  bool member(const ObjectRules& rules, Text key, const Value& value, const Place& place,
              bool& evaluated, uint64_t* watched);
  bool name(const ObjectRules& rules, Text key, const Place& place);
  bool required(const ObjectRules& rules, const uint64_t* watched, const Value& value,
                const Place& place);
  bool dependency(const ObjectRules& rules, const DependencyRule& rule, const uint64_t* watched,
                  const Value& value, const Place& place, Evaluated seen);
  uint32_t find(const ObjectRules& rules, std::string_view name, uint32_t expected) const;
  bool array(const ArrayRules& rules, const Value& value, const Place& place, Evaluated seen);
  bool array_bounds(const ArrayRules& rules, uint32_t count, uint32_t contained, const Value& value,
                    const Place& place);
  bool unique(const Value& value, uint32_t count);
  bool unevaluated(uint32_t schema, const Value& value, const Place& place, Evaluated seen);

  // ---- run.cpp: schemas over the same value ----
  bool branch(uint32_t schema, const Value& value, const Place& place, Evaluated seen);
  bool all_of(const Instruction& code, const Value& value, const Place& place, Evaluated seen);
  bool any_of(const Instruction& code, const Value& value, const Place& place, Evaluated seen);
  bool one_of(const Instruction& code, const Value& value, const Place& place, Evaluated seen);
  bool conditional(const Instruction& code, const Value& value, const Place& place, Evaluated seen);
  uint32_t dynamic_target(uint32_t name, uint32_t otherwise);
  bool keeps() const;
  Memo::Question question(uint32_t schema, const Value& value);

  Evaluated open(uint32_t count);
  void merge(Evaluated from, Evaluated into);
  void close(Evaluated seen) { scratch_.bits_.resize(seen.offset); }
  void mark(Evaluated seen, uint32_t index) {
    scratch_.bits_[seen.offset + index / 64] |= uint64_t{1} << (index % 64);
  }
  bool marked(Evaluated seen, uint32_t index) const {
    return (scratch_.bits_[seen.offset + index / 64] >> (index % 64) & 1) != 0;
  }

  // Whether to look for more after something was found wrong.
  bool goes_on() const {
    return collect_ && steps_.left > 0 && violations_->size() < most_violations_;
  }
  // Always false. `say` makes what is told, and is called only when somebody wants to read it.
  template <typename Say>
  bool wrong(const Place& place, Keyword keyword, Say&& say) {
    if (goes_on()) tell(place, keyword, say());
    return false;
  }
  // run_message.cpp
  void tell(const Place& place, Keyword keyword, Told told);
  Told nearest(const Instruction& code, const Value& value, const Place& place);
  Told message(const Instruction& code, const Value& value);

  const Program& program_;
  Validator& scratch_;
  Steps steps_;
  const uint64_t kept_below_;
  std::vector<Violation>* violations_;
  size_t most_violations_ = Validator::kMostViolations;
  bool collect_;
  uint32_t nearest_ = 0;  // how many of nearest() are under way
  uint32_t depth_ = 0;
};

}  // namespace waybill::contract
