// SPDX-License-Identifier: Apache-2.0
#include "contract/pattern_property.h"

#include <re2/re2.h>

#include <algorithm>
#include <utility>

namespace waybill::contract {

namespace {

using Alias = std::pair<std::string_view, std::string_view>;

// General categories (Unicode, PropertyValueAliases.txt): long name to short one.
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
    {"Other", "C"},
    {"Control", "Cc"},
    {"cntrl", "Cc"},
    {"Format", "Cf"},
    {"Surrogate", "Cs"},
    {"Private_Use", "Co"},
};

// Binary properties: the set, and all else.
struct Binary {
  std::string_view name, set, rest;
};
constexpr Binary kBinary[] = {
    {"Any", "\\x00-\\x{10FFFF}", ""},
    {"ASCII", "\\x00-\\x7F", "\\x{80}-\\x{10FFFF}"},
    {"ASCII_Hex_Digit", "0-9A-Fa-f", "\\x00-/:-@G-`g-\\x{10FFFF}"},
    {"AHex", "0-9A-Fa-f", "\\x00-/:-@G-`g-\\x{10FFFF}"},
};

bool known_to_re2(const std::string& set) {
  RE2::Options options;
  options.set_log_errors(false);
  return RE2('[' + set + ']', options).ok();
}

}  // namespace

std::string property_set(std::string_view name, bool negated) {
  std::string_view value = name;
  bool script = false;
  if (size_t at = name.find('='); at != name.npos) {
    std::string_view property = name.substr(0, at);
    value = name.substr(at + 1);
    script = property == "Script" || property == "sc" || property == "Script_Extensions" ||
             property == "scx";
    if (!script && property != "General_Category" && property != "gc") return {};
  } else {
    for (const Binary& binary : kBinary) {
      if (binary.name == name) return std::string(negated ? binary.rest : binary.set);
    }
  }
  if (!script) {
    for (const auto& [full, brief] : kCategories) {
      if (full == value) value = brief;
    }
    // What is longer is a script, and that must be said.
    if (value.size() > 2) return {};
  }
  std::string set = std::string(negated ? "\\P{" : "\\p{") + std::string(value) + "}";
  return known_to_re2(set) ? set : std::string();
}

}  // namespace waybill::contract
