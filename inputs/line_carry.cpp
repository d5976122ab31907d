// SPDX-License-Identifier: Apache-2.0
#include "inputs/line_carry.h"

#include <algorithm>
#include <cstring>

#include "core/check.h"

namespace waybill::inputs {

namespace {

const char* first_line_end(const char* begin, const char* end) {
  return static_cast<const char*>(std::memchr(begin, '\n', static_cast<size_t>(end - begin)));
}

const char* last_line_end(const char* begin, const char* end) {
  return static_cast<const char*>(memrchr(begin, '\n', static_cast<size_t>(end - begin)));
}

void add_chunk(Batch& batch, uint32_t source, const char* begin, const char* end, uint64_t offset,
               uint64_t truncated) {
  if (begin == end && truncated == 0) return;
  Chunk chunk;
  chunk.source = source;
  chunk.begin = static_cast<uint32_t>(begin - batch.bytes());
  chunk.size = static_cast<uint32_t>(end - begin);
  chunk.offset = offset;
  chunk.truncated_bytes = truncated;
  batch.chunks.push_back(chunk);
}

}  // namespace

LineCarry::LineCarry(size_t max_line, uint64_t offset, CarryAllowance* allowance)
    : max_line_(max_line), line_start_(offset), kept_(allowance) {
  WAYBILL_CHECK(max_line > 0, "a line keeps at least one byte");
}

size_t LineCarry::wanted() const {
  // A short tail leaves the usual batch room enough; a long one must not make reads tiny.
  return kept_.size() <= kBatchBytes / 4 ? kBatchBytes : kept_.size() + kBatchBytes;
}

std::span<char> LineCarry::place(Batch& batch) const {
  std::span<char> room = batch.room();
  return room.subspan(std::min(kept_.size(), room.size()));
}

void LineCarry::take(Batch& batch, uint32_t source, size_t size) {
  std::span<char> room = batch.room();
  size_t hole = kept_.size();
  WAYBILL_CHECK(hole + size <= room.size(), "more bytes than the batch has room for");
  const char* fresh = room.data() + hole;
  const char* end = fresh + size;
  const char* last = size > 0 ? last_line_end(fresh, end) : nullptr;
  if (last == nullptr) {
    kept_.keep(fresh, size, max_line_);
    return;
  }

  if (hole > 0) std::memcpy(room.data(), kept_.data(), hole);
  const char* begin = room.data();
  const char* stop = last + 1;
  if (kept_.discarded() > 0) {
    // The part that was kept is the record; what was thrown away stood between it and `fresh`.
    const char* line_end = first_line_end(fresh, end);
    uint64_t more = static_cast<uint64_t>(line_end - fresh);
    add_chunk(batch, source, begin, fresh, line_start_, kept_.discarded() + more);
    line_start_ += hole + kept_.discarded() + more + 1;
    begin = line_end + 1;
  }
  kept_.let_go();
  add_lines(batch, source, begin, stop);
  line_start_ += static_cast<uint64_t>(stop - begin);
  kept_.keep(stop, static_cast<size_t>(end - stop), max_line_);
  batch.commit(static_cast<size_t>(stop - room.data()));
}

// [begin, end) are whole lines; the first one's offset is line_start_.
void LineCarry::add_lines(Batch& batch, uint32_t source, const char* begin, const char* end) {
  const auto offset_of = [&](const char* at) {
    return line_start_ + static_cast<uint64_t>(at - begin);
  };
  const char* chunk = begin;
  const char* line = begin;
  // Each step looks at the last line end within reach of a line that may be max_line_ long: with
  // usual lines it finds one at once and has passed all those before it.
  while (static_cast<size_t>(end - line) > max_line_ + 1) {
    const char* reach = line + max_line_ + 1;
    if (const char* line_end = last_line_end(line, reach)) {
      line = line_end + 1;
      continue;
    }
    const char* line_end = first_line_end(reach, end);
    add_chunk(batch, source, chunk, line, offset_of(chunk), 0);
    add_chunk(batch, source, line, line + max_line_, offset_of(line),
              static_cast<uint64_t>(line_end - line) - max_line_);
    line = line_end + 1;
    chunk = line;
  }
  add_chunk(batch, source, chunk, end, offset_of(chunk), 0);
}

void LineCarry::finish(Batch& batch, uint32_t source) {
  if (kept_.empty()) return;
  std::span<char> room = batch.room();
  WAYBILL_CHECK(kept_.size() <= room.size(), "no room for the unfinished line");
  std::memcpy(room.data(), kept_.data(), kept_.size());
  add_chunk(batch, source, room.data(), room.data() + kept_.size(), line_start_, kept_.discarded());
  batch.commit(kept_.size());
  restart(position());
}

void LineCarry::restart(uint64_t offset) {
  line_start_ = offset;
  kept_.let_go();
}

}  // namespace waybill::inputs
