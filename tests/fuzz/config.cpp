// SPDX-License-Identifier: Apache-2.0
// The config loader: any bytes end in a config or in faults, and every fault has words and a place
// inside the text.
#include "config/config.h"

#include <algorithm>
#include <string>

#include "outputs/output.h"
#include "parsers/patterns/check.h"
#include "tests/fuzz/target.h"

namespace waybill::fuzz {

namespace {

void check_faults(const config::Diagnostics& diagnostics, std::string_view text) {
  auto lines =
      std::count(text.begin(), text.end(), '\n') + std::count(text.begin(), text.end(), '\r');
  for (const config::Fault& fault : diagnostics.faults()) {
    FUZZ_CHECK(!fault.message.empty() && fault.file == "waybill.yaml");
    FUZZ_CHECK(is_utf8(fault.message) && fault.message.find('\n') == std::string::npos);
    FUZZ_CHECK(fault.position.line >= 0 && fault.position.line <= lines + 1);
    FUZZ_CHECK(fault.position.column >= 0 &&
               fault.position.column <= static_cast<int>(text.size()) + 1);
  }
}

}  // namespace

void config(std::string_view input) {
  config::Diagnostics diagnostics;
  auto environment = [](const std::string& name) -> std::optional<std::string> {
    if (name == "SET") return "value: [1, 2]";
    if (name == "EMPTY") return "";
    return std::nullopt;
  };
  auto loaded =
      config::load("waybill.yaml", input, {"auto", "json", "text"}, diagnostics, environment);
  if (!loaded) {
    FUZZ_CHECK(!diagnostics.empty());
    return check_faults(diagnostics, input);
  }
  (void)parsers::patterns::check(loaded->parse.patterns, {});
  // Outputs read their *_file secrets from the disk.
  bool reads_files = input.find("_file") != input.npos;
  for (const config::Named& named : loaded->outputs) {
    const outputs::Descriptor* descriptor = outputs::find(named.type);
    if (descriptor != nullptr && !reads_files) descriptor->make(named.section);
  }
  check_faults(diagnostics, input);
}

}  // namespace waybill::fuzz
