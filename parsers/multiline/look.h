// SPDX-License-Identifier: Apache-2.0
// What a line looks like by itself: whether a record begins with it.
#pragma once

#include <cstdint>
#include <string_view>

namespace waybill::parsers::multiline {

enum class Look : uint8_t {
  kWhole,      // a record by itself that nothing follows: a JSON object, pairs, an access line
  kJsonBegin,  // the beginning of a JSON object that goes on
  kTimed,      // begins with a time, bare or in brackets: a record begins here
  kFresh,      // begins with a level, or a priority: a record begins here, too
  kPlain,      // anything else
  kIndented,   // begins with a blank
  kBlank,      // of blanks alone, or empty
};

// `line` without its line end. Looks at its first bytes, at the last one of a JSON line, and
// nowhere else; behind colours if it begins with them.
Look look_at(std::string_view line);

// Whether its header speaks of trouble: a level of WARN or above among its first words.
bool speaks_of_trouble(std::string_view line);

// Whether a clock ("03:04") or a number of ten digits stands anywhere in it.
bool may_have_time(std::string_view line);

// Without blanks at its front.
std::string_view without_indent(std::string_view line);
// Without the colours (ESC [ … m) at its front.
std::string_view without_colours(std::string_view line);

}  // namespace waybill::parsers::multiline
