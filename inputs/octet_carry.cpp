// SPDX-License-Identifier: Apache-2.0
#include "inputs/octet_carry.h"

#include <algorithm>
#include <cstring>

#include "core/ascii.h"
#include "core/check.h"

namespace waybill::inputs {

namespace {

// What stands where a count should, for a message: printable, and short.
std::string shown(const char* begin, const char* end) {
  std::string out;
  for (const char* at = begin; at < end && at - begin < 20; ++at) {
    out += *at >= ' ' && *at <= '~' ? *at : '?';
  }
  return out;
}

}  // namespace

OctetCarry::OctetCarry(size_t max_line, CarryAllowance* allowance)
    : max_line_(max_line), kept_(allowance) {
  WAYBILL_CHECK(max_line > 0, "a message keeps at least one byte");
}

size_t OctetCarry::wanted() const {
  return kept_.size() <= kBatchBytes / 4 ? kBatchBytes : kept_.size() + kBatchBytes;
}

std::span<char> OctetCarry::place(Batch& batch) const {
  std::span<char> room = batch.room();
  return room.subspan(std::min(kept_.size(), room.size()));
}

bool OctetCarry::is_absurd(uint64_t size) const {
  return size > std::max<uint64_t>(kLargest, max_line_);
}

std::optional<OctetCarry::Count> OctetCarry::read_count(const char* begin, const char* end) {
  uint64_t size = 0;
  const char* at = begin;
  for (; at < end && is_digit(*at) && at - begin < static_cast<ptrdiff_t>(kMostDigits); ++at) {
    size = size * 10 + static_cast<uint64_t>(*at - '0');
  }
  if (at == end && (at == begin || *begin != '0')) return std::nullopt;
  if (at == begin || *begin == '0' || *at != ' ') {
    why_ = "'" + shown(begin, end) + "' begins with no count of octets";
    return std::nullopt;
  }
  if (is_absurd(size)) {
    why_ = "a message of " + std::to_string(size) + " octets is none";
    return std::nullopt;
  }
  return Count{size, at + 1};
}

size_t OctetCarry::take(Batch& batch, uint32_t source, size_t size) {
  std::span<char> room = batch.room();
  const size_t hole = kept_.size();
  WAYBILL_CHECK(hole + size <= room.size(), "more bytes than the batch has room for");
  const char* end = room.data() + hole + size;
  if (missing_ > size) {
    kept_.keep(room.data() + hole, size, max_line_);
    missing_ -= size;
    position_ += size;
    return 0;
  }
  if (hole > 0) std::memcpy(room.data(), kept_.data(), hole);
  const char* at = room.data();
  if (missing_ > 0) {
    at = end_message(batch, source, room.data() + hole);
  } else {
    position_ -= hole;  // a count that was not whole is read again from its beginning
  }
  kept_.let_go();
  const char* done = take_messages(batch, source, at, end);
  batch.commit(static_cast<size_t>(done - room.data()));
  if (why_.empty()) return 0;
  const auto left = static_cast<size_t>(end - broken_at_);
  std::memmove(batch.room().data(), broken_at_, left);
  return left;
}

// The rest of the unfinished message stands at `fresh`. Returns its end.
const char* OctetCarry::end_message(Batch& batch, uint32_t source, const char* fresh) {
  const size_t kept = kept_.size();
  const uint64_t whole = kept + kept_.discarded() + missing_;
  const char* end = fresh + missing_;
  position_ -= kept + kept_.discarded();
  // Behind something discarded nothing is kept.
  uint64_t there = kept_.discarded() > 0 ? kept : whole;
  add_message(batch, source, fresh - kept, there, whole);
  missing_ = 0;
  return end;
}

// Messages from `begin` on. What is begun and not whole is kept; returns where the last whole one
// ends.
const char* OctetCarry::take_messages(Batch& batch, uint32_t source, const char* begin,
                                      const char* end) {
  const auto pass = [&](const char*& at, const char* to) {
    framing_bytes_ += static_cast<uint64_t>(to - at);
    position_ += static_cast<uint64_t>(to - at);
    at = to;
  };
  const char* done = begin;
  for (const char* at = begin;;) {
    pass(at, std::find_if(at, end, [](char c) { return c != '\n' && c != '\r'; }));
    if (at == end) return done;
    std::optional<Count> count = read_count(at, end);
    const auto left = static_cast<size_t>(end - at);
    if (!count) {
      broken_at_ = at;
      if (!why_.empty()) return done;
      kept_.keep(at, left, kMostDigits);
      position_ += left;
      return done;
    }
    pass(at, count->message);
    const auto there = static_cast<size_t>(end - at);
    if (there < count->size) {
      kept_.keep(at, there, max_line_);
      missing_ = count->size - there;
      position_ += there;
      return done;
    }
    add_message(batch, source, at, count->size, count->size);
    at += count->size;
    done = at;
  }
}

// The first `there` of the `whole` bytes of a message stand at `begin`; position_ is the offset of
// its first byte, and of the next message's afterwards.
void OctetCarry::add_message(Batch& batch, uint32_t source, const char* begin, uint64_t there,
                             uint64_t whole) {
  Chunk chunk;
  chunk.source = source;
  chunk.begin = static_cast<uint32_t>(begin - batch.bytes());
  chunk.size = static_cast<uint32_t>(std::min<uint64_t>(there, max_line_));
  chunk.offset = position_;
  chunk.truncated_bytes = whole - chunk.size;
  chunk.message = true;
  batch.chunks.push_back(chunk);
  position_ += whole;
}

void OctetCarry::finish(Batch& batch, uint32_t source) {
  if (kept_.empty()) return;
  std::span<char> room = batch.room();
  WAYBILL_CHECK(kept_.size() <= room.size(), "no room for the unfinished message");
  std::memcpy(room.data(), kept_.data(), kept_.size());
  Chunk chunk;
  chunk.source = source;
  chunk.begin = batch.used();
  chunk.size = static_cast<uint32_t>(kept_.size());
  chunk.offset = position_ - kept_.size() - kept_.discarded();
  chunk.truncated_bytes = kept_.discarded();
  chunk.missing_bytes = missing_;
  chunk.message = missing_ > 0;  // else the digits of a count
  batch.chunks.push_back(chunk);
  batch.commit(kept_.size());
  kept_.let_go();
  missing_ = 0;
}

}  // namespace waybill::inputs
