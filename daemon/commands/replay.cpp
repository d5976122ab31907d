// SPDX-License-Identifier: Apache-2.0
// `waybill replay`.
#include <fmt/format.h>

#include "core/log.h"
#include "daemon/app.h"
#include "daemon/commands/commands.h"
#include "inputs/replay/replay_input.h"

namespace waybill::daemon::commands {

namespace {

constexpr const char* kInput = "replay";

inputs::replay::ReplaySettings settings_of(const CommandLine& line, const Plan& plan) {
  inputs::replay::ReplaySettings settings{line.files, {}};
  if (!line.plan.to.empty()) return settings;
  for (const auto& output : plan.outputs) settings.outputs.push_back(output->name);
  return settings;
}

}  // namespace

int replay(const CommandLine& line) {
  int code = exit_code::kOk;
  if (line.plan.config_file.empty() && line.plan.to.empty()) {
    fmt::print(stderr,
               "waybill: replay needs the config that has the outputs (-c FILE), or --to\n");
    return exit_code::kUsage;
  }
  std::optional<Plan> plan = plan_or_complain(line.plan, code);
  if (!plan) return code;
  auto report = std::make_shared<inputs::replay::Report>();
  auto input = std::make_unique<inputs::replay::ReplayInput>(settings_of(line, *plan), report);
  input->name = kInput;
  plan->inputs.clear();
  plan->inputs.push_back(std::move(input));
  AppOptions options;
  options.request = line.plan;
  options.verbose = line.verbose;
  options.replaying = true;
  App app(std::move(options), std::move(*plan));
  Result<AppResult> result = app.run();
  if (!result) {
    spdlog::error("{}", result.error().what);
    return exit_code::kCannotStart;
  }
  uint64_t failed = result->left + result->dead_lettered;
  std::string more;
  if (report->unusable > 0) {
    more = fmt::format("; {} line{} unusable", report->unusable,
                       report->unusable == 1 ? " was" : "s were");
  }
  if (report->cut_short) more += "; there are more, which were not reached";
  spdlog::info("replayed {} of {} letters{}", report->letters - std::min(failed, report->letters),
               report->letters + report->unusable, more);
  bool all = failed == 0 && report->unusable == 0 && !report->cut_short;
  return all ? exit_code::kOk : exit_code::kLeft;
}

}  // namespace waybill::daemon::commands
