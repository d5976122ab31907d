// SPDX-License-Identifier: Apache-2.0
// AckFrontier: how far a file has been settled without a gap.
#pragma once

#include <cstdint>
#include <deque>

namespace waybill::inputs {

// Batches are settled in any order; a checkpoint may only move over bytes that all are. One
// generation of one file; one thread.
class AckFrontier {
 public:
  explicit AckFrontier(uint64_t committed = 0) : committed_(committed) {}

  // Bytes up to `end` are on their way; ends never fall. The number to settle them by.
  uint64_t add(uint64_t end) {
    outstanding_.push_back({end, false});
    return first_ + outstanding_.size() - 1;
  }

  // What add() gave `number` for has been settled. True when committed() moved.
  bool settle(uint64_t number) {
    if (number < first_ || number - first_ >= outstanding_.size()) return false;
    outstanding_[number - first_].settled = true;
    bool moved = false;
    while (!outstanding_.empty() && outstanding_.front().settled) {
      committed_ = outstanding_.front().end;
      outstanding_.pop_front();
      ++first_;
      moved = true;
    }
    return moved;
  }

  // Nothing is on its way: bytes that are skipped count as settled at once.
  void skip_to(uint64_t offset) {
    if (outstanding_.empty()) committed_ = offset;
  }

  uint64_t committed() const { return committed_; }
  bool idle() const { return outstanding_.empty(); }

 private:
  struct Range {
    uint64_t end;
    bool settled;
  };
  std::deque<Range> outstanding_;
  uint64_t first_ = 0;  // number of outstanding_.front()
  uint64_t committed_;
};

}  // namespace waybill::inputs
