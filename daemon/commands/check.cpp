// SPDX-License-Identifier: Apache-2.0
// `waybill check`: config, patterns, files; with --connect the backends.
#include <fmt/format.h>

#include <cstdio>

#include "daemon/commands/commands.h"

namespace waybill::daemon::commands {

int check(const CommandLine& line) {
  int code = exit_code::kOk;
  auto plan = plan_or_complain(line.plan, code);
  if (!plan) return code;
  for (const config::Fault& warning : plan->warnings) {
    fmt::print(stderr, "{}\n", warning.text());
  }
  if (line.connect) {
    for (const auto& output : plan->outputs) {
      auto answer = output->probe(plan->identity);
      if (answer) {
        fmt::print("outputs.{}: {} answers\n", output->name, output->target);
      } else {
        fmt::print(stderr, "outputs.{}: {}\n", output->name, answer.error().what);
        code = exit_code::kUsage;
      }
    }
  }
  if (code == exit_code::kOk) {
    std::string what = line.plan.config_file.empty() ? "the targets" : line.plan.config_file;
    fmt::print("{}: ok ({} input{}, {} output{})\n", what, plan->inputs.size(),
               plan->inputs.size() == 1 ? "" : "s", plan->outputs.size(),
               plan->outputs.size() == 1 ? "" : "s");
  }
  return code;
}

}  // namespace waybill::daemon::commands
