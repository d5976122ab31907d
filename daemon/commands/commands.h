// SPDX-License-Identifier: Apache-2.0
// The commands, one file each. Each returns the process's exit code (daemon/cli.h).
#pragma once

#include "daemon/cli.h"

namespace waybill::daemon::commands {

int run(const CommandLine& line);
int exec(const CommandLine& line);
int replay(const CommandLine& line);
int check(const CommandLine& line);
int explain(const CommandLine& line);
int test(const CommandLine& line);
int health(const CommandLine& line);
int ledger(const CommandLine& line);
int reference(const CommandLine& line);
int schema_validate(const CommandLine& line);
int schema_check(const CommandLine& line);
int schema_show();
int schema_infer(const CommandLine& line);
int schema_diff(const CommandLine& line);
int lint(const CommandLine& line);
int trace(const CommandLine& line);
int setup_elasticsearch(const CommandLine& line);
int setup_grafana(const CommandLine& line);
int version();

// Makes the plan, or prints why it cannot be had; `code` is the exit code then.
std::optional<Plan> plan_or_complain(const PlanRequest& request, int& code);

}  // namespace waybill::daemon::commands
