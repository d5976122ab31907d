// SPDX-License-Identifier: Apache-2.0
#include "core/json_text.h"

#include <array>
#include <bit>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>

#include "core/ascii.h"
#endif

namespace waybill {

namespace {

constexpr bool needs_escape(unsigned char c) { return c < 0x20 || c == '"' || c == '\\'; }

// How many bytes from the front need no escaping.
size_t clean_prefix(const char* bytes, size_t size) {
  size_t i = 0;
#if defined(__SSE2__)
  const __m128i quote = _mm_set1_epi8('"');
  const __m128i backslash = _mm_set1_epi8('\\');
  const __m128i limit = _mm_set1_epi8(0x1f);
  auto special_of = [&](__m128i block) {
    __m128i special = _mm_or_si128(_mm_cmpeq_epi8(block, quote), _mm_cmpeq_epi8(block, backslash));
    // max(block, 0x1f) == 0x1f  <=>  block <= 0x1f, unsigned
    special = _mm_or_si128(special, _mm_cmpeq_epi8(_mm_max_epu8(block, limit), limit));
    return static_cast<unsigned>(_mm_movemask_epi8(special));
  };
  for (; i < size && size >= 16; i += 16) {
    if (i + 16 > size) i = size - 16;  // what was looked at before is clean
    unsigned mask = special_of(_mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes + i)));
    if (mask != 0) return i + static_cast<size_t>(std::countr_zero(mask));
  }
  for (; i < size && size >= 8; i += 8) {
    if (i + 8 > size) i = size - 8;
    unsigned mask =
        special_of(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(bytes + i))) & 0xffu;
    if (mask != 0) return i + static_cast<size_t>(std::countr_zero(mask));
  }
  if (size >= 4 && size < 8) {
    uint32_t front, back;  // they overlap
    std::memcpy(&front, bytes, 4);
    std::memcpy(&back, bytes + size - 4, 4);
    const auto both = static_cast<int64_t>(uint64_t{back} << 32 | front);
    if ((special_of(_mm_cvtsi64_si128(both)) & 0xffu) == 0) return size;
  }
#endif
  while (i < size && !needs_escape(static_cast<unsigned char>(bytes[i]))) ++i;
  return i;
}

uint32_t four_hex(const char* digits) {
  uint32_t value = 0;
  for (int i = 0; i < 4; ++i) {
    value = value << 4 | static_cast<uint32_t>(hex_value(digits[i]));
  }
  return value;
}

char* write_utf8(uint32_t point, char* out) {
  auto put = [&](uint32_t byte) { *out++ = static_cast<char>(byte); };
  if (point < 0x80) {
    put(point);
  } else if (point < 0x800) {
    put(0xC0 | point >> 6);
    put(0x80 | (point & 0x3F));
  } else if (point < 0x10000) {
    put(0xE0 | point >> 12);
    put(0x80 | (point >> 6 & 0x3F));
    put(0x80 | (point & 0x3F));
  } else {
    put(0xF0 | point >> 18);
    put(0x80 | (point >> 12 & 0x3F));
    put(0x80 | (point >> 6 & 0x3F));
    put(0x80 | (point & 0x3F));
  }
  return out;
}

// `in` stands behind "\u". Moves it behind what was read.
uint32_t unicode_escape(const char*& in, const char* end) {
  uint32_t point = four_hex(in);
  in += 4;
  if (point < 0xD800 || point > 0xDFFF) return point;
  bool pair = point < 0xDC00 && end - in >= 6 && in[0] == '\\' && in[1] == 'u';
  if (!pair) return 0xFFFD;
  uint32_t low = four_hex(in + 2);
  if (low < 0xDC00 || low > 0xDFFF) return 0xFFFD;
  in += 6;
  return 0x10000 + ((point - 0xD800) << 10) + (low - 0xDC00);
}

}  // namespace

bool is_clean_json(std::string_view bytes) {
  return clean_prefix(bytes.data(), bytes.size()) == bytes.size();
}

Text raw_text(std::string_view bytes) {
  return Text(bytes, is_clean_json(bytes) ? TextForm::kClean : TextForm::kRaw);
}

void append_escaped(Buffer& out, std::string_view characters) {
  const char* at = characters.data();
  size_t left = characters.size();
  while (left > 0) {
    size_t clean = clean_prefix(at, left);
    out.append(at, clean);
    at += clean;
    left -= clean;
    if (left == 0) return;
    auto c = static_cast<unsigned char>(*at);
    constexpr std::string_view letters = "btn\vfr";  // for 0x08 to 0x0D; \v has no short form
    char* to = out.reserve(6);
    if (c == '"' || c == '\\') {
      to[0] = '\\';
      to[1] = static_cast<char>(c);
      out.advance(2);
    } else if (c >= 0x08 && c <= 0x0D && c != 0x0B) {
      to[0] = '\\';
      to[1] = letters[c - 0x08u];
      out.advance(2);
    } else {
      constexpr char digits[] = "0123456789abcdef";
      std::memcpy(to, "\\u00", 4);
      to[4] = digits[c >> 4];
      to[5] = digits[c & 15];
      out.advance(6);
    }
    ++at;
    --left;
  }
}

void append_json_string(Buffer& out, std::string_view characters) {
  out.push_back('"');
  append_escaped(out, characters);
  out.push_back('"');
}

std::string json_string(std::string_view characters) {
  Buffer out;
  append_json_string(out, characters);
  return std::string(out.view());
}

bool is_json_inside(std::string_view inside) {
  const char* at = inside.data();
  const char* end = at + inside.size();
  while (true) {
    at += clean_prefix(at, static_cast<size_t>(end - at));
    if (at == end) return true;
    if (*at != '\\' || end - at < 2) return false;
    constexpr std::string_view letters = "\"\\/bfnrt";
    if (letters.find(at[1]) != std::string_view::npos) {
      at += 2;
      continue;
    }
    if (at[1] != 'u' || end - at < 6) return false;
    for (int i = 2; i < 6; ++i) {
      if (hex_value(at[i]) < 0) return false;
    }
    at += 6;
  }
}

char* decode_json(std::string_view inside, char* out) {
  const char* in = inside.data();
  const char* end = in + inside.size();
  while (in < end) {
    const void* found = std::memchr(in, '\\', static_cast<size_t>(end - in));
    const char* stop = found != nullptr ? static_cast<const char*>(found) : end;
    auto run = static_cast<size_t>(stop - in);
    std::memmove(out, in, run);
    out += run;
    in = stop;
    if (in == end) break;
    char c = in[1];
    in += 2;
    switch (c) {
      case 'b': *out++ = '\b'; break;
      case 'f': *out++ = '\f'; break;
      case 'n': *out++ = '\n'; break;
      case 'r': *out++ = '\r'; break;
      case 't': *out++ = '\t'; break;
      case 'u': out = write_utf8(unicode_escape(in, end), out); break;
      default: *out++ = c;  // quote, backslash, slash
    }
  }
  return out;
}

void append_characters(Buffer& out, Text text) {
  if (text.form != TextForm::kJson) return out.append(text.data, text.size);
  char* begin = out.reserve(text.size);
  out.advance(static_cast<size_t>(decode_json(text.bytes(), begin) - begin));
}

std::string_view characters(Text text, Arena& arena) {
  if (text.form != TextForm::kJson) return text.bytes();
  char* begin = arena.allocate(text.size);
  char* end = decode_json(text.bytes(), begin);
  auto size = static_cast<size_t>(end - begin);
  arena.give_back(text.size - size);
  return {begin, size};
}

}  // namespace waybill
