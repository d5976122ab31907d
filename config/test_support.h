// SPDX-License-Identifier: Apache-2.0
// What the tests of config/ share.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "config/config.h"

namespace waybill::config::testing {

inline Environment environment_of(std::map<std::string, std::string> variables) {
  return [variables = std::move(variables)](const std::string& name) -> std::optional<std::string> {
    auto found = variables.find(name);
    if (found == variables.end()) return std::nullopt;
    return found->second;
  };
}

// A line per fault.
inline std::string lines_of(const Diagnostics& diagnostics) {
  std::string lines;
  for (const Fault& fault : diagnostics.faults()) lines += fault.text() + "\n";
  return lines;
}

inline const std::vector<std::string>& known_formats() {
  static const std::vector<std::string> known = {"auto", "json", "logfmt", "text"};
  return known;
}

inline const Environment& test_environment() {
  static const Environment made = environment_of({{"HOST", "db.example"},
                                                  {"PORT", "8080"},
                                                  {"YES", "true"},
                                                  {"SIZE", "12 parsecs"},
                                                  {"EMPTY", ""},
                                                  {"EVIL", "{a: b}\nc: d"},
                                                  {"NAME", "checkout"},
                                                  {"OCTAL", "0755"},
                                                  {"LATIN", "caf\xE9"}});
  return made;
}

// The faults of a config named "w.yaml".
inline std::string faults_of(std::string_view text) {
  Diagnostics diagnostics;
  (void)load("w.yaml", text, known_formats(), diagnostics, test_environment());
  return lines_of(diagnostics);
}

}  // namespace waybill::config::testing
