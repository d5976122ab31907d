// SPDX-License-Identifier: Apache-2.0
// Intake: what stands between the inputs and the pipeline. Main thread only.
#pragma once

#include <memory>

#include "daemon/pipeline.h"
#include "inputs/input.h"

namespace waybill::daemon {

// Gives batches while there is memory and the pipeline keeps up; see inputs::Intake.
class PipelineIntake final : public inputs::Intake {
 public:
  PipelineIntake(ByteBudget& budget, BatchPool& pool, Pipeline& pipeline)
      : budget_(budget), pool_(pool), pipeline_(pipeline) {}

  std::unique_ptr<Batch> take(size_t capacity) override {
    if (closed_ || pipeline_.full()) return nullptr;
    auto batch = pool_.take(capacity);
    if (batch) return batch;
    budget_.arm();
    return pool_.take(capacity);  // what was released before arm() calls nobody
  }
  void submit(std::unique_ptr<Batch> batch) override {
    if (batch->chunks.empty()) return pool_.give(std::move(batch));
    pipeline_.submit(std::move(batch));
  }
  ByteBudget& budget() override { return budget_; }
  // No batches any more: the end is near.
  void close() { closed_ = true; }

 private:
  ByteBudget& budget_;
  BatchPool& pool_;
  Pipeline& pipeline_;
  bool closed_ = false;
};

}  // namespace waybill::daemon
