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

// The set of \p{name}, or of \P{name}: general categories by any of their names, scripts by their
// long ones, and those binary properties that are a few ranges. Empty: RE2 has not got it.
std::string property_set(std::string_view name, bool negated);

}  // namespace waybill::contract
