// SPDX-License-Identifier: Apache-2.0
// ServiceCap: how many different names lines may give to services. Each one is a stream, a metric,
// a column in somebody's list, and lines can be written by anybody.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_set>

#include "core/batch.h"

namespace waybill::daemon {

// Pipeline thread.
class ServiceCap {
 public:
  explicit ServiceCap(size_t most) : most_(most) {}
  size_t most() const { return most_; }

  // Of records that name a service that is one too many, the name goes back to the context, and the
  // configured service holds. Records that pass through do so unchanged here, too. Returns how many
  // records that were. Says the first time, once, that there are such.
  uint64_t hold(Batch& batch);

 private:
  bool admits(std::string_view name);

  const size_t most_;
  std::unordered_set<size_t> names_;  // by their hashes: names may be long
  std::string last_;  // that was admitted: most records name the same as the one before
  bool said_ = false;
};

}  // namespace waybill::daemon
