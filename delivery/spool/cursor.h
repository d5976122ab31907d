// SPDX-License-Identifier: Apache-2.0
// SpoolCursor: how far a spool has been settled, in one small file with two slots.
//
// The older slot is overwritten, then synced: a crash at any moment leaves one that is whole. Both
// are written when the file is made, so a full disk cannot keep the cursor from moving.
#pragma once

#include <cstdint>
#include <optional>

#include "core/result.h"
#include "delivery/state_dir.h"

namespace waybill::delivery {

class SpoolCursor {
 public:
  // Opens `cursor` in the folder `dir`, or makes it. `dir` outlives this. A file that is damaged
  // counts as absent.
  static Result<SpoolCursor> open(int dir);

  // Records with lower sequence numbers are settled; absent when nothing is known.
  std::optional<uint64_t> position() const { return position_; }
  // Durable when it returns.
  Result<void> move(uint64_t position);

 private:
  explicit SpoolCursor(Fd file) : file_(std::move(file)) {}
  void load();

  Fd file_;
  uint64_t generation_ = 0;
  std::optional<uint64_t> position_;
};

}  // namespace waybill::delivery
