// SPDX-License-Identifier: Apache-2.0
#include "delivery/payload.h"

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
  slices.push_back(Slice{group, begin, size, false});
  bytes += size;
  ++unsettled;
}

void Payload::settle(uint32_t index) {
  WAYBILL_CHECK(!slices[index].settled, "a record was settled twice");
  slices[index].settled = true;
  --unsettled;
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
  tickets.clear();
  oldest = {};
  unsettled = 0;
  spool_end = 0;
}

size_t Payload::memory() const {
  size_t held = sizeof *this + groups.capacity() * sizeof(Group) +
                slices.capacity() * sizeof(Slice) + body.bytes.capacity() +
                tickets.capacity() * sizeof(TicketRef);
  for (const Group& group : groups) held += group.head.capacity() + group.bytes.capacity();
  return held;
}

void Payload::recharge() { charge.set(memory()); }

void Payload::abandon() {
  for (TicketRef& ticket : tickets) ticket->abandon();
}

}  // namespace waybill::delivery
