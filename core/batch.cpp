// SPDX-License-Identifier: Apache-2.0
#include "core/batch.h"

#include <cstring>

namespace waybill {

void Batch::clear_records() {
  records.clear();
  tokens.clear();
  fields.clear();
  arena.clear();
}

void Batch::reset(size_t capacity) {
  sources.clear();
  identities_.clear();
  chunks.clear();
  ticket.reset();
  kept_tickets.clear();
  clear_records();
  used_ = 0;
  if (capacity_ < capacity) {
    memory_.reset(new char[capacity + kPadding]);
    bytes_ = memory_.get();
    capacity_ = capacity;
    // Padding is read, never used: but it must not be uninitialised memory.
    std::memset(bytes_ + capacity_, 0, kPadding);
  }
  recharge();
}

void Batch::recharge() {
  charge_.set(capacity_ + kPadding + arena.capacity() + records.capacity() * sizeof(Record) +
              tokens.capacity() * sizeof(Token) + fields.capacity() * sizeof(Field));
}

std::unique_ptr<Batch> BatchPool::take(size_t capacity) {
  std::unique_ptr<Batch> batch;
  {
    std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
      batch = std::move(idle_.back());
      idle_.pop_back();
    }
  }
  if (!batch) {
    bool alone = out_.load() == 0;
    if (!alone && !budget_.has_room(capacity)) return nullptr;
    batch = std::make_unique<Batch>(budget_);
  }
  out_.fetch_add(1);
  batch->reset(capacity);
  return batch;
}

void BatchPool::give(std::unique_ptr<Batch> batch) {
  batch->ticket.reset();
  batch->kept_tickets.clear();
  keep_or_drop(std::move(batch));
  // Whoever was refused gets one now, however little memory there is.
  if (out_.fetch_sub(1) == 1) budget_.tell_armed();
}

void BatchPool::keep_or_drop(std::unique_ptr<Batch> batch) {
  // A batch that grew for one huge line is not kept: it would hold that memory for ever.
  bool usual = batch->room().size() + batch->used() <= 2 * kBatchBytes;
  if (!usual || budget_.tight()) return;
  batch->sources.clear();
  std::lock_guard lock(mutex_);
  if (idle_.size() < keep_) idle_.push_back(std::move(batch));
}

}  // namespace waybill
