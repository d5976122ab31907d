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

std::vector<std::string_view> format_names(const Settings& settings) {
  std::vector<std::string_view> names{"auto"};
  for (const EnvelopeKind& kind : envelope_kinds()) names.push_back(kind.name);
  for (const Descriptor* parser : registry()) {
    std::vector<std::string_view> forms;
    if (parser->forms != nullptr) forms = parser->forms(settings);
    // A parser of forms that has none could never claim a line.
    if (parser->forms == nullptr || !forms.empty()) names.push_back(parser->name);
    names.insert(names.end(), forms.begin(), forms.end());
  }
  return names;
}

}  // namespace waybill::parsers
