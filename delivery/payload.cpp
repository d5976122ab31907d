// SPDX-License-Identifier: Apache-2.0
#include "delivery/payload.h"

#include <algorithm>
#include <atomic>

#include "core/check.h"

namespace waybill::delivery {

uint32_t Payload::group(std::string_view head) {
  // Neighbouring lines mostly share their labels, and a payload has few different ones: the newest
  // first, no hash table.
  for (uint32_t i = group_count; i-- > 0;) {
    if (groups[i].head == head) return i;
  }
  if (group_count == groups.size()) groups.emplace_back();
  groups[group_count].head.assign(head);
  return group_count++;
}

void Payload::added(uint32_t group, uint32_t begin) {
  WAYBILL_CHECK(group < group_count, "a record was added to a group that is not there");
  size_t end = groups[group].bytes.size();
  WAYBILL_CHECK(begin <= end, "a record was added that ends before it begins");
  WAYBILL_CHECK(end <= UINT32_MAX, "more than 4 GiB of records in a payload");
  uint32_t size = static_cast<uint32_t>(end) - begin;
  slices.push_back(Slice{group, begin, size, false, {}});
  bytes += size;
  ++unsettled;
}

void Payload::place_note(uint32_t source, size_t begin) {
  WAYBILL_CHECK(!slices.empty(), "a note without its record");
  WAYBILL_CHECK(notes.size() <= UINT32_MAX, "more than 4 GiB of notes in a payload");
  slices.back().note = {source, static_cast<uint32_t>(begin),
                        static_cast<uint32_t>(notes.size() - begin)};
}

// Neighbouring lines mostly come from the same source: one that comes back is written again.
void Payload::note(const Batch& batch, const Record& record) {
  const Source& source = batch.source_of(record);
  if (note_sources.empty() || last_source_ != source.number) {
    Buffer text;
    append_source_note(text, source);
    note_sources.emplace_back(text.view());
    last_source_ = source.number;
  }
  size_t begin = notes.size();
  append_note(notes, record, encoded(slices.back()));
  place_note(static_cast<uint32_t>(note_sources.size() - 1), begin);
}

void Payload::note(std::string_view source, std::string_view noted) {
  if (note_sources.empty() || note_sources.back() != source) {
    note_sources.emplace_back(source);
    last_source_ = 0;
  }
  size_t begin = notes.size();
  notes.append(noted);
  place_note(static_cast<uint32_t>(note_sources.size() - 1), begin);
}

void Payload::settle(uint32_t index) {
  WAYBILL_CHECK(!slices[index].settled, "a record was settled twice");
  std::atomic_ref(slices[index].settled).store(true, std::memory_order_relaxed);
  --unsettled;
}

void Payload::copy_unsettled(const Payload& other) {
  if (groups.size() < other.group_count) groups.resize(other.group_count);
  for (; group_count < other.group_count; ++group_count) {
    groups[group_count].head = other.groups[group_count].head;
  }
  for (const Slice& slice : other.slices) {
    auto& settled = const_cast<bool&>(slice.settled);  // atomic_ref is for what is not const
    if (std::atomic_ref(settled).load(std::memory_order_relaxed)) continue;
    Buffer& records = buffer(slice.group);
    auto begin = static_cast<uint32_t>(records.size());
    records.append(other.encoded(slice));
    added(slice.group, begin);
    if (slice.note.size != 0) note(other.note_source(slice), other.note_bytes(slice));
  }
  oldest = other.oldest;
}

void Payload::clear() {
  for (uint32_t i = 0; i < group_count; ++i) {
    groups[i].head.clear();
    groups[i].bytes.clear();
  }
  group_count = 0;
  slices.clear();
  bytes = 0;
  body.clear();
  notes.clear();
  note_sources.clear();
  last_source_ = 0;
  tickets.clear();
  unticketed = 0;
  oldest = {};
  unsettled = 0;
  spool_end = 0;
  copy_of = 0;
  given_up = false;
  from_memory = false;
}

size_t Payload::memory() const {
  size_t held = sizeof *this + groups.capacity() * sizeof(Group) +
                slices.capacity() * sizeof(Slice) + body.bytes.capacity() +
                tickets.capacity() * sizeof(TicketRef) + notes.capacity() +
                note_sources.capacity() * sizeof(std::string);
  for (const std::string& source : note_sources) held += source.capacity();
  for (const Group& group : groups) held += group.head.capacity() + group.bytes.capacity();
  return held;
}

void Payload::recharge() { charge.set(memory()); }

uint32_t Payload::abandon() {
  for (TicketRef& ticket : tickets) ticket->abandon();
  return tickets.empty() ? 0 : unsettled - std::min(unsettled, unticketed);
}

}  // namespace waybill::delivery
