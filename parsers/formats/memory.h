// SPDX-License-Identifier: Apache-2.0
// Memory: which format lines of a stream had that begin like this one.
//
// Most lines of a stream have one of a few shapes, and dozens of patterns would be tried on each of
// them again and again. What is remembered is the outcome for a shape, if nothing but the front of
// the line decided it.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string_view>

#include "parsers/formats/formats.h"

namespace waybill::parsers::formats {

// The bytes of a line that its shape is made of.
inline constexpr size_t kFrontBytes = 112;

// Of a stream's line: equal for lines whose fronts have the same punctuation, and words and numbers
// in the same places. Words in capitals and in brackets, which may be levels, count by their
// letters, and so do those in small letters that are levels.
uint64_t shape_of(uint64_t stream, std::string_view line);
// The same on processors without SSSE3.
uint64_t portable_shape_of(uint64_t stream, std::string_view line);

// Whether a line of this line's shape may begin with a time, behind a '[' perhaps: with digits, or
// with a word where a clock stands in the front.
bool may_begin_with_time(std::string_view line);

// One per parser.
class Memory {
 public:
  struct Entry {
    uint64_t shape;        // 0: nothing is remembered here
    const Format* format;  // null: no format has this shape, but for the following perhaps
    // What more than the front decides is tried before it, in this order.
    std::array<const Format*, Undecided::kMost> undecided;
    uint8_t undecided_count;
    bool open;         // nothing is known but that
    bool may_be_time;  // some lines of the shape begin with a time, and others with what is none:
    bool timed;        // whether this is about the former
  };
  Memory();
  // Where the shape's outcome stands, or is to be put.
  Entry& at(uint64_t shape) { return entries_.get()[shape % kEntries]; }

 private:
  struct Free {
    void operator()(Entry* entries) const;
  };
  static constexpr size_t kEntries = 16384;
  std::unique_ptr<Entry, Free> entries_;  // a page of it is used when a line needs it
};

}  // namespace waybill::parsers::formats
