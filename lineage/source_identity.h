// SPDX-License-Identifier: Apache-2.0
// SourceIdentities: who speaks in sources that say so themselves: files of containers, and
// children.
#pragma once

#include <cstdint>
#include <memory>
#include <unordered_map>

#include "core/batch.h"
#include "core/identity.h"

namespace waybill::lineage {

// One thread at a time; for one configured identity.
class SourceIdentities {
 public:
  // Sets the batch's identities, of the sources that have attributes of their own, or whose path
  // names a pod or a container (pod_path.h). What a path says beats what anybody else does, for its
  // file; a source's own attributes give way to all others.
  void fill(Batch& batch, const Identity& configured);

 private:
  // Of rotating containers there are ever new ones; what is forgotten is made anew.
  static constexpr size_t kMost = 1024;

  std::unordered_map<uint64_t, std::shared_ptr<const Identity>> known_;  // by Source::number
};

}  // namespace waybill::lineage
