// SPDX-License-Identifier: Apache-2.0
#include "delivery/spool/entry.h"

#include <array>

#include "delivery/spool/frame.h"
#include "delivery/spool/little_endian.h"

namespace waybill::delivery {

namespace {

// read time u64 (wall clock, ns) | size of the head u32 | head | record
constexpr size_t kHeadSizeAt = 8;
constexpr size_t kHeadAt = 12;

// The wall clock may jump: good for an age.
SteadyTime steady_of(WallNanos time, const Now& now) {
  return now.steady - std::max(Duration(now.wall - time), Duration::zero());
}

}  // namespace

uint64_t append_entries(Buffer& frames, const Payload& payload, uint64_t sequence) {
  const Now now;
  char fixed[kHeadAt];
  store_u64(fixed, static_cast<uint64_t>(now.wall - (now.steady - payload.oldest).count()));
  uint64_t records = 0;
  for (const Slice& slice : payload.slices) {
    if (slice.settled) continue;
    const Group& group = payload.groups[slice.group];
    store_u32(fixed + kHeadSizeAt, static_cast<uint32_t>(group.head.size()));
    std::array<std::string_view, 3> parts = {std::string_view(fixed, kHeadAt), group.head,
                                             group.bytes.view().substr(slice.begin, slice.size)};
    append_frame(frames, sequence + records, parts);
    ++records;
  }
  return records;
}

bool add_entry(Payload& payload, std::string_view entry, const Now& now) {
  if (entry.size() < kHeadAt) return false;
  uint32_t head_size = load_u32(entry.data() + kHeadSizeAt);
  if (entry.size() - kHeadAt < head_size) return false;
  SteadyTime read_at = steady_of(static_cast<WallNanos>(load_u64(entry.data())), now);
  if (payload.slices.empty() || read_at < payload.oldest) payload.oldest = read_at;
  uint32_t group = payload.group(entry.substr(kHeadAt, head_size));
  Buffer& bytes = payload.buffer(group);
  auto begin = static_cast<uint32_t>(bytes.size());
  bytes.append(entry.substr(kHeadAt + head_size));
  payload.added(group, begin);
  return true;
}

}  // namespace waybill::delivery
