// SPDX-License-Identifier: Apache-2.0
#include "core/percent.h"

#include "core/ascii.h"

namespace waybill {

namespace {

// The byte that the escape at `at` stands for; -1: there is none.
int escaped_byte(std::string_view text, size_t at) {
  if (text[at] != '%' || text.size() - at < 3) return -1;
  int high = hex_value(text[at + 1]);
  int low = hex_value(text[at + 2]);
  return high < 0 || low < 0 ? -1 : high << 4 | low;
}

bool is_unreserved(char c) {
  return is_letter(c) || is_digit(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

}  // namespace

char* percent_decode(std::string_view text, char* out) {
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      *out++ = text[i];
      continue;
    }
    int byte = escaped_byte(text, i);
    if (byte < 0) return nullptr;
    *out++ = static_cast<char>(byte);
    i += 2;
  }
  return out;
}

std::optional<std::string> percent_decoded(std::string_view text) {
  std::string decoded(text.size(), '\0');
  char* end = percent_decode(text, decoded.data());
  if (end == nullptr) return std::nullopt;
  decoded.resize(static_cast<size_t>(end - decoded.data()));
  return decoded;
}

std::string percent_decoded_loosely(std::string_view text) {
  std::string decoded;
  for (size_t i = 0; i < text.size(); ++i) {
    int byte = escaped_byte(text, i);
    decoded += byte < 0 ? text[i] : static_cast<char>(byte);
    if (byte >= 0) i += 2;
  }
  return decoded;
}

std::string percent_encoded(std::string_view text, std::string_view also_plain) {
  constexpr char digits[] = "0123456789ABCDEF";
  std::string encoded;
  for (char c : text) {
    if (is_unreserved(c) || also_plain.find(c) != also_plain.npos) {
      encoded += c;
      continue;
    }
    auto byte = static_cast<unsigned char>(c);
    encoded += {'%', digits[byte >> 4], digits[byte & 15]};
  }
  return encoded;
}

}  // namespace waybill
