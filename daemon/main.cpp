// SPDX-License-Identifier: Apache-2.0
// waybill: gives every log line an identity and a lineage, and delivers it.
#include <exception>
#include <cstdio>

#include "daemon/cli.h"
#include "daemon/commands/commands.h"
#include "daemon/logging.h"

int main(int argc, char** argv) {
  using namespace waybill::daemon;
  try {
    CommandLine line = parse_command_line(argc, argv);
    set_up_logging(line.verbose);
    switch (line.command) {
      case Command::kRun: return commands::run(line);
      case Command::kExec: return commands::exec(line);
      case Command::kCheck: return commands::check(line);
      case Command::kExplain: return commands::explain(line);
      case Command::kHealth: return commands::health(line);
      case Command::kLedger: return commands::ledger(line);
      case Command::kReference: return commands::reference(line);
      case Command::kVersion: return commands::version();
      case Command::kDone: return line.exit_code;
    }
  } catch (const std::exception& error) {
    std::fprintf(stderr, "waybill: unexpected failure: %s. Please report this.\n", error.what());
  }
  return exit_code::kCannotStart;
}
