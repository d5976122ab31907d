// SPDX-License-Identifier: Apache-2.0
// `waybill reference`: every option of the config, made from the declarations themselves.
#include "config/reference.h"

#include <fmt/format.h>

#include <cstdio>

#include "daemon/commands/commands.h"
#include "inputs/input.h"
#include "outputs/output.h"

namespace waybill::daemon::commands {

namespace {

template <typename Registry>
std::vector<config::ComponentOptions> components(Registry all) {
  std::vector<config::ComponentOptions> list;
  for (const auto* descriptor : all) {
    if constexpr (requires { descriptor->in_config; }) {
      if (!descriptor->in_config) continue;
    }
    list.push_back(
        {std::string(descriptor->type), std::string(descriptor->summary), descriptor->options()});
  }
  return list;
}

}  // namespace

int reference(const CommandLine& line) {
  auto inputs = components(inputs::registry());
  auto outputs = components(outputs::registry());
  if (line.format == "json-schema") {
    std::fputs(config::json_schema(config::root_options(), inputs, outputs).c_str(), stdout);
    return exit_code::kOk;
  }
  std::fputs(config::reference_table("The whole file", config::root_options()).c_str(), stdout);
  for (const auto& input : inputs) {
    std::string title = fmt::format("Input `{}`: {}", input.type, input.summary);
    fmt::print("\n{}", config::reference_table(title, input.options));
  }
  for (const auto& output : outputs) {
    std::string title = fmt::format("Output `{}`: {}", output.type, output.summary);
    fmt::print("\n{}", config::reference_table(title, output.options));
  }
  return exit_code::kOk;
}

}  // namespace waybill::daemon::commands
