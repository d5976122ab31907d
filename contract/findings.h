// SPDX-License-Identifier: Apache-2.0
// Findings: what is wrong with many values, gathered by kind of violation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "contract/validator.h"

namespace waybill::contract {

// Where a value stands: the number of its file, as the caller counts them, and the line.
struct LogPlace {
  uint32_t file = 0;
  uint64_t line = 0;  // from 1
};

// One thread. Its memory is bounded, however many kinds there are and however often they come.
class Findings {
 public:
  static constexpr size_t kMostKinds = 1000;

  struct Example {
    LogPlace place;
    std::string pointer;  // JSON pointer into the value
    std::string message;  // what was expected, and what stands there
  };
  // Violations of one keyword at one path are one kind. In a path a step that is a number is `*`:
  // all elements of an array are one. The path of what is missing is the one where it should be.
  struct Kind {
    std::string keyword;
    std::string path;
    uint64_t records = 0;           // that have it at least once
    std::vector<Example> examples;  // the first ones; at least one

   private:
    friend class Findings;
    uint64_t last_record_ = 0;
  };

  // Keeps up to `examples` of a kind, and up to `all_examples` besides the first of each.
  explicit Findings(size_t examples = 1, size_t all_examples = 0)
      : examples_(examples), all_examples_(all_examples) {}

  void add_clean() { ++records_; }
  // The violations of one record; not empty.
  void add(const std::vector<Violation>& violations, LogPlace place);

  // Those that most records have first.
  std::vector<const Kind*> kinds() const;
  uint64_t records() const { return records_; }
  uint64_t violating() const { return violating_; }
  uint64_t clean() const { return records_ - violating_; }
  // Violations beyond kMostKinds kinds.
  uint64_t others() const { return others_; }

 private:
  const size_t examples_;
  size_t all_examples_;  // that may still be kept
  std::vector<Kind> kinds_;
  std::unordered_map<std::string, size_t> index_;
  std::string key_, path_;  // scratch
  uint64_t records_ = 0, violating_ = 0, others_ = 0;
};

}  // namespace waybill::contract
