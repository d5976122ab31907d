// SPDX-License-Identifier: Apache-2.0
#include "outputs/basics.h"

#include <fmt/format.h>

namespace waybill::outputs {

void adopt_section(Output& output, const config::Section& section) {
  constexpr std::string_view kPrefix = "outputs.";
  std::string_view path = section.path();
  if (path.substr(0, kPrefix.size()) == kPrefix) path.remove_prefix(kPrefix.size());
  output.name = path;
  output.settings_text = section.text();
}

std::string yaml_quoted(std::string_view text) {
  std::string quoted = "\"";
  for (char c : text) {
    auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      quoted += '\\';
      quoted += c;
    } else if (c == '$') {
      quoted += "$$";
    } else if (byte < 0x20 || byte == 0x7f) {
      quoted += fmt::format("\\x{:02x}", byte);
    } else {
      quoted += c;
    }
  }
  return quoted + '"';
}

}  // namespace waybill::outputs
