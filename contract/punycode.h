// SPDX-License-Identifier: Apache-2.0
// Punycode (RFC 3492): labels of other scripts in ASCII, without "xn--" before it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace waybill::contract {

// Nothing: it is none, or it holds no character that would need it.
std::optional<std::u32string> decode_punycode(std::string_view text);
// Labels are short: the time it takes grows with the square of theirs.
std::string encode_punycode(const std::u32string& label);

// The code point that begins at `at` in valid UTF-8; `at` goes behind it.
char32_t take_code_point(std::string_view text, size_t& at);

}  // namespace waybill::contract
