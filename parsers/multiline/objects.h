// SPDX-License-Identifier: Apache-2.0
// What a line that is a JSON object has to do with a stack trace: programs that log each line of a
// trace as a message write an object for each.
#pragma once

#include <cstdint>
#include <string_view>

namespace waybill::parsers::multiline {

enum class ObjectSign : uint8_t {
  kNone,
  kHint,    // speaks of an error: a trace may follow
  kHeader,  // names an exception, or begins a traceback or a panic
  kFrame,   // a line of a trace
};

// By the strings that are its members' values, wherever they are in it; the line is not parsed. For
// the last line of a read alone: too slow for each.
ObjectSign sign_of_object(std::string_view line);

}  // namespace waybill::parsers::multiline
