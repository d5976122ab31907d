// SPDX-License-Identifier: Apache-2.0
// UTF-8 checks of whole texts. Inside config/ only; log lines go through simdjson instead.
#pragma once

#include <cstddef>
#include <string_view>

namespace waybill::config {

// The offset of the first byte that is not valid UTF-8 (RFC 3629: no overlong forms, surrogates or
// code points above U+10FFFF); npos when all is.
size_t find_bad_utf8(std::string_view text);

// How many characters (code points) `text` has.
size_t count_characters(std::string_view text);

}  // namespace waybill::config
