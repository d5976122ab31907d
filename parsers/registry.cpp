// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "parsers/envelopes/envelope.h"
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
  for (const EnvelopeKind& kind : envelope_kinds()) names.push_back(kind.name);
  for (const Descriptor* parser : registry()) {
    names.push_back(parser->name);
    if (parser->forms == nullptr) continue;
    for (std::string_view form : parser->forms()) names.push_back(form);
  }
  return names;
}

}  // namespace waybill::parsers
