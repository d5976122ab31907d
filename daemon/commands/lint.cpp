// SPDX-License-Identifier: Apache-2.0
// `waybill lint`: existing logs, held to a contract.
#include <fmt/format.h>

#include <cstdio>

#include "contract/findings.h"
#include "contract/validator.h"
#include "daemon/commands/commands.h"
#include "daemon/commands/contract_schema.h"
#include "daemon/commands/json_out.h"
#include "daemon/commands/lint_report.h"
#include "daemon/commands/logs.h"

namespace waybill::daemon::commands {

namespace {

using namespace contract;

constexpr int kViolations = 1;

Result<SharedProgram> program_of(const CommandLine& line, const CompileOptions& options) {
  bool builtin = line.schema_file.empty() || line.schema_file == "builtin";
  if (!builtin) return compile_file(line.schema_file, options);
  return compile_text(std::string(builtin_schema()), "builtin", "", options);
}

class Linter {
 public:
  Linter(SharedProgram program, bool many_examples)
      : program_(std::move(program)),
        findings_(many_examples ? kSarifResultsOfKind : 1,
                  many_examples ? kMostSarifResults - Findings::kMostKinds : 0) {}

  void judge(const LogRecord& record, uint32_t file) {
    LogPlace place{file, record.line};
    if (record.value == nullptr) {
      violations_.assign(1, no_object());
      return findings_.add(violations_, place);
    }
    switch (validator_.explain(*program_, *record.value, record.size, violations_)) {
      case Verdict::kValid: return findings_.add_clean();
      case Verdict::kLimit: return give_up(place);
      case Verdict::kInvalid: return findings_.add(violations_, place);
    }
  }
  const Findings& findings() const { return findings_; }

 private:
  void give_up(LogPlace place) {
    violations_.assign(1, {"", "limit", validator_.limit(), kNone, "", ""});
    findings_.add(violations_, place);
  }

  SharedProgram program_;
  Validator validator_;
  std::vector<Violation> violations_;
  Findings findings_;
};

}  // namespace

int lint(const CommandLine& line) {
  CompileOptions options;
  if (!compile_options(line, options)) return exit_code::kUsage;
  auto program = program_of(line, options);
  if (!program) {
    fmt::print(stderr, "waybill: {}\n", program.error().what);
    return exit_code::kUsage;
  }
  Linter linter(std::move(*program), line.format == "sarif");
  LogsRead read;
  bool whole = read_logs(
      line, read, [&](const LogRecord& record, uint32_t file) { linter.judge(record, file); });
  if (!read.begun) return exit_code::kUsage;
  LintReport report{linter.findings(), line.files, line.schema_file, line.on, read.lines};
  std::string text = line.format == "json"    ? lint_json(report)
                     : line.format == "sarif" ? lint_sarif(report)
                                              : lint_text(report);
  std::fwrite(text.data(), 1, text.size(), stdout);
  if (!whole) return written(exit_code::kUsage);
  return written(linter.findings().violating() > 0 ? kViolations : exit_code::kOk);
}

}  // namespace waybill::daemon::commands
