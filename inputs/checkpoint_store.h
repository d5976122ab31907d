// SPDX-License-Identifier: Apache-2.0
// CheckpointStore: what file inputs remember across runs; kept on disk by delivery/checkpoints.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/record.h"
#include "core/result.h"

namespace waybill::inputs {

// How far one file has been read and settled, and how to know it again.
struct FileCheckpoint {
  std::string input;     // name of the input in the config
  std::string path;      // where it was last seen
  bool rotated = false;  // no include had that name: it was renamed, and is read to its end
  uint64_t device = 0;
  uint64_t inode = 0;
  uint64_t head_size = 0;  // bytes of the file's beginning that head_hash covers, at most 1024
  uint64_t head_hash = 0;  // XXH3 of them: another file with the same inode has another head
  Id128 nonce{};           // what the ids of its records are made with (core/source.h)
  uint64_t offset = 0;     // everything before it has been settled; the start of a line, or of
                           // what follows one that was sent without its end
  uint64_t mark_size = 0;  // bytes right before `offset` that mark_hash covers, at most 1024
  uint64_t mark_hash = 0;  // XXH3 of them: a file that was rewritten under the same head has others
};

// Main thread only.
class CheckpointStore {
 public:
  virtual ~CheckpointStore() = default;
  // What the last run left for `input`.
  virtual std::vector<FileCheckpoint> load(std::string_view input) const = 0;
  // Whether any run has ever kept a checkpoint for `input`: `start_at` holds only before that.
  virtual bool known(std::string_view input) const = 0;
  // Replaces everything known about `input`. Written to disk soon, at the latest at exit.
  virtual void save(std::string_view input, std::vector<FileCheckpoint> files) = 0;
  // Writes what was saved to disk now, durably: a file's nonce must be on disk before the first
  // record made with it leaves.
  virtual Result<void> flush() = 0;
};

}  // namespace waybill::inputs
