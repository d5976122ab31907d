// SPDX-License-Identifier: Apache-2.0
// Percent-encoding (RFC 3986, 2.1).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace waybill {

// Nothing: a percent sign without two hex digits behind it.
std::optional<std::string> percent_decoded(std::string_view text);
// The same into `out`, which has room for text.size() bytes. The end of what was written; null for
// nothing.
char* percent_decode(std::string_view text, char* out);
// For what was perhaps not encoded: such a percent sign stands for itself.
std::string percent_decoded_loosely(std::string_view text);

// Every byte but RFC 3986's unreserved characters (2.3) and those of `also_plain`.
std::string percent_encoded(std::string_view text, std::string_view also_plain = {});

}  // namespace waybill
