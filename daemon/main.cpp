// SPDX-License-Identifier: Apache-2.0
// waybill: gives every log line an identity and a lineage, and delivers it.
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <exception>

#include "daemon/cli.h"
#include "daemon/commands/commands.h"
#include "daemon/logging.h"

namespace {

// A closed standard descriptor would be given to the next file that we open, and that file be
// written to or read as if it were ours.
void fill_standard_descriptors() {
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) {
    bool closed = fcntl(fd, F_GETFD) < 0 && errno == EBADF;
    // Read-only for standard output: the console sees that nobody can have wanted it.
    if (closed) (void)open("/dev/null", fd == STDERR_FILENO ? O_WRONLY : O_RDONLY);
  }
}

}  // namespace

int main(int argc, char** argv) {
  using namespace waybill::daemon;
  fill_standard_descriptors();
  try {
    CommandLine line = parse_command_line(argc, argv);
    set_up_logging(line.verbose);
    switch (line.command) {
      case Command::kRun: return commands::run(line);
      case Command::kExec: return commands::exec(line);
      case Command::kReplay: return commands::replay(line);
      case Command::kCheck: return commands::check(line);
      case Command::kExplain: return commands::explain(line);
      case Command::kHealth: return commands::health(line);
      case Command::kLedger: return commands::ledger(line);
      case Command::kReference: return commands::reference(line);
      case Command::kSchemaValidate: return commands::schema_validate(line);
      case Command::kSchemaCheck: return commands::schema_check(line);
      case Command::kSchemaShow: return commands::schema_show();
      case Command::kSchemaInfer: return commands::schema_infer(line);
      case Command::kSchemaDiff: return commands::schema_diff(line);
      case Command::kTest: return commands::test(line);
      case Command::kLint: return commands::lint(line);
      case Command::kTrace: return commands::trace(line);
      case Command::kSetupElasticsearch: return commands::setup_elasticsearch(line);
      case Command::kSetupGrafana: return commands::setup_grafana(line);
      case Command::kVersion: return commands::version();
      case Command::kDone: return line.exit_code;
    }
  } catch (const std::exception& error) {
    std::fprintf(stderr, "waybill: unexpected failure: %s. Please report this.\n", error.what());
  }
  return exit_code::kCannotStart;
}
