// SPDX-License-Identifier: Apache-2.0
// KeptBytes: what has been read of a line or message whose end has not come yet.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "core/byte_budget.h"

namespace waybill::inputs {

// What the connections of one input may keep together, so that many peers who each begin a long
// line and never end it cannot use up the memory of all. Charged to the budget. One thread.
class CarryAllowance {
 public:
  // What everybody may keep, however much the others hold: usual lines stay whole.
  static constexpr size_t kAlways = 4096;

  // All together may keep a quarter of `budget`. (The memory behind it may be twice as much: it
  // grows by doubling.)
  explicit CarryAllowance(ByteBudget& budget) : budget_(budget), charge_(budget) {}

  // How many of `wanted` more bytes may be kept by somebody who holds `held` already.
  size_t grant(size_t held, size_t wanted);
  void give_back(size_t size) { charge_.set(charge_.held() - size); }
  size_t held() const { return charge_.held(); }

 private:
  ByteBudget& budget_;
  ByteCharge charge_;
};

// One thread at a time.
class KeptBytes {
 public:
  // `allowance`, when there is one, outlives this.
  explicit KeptBytes(CarryAllowance* allowance = nullptr) : allowance_(allowance) {}
  KeptBytes(KeptBytes&&) = delete;
  ~KeptBytes() { let_go(); }

  // Appends what fits within `most` bytes and the allowance, and counts the rest as discarded.
  // Behind something discarded nothing is kept.
  void keep(const char* bytes, size_t size, size_t most);
  void let_go();

  const char* data() const { return bytes_.data(); }
  size_t size() const { return bytes_.size(); }
  bool empty() const { return bytes_.empty(); }
  uint64_t discarded() const { return discarded_; }

 private:
  CarryAllowance* allowance_;
  std::string bytes_;
  uint64_t discarded_ = 0;
};

}  // namespace waybill::inputs
