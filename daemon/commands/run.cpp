// SPDX-License-Identifier: Apache-2.0
// `waybill run` and `waybill exec`.
#include <fmt/format.h>

#include <cstdio>

#include "core/log.h"
#include "daemon/app.h"
#include "daemon/commands/commands.h"

namespace waybill::daemon::commands {

namespace {

AppOptions options_of(const CommandLine& line) {
  AppOptions options;
  options.request = line.plan;
  options.request.clouds = std::make_shared<CloudAnswers>();
  options.once = line.once;
  options.verbose = line.verbose;
  return options;
}

bool undelivered(const AppResult& result) {
  return result.left + result.dead_lettered + result.unread > 0;
}

Result<AppResult> run_app(AppOptions options, int& code) {
  auto plan = plan_or_complain(options.request, code);
  if (!plan) return Error{Action::kFixConfig, ""};
  App app(std::move(options), std::move(*plan));
  auto result = app.run();
  if (!result) {
    spdlog::error("{}", result.error().what);
    code = exit_code::kCannotStart;
  }
  return result;
}

}  // namespace

std::optional<Plan> plan_or_complain(const PlanRequest& request, int& code) {
  code = exit_code::kUsage;
  auto plan = make_plan(request);
  if (!plan) {
    fmt::print(stderr, "{}\n", plan.error().what);
    return std::nullopt;
  }
  for (const config::Fault& fault : plan->diagnostics->faults()) {
    fmt::print(stderr, "{}\n", fault.text());
  }
  if (!plan->sound()) return std::nullopt;
  code = exit_code::kOk;
  return std::move(*plan);
}

int run(const CommandLine& line) {
  int code = exit_code::kOk;
  auto result = run_app(options_of(line), code);
  if (!result) return code;
  return undelivered(*result) ? exit_code::kLeft : exit_code::kOk;
}

int exec(const CommandLine& line) {
  AppOptions options = options_of(line);
  inputs::exec::ExecSettings child;
  child.argv = line.child;
  child.pty = line.pty;
  child.copy_stdout = child.copy_stderr = !line.quiet;
  options.child = std::move(child);
  options.propagate = line.propagate;
  int code = exit_code::kOk;
  auto result = run_app(std::move(options), code);
  if (!result) return code;
  int status = result->child_status.value_or(exit_code::kCannotStart);
  if (status == 0 && line.strict && undelivered(*result)) return exit_code::kLeft;
  return status;
}

int version() {
  std::puts("waybill " WAYBILL_VERSION);
  return exit_code::kOk;
}

}  // namespace waybill::daemon::commands
