// SPDX-License-Identifier: Apache-2.0
// The command line (docs/cli.md).
#pragma once

#include <string>
#include <vector>

#include "daemon/grafana/request.h"
#include "daemon/plan.h"

namespace waybill::daemon {

namespace exit_code {
constexpr int kOk = 0;
constexpr int kCannotStart = 1;  // port, permission, lock; also: unhealthy
constexpr int kUsage = 2;        // bad usage, faults in the config
constexpr int kLeft = 3;         // something was left undelivered; also: no daemon to talk to
}  // namespace exit_code

enum class Command {
  kRun,
  kExec,
  kReplay,
  kCheck,
  kExplain,
  kHealth,
  kLedger,
  kReference,
  kSchemaValidate,
  kSchemaCheck,
  kSchemaShow,
  kSchemaInfer,
  kSchemaDiff,
  kTest,
  kLint,
  kTrace,
  kSetupElasticsearch,
  kSetupGrafana,
  kVersion,
  kDone,  // answered already: --help, bad usage
};

struct CommandLine {
  Command command = Command::kRun;
  int exit_code = exit_code::kOk;  // of kDone
  bool verbose = false;

  PlanRequest plan;
  bool once = false;
  std::vector<std::string> child;  // exec: CMD ARG…
  bool pty = false;
  bool quiet = false;
  bool strict = false;     // exec; schema diff
  bool propagate = false;  // exec
  // replay; schema validate: the instances; check, diff: the schemas; infer, lint, trace: the logs
  std::vector<std::string> files;
  bool connect = false;  // check
  std::string line;      // explain
  bool has_line = false;
  bool ready = false;  // health
  std::string socket;  // health, ledger
  std::string format;  // ledger: table or json; reference: markdown or json-schema; lint, diff

  // schema validate, lint
  std::string schema_file;
  std::vector<std::string> mappings;  // URI=DIR; check, diff, too
  bool lines = false;
  bool format_assert = false;
  bool all = false;

  // lint, schema infer
  std::string on = "record";   // or line; trace: nothing
  double required_share = 99;  // infer: of the records, in percent
  bool no_examples = false;    // infer

  // setup
  bool print = false;
  std::string pipeline_file;
  grafana::Request grafana;
  // trace
  size_t most = 20;  // traces that are drawn; 0: all
  bool errors = false;
  bool slowest = false;
  size_t width = 0;  // columns; 0: the terminal's
  std::string color = "auto";
};

// Prints help or what is wrong with the usage itself, and says kDone then.
CommandLine parse_command_line(int argc, char** argv);

}  // namespace waybill::daemon
