// SPDX-License-Identifier: Apache-2.0
// Rules: `sample:` of a config, compiled and checked.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/config.h"
#include "core/expression.h"
#include "sampling/adaptive.h"
#include "sampling/recorder.h"

namespace waybill::sampling {

struct Rule {
  using Kind = config::SamplingRule::Kind;
  Kind kind = Kind::kProbability;
  std::string name;                // as metrics have it: its own, else "probability_1"
  std::optional<Expression> when;  // nothing: all records
  double probability = 1;
  uint64_t threshold = 0;  // of the probability
  // Of bursts.
  int64_t first = 0, then_every = 0, per_ns = 0;
  // Of limits.
  double per_second = 0, capacity = 0;
  std::optional<RecordPath> key;
  // Of dedupe.
  int64_t window_ns = 0;
  bool similar = false;

  bool needs_template() const { return kind == Kind::kBurst || similar; }
};

// Immutable; any thread.
class Rules {
 public:
  // Faults go to the sections of the settings; what has some is left out.
  static std::shared_ptr<const Rules> make(const config::SamplingSettings& settings);

  const std::vector<Rule>& all() const { return rules_; }
  const std::optional<Expression>& always() const { return always_; }
  bool follows_sampled_flag() const { return follows_sampled_flag_; }
  bool shows_templates() const { return shows_templates_; }
  // Whether messages are put to templates at all.
  bool finds_templates() const;
  const RecorderSettings& recorder() const { return recorder_; }
  const AdaptiveSettings& adaptive() const { return adaptive_; }
  // Whether nothing is to be done for any record.
  bool idle() const { return rules_.empty() && !shows_templates_ && adaptive_.target == 0; }
  // As metrics have it. Behind the last of all() stands the probability that adapts.
  std::string_view name_of(size_t index) const;

  // What works and can never do anything: rules that no record comes to, or that drop none.
  const std::vector<config::Fault>& warnings() const { return warnings_; }

 private:
  std::vector<Rule> rules_;
  std::optional<Expression> always_;
  bool follows_sampled_flag_ = false, shows_templates_ = false;
  RecorderSettings recorder_;
  AdaptiveSettings adaptive_;
  std::vector<config::Fault> warnings_;

  void warn_of_recorder(const config::SamplingSettings& settings);
};

}  // namespace waybill::sampling
