// SPDX-License-Identifier: Apache-2.0
#include "inputs/stream_framer.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "core/check.h"

namespace waybill::inputs {

namespace {

// Whether a stream that begins with `head` counts octets; nothing when more bytes must tell.
std::optional<bool> counts_octets(std::string_view head) {
  if (head.empty()) return std::nullopt;
  if (head[0] < '1' || head[0] > '9') return false;
  size_t digits = head.find_first_not_of("0123456789");
  if (digits == std::string_view::npos) digits = head.size();
  if (digits > OctetCarry::kMostDigits) return false;
  if (digits == head.size()) return std::nullopt;
  if (head[digits] != ' ') return false;
  if (digits + 1 == head.size()) return std::nullopt;
  return head[digits + 1] == '<';
}

}  // namespace

StreamFramer::StreamFramer(Framing framing, size_t max_line, CarryAllowance* allowance)
    : max_line_(max_line), allowance_(allowance) {
  if (framing == Framing::kNewline) carry_.emplace<LineCarry>(max_line, 0u, allowance);
  if (framing == Framing::kOctetCounting) carry_.emplace<OctetCarry>(max_line, allowance);
}

size_t StreamFramer::wanted() const {
  if (const auto* lines = std::get_if<LineCarry>(&carry_)) return lines->wanted();
  if (const auto* octets = std::get_if<OctetCarry>(&carry_)) return octets->wanted();
  return kBatchBytes;
}

std::span<char> StreamFramer::place(Batch& batch) const {
  if (const auto* lines = std::get_if<LineCarry>(&carry_)) return lines->place(batch);
  if (const auto* octets = std::get_if<OctetCarry>(&carry_)) return octets->place(batch);
  std::span<char> room = batch.room();
  return room.subspan(std::min(head_.size(), room.size()));
}

size_t StreamFramer::held() const {
  if (const auto* lines = std::get_if<LineCarry>(&carry_)) return lines->held();
  if (const auto* octets = std::get_if<OctetCarry>(&carry_)) return octets->held();
  return head_.size();
}

uint64_t StreamFramer::missing() const {
  const auto* octets = std::get_if<OctetCarry>(&carry_);
  return octets != nullptr ? octets->missing() : 0;
}

void StreamFramer::take(Batch& batch, uint32_t source, size_t size) {
  if (auto* lines = std::get_if<LineCarry>(&carry_)) {
    lines->take(batch, source, size);
  } else if (auto* octets = std::get_if<OctetCarry>(&carry_)) {
    size_t left = octets->take(batch, source, size);
    if (octets->why().empty()) return;
    why_broken_ = octets->why();
    framing_bytes_told_ -= octets->framing_bytes();  // the carry goes; its count must not
    const uint64_t offset = octets->position();
    carry_.emplace<LineCarry>(max_line_, offset, allowance_).take(batch, source, left);
  } else {
    decide(batch, source, size);
  }
}

void StreamFramer::decide(Batch& batch, uint32_t source, size_t size) {
  std::span<char> room = batch.room();
  WAYBILL_CHECK(head_.size() + size <= room.size(), "more bytes than the batch has room for");
  std::memcpy(room.data(), head_.data(), head_.size());
  const size_t all = head_.size() + size;
  std::optional<bool> octets = counts_octets({room.data(), all});
  if (!octets) {
    head_.assign(room.data(), all);
    return;
  }
  std::string().swap(head_);
  if (*octets) {
    carry_.emplace<OctetCarry>(max_line_, allowance_);
  } else {
    carry_.emplace<LineCarry>(max_line_, 0u, allowance_);
  }
  take(batch, source, all);
}

void StreamFramer::finish(Batch& batch, uint32_t source) {
  if (held() == 0 && missing() == 0) return;
  if (carry_.index() == 0) {
    const size_t size = head_.size();
    WAYBILL_CHECK(size <= batch.room().size(), "no room for the unfinished line");
    std::memcpy(batch.room().data(), head_.data(), size);
    head_.clear();
    carry_.emplace<LineCarry>(max_line_, 0u, allowance_).take(batch, source, size);
  }
  if (auto* lines = std::get_if<LineCarry>(&carry_)) lines->finish(batch, source);
  if (auto* octets = std::get_if<OctetCarry>(&carry_)) octets->finish(batch, source);
}

uint64_t StreamFramer::take_framing_bytes() {
  const auto* octets = std::get_if<OctetCarry>(&carry_);
  const uint64_t now = octets != nullptr ? octets->framing_bytes() : 0;
  return now - std::exchange(framing_bytes_told_, now);
}

}  // namespace waybill::inputs
