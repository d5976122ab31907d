// SPDX-License-Identifier: Apache-2.0
#include "contract/exact_text.h"

#include <cstdint>
#include <cstdio>

#include "core/json_text.h"

namespace waybill::contract {

namespace {

uint32_t hex4(const char* at) {
  uint32_t value = 0;
  for (int i = 0; i < 4; ++i) {
    auto c = static_cast<unsigned char>(at[i]);
    value = value << 4 | (c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10u);
  }
  return value;
}

bool is_unicode_escape(const char* at, const char* end) {
  return end - at >= 6 && at[0] == '\\' && at[1] == 'u';
}

// Half a pair by itself at the escape?
bool is_half(const char* at, const char* end) {
  uint32_t first = hex4(at + 2);
  if (first < 0xD800 || first > 0xDFFF) return false;
  if (first > 0xDBFF || !is_unicode_escape(at + 6, end)) return true;
  uint32_t second = hex4(at + 8);
  return second < 0xDC00 || second > 0xDFFF;
}

// Half a pair as bytes?
bool is_half(std::string_view exact, size_t at) {
  return static_cast<unsigned char>(exact[at]) == 0xED &&
         static_cast<unsigned char>(exact[at + 1]) >= 0xA0;
}

}  // namespace

char* decode_exactly(std::string_view inside, char* out) {
  const char* at = inside.data();
  const char* const end = at + inside.size();
  const char* begin = at;  // what is not decoded yet
  auto decode = [&] {
    out = decode_json({begin, static_cast<size_t>(at - begin)}, out);
    begin = at;
  };
  while (at < end) {
    if (*at != '\\') {
      ++at;
    } else if (at[1] != 'u') {
      at += 2;
    } else if (!is_half(at, end)) {
      // Both halves of a pair together.
      uint32_t first = hex4(at + 2);
      at += first >= 0xD800 && first <= 0xDFFF ? 12 : 6;
    } else {
      decode();
      uint32_t half = hex4(at + 2);
      *out++ = static_cast<char>(0xE0 | half >> 12);
      *out++ = static_cast<char>(0x80 | (half >> 6 & 0x3F));
      *out++ = static_cast<char>(0x80 | (half & 0x3F));
      at += 6;
      begin = at;
    }
  }
  decode();
  return out;
}

std::string_view exact_escapes(Text text, std::string& scratch) {
  if (scratch.size() < text.size) scratch.resize(text.size);
  char* end = decode_exactly(text.bytes(), scratch.data());
  return {scratch.data(), static_cast<size_t>(end - scratch.data())};
}

void append_exact_string(Buffer& out, std::string_view exact) {
  out.push_back('"');
  size_t done = 0;
  for (size_t i = 0; i + 2 < exact.size(); ++i) {
    if (!is_half(exact, i)) continue;
    append_escaped(out, exact.substr(done, i - done));
    uint32_t half = 0xD000u | (static_cast<unsigned char>(exact[i + 1]) & 0x3Fu) << 6 |
                    (static_cast<unsigned char>(exact[i + 2]) & 0x3Fu);
    char escape[8];
    auto size = std::snprintf(escape, sizeof escape, "\\u%04x", half);
    out.append({escape, static_cast<size_t>(size)});
    done = i + 3;
    i += 2;
  }
  append_escaped(out, exact.substr(done));
  out.push_back('"');
}

std::string shown_text(std::string_view exact) {
  std::string out(exact);
  for (size_t i = 0; i + 2 < out.size(); ++i) {
    if (is_half(out, i)) out.replace(i, 3, "\xEF\xBF\xBD");
  }
  return out;
}

}  // namespace waybill::contract
