// SPDX-License-Identifier: Apache-2.0
#include "inputs/kept_bytes.h"

#include <algorithm>

#include "core/batch.h"

namespace waybill::inputs {

size_t CarryAllowance::grant(size_t held, size_t wanted) {
  size_t always = kAlways - std::min(held, kAlways);
  size_t most = budget_.limit() / 4;
  size_t left = most - std::min(charge_.held(), most);
  size_t granted = std::min(wanted, std::max(always, left));
  charge_.set(charge_.held() + granted);
  return granted;
}

void KeptBytes::keep(const char* bytes, size_t size, size_t most) {
  size_t fits = discarded_ > 0 ? 0 : std::min(size, most - bytes_.size());
  if (allowance_ != nullptr) fits = allowance_->grant(bytes_.size(), fits);
  bytes_.append(bytes, fits);
  discarded_ += size - fits;
}

void KeptBytes::let_go() {
  if (allowance_ != nullptr) allowance_->give_back(bytes_.size());
  // One long line must not hold its memory for ever.
  if (bytes_.capacity() > kBatchBytes / 2) std::string().swap(bytes_);
  bytes_.clear();
  discarded_ = 0;
}

}  // namespace waybill::inputs
