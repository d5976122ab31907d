// SPDX-License-Identifier: Apache-2.0
// The record under judgement, and what was found out of it so far. Inside sampler.cpp only.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "sampling/sampler.h"

namespace waybill::sampling {

struct Sampler::Subject {
  Batch& batch;
  Record& record;
  const Identity& identity;
  std::vector<std::string>* notes;

  double weight = 1;       // how many it stands for
  uint64_t threshold = 0;  // that its randomness is known to reach
  bool decided = false;    // by a probability
  bool has_template = false, has_group = false, has_trace = false;
  uint32_t group = 0;
  uint64_t trace = 0;  // Recorder::key_of()
  Templates::Found found = {};

  // When it happened, as far as that can be: not later than now, and not before 1970.
  int64_t event_ns() const {
    return std::max<int64_t>(0, std::min(record.time_ns, record.read_ns));
  }
  uint64_t trace_key() {
    if (!has_trace) trace = Recorder::key_of(record);
    has_trace = true;
    return trace;
  }
  const std::string& input() const { return batch.source_of(record).input; }

  template <typename... Values>
  void note(const Rule& rule, fmt::format_string<Values...> text, Values&&... values) {
    note(rule.name, text, std::forward<Values>(values)...);
  }
  template <typename... Values>
  void note(std::string_view by, fmt::format_string<Values...> text, Values&&... values) {
    if (notes == nullptr) return;
    notes->push_back(fmt::format("{} ", by) + fmt::format(text, std::forward<Values>(values)...));
  }
};

}  // namespace waybill::sampling
