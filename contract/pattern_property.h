// SPDX-License-Identifier: Apache-2.0
// Sets of characters as ECMA-262 names them, for the inside of a class of RE2.
#pragma once

#include <string>
#include <string_view>

namespace waybill::contract {

// \s and \S: WhiteSpace and LineTerminator of ECMA-262, and all else.
constexpr std::string_view kBlanks =
    "\\t-\\r\\x20\\x{A0}\\x{1680}\\x{2000}-\\x{200A}\\x{2028}\\x{2029}\\x{202F}\\x{205F}\\x{3000}"
    "\\x{FEFF}";
constexpr std::string_view kNoBlanks =
    "\\x00-\\x08\\x0E-\\x1F\\x21-\\x{9F}\\x{A1}-\\x{167F}\\x{1681}-\\x{1FFF}\\x{200B}-\\x{2027}"
    "\\x{202A}-\\x{202E}\\x{2030}-\\x{205E}\\x{2060}-\\x{2FFF}\\x{3001}-\\x{FEFE}"
    "\\x{FF00}-\\x{10FFFF}";

// Why \p{name} is no property of ECMA-262, as a sentence; empty: it is one.
std::string complaint_of_property(std::string_view name);
// The set of \p{name}, or of \P{name}, of a property that there is. Empty: no character.
std::string property_set(std::string_view name, bool negated);

// A range of code points for the inside of a class, without the surrogates, which valid UTF-8 has
// not. `first` <= `last`.
void append_range(std::string& out, uint32_t first, uint32_t last);
// One code point as RE2 wants it.
std::string quoted_point(uint32_t point);

}  // namespace waybill::contract
