// SPDX-License-Identifier: Apache-2.0
// `waybill schema infer`: a draft of a schema, from logs.
#include <fmt/format.h>

#include <cstdio>

#include "contract/infer.h"
#include "daemon/commands/commands.h"
#include "daemon/commands/json_out.h"
#include "daemon/commands/logs.h"

namespace waybill::daemon::commands {

int schema_infer(const CommandLine& line) {
  constexpr int kNothing = 1;
  const bool by_line = line.on == "line";
  contract::Inference inference({.required_share = line.required_share / 100,
                                 .examples = !line.no_examples,
                                 .records = !by_line});
  uint64_t without = 0;
  LogsRead read;
  bool whole = read_logs(line, read, [&](const LogRecord& record, uint32_t file) {
    if (record.value == nullptr) {
      ++without;
    } else {
      inference.add(*record.value, {file, record.line});
    }
  });
  if (!whole) return exit_code::kUsage;
  if (inference.count() == 0) {
    fmt::print(stderr, "waybill: {} in these logs to draft a schema from\n",
               without > 0 ? "no line is a JSON object: there is nothing" : "there is no record");
    return kNothing;
  }
  inference.finish();
  std::string schema = inference.schema();
  std::fwrite(schema.data(), 1, schema.size(), stdout);
  fmt::print(stderr, "waybill: drafted from {} {} of {} lines\n", inference.count(),
             by_line ? "objects" : "records", read.lines);
  if (without > 0) {
    fmt::print(stderr,
               "waybill: {} lines are no JSON object: they are not in the draft, and "
               "break it\n",
               without);
  }
  auto doubts = inference.doubts(line.files);
  if (!doubts.empty()) fmt::print(stderr, "Unsure of:\n");
  for (const std::string& doubt : doubts) fmt::print(stderr, "  {}\n", on_one_line(doubt));
  return written(exit_code::kOk);
}

}  // namespace waybill::daemon::commands
