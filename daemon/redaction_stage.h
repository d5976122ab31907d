// SPDX-License-Identifier: Apache-2.0
// RedactionStage: between lineage and everything that counts, judges, keeps or sends. Behind it a
// record holds nothing that the rules find; what it did is counted, and told once an hour and rule.
#pragma once

#include <memory>
#include <vector>

#include "core/batch.h"
#include "redaction/counts.h"
#include "redaction/record_redactor.h"

namespace waybill::daemon {

// Pipeline thread, but for the constructor. For one config.
class RedactionStage {
 public:
  // `counts` outlive it.
  RedactionStage(std::shared_ptr<const redaction::Rules> rules, redaction::Counts& counts);

  void redact(Batch& batch);

 private:
  void post();

  redaction::RecordRedactor redactor_;
  redaction::Counts& counts_;
  std::vector<uint64_t> of_rules_;  // of one batch
  uint64_t withheld_ = 0;
};

// Tells in our own log what was counted and not told yet.
void tell_rest(redaction::Counts& counts);

}  // namespace waybill::daemon
