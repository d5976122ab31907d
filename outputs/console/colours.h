// SPDX-License-Identifier: Apache-2.0
// Colours of a terminal: SGR codes (ECMA-48, 8.3.117), and what has which.
#pragma once

#include <string_view>

#include "core/buffer.h"
#include "core/level.h"

namespace waybill::outputs::console {

inline constexpr std::string_view kDim = "2";
inline constexpr std::string_view kBold = "1";
inline constexpr std::string_view kRed = "31";
inline constexpr std::string_view kReset = "0";

// Empty for kNone.
std::string_view level_colour(Level level);

// The same for the same trace, always; readable on dark and on light.
std::string_view trace_colour(std::string_view trace);

// Nothing when `colours` is false, or `code` empty.
void append_colour(Buffer& out, bool colours, std::string_view code);

// How colours are wished for, and whether standard output gets them then: `auto` on a terminal that
// is not dumb, unless NO_COLOR is set (no-color.org: any value but an empty one).
enum class Colour : uint8_t { kAuto, kAlways, kNever };
bool wants_colours(Colour colour);

}  // namespace waybill::outputs::console
