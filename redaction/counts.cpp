// SPDX-License-Identifier: Apache-2.0
#include "redaction/counts.h"

namespace waybill::redaction {

uint64_t Counts::post(std::string_view rule, uint64_t values, SteadyTime now) {
  std::lock_guard lock(mutex_);
  auto found = rules_.find(rule);
  if (found == rules_.end()) found = rules_.try_emplace(std::string(rule)).first;
  found->second.values += values;
  return found->second.told.add(now, values);
}

void Counts::post_withheld(uint64_t texts) {
  std::lock_guard lock(mutex_);
  withheld_ += texts;
}

std::vector<std::pair<std::string, uint64_t>> Counts::rules() const {
  std::lock_guard lock(mutex_);
  std::vector<std::pair<std::string, uint64_t>> all;
  for (const auto& [name, rule] : rules_) all.emplace_back(name, rule.values);
  return all;
}

uint64_t Counts::withheld() const {
  std::lock_guard lock(mutex_);
  return withheld_;
}

std::vector<std::pair<std::string, uint64_t>> Counts::rest() {
  std::lock_guard lock(mutex_);
  std::vector<std::pair<std::string, uint64_t>> all;
  for (auto& [name, rule] : rules_) {
    if (uint64_t kept = rule.told.rest()) all.emplace_back(name, kept);
  }
  return all;
}

}  // namespace waybill::redaction
