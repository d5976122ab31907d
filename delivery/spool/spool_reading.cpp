// SPDX-License-Identifier: Apache-2.0
// How what is on disk comes back to the output, on the spool's own thread.

#include <algorithm>
#include <string>
#include <utility>

#include "core/log.h"
#include "delivery/spool/entry.h"
#include "delivery/spool/spool.h"

namespace waybill::delivery {

// Nothing older waits on disk, and the output has room: it gets what has just been written as it
// is.
bool Spool::hand_over(std::deque<std::unique_ptr<Payload>>& group, size_t held) {
  bool fresh = std::all_of(group.begin(), group.end(), [](const auto& payload) {
    return payload->spool_end == 0 && payload->unsettled == payload->slices.size() &&
           !payload->given_up;
  });
  if (!fresh) return false;
  {
    std::lock_guard lock(mutex_);
    if (unread_ > 0 || finishing_ || reader_.room() < held) return false;
  }
  segments_->skip_to_end();
  for (auto& payload : group) {
    uint64_t records = payload->unsettled;
    uint64_t begin = std::exchange(expected_, expected_ + records);
    keep_tickets(*payload);
    payload->spool_end = expected_;
    payload->recharge();
    refill(std::move(payload), begin);
    std::lock_guard lock(mutex_);
    pending_records_ -= records;  // not before it is queued: what is new goes behind it
  }
  return true;
}

// Gives the output a payload whose records, from `begin` on, are on disk.
void Spool::refill(std::unique_ptr<Payload> payload, uint64_t begin) {
  uint64_t end = payload->spool_end;
  {
    std::lock_guard lock(mutex_);
    read_back_.push_back({begin, end, payload->unsettled});
  }
  if (reader_.refill(std::move(payload))) return;
  std::lock_guard lock(mutex_);
  find_read_back(end)->in_memory = false;
}

void Spool::read_back() {
  while (true) {
    {
      std::lock_guard lock(mutex_);
      if (!reading_ || finishing_ || unread_ == 0) return;
    }
    if (reader_.room() == 0) return;
    std::unique_ptr<Payload> payload = reader_.take();
    const uint64_t begin = expected_;
    uint64_t read = 0;
    const Now now;
    while (payload->slices.size() < settings_.batch_records &&
           payload->bytes < settings_.batch_bytes) {
      std::optional<Frame> frame = segments_->read();
      if (!frame) break;
      count_lost(frame->sequence);
      // Its checksum is right, so only another version can have written it otherwise.
      if (!add_entry(*payload, frame->payload, now)) {
        count_lost(frame->sequence + 1);
        continue;
      }
      expected_ = frame->sequence + 1;
      ++read;
    }
    if (segments_->next() == segments_->end()) count_lost(segments_->end());
    if (payload->slices.empty()) {
      reader_.recycle(std::move(payload));
      if (expected_ == begin) break;
      std::lock_guard lock(mutex_);
      read_back_.push_back({begin, expected_});  // all lost: settled with what is before them
      advance();
      break;
    }
    payload->spool_end = expected_;
    payload->recharge();
    refill(std::move(payload), begin);
    std::lock_guard lock(mutex_);
    unread_ -= std::min(unread_, read);  // not before it is queued: what is new goes behind it
  }
}

// Records from expected_ to `found` could not be read back.
void Spool::count_lost(uint64_t found) {
  if (found <= expected_) return;
  uint64_t lost = found - expected_;
  expected_ = found;
  ledger_.dropped(DropReason::kSpoolDamaged, lost);
  spdlog::error("output {}: {} of its spool {} damaged (dropped)", ledger_.name(),
                lost == 1 ? "1 record" : std::to_string(lost) + " records",
                lost == 1 ? "is" : "are");
  std::lock_guard lock(mutex_);
  unread_ -= std::min(unread_, lost);
}

}  // namespace waybill::delivery
