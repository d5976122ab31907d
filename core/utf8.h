// SPDX-License-Identifier: Apache-2.0
// What a limit in bytes leaves of UTF-8.
#pragma once

#include <cstddef>
#include <string_view>

namespace waybill {

// The first `most` bytes of `text`, or fewer, so that no character is cut in two.
inline std::string_view whole_characters(std::string_view text, size_t most) {
  if (text.size() <= most) return text;
  while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xC0) == 0x80) --most;
  return text.substr(0, most);
}

}  // namespace waybill
