// SPDX-License-Identifier: Apache-2.0
#include "sampling/folder.h"

#include <algorithm>

namespace waybill::sampling {

Folder::Folder(int64_t window_ns)
    : window_ns_(window_ns), entries_(kEntries), heads_(kHeads, kNone) {
  for (uint32_t i = 0; i < kEntries; ++i) entries_[i].next = i + 1 < kEntries ? i + 1 : kNone;
  free_ = 0;
}

uint32_t Folder::find(uint64_t key) const {
  uint32_t index = heads_[key % kHeads];
  while (index != kNone && entries_[index].key != key) index = entries_[index].chain;
  return index;
}

uint64_t Folder::folded(uint64_t key) const {
  uint32_t index = find(key);
  return index == kNone ? 0 : entries_[index].suppressed.lines;
}

// kNone, and nothing is remembered, where all places wait for take_closed().
uint32_t Folder::open(uint64_t key, int64_t time_ns, SteadyTime read_at) {
  if (open_ == kMost) close(oldest_);
  if (free_ == kNone) return kNone;
  uint32_t index = free_;
  Entry& entry = entries_[index];
  free_ = entry.next;
  entry.key = key;
  entry.opened_ns = time_ns;
  entry.due = read_at + Duration(window_ns_);
  entry.chain = heads_[key % kHeads];
  heads_[key % kHeads] = index;
  entry.before = newest_;
  entry.next = kNone;
  (newest_ == kNone ? oldest_ : entries_[newest_].next) = index;
  newest_ = index;
  entry.suppressed.lines = 0;
  entry.suppressed.weight = 0;
  ++open_;
  return index;
}

// What has counted nothing is free at once.
void Folder::close(uint32_t index) {
  Entry& entry = entries_[index];
  uint32_t* link = &heads_[entry.key % kHeads];
  while (*link != index) link = &entries_[*link].chain;
  *link = entry.chain;
  (entry.before == kNone ? oldest_ : entries_[entry.before].next) = entry.next;
  (entry.next == kNone ? newest_ : entries_[entry.next].before) = entry.before;
  --open_;
  uint32_t& list = entry.suppressed.lines > 0 ? closed_ : free_;
  entry.next = list;
  list = index;
}

void Folder::add(Suppressed& suppressed, int64_t time_ns, double weight) {
  if (suppressed.lines == 0) {
    suppressed.first_ns = suppressed.last_ns = time_ns;
  } else {
    suppressed.first_ns = std::min(suppressed.first_ns, time_ns);
    suppressed.last_ns = std::max(suppressed.last_ns, time_ns);
  }
  ++suppressed.lines;
  suppressed.weight += weight;
}

SteadyTime Folder::due() const {
  if (closed_ != kNone) return SteadyTime::min();
  return oldest_ == kNone ? SteadyTime::max() : entries_[oldest_].due;
}

}  // namespace waybill::sampling
