// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "parsers/parser.h"

namespace waybill::parsers {

#define PARSER(name)              \
  namespace name {                \
  const Descriptor& descriptor(); \
  }
#include "parsers/registry.inc"
#undef PARSER

std::span<const Descriptor* const> registry() {
  static const std::array all = {
#define PARSER(name) &name::descriptor(),
#include "parsers/registry.inc"
#undef PARSER
  };
  return all;
}

std::vector<std::string_view> format_names() {
  std::vector<std::string_view> names{"auto"};
  for (const Descriptor* parser : registry()) names.push_back(parser->name);
  return names;
}

}  // namespace waybill::parsers
