// SPDX-License-Identifier: Apache-2.0
// Counts: what sampling did since the start, over all configs, and what it knows now.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sampling/recorder.h"
#include "sampling/templates.h"

namespace waybill::sampling {

// Of the flight recorder.
struct RecorderState {
  bool on = false;                            // there is one, or was
  uint64_t lines = 0, bytes = 0, traces = 0;  // gauges: what waits
  Recorder::Counts counts;
};

// Of message templates.
struct TemplateState {
  uint64_t known = 0;
  uint64_t fresh = 0;  // that appeared since the start
  std::vector<Templates::Line> top, newest;
};

// Any thread.
class Counts {
 public:
  using Probabilities = std::vector<std::pair<std::string, double>>;

  // `records` more that the rule kept back.
  void post(std::string_view rule, uint64_t records) {
    std::lock_guard lock(mutex_);
    auto found = rules_.find(rule);
    if (found == rules_.end()) found = rules_.try_emplace(std::string(rule)).first;
    found->second += records;
  }
  // So many will not be sent to the output any more: not those that wait in the flight recorder.
  void post_settled(std::string_view output, uint64_t records) {
    std::lock_guard lock(mutex_);
    auto found = settled_.find(output);
    if (found == settled_.end()) found = settled_.try_emplace(std::string(output)).first;
    found->second += records;
  }
  void post_new_templates(uint64_t templates) {
    std::lock_guard lock(mutex_);
    templates_.fresh += templates;
  }
  void set_templates(uint64_t known, std::vector<Templates::Line> top,
                     std::vector<Templates::Line> newest) {
    std::lock_guard lock(mutex_);
    templates_.known = known;
    templates_.top = std::move(top);
    templates_.newest = std::move(newest);
  }
  // Sets the gauges, adds the counts.
  void post_recorder(uint64_t lines, uint64_t bytes, uint64_t traces,
                     const Recorder::Counts& more) {
    std::lock_guard lock(mutex_);
    recorder_.on = true;
    recorder_.lines = lines;
    recorder_.bytes = bytes;
    recorder_.traces = traces;
    recorder_.counts.released += more.released;
    for (size_t i = 0; i < more.evicted.size(); ++i) recorder_.counts.evicted[i] += more.evicted[i];
  }
  void set_probabilities(Probabilities by_service) {
    std::lock_guard lock(mutex_);
    probabilities_ = std::move(by_service);
  }

  // Records kept back by rule, rules in the order of their names.
  std::vector<std::pair<std::string, uint64_t>> rules() const {
    std::lock_guard lock(mutex_);
    return {rules_.begin(), rules_.end()};
  }
  uint64_t settled(std::string_view output) const {
    std::lock_guard lock(mutex_);
    auto found = settled_.find(output);
    return found == settled_.end() ? 0 : found->second;
  }
  TemplateState templates() const {
    std::lock_guard lock(mutex_);
    return templates_;
  }
  RecorderState recorder() const {
    std::lock_guard lock(mutex_);
    return recorder_;
  }
  // Of services whose probability adapts.
  Probabilities probabilities() const {
    std::lock_guard lock(mutex_);
    return probabilities_;
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::string, uint64_t, std::less<>> rules_, settled_;
  TemplateState templates_;
  RecorderState recorder_;
  Probabilities probabilities_;
};

}  // namespace waybill::sampling
