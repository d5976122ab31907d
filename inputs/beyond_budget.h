// SPDX-License-Identifier: Apache-2.0
// batch_beyond_budget: for bytes that have been read already and must not be lost for want of a
// few kilobytes: the last line of a stream that is stopped, the rest of a burst.
#pragma once

#include <memory>

#include "core/batch.h"

namespace waybill::inputs {

// An empty batch that is charged to nobody. Only where Intake::take() has given null.
inline std::unique_ptr<Batch> batch_beyond_budget(size_t capacity) {
  static ByteBudget uncounted(0);
  auto batch = std::make_unique<Batch>(uncounted);
  batch->reset(capacity);
  return batch;
}

}  // namespace waybill::inputs
