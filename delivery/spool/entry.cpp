// SPDX-License-Identifier: Apache-2.0
#include "delivery/spool/entry.h"

#include <array>

#include "delivery/little_endian.h"
#include "delivery/spool/frame.h"

namespace waybill::delivery {

namespace {

// read time u64 (wall clock, ns) | size of the head u32 | head | record; with kNoted in the size of
// the head, in front of the head:
//   size of the note's source u32 | size of the note u32 | the note's source | the note
constexpr size_t kHeadSizeAt = 8;
constexpr size_t kHeadAt = 12;
constexpr uint32_t kNoted = 1u << 31;
constexpr size_t kNoteSizes = 8;
static_assert(kHeadAt + kNoteSizes == kEntryOverhead);

// The wall clock may jump: good for an age.
SteadyTime steady_of(WallNanos time, const Now& now) {
  return now.steady - std::max(Duration(now.wall - time), Duration::zero());
}

}  // namespace

size_t entries_size(const Payload& payload) {
  size_t size = 0;
  for (const Slice& slice : payload.slices) {
    if (slice.settled) continue;
    size += kFrameHeader + kHeadAt + payload.groups[slice.group].head.size() + slice.size;
    if (slice.note.size != 0) {
      size += kNoteSizes + payload.note_source(slice).size() + slice.note.size;
    }
  }
  return size;
}

uint64_t append_entries(Buffer& frames, const Payload& payload, uint64_t sequence) {
  const Now now;
  char fixed[kHeadAt];
  store_u64(fixed, static_cast<uint64_t>(now.wall - (now.steady - payload.oldest).count()));
  char note_sizes[kNoteSizes];
  uint64_t records = 0;
  for (const Slice& slice : payload.slices) {
    if (slice.settled) continue;
    const Group& group = payload.groups[slice.group];
    std::string_view note = payload.note_bytes(slice);
    std::string_view source = payload.note_source(slice);
    bool noted = !note.empty();
    auto head_size = static_cast<uint32_t>(group.head.size());
    store_u32(fixed + kHeadSizeAt, noted ? head_size | kNoted : head_size);
    store_u32(note_sizes, static_cast<uint32_t>(source.size()));
    store_u32(note_sizes + 4, static_cast<uint32_t>(note.size()));
    std::array<std::string_view, 6> parts = {std::string_view(fixed, kHeadAt),
                                             std::string_view(note_sizes, noted ? kNoteSizes : 0),
                                             source,
                                             note,
                                             group.head,
                                             payload.encoded(slice)};
    append_frame(frames, sequence + records, parts);
    ++records;
  }
  return records;
}

bool add_entry(Payload& payload, std::string_view entry, const Now& now) {
  if (entry.size() < kHeadAt) return false;
  SteadyTime read_at = steady_of(static_cast<WallNanos>(load_u64(entry.data())), now);
  uint32_t head_size = load_u32(entry.data() + kHeadSizeAt);
  entry.remove_prefix(kHeadAt);
  std::string_view source, note;
  if ((head_size & kNoted) != 0) {
    head_size &= ~kNoted;
    if (entry.size() < kNoteSizes) return false;
    size_t source_size = load_u32(entry.data()), note_size = load_u32(entry.data() + 4);
    entry.remove_prefix(kNoteSizes);
    if (entry.size() < source_size || entry.size() - source_size < note_size) return false;
    source = entry.substr(0, source_size);
    note = entry.substr(source_size, note_size);
    entry.remove_prefix(source_size + note_size);
  }
  if (entry.size() < head_size) return false;
  if (payload.slices.empty() || read_at < payload.oldest) payload.oldest = read_at;
  uint32_t group = payload.group(entry.substr(0, head_size));
  Buffer& bytes = payload.buffer(group);
  auto begin = static_cast<uint32_t>(bytes.size());
  bytes.append(entry.substr(head_size));
  payload.added(group, begin);
  if (!note.empty()) payload.note(source, note);
  return true;
}

}  // namespace waybill::delivery
