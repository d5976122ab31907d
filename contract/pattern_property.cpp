// SPDX-License-Identifier: Apache-2.0
#include "contract/pattern_property.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "contract/unicode_properties.h"

namespace waybill::contract {

namespace {

using Alias = std::pair<std::string_view, std::string_view>;

// General categories that RE2 has (Unicode, PropertyValueAliases.txt): long name and short one. Its
// C is without Cn, and no LC is there: those are in unicode_properties.inc.
constexpr Alias kCategories[] = {
    {"Letter", "L"},
    {"Uppercase_Letter", "Lu"},
    {"Lowercase_Letter", "Ll"},
    {"Titlecase_Letter", "Lt"},
    {"Modifier_Letter", "Lm"},
    {"Other_Letter", "Lo"},
    {"Mark", "M"},
    {"Combining_Mark", "M"},
    {"Nonspacing_Mark", "Mn"},
    {"Spacing_Mark", "Mc"},
    {"Enclosing_Mark", "Me"},
    {"Number", "N"},
    {"Decimal_Number", "Nd"},
    {"digit", "Nd"},
    {"Letter_Number", "Nl"},
    {"Other_Number", "No"},
    {"Punctuation", "P"},
    {"punct", "P"},
    {"Connector_Punctuation", "Pc"},
    {"Dash_Punctuation", "Pd"},
    {"Open_Punctuation", "Ps"},
    {"Close_Punctuation", "Pe"},
    {"Initial_Punctuation", "Pi"},
    {"Final_Punctuation", "Pf"},
    {"Other_Punctuation", "Po"},
    {"Symbol", "S"},
    {"Math_Symbol", "Sm"},
    {"Currency_Symbol", "Sc"},
    {"Modifier_Symbol", "Sk"},
    {"Other_Symbol", "So"},
    {"Separator", "Z"},
    {"Space_Separator", "Zs"},
    {"Line_Separator", "Zl"},
    {"Paragraph_Separator", "Zp"},
    {"Control", "Cc"},
    {"cntrl", "Cc"},
    {"Format", "Cf"},
    {"Surrogate", "Cs"},
    {"Private_Use", "Co"},
};

// What stands between the braces of \p{…}.
struct Named {
  enum class What : uint8_t { kUnknown, kCategory, kSet };
  What what = What::kUnknown;
  PropertyKind kind = PropertyKind::kBinary;
  std::string_view value;  // a category by its short name
};

std::string_view category_of(std::string_view value) {
  for (const auto& [full, brief] : kCategories) {
    if (full == value || brief == value) return brief;
  }
  return {};
}

bool is_missing_category(std::string_view value) {
  constexpr std::string_view all[] = {"C", "Other", "Cn", "Unassigned", "LC", "Cased_Letter"};
  return std::find(std::begin(all), std::end(all), value) != std::end(all);
}

Named resolve(std::string_view name) {
  size_t at = name.find('=');
  std::string_view property = at == name.npos ? "" : name.substr(0, at);
  std::string_view value = at == name.npos ? name : name.substr(at + 1);
  if (property == "Script" || property == "sc") {
    if (!has_unicode_set(PropertyKind::kScript, value)) return {};
    return {Named::What::kSet, PropertyKind::kScript, value};
  }
  if (property == "Script_Extensions" || property == "scx") {
    if (!has_unicode_set(PropertyKind::kScriptExtensions, value)) return {};
    return {Named::What::kSet, PropertyKind::kScriptExtensions, value};
  }
  bool category = property == "General_Category" || property == "gc";
  if (!category && at != name.npos) return {};
  std::string_view brief = category_of(value);
  if (!brief.empty()) return {Named::What::kCategory, PropertyKind::kBinary, brief};
  bool known =
      category ? is_missing_category(value) : has_unicode_set(PropertyKind::kBinary, value);
  return known ? Named{Named::What::kSet, PropertyKind::kBinary, value} : Named{};
}

}  // namespace

std::string quoted_point(uint32_t point) {
  auto c = static_cast<char>(point & 0x7F);
  bool plain =
      point < 0x80 && ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'));
  return plain ? std::string(1, c) : fmt::format("\\x{{{:X}}}", point);
}

void append_range(std::string& out, uint32_t first, uint32_t last) {
  auto part = [&](uint32_t from, uint32_t to) {
    if (from > to) return;
    out += quoted_point(from);
    if (from < to) out += '-' + quoted_point(to);
  };
  part(first, std::min(last, 0xD7FFu));
  part(std::max(first, 0xE000u), last);
}

std::string complaint_of_property(std::string_view name) {
  if (resolve(name).what != Named::What::kUnknown) return {};
  std::string said = fmt::format("there is no property \\p{{{}}}", name);
  if (has_unicode_set(PropertyKind::kScript, name)) {
    return fmt::format("{}: a script is written \\p{{Script={}}}", said, name);
  }
  return fmt::format(
      "{}: general categories (\\p{{Lu}}), scripts (\\p{{Script=Greek}}, \\p{{scx=Grek}}) and the "
      "binary properties of ECMA-262 (\\p{{Alphabetic}}) are, by their exact names, of Unicode 14",
      said);
}

std::string property_set(std::string_view name, bool negated) {
  Named named = resolve(name);
  if (named.what == Named::What::kUnknown) return {};
  if (named.what == Named::What::kCategory) {
    return fmt::format("\\{}{{{}}}", negated ? 'P' : 'p', named.value);
  }
  std::string set;
  uint32_t next = 0;
  for (const PointRange& range : unicode_set(named.kind, named.value)) {
    if (!negated) {
      append_range(set, range.first, range.last);
    } else if (range.first > next) {
      append_range(set, next, range.first - 1);
    }
    next = range.last + 1;
  }
  constexpr uint32_t kLastPoint = 0x10FFFF;
  if (negated && next <= kLastPoint) append_range(set, next, kLastPoint);
  return set;
}

}  // namespace waybill::contract
