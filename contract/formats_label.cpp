// SPDX-License-Identifier: Apache-2.0
#include "contract/formats_label.h"

#include <re2/re2.h>

#include <algorithm>
#include <string>
#include <vector>

#include "contract/formats.h"
#include "contract/punycode.h"

namespace waybill::contract {

namespace {

constexpr char32_t kZeroWidthNonJoiner = 0x200C, kZeroWidthJoiner = 0x200D;

std::string utf8(char32_t point) {
  std::string out;
  auto put = [&](uint32_t byte) { out += static_cast<char>(byte); };
  uint32_t p = point;
  if (p < 0x80) {
    put(p);
  } else if (p < 0x800) {
    put(0xC0 | p >> 6), put(0x80 | (p & 0x3F));
  } else if (p < 0x10000) {
    put(0xE0 | p >> 12), put(0x80 | (p >> 6 & 0x3F)), put(0x80 | (p & 0x3F));
  } else {
    put(0xF0 | p >> 18), put(0x80 | (p >> 12 & 0x3F));
    put(0x80 | (p >> 6 & 0x3F)), put(0x80 | (p & 0x3F));
  }
  return out;
}

// A set of characters as RE2 has it; made once.
bool in(char32_t point, const RE2& set) { return RE2::FullMatch(utf8(point), set); }

bool is_allowed(char32_t point) {
  // Letters, digits and marks but capitals; and the exceptions that are no such.
  static const RE2 letters(
      "[\\p{Ll}\\p{Lo}\\p{Lm}\\p{Mn}\\p{Mc}\\p{Nd}\\x{6FD}\\x{6FE}\\x{F0B}"
      "\\x{3007}\\x{B7}\\x{375}\\x{5F3}\\x{5F4}\\x{30FB}\\x{200C}\\x{200D}-]");
  static const RE2 never("[\\x{640}\\x{7FA}\\x{302E}\\x{302F}\\x{3031}-\\x{3035}\\x{303B}]");
  bool capital = point >= 'A' && point <= 'Z';  // the case of the ASCII part does not matter
  return capital || (in(point, letters) && !in(point, never));
}

bool is_virama(char32_t point) {
  static const RE2 viramas(
      "[\\x{94D}\\x{9CD}\\x{A4D}\\x{ACD}\\x{B4D}\\x{BCD}\\x{C4D}\\x{CCD}\\x{D3B}\\x{D3C}\\x{D4D}"
      "\\x{DCA}\\x{E3A}\\x{EBA}\\x{F84}\\x{1039}\\x{103A}\\x{1714}\\x{1734}\\x{17D2}\\x{1A60}"
      "\\x{1B44}\\x{1BAA}\\x{1BAB}\\x{1BF2}\\x{1BF3}\\x{2D7F}\\x{A806}\\x{A8C4}\\x{A953}\\x{A9C0}"
      "\\x{AAF6}\\x{ABED}\\x{10A3F}\\x{11046}\\x{1107F}\\x{110B9}\\x{11133}\\x{11134}\\x{111C0}"
      "\\x{11235}\\x{112EA}\\x{1134D}\\x{11442}\\x{114C2}\\x{115BF}\\x{1163F}\\x{116B6}]");
  return in(point, viramas);
}

// Letters of scripts that join, for the zero-width non-joiner between two of them.
bool joins(char32_t point) {
  static const RE2 joining("[\\p{Arabic}\\p{Syriac}\\p{Mongolian}\\p{Nko}\\p{Mandaic}]");
  return in(point, joining);
}

// RFC 5892, appendix A.
bool fits_around(const std::u32string& label, size_t at) {
  static const RE2 greek("\\p{Greek}"), hebrew("\\p{Hebrew}");
  char32_t before = at > 0 ? label[at - 1] : 0;
  char32_t behind = at + 1 < label.size() ? label[at + 1] : 0;
  switch (label[at]) {
    case 0xB7: return before == 'l' && behind == 'l';
    case 0x375: return behind != 0 && in(behind, greek);
    case 0x5F3:
    case 0x5F4: return before != 0 && in(before, hebrew);
    case kZeroWidthJoiner: return before != 0 && is_virama(before);
    case kZeroWidthNonJoiner:
      return before != 0 && (is_virama(before) || (behind != 0 && joins(before) && joins(behind)));
    default: return true;
  }
}

bool fits_as_a_whole(const std::u32string& label) {
  static const RE2 kana("[\\p{Hiragana}\\p{Katakana}\\p{Han}]");
  bool middle_dot = false, has_kana = false, arabic = false, extended = false;
  for (char32_t point : label) {
    middle_dot |= point == 0x30FB;
    has_kana |= point != 0x30FB && in(point, kana);
    arabic |= point >= 0x660 && point <= 0x669;
    extended |= point >= 0x6F0 && point <= 0x6F9;
  }
  return (!middle_dot || has_kana) && !(arabic && extended);
}

// RFC 5891, 4.2.3, but for the Bidi rule, which looks at the whole name.
bool is_label_of_characters(const std::u32string& label) {
  static const RE2 marks("\\p{M}");
  if (label.empty() || in(label.front(), marks)) return false;
  if (label.front() == '-' || label.back() == '-') return false;
  if (label.size() >= 4 && label[2] == '-' && label[3] == '-') return false;
  for (size_t i = 0; i < label.size(); ++i) {
    if (!is_allowed(label[i]) || !fits_around(label, i)) return false;
  }
  return fits_as_a_whole(label);
}

enum class Direction { kLeft, kRight, kEuropean, kArabic, kOther };

// The classes of UAX 9 that RFC 5893 asks about, by scripts and categories.
Direction direction_of(char32_t point) {
  static const RE2 right(
      "[\\p{Hebrew}\\p{Arabic}\\p{Syriac}\\p{Thaana}\\p{Nko}\\p{Samaritan}\\p{Mandaic}]");
  static const RE2 left("\\p{L}");
  if ((point >= '0' && point <= '9') || (point >= 0x6F0 && point <= 0x6F9)) {
    return Direction::kEuropean;
  }
  if (point >= 0x660 && point <= 0x669) return Direction::kArabic;
  static const RE2 marks("\\p{M}");
  if (in(point, marks)) return Direction::kOther;
  if (in(point, right)) return Direction::kRight;
  return in(point, left) ? Direction::kLeft : Direction::kOther;
}

// RFC 5893, 2: for a label of a name in which something is written from right to left.
bool keeps_bidi_rule(const std::u32string& label) {
  Direction first = direction_of(label.front());
  if (first != Direction::kLeft && first != Direction::kRight) return false;
  Direction other = first == Direction::kLeft ? Direction::kRight : Direction::kLeft;
  bool european = false, arabic = false;
  Direction last = first;
  static const RE2 marks("\\p{M}");
  for (char32_t point : label) {
    Direction direction = direction_of(point);
    if (direction == other) return false;
    european |= direction == Direction::kEuropean;
    arabic |= direction == Direction::kArabic;
    if (!in(point, marks)) last = direction;
  }
  if (first == Direction::kLeft && arabic) return false;
  bool ends = last == first || last == Direction::kEuropean || last == Direction::kArabic;
  return ends && !(european && arabic);
}

bool is_plain(const std::u32string& label) {
  return std::all_of(label.begin(), label.end(), [](char32_t c) { return c < 0x80; });
}

}  // namespace

bool is_a_label(std::string_view punycode) {
  auto label = decode_punycode(punycode);
  return label && !is_plain(*label) && is_label_of_characters(*label);
}

bool is_idn_hostname(std::string_view text) {
  // No character is less than a byte in ASCII, nor more than four here.
  if (text.size() > size_t{4} * 253) return false;
  std::vector<std::u32string> labels(1);
  for (size_t at = 0; at < text.size();) {
    char32_t point = take_code_point(text, at);
    bool separator = point == '.' || point == 0x3002 || point == 0xFF0E || point == 0xFF61;
    if (separator) {
      labels.emplace_back();
    } else {
      labels.back() += point;
    }
  }
  size_t total = labels.size() - 1;
  bool right = false;
  for (std::u32string& label : labels) {
    std::string ascii(label.begin(), label.end());
    if (is_plain(label)) {
      if (!is_hostname(ascii)) return false;
      total += label.size();
      if (ascii.size() < 4 || (ascii[0] | 0x20) != 'x' || ascii[2] != '-' || ascii[3] != '-') {
        continue;
      }
      label = *decode_punycode(ascii.substr(4));
      if ("xn--" + encode_punycode(label) != ascii) return false;
    } else {
      size_t size = 4 + encode_punycode(label).size();
      if (size > 63 || !is_label_of_characters(label)) return false;
      total += size;
    }
  }
  for (const std::u32string& label : labels) {
    for (char32_t point : label) {
      Direction direction = direction_of(point);
      right |= direction == Direction::kRight || direction == Direction::kArabic;
    }
  }
  return total <= 253 && (!right || std::all_of(labels.begin(), labels.end(), keeps_bidi_rule));
}

}  // namespace waybill::contract
