// SPDX-License-Identifier: Apache-2.0
#include "parsers/common/repair.h"

#include <simdjson.h>

#include <cstring>

#include "core/batch.h"

namespace waybill::parsers {

namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

struct Piece {
  size_t size;  // bytes that it takes, at least 1
  bool valid;   // one whole character; else the maximal part of one
};

Piece next_piece(std::string_view text) {
  auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  unsigned char lead = byte(0);
  if (lead < 0x80) return {1, true};
  size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4) return {1, false};
  // The second byte's range excludes overlong forms, surrogates and what lies above U+10FFFF.
  unsigned char low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
  unsigned char high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
  for (size_t i = 1; i < length; ++i) {
    if (i >= text.size() || byte(i) < low || byte(i) > high) return {i, false};
    low = 0x80;
    high = 0xBF;
  }
  return {length, true};
}

std::string_view padded(char* begin, size_t size) {
  std::memset(begin + size, 0, kPadding);
  return {begin, size};
}

// The bytes of the escape sequence that begins at text[0], which is ESC.
size_t ansi_size(std::string_view text) {
  if (text.size() < 2) return 1;
  size_t i = 2;
  if (text[1] == '[') {
    while (i < text.size() && text[i] >= 0x20 && text[i] <= 0x3F) ++i;
    bool final_byte = i < text.size() && text[i] >= 0x40 && text[i] <= 0x7E;
    return final_byte ? i + 1 : i;
  }
  if (text[1] == ']') {
    for (; i < text.size(); ++i) {
      if (text[i] == '\a') return i + 1;
      if (text[i] == '\x1b') return i + 1 < text.size() && text[i + 1] == '\\' ? i + 2 : i;
    }
    return i;
  }
  return text[1] >= 0x30 && text[1] <= 0x7E ? 2 : 1;
}

}  // namespace

bool is_utf8(std::string_view text) { return simdjson::validate_utf8(text.data(), text.size()); }

std::string_view repair_utf8(std::string_view text, Arena& arena) {
  size_t room = text.size() * kReplacement.size() + kPadding;
  char* begin = arena.allocate(room);
  char* out = begin;
  while (!text.empty()) {
    Piece piece = next_piece(text);
    std::string_view bytes = piece.valid ? text.substr(0, piece.size) : kReplacement;
    std::memcpy(out, bytes.data(), bytes.size());
    out += bytes.size();
    text.remove_prefix(piece.size);
  }
  auto size = static_cast<size_t>(out - begin);
  arena.give_back(room - size - kPadding);
  return padded(begin, size);
}

std::string_view escape_raw_controls(std::string_view json, Arena& arena) {
  constexpr char digits[] = "0123456789abcdef";
  size_t controls = 0;
  for (char c : json) controls += static_cast<unsigned char>(c) < 0x20;
  char* begin = arena.allocate(json.size() + 6 * controls + kPadding);
  char* out = begin;
  bool inside = false;
  for (size_t i = 0; i < json.size(); ++i) {
    char c = json[i];
    if (inside && static_cast<unsigned char>(c) < 0x20) {
      std::memcpy(out, "\\u00", 4);
      out[4] = digits[c >> 4];
      out[5] = digits[c & 15];
      out += 6;
      continue;
    }
    *out++ = c;
    if (c == '"') inside = !inside;
    if (!inside || c != '\\' || i + 1 == json.size()) continue;
    // An escaped quote does not end the string. A backslash before a control character is one.
    bool control = static_cast<unsigned char>(json[i + 1]) < 0x20;
    *out++ = control ? '\\' : json[++i];
  }
  return padded(begin, static_cast<size_t>(out - begin));
}

std::string_view strip_ansi(std::string_view text, Arena& arena) {
  if (text.empty()) return text;
  const void* found = std::memchr(text.data(), '\x1b', text.size());
  if (found == nullptr) return text;
  char* begin = arena.allocate(text.size() + kPadding);
  char* out = begin;
  while (!text.empty()) {
    found = std::memchr(text.data(), '\x1b', text.size());
    size_t run = found == nullptr
                     ? text.size()
                     : static_cast<size_t>(static_cast<const char*>(found) - text.data());
    std::memcpy(out, text.data(), run);
    out += run;
    text.remove_prefix(run);
    if (!text.empty()) text.remove_prefix(ansi_size(text));
  }
  return padded(begin, static_cast<size_t>(out - begin));
}

}  // namespace waybill::parsers
