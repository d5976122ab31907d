// SPDX-License-Identifier: Apache-2.0
#include "redaction/unescape.h"

#include <cstdint>

#include "core/ascii.h"

namespace waybill::redaction {

namespace {

// The four digits at `at`, as a number; -1: these are none.
int code_unit(std::string_view text, size_t at) {
  if (text.size() - at < 4) return -1;
  int value = 0;
  for (size_t i = at; i < at + 4; ++i) {
    int digit = hex_value(text[i]);
    if (digit < 0) return -1;
    value = value * 16 + digit;
  }
  return value;
}

}  // namespace

// Letters alone matter here: what is beyond ASCII stays an escape.
void unescape(std::string_view text, Buffer& out) {
  char* to = out.reserve(text.size());
  const char* const begin = to;
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c != '\\' || i + 1 == text.size()) {
      *to++ = c;
      continue;
    }
    char next = text[i + 1];
    int unit = next == 'u' ? code_unit(text, i + 2) : -1;
    if (unit >= 0 && unit < 0x80) {
      *to++ = static_cast<char>(unit);
      i += 5;
    } else if (next == '"' || next == '\\' || next == '/') {
      *to++ = next;
      ++i;
    } else if (next == 'n' || next == 'r' || next == 't' || next == 'b' || next == 'f') {
      *to++ = next == 'n' ? '\n' : ' ';
      ++i;
    } else {
      *to++ = c;
    }
  }
  out.advance(static_cast<size_t>(to - begin));
}

}  // namespace waybill::redaction
