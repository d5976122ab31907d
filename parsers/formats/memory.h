// SPDX-License-Identifier: Apache-2.0
// Memory: which format lines of a stream had that begin like this one.
//
// Most lines of a stream have one of a few shapes, and dozens of patterns would be tried on each of
// them again and again. What is remembered is the outcome for a shape, if nothing but the front of
// the line decided it.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "parsers/formats/formats.h"

namespace waybill::parsers::formats {

// The bytes of a line that its shape is made of.
inline constexpr size_t kFrontBytes = 112;

// Of a stream's line: equal for lines whose fronts have the same punctuation, and words and numbers
// in the same places. Words in capitals and in brackets, which may be levels, count by their
// letters, and so do those in small letters that are levels.
uint64_t shape_of(uint64_t stream, std::string_view line);

// One per parser.
class Memory {
 public:
  struct Entry {
    uint64_t shape = 0;              // 0: nothing is remembered here
    const Format* format = nullptr;  // null: no format has this shape
    bool open = false;               // more than the front decides: nothing is known but that
  };
  // Where the shape's outcome stands, or is to be put.
  Entry& at(uint64_t shape) { return entries_[shape % kEntries]; }

 private:
  static constexpr size_t kEntries = 1024;
  std::array<Entry, kEntries> entries_{};
};

}  // namespace waybill::parsers::formats
