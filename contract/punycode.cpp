// SPDX-License-Identifier: Apache-2.0
#include "contract/punycode.h"

#include <algorithm>
#include <cstdint>

namespace waybill::contract {

namespace {

uint32_t adapt(uint32_t delta, uint32_t points, bool first) {
  delta = first ? delta / 700 : delta / 2;
  delta += delta / points;
  uint32_t k = 0;
  for (; delta > 35 * 26 / 2; k += 36) delta /= 35;
  return k + 36 * delta / (delta + 38);
}

uint32_t threshold_of(uint32_t k, uint32_t bias) {
  return k <= bias ? 1 : k >= bias + 26 ? 26 : k - bias;
}

}  // namespace

// RFC 3492, 6.2.
std::optional<std::u32string> decode_punycode(std::string_view text) {
  std::u32string out;
  if (size_t hyphen = text.rfind('-'); hyphen != text.npos) {
    out.assign(text.begin(), text.begin() + static_cast<ptrdiff_t>(hyphen));
    text.remove_prefix(hyphen + 1);
  }
  if (text.empty()) return std::nullopt;  // nothing that would need it
  uint32_t point = 128, index = 0, bias = 72;
  while (!text.empty()) {
    uint32_t before = index, weight = 1;
    for (uint32_t k = 36;; k += 36) {
      if (text.empty()) return std::nullopt;
      char c = static_cast<char>(text.front() | 0x20);
      text.remove_prefix(1);
      bool letter = c >= 'a' && c <= 'z', number = c >= '0' && c <= '9';
      if (!letter && !number) return std::nullopt;
      auto digit = static_cast<uint32_t>(letter ? c - 'a' : c - '0' + 26);
      if (digit > (UINT32_MAX - index) / weight) return std::nullopt;
      index += digit * weight;
      uint32_t threshold = threshold_of(k, bias);
      if (digit < threshold) break;
      if (weight > UINT32_MAX / (36 - threshold)) return std::nullopt;
      weight *= 36 - threshold;
    }
    auto points = static_cast<uint32_t>(out.size()) + 1;
    bias = adapt(index - before, points, before == 0);
    if (index / points > 0x10FFFF - point) return std::nullopt;
    point += index / points;
    index %= points;
    if (point >= 0xD800 && point <= 0xDFFF) return std::nullopt;
    out.insert(out.begin() + index++, static_cast<char32_t>(point));
  }
  return out;
}

// RFC 3492, 6.3.
std::string encode_punycode(const std::u32string& label) {
  std::string out;
  for (char32_t point : label) {
    if (point < 0x80) out += static_cast<char>(point);
  }
  auto done = static_cast<uint32_t>(out.size());
  uint32_t basic = done, point = 128, delta = 0, bias = 72;
  if (basic > 0) out += '-';
  while (done < label.size()) {
    uint32_t next = UINT32_MAX;
    for (char32_t each : label) {
      if (each >= point) next = std::min(next, static_cast<uint32_t>(each));
    }
    delta += (next - point) * (done + 1);
    point = next;
    for (char32_t each : label) {
      if (each < point) ++delta;
      if (each != point) continue;
      uint32_t rest = delta;
      for (uint32_t k = 36;; k += 36) {
        uint32_t threshold = threshold_of(k, bias);
        uint32_t digit =
            rest < threshold ? rest : threshold + (rest - threshold) % (36 - threshold);
        out += static_cast<char>(digit < 26 ? 'a' + digit : '0' + digit - 26);
        if (rest < threshold) break;
        rest = (rest - threshold) / (36 - threshold);
      }
      bias = adapt(delta, done + 1, done == basic);
      delta = 0;
      ++done;
    }
    ++delta;
    ++point;
  }
  return out;
}

char32_t take_code_point(std::string_view text, size_t& at) {
  auto first = static_cast<unsigned char>(text[at++]);
  if (first < 0x80) return first;
  int more = first >= 0xF0 ? 3 : first >= 0xE0 ? 2 : 1;
  char32_t point = first & (0x3Fu >> more);
  while (more-- > 0 && at < text.size()) {
    point = point << 6 | (static_cast<unsigned char>(text[at++]) & 0x3Fu);
  }
  return point;
}

}  // namespace waybill::contract
