// SPDX-License-Identifier: Apache-2.0
// Repair: bytes that no backend would take are replaced, never a line refused.
#pragma once

#include <string_view>

#include "core/arena.h"

namespace waybill::parsers {

// Whether `text` is valid UTF-8 (RFC 3629).
bool is_utf8(std::string_view text);

// A copy of `text` in the arena, kPadding readable bytes behind it, in which every maximal invalid
// piece (Unicode 15, 3.9, "U+FFFD substitution of maximal subparts") is U+FFFD.
std::string_view repair_utf8(std::string_view text, Arena& arena);

// A copy in which control characters below 0x20 inside JSON strings are escaped as \u00XX.
std::string_view escape_raw_controls(std::string_view json, Arena& arena);

// `text` without ANSI escape sequences (ECMA-48: CSI … final byte, OSC … BEL or ST, two-byte
// escapes): itself when it has none, else a copy in the arena.
std::string_view strip_ansi(std::string_view text, Arena& arena);

}  // namespace waybill::parsers
