// SPDX-License-Identifier: Apache-2.0
#include "outputs/printable.h"

#include <cstdint>

#include "core/format.h"

namespace waybill::outputs {

namespace {

struct Decoded {
  uint32_t code = 0;
  size_t size = 1;
  bool valid = false;
};

// One character of UTF-8 (RFC 3629): overlong forms, surrogates and more than U+10FFFF are invalid.
Decoded decode(std::string_view text) {
  auto byte = [&](size_t i) { return static_cast<uint32_t>(static_cast<uint8_t>(text[i])); };
  uint32_t first = byte(0);
  size_t size = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  if (size == 1) return {first, 1, true};
  if (first < 0xc2 || first > 0xf4 || text.size() < size) return {first, 1, false};
  uint32_t code = first & (0x7fu >> size);
  for (size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return {first, 1, false};
    code = code << 6 | (byte(i) & 0x3f);
  }
  bool overlong = (size == 3 && code < 0x800) || (size == 4 && code < 0x10000);
  if (overlong || (code >= 0xd800 && code < 0xe000) || code > 0x10ffff) return {first, 1, false};
  return {code, size, true};
}

bool is_dangerous(uint32_t code) {
  return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x2028 || code == 0x2029 ||
         (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069) ||
         code == 0x200e || code == 0x200f || code == 0x061c || code == 0xfeff;
}

void append_escape(Buffer& out, const Decoded& character, std::string_view tab) {
  char text[16];
  switch (character.valid ? character.code : 0) {
    case '\n': return out.append("\\n");
    case '\r': return out.append("\\r");
    case '\t': return out.append(tab);
    default: break;
  }
  bool byte = !character.valid || character.code < 0x80;
  char* end = byte ? fmt::format_to(text, "\\x{:02x}", character.code)
                   : fmt::format_to(text, "\\u{{{:04x}}}", character.code);
  out.append(text, static_cast<size_t>(end - text));
}

}  // namespace

void append_printable(Buffer& out, std::string_view text, std::string_view tab) {
  size_t begin = 0;
  size_t at = 0;
  while (at < text.size()) {
    auto byte = static_cast<uint8_t>(text[at]);
    if (byte >= 0x20 && byte < 0x7f) {
      ++at;
      continue;
    }
    Decoded character = decode(text.substr(at));
    if (!character.valid || is_dangerous(character.code)) {
      out.append(text.substr(begin, at - begin));
      append_escape(out, character, tab);
      begin = at + character.size;
    }
    at += character.size;
  }
  out.append(text.substr(begin));
}

std::string printable(std::string_view text, size_t limit) {
  bool cut = text.size() > limit;
  if (cut) {
    text = text.substr(0, limit);
    // Not in the middle of a character.
    while (!text.empty() && (static_cast<uint8_t>(text.back()) & 0xc0) == 0x80) {
      text.remove_suffix(1);
    }
    if (!text.empty() && static_cast<uint8_t>(text.back()) >= 0x80) text.remove_suffix(1);
  }
  Buffer out;
  append_printable(out, text, " ");
  return std::string(out.view()) + (cut ? "…" : "");
}

}  // namespace waybill::outputs
