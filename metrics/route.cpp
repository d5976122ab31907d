// SPDX-License-Identifier: Apache-2.0
#include "metrics/route.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "core/ascii.h"

namespace waybill::metrics {

namespace {

constexpr std::string_view kPlaceholder = "{id}";
// Words of less than these characters may be made of letters that are hex, too ("facade").
constexpr size_t kShortestHex = 8, kShortestPureHex = 24, kShortestToken = 16;

// What a character says of the part of a path that it is in.
enum Sign : uint8_t {
  kDigit = 1,
  kHex = 2,       // or a dash, as UUIDs have them
  kTelling = 4,   // of a name or an address
  kTemplate = 8,  // somebody has put a placeholder there already
  kNoToken = 16,  // in no id that is made of random characters
};
constexpr std::array<uint8_t, 256> kSigns = [] {
  std::array<uint8_t, 256> signs{};
  for (size_t c = 0; c < signs.size(); ++c) {
    bool digit = c >= '0' && c <= '9';
    bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    bool hex = digit || c == '-' || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    bool token = digit || letter || c == '-' || c == '_' || c == '~';
    bool telling = c == '@' || c == '%' || c >= 0x80;
    bool placeholder = c == '{' || c == '*' || c == ':';
    signs[c] =
        static_cast<uint8_t>((digit ? kDigit : 0) | (hex ? kHex : 0) | (telling ? kTelling : 0) |
                             (placeholder ? kTemplate : 0) | (token ? 0 : kNoToken));
  }
  return signs;
}();

// Where the path ends: at its query, fragment or parameters, and at a blank if `blank`.
size_t end_of_path(std::string_view text, bool blank) {
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '?' || c == '#' || c == ';' || (blank && c == ' ')) return i;
  }
  return text.size();
}

// Behind "https://host"; where there is none, 0.
size_t behind_authority(std::string_view value) {
  if (value.empty() || !is_letter(value.front())) return 0;
  size_t colon = value.find("://");
  if (colon == 0 || colon == value.npos || colon > 10) return 0;
  if (!std::all_of(value.begin(), value.begin() + static_cast<std::ptrdiff_t>(colon), is_letter)) {
    return 0;
  }
  return std::min(value.find_first_of("/?#", colon + 3), value.size());
}

// The length of "GET " in front of a path; 0 without.
size_t method_of(std::string_view value) {
  size_t end = 0;
  while (end < value.size() && end < 10 && is_upper(value[end])) ++end;
  if (end < 3 || end + 1 >= value.size() || value[end] != ' ') return 0;
  std::string_view rest = value.substr(end + 1);
  return rest.front() == '/' || behind_authority(rest) > 0 ? end + 1 : 0;
}

}  // namespace

bool is_id(std::string_view part) {
  size_t digits = 0, hex = 0;
  unsigned seen = 0;
  for (char c : part) {
    uint8_t sign = kSigns[static_cast<unsigned char>(c)];
    seen |= sign;
    digits += sign & kDigit;
    hex += (sign & kHex) >> 1;
  }
  if ((seen & kTemplate) != 0) return false;
  if ((seen & kTelling) != 0) return true;
  if (digits > 0 && (digits == part.size() || (digits >= 3 && digits * 3 >= part.size()))) {
    return true;
  }
  if (hex == part.size()) {
    if (part.size() >= kShortestPureHex || (part.size() >= kShortestHex && digits > 0)) return true;
  }
  // ULIDs, KSUIDs, base64: letters and digits mixed, longer than words with a number at their end.
  return part.size() >= kShortestToken && digits >= 2 && (seen & kNoToken) == 0;
}

void append_route(std::string& out, std::string_view value) {
  size_t method = method_of(value);
  std::string_view path = value.substr(method);
  size_t authority = behind_authority(path);
  if (authority == 0 && (path.empty() || path.front() != '/')) {
    out.append(value);
    return;
  }
  out.append(value.substr(0, method));
  path.remove_prefix(authority);
  // Of a request line, the version; then query, fragment and parameters.
  path = path.substr(0, end_of_path(path, method > 0));
  if (path.empty()) path = "/";
  while (!path.empty()) {
    size_t end = std::min(path.find('/', 1), path.size());
    std::string_view part = path.substr(1, end - 1);
    out.push_back('/');
    out.append(is_id(part) ? kPlaceholder : part);
    path.remove_prefix(end);
  }
}

}  // namespace waybill::metrics
