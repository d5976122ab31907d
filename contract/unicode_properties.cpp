// SPDX-License-Identifier: Apache-2.0
#include "contract/unicode_properties.h"

#include <algorithm>
#include <array>

namespace waybill::contract {

namespace {

constexpr uint32_t kEnd = 0x110000;

// `data`: the points at which the set begins and ends, in turn, each as its distance to the one
// before it: digits of base 32, the lowest first, 32 more where another digit follows. With a
// `base` what is listed is the difference to that property: where one of the two changes alone.
struct Binary {
  std::string_view name, alias, base, data;
};
// `extended`: where the script and its extensions do not change together.
struct Script {
  std::string_view name, code, older, data, extended;
};

#define PROPERTY(name, alias, base, data) Binary{name, alias, base, data},
#define SCRIPT(...)
constexpr Binary kBinary[] = {
#include "contract/unicode_properties.inc"
    // Made here.
    {"ASCII", "", "", ""},
    {"Any", "", "", ""},
    {"Assigned", "", "", ""},
};
#undef PROPERTY
#undef SCRIPT

#define PROPERTY(...)
#define SCRIPT(name, code, older, data, extended) Script{name, code, older, data, extended},
constexpr Script kScripts[] = {
#include "contract/unicode_properties.inc"
};
#undef PROPERTY
#undef SCRIPT

const Binary* find_binary(std::string_view name) {
  if (name.empty()) return nullptr;
  for (const Binary& one : kBinary) {
    if (one.name == name || one.alias == name) return &one;
  }
  return nullptr;
}

const Script* find_script(std::string_view name) {
  if (name.empty()) return nullptr;
  for (const Script& one : kScripts) {
    if (one.name == name || one.code == name || one.older == name) return &one;
  }
  return nullptr;
}

constexpr uint32_t digit_of(char c) {
  if (c <= '-') return c == '+' ? 62 : 63;
  if (c <= '9') return static_cast<uint32_t>(c - '0');
  return static_cast<uint32_t>(c <= 'Z' ? c - 'A' + 10 : c - 'a' + 36);
}

using Points = std::vector<uint32_t>;

Points points_of(std::string_view data) {
  Points points;
  uint32_t point = 0;
  for (size_t at = 0; at < data.size();) {
    uint32_t digit;
    int shift = 0;
    do {
      digit = digit_of(data[at++]);
      point += (digit & 31u) << shift;
      shift += 5;
    } while (digit >= 32);
    points.push_back(point);
  }
  return points;
}

Points difference(const Points& a, const Points& b) {
  Points points;
  std::set_symmetric_difference(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(points));
  return points;
}

Points points_of(const Binary& property) {
  if (property.name == "ASCII") return {0, 0x80};
  if (property.name == "Any") return {0};
  if (property.name == "Assigned") return difference(points_of(*find_binary("Cn")), {0});
  Points points = points_of(property.data);
  if (property.base.empty()) return points;
  return difference(points_of(*find_binary(property.base)), points);
}

Points points_of(const Script& script, PropertyKind kind) {
  Points points = points_of(script.data);
  if (kind == PropertyKind::kScript) return points;
  return difference(points, points_of(script.extended));
}

}  // namespace

bool has_unicode_set(PropertyKind kind, std::string_view name) {
  return kind == PropertyKind::kBinary ? find_binary(name) != nullptr
                                       : find_script(name) != nullptr;
}

std::vector<PointRange> unicode_set(PropertyKind kind, std::string_view name) {
  Points points = kind == PropertyKind::kBinary ? points_of(*find_binary(name))
                                                : points_of(*find_script(name), kind);
  std::vector<PointRange> set;
  for (size_t i = 0; i < points.size(); i += 2) {
    uint32_t end = i + 1 < points.size() ? points[i + 1] : kEnd;
    set.push_back({points[i], end - 1});
  }
  return set;
}

}  // namespace waybill::contract
