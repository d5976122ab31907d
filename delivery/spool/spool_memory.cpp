// SPDX-License-Identifier: Apache-2.0
// What is written while memory holds it as well, or could: see Outbox::secure().
#include <algorithm>
#include <utility>

#include "delivery/spool/spool.h"

namespace waybill::delivery {

// The copies at the head of `group`, which is written. Their originals are out, so they are not to
// be read back; and nothing is unread before them, see put_now().
void Spool::keep_copies(std::deque<std::unique_ptr<Payload>>& group) {
  while (!group.empty() && group.front()->copy_of != 0) {
    std::unique_ptr<Payload> copy = std::move(group.front());
    group.pop_front();
    const uint64_t begin = std::exchange(expected_, expected_ + copy->unsettled);
    segments_->skip_to(expected_);
    keep_tickets(*copy);
    {
      std::lock_guard lock(mutex_);
      read_back_.push_back({begin, expected_, copy->unsettled});
      pending_records_ -= copy->unsettled;
    }
    if (!reader_.copied(copy->copy_of, expected_)) settled(expected_);
    reader_.recycle(std::move(copy));
  }
}

// The disk takes nothing of `group`: a copy is of no use then, and what memory has room for goes
// back there, so that a backend that is well gets it. Returns the bytes that these held.
size_t Spool::give_back(std::deque<std::unique_ptr<Payload>>& group) {
  size_t bytes = 0;
  bool in_turn = true;  // nothing older waits here
  {
    std::lock_guard lock(mutex_);
    in_turn = unread_ == 0 && !finishing_;
  }
  while (!group.empty()) {
    std::unique_ptr<Payload>& first = group.front();
    const size_t held = first->charge.held();
    const uint64_t records = first->unsettled;
    if (first->copy_of != 0) {
      reader_.not_copied(first->copy_of);
      reader_.recycle(std::move(first));
    } else {
      bool fresh = first->spool_end == 0 && records == first->slices.size() && !first->given_up;
      if (!in_turn || !fresh || !reader_.take_back(first)) break;
    }
    group.pop_front();
    bytes += held;
    std::lock_guard lock(mutex_);
    pending_records_ -= records;  // not before it is queued: what is new goes behind it
    pending_bytes_ -= std::min(pending_bytes_, held);
    full_since_.reset();
    room_.notify_all();
  }
  return bytes;
}

}  // namespace waybill::delivery
