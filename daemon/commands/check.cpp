// SPDX-License-Identifier: Apache-2.0
// `waybill check`: config, patterns, files; with --connect the backends.
#include <fmt/format.h>

#include <cstdio>

#include "daemon/commands/commands.h"
#include "daemon/surroundings.h"

namespace waybill::daemon::commands {

namespace {

// What each output's backend says. Whether all is well.
bool connect(const Plan& plan) {
  bool well = true;
  for (const auto& output : plan.outputs) {
    outputs::ProbeReport report = output->probe(plan.identity);
    for (const std::string& fact : report.facts) fmt::print("outputs.{}: {}\n", output->name, fact);
    for (const std::string& warning : report.warnings) {
      fmt::print(stderr, "outputs.{}: warning: {}\n", output->name, warning);
    }
    for (const std::string& fault : report.faults) {
      fmt::print(stderr, "outputs.{}: {}\n", output->name, fault);
    }
    well = well && report.faults.empty();
  }
  return well;
}

}  // namespace

int check(const CommandLine& line) {
  int code = exit_code::kOk;
  auto plan = plan_or_complain(line.plan, code);
  if (!plan) return code;
  for (const config::Fault& warning : plan->warnings) {
    fmt::print(stderr, "{}\n", warning.text());
  }
  for (const config::Fault& warning : missing_surroundings(*plan, line.plan)) {
    fmt::print(stderr, "{}\n", warning.text());
  }
  if (line.connect && !connect(*plan)) code = exit_code::kUsage;
  if (code == exit_code::kOk) {
    std::string what = line.plan.config_file.empty() ? "the targets" : line.plan.config_file;
    fmt::print("{}: ok ({} input{}, {} output{})\n", what, plan->inputs.size(),
               plan->inputs.size() == 1 ? "" : "s", plan->outputs.size(),
               plan->outputs.size() == 1 ? "" : "s");
  }
  return code;
}

}  // namespace waybill::daemon::commands
