// SPDX-License-Identifier: Apache-2.0
// JsonScan: whether a JSON object that stands on several lines has come to its end.
#pragma once

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace waybill::parsers::multiline {

// Sees one line after another, the first of them beginning with '{'. It knows strings, and where
// brackets may stand; whether what it found is JSON is for the walker to say.
class JsonScan {
 public:
  enum class State : uint8_t {
    kOpen,
    kClosed,  // the object ends with this line
    kBroken,  // this line is not of an object: something that JSON has not, or text behind its end
  };

  void begin() { *this = JsonScan(); }
  State feed(std::string_view line);

 private:
  bool may_begin() const;

  static constexpr uint32_t kDeepest = 1024;
  uint32_t depth_ = 0;
  std::bitset<kDeepest> arrays_;  // by depth; the others are objects
  char before_ = '\0';            // what stood last that was no blank; '"' for a string
};

// Where the first of several JSON objects on one line ends, if another one follows it ("{…}{…}",
// "{…} {…}"); else npos.
size_t end_of_first_object(std::string_view line);

}  // namespace waybill::parsers::multiline
