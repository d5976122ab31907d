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
  // `violations`: null only to ask whether the value is valid.
  Run(const Program& program, Validator& validator, uint64_t steps,
      std::vector<Violation>* violations)
      : program_(program),
        scratch_(validator),
        steps_{steps},
        violations_(violations),
        collect_(violations != nullptr) {}

  // Whether the value is valid under the schema. Once exhausted() the answer means nothing.
  bool schema(uint32_t index, const Value& value, const Place& place, Evaluated seen);
  bool exhausted() const { return steps_.left == 0; }

 private:
  bool flat(const Schema& schema, const Value& value, const Place& place);
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
  bool member(const ObjectRules& rules, Text key, const Value& value, const Place& place,
              bool& evaluated, uint64_t* watched);
  bool property(uint32_t schema, const Value& value, const Place& place);
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
  uint32_t dynamic_target(const Instruction& code) const;

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
    return collect_ && steps_.left > 0 && violations_->size() < Validator::kMostViolations;
  }
  // Always false. `say` makes the message, and is called only when somebody wants to read it.
  template <typename Say>
  bool wrong(const Place& place, Keyword keyword, Say&& say) {
    if (goes_on()) violations_->push_back({place.pointer(), keyword_name(keyword), say()});
    return false;
  }
  // run_message.cpp
  std::string nearest(const Instruction& code, const Value& value, const Place& place);
  std::string message(const Instruction& code, const Value& value) const;

  const Program& program_;
  Validator& scratch_;
  Steps steps_;
  std::vector<Violation>* violations_;
  bool collect_;
  uint32_t depth_ = 0;
};

}  // namespace waybill::contract
