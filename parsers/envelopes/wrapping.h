// SPDX-License-Identifier: Apache-2.0
// Wrapping: the envelopes of one line, and what is inside of them.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "parsers/envelopes/envelope.h"

namespace waybill::parsers {

// The envelopes are in an EnvelopePool, the outermost first.
struct Wrapping {
  std::string_view inside;     // kPadding bytes are readable behind it
  int64_t near_ns = 0;         // what a time inside must be near to
  uint32_t first = 0;          // of its envelopes in the pool
  uint32_t depth = 0;          // how many
  std::string_view joined_by;  // of an event of several lines: what put them together, in words
};

// Envelopes of the lines at hand; used again and again, so that a warm one allocates nothing.
class EnvelopePool {
 public:
  void clear() { used_ = 0; }
  // One more, behind the others, undefined; every reference to another one ends.
  Envelope& add() {
    if (used_ == all_.size()) all_.emplace_back();
    return all_[used_++];
  }
  void take_back() { --used_; }
  uint32_t size() const { return static_cast<uint32_t>(used_); }
  const Envelope& operator[](size_t index) const { return all_[index]; }

 private:
  std::vector<Envelope> all_;
  size_t used_ = 0;
};

}  // namespace waybill::parsers
