// SPDX-License-Identifier: Apache-2.0
#include "daemon/redaction_stage.h"

#include <algorithm>

#include "core/log.h"
#include "outputs/printable.h"

namespace waybill::daemon {

namespace {

void tell(std::string_view rule, uint64_t values) {
  spdlog::info("redaction: rule {}: {} value{} redacted", outputs::printable(rule), values,
               values == 1 ? "" : "s");
}

}  // namespace

RedactionStage::RedactionStage(std::shared_ptr<const redaction::Rules> rules,
                               redaction::Counts& counts)
    : redactor_(std::move(rules)), counts_(counts), of_rules_(redactor_.rules().all().size()) {}

void RedactionStage::redact(Batch& batch) {
  bool any = false;
  for (Record& record : batch.records) {
    if (!redactor_.redact(batch, record)) continue;
    any = true;
    for (size_t i = 0; i < of_rules_.size(); ++i) of_rules_[i] += redactor_.counts()[i];
    withheld_ += redactor_.withheld();
  }
  if (any) post();
}

void RedactionStage::post() {
  const SteadyTime now = steady_now();
  for (size_t i = 0; i < of_rules_.size(); ++i) {
    if (of_rules_[i] == 0) continue;
    const std::string& rule = redactor_.rules().all()[i].name;
    if (uint64_t values = counts_.post(rule, of_rules_[i], now)) tell(rule, values);
  }
  if (withheld_ > 0) counts_.post_withheld(withheld_);
  std::fill(of_rules_.begin(), of_rules_.end(), 0);
  withheld_ = 0;
}

void tell_rest(redaction::Counts& counts) {
  for (const auto& [rule, values] : counts.rest()) tell(rule, values);
}

}  // namespace waybill::daemon
