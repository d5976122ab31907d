// SPDX-License-Identifier: Apache-2.0
#include "daemon/commands/logs.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "daemon/commands/commands.h"

namespace waybill::daemon::commands {

namespace {

void complain(Progress& progress, const Error& error) {
  progress.clear();
  fmt::print(stderr, "waybill: {}\n", error.what);
}

// Bytes of all files together, 0 when that is not known; nothing: some cannot be read.
std::optional<uint64_t> total_size(const std::vector<std::string>& files) {
  uint64_t total = 0;
  bool right = true, known = true;
  for (const std::string& path : files) {
    auto size = LogFile::probe(path);
    if (!size) {
      fmt::print(stderr, "waybill: {}\n", size.error().what);
      right = false;
      continue;
    }
    known &= *size > 0;
    total += *size;
  }
  if (!right) return std::nullopt;
  return known ? total : 0;
}

}  // namespace

bool read_logs(const CommandLine& line, LogsRead& read,
               const std::function<void(const LogRecord&, uint32_t file)>& visit) {
  if (std::count(line.files.begin(), line.files.end(), "-") > 1) {
    fmt::print(stderr, "waybill: standard input (-) can be read once\n");
    return false;
  }
  PlanRequest request = line.plan;
  // Nothing is sent: what the environment says of outputs does not matter.
  request.to = {"json"};
  int code = exit_code::kOk;
  auto plan = plan_or_complain(request, code);
  if (!plan) return false;
  auto total = total_size(line.files);
  if (!total) return false;
  read.begun = true;
  Progress progress(*total);
  JudgedOn on = line.on == "line"      ? JudgedOn::kLine
                : line.on == "nothing" ? JudgedOn::kNothing
                                       : JudgedOn::kRecord;
  LogReader reader(*plan, on, progress);
  bool whole = true;
  for (uint32_t i = 0; i < line.files.size(); ++i) {
    auto file = LogFile::open(line.files[i]);
    auto done = file ? reader.read(**file, line.files[i],
                                   [&](const LogRecord& record) { visit(record, i); })
                     : Result<void>(std::move(file).error());
    if (done) continue;
    complain(progress, done.error());
    whole = false;
  }
  read.lines = reader.lines();
  read.records = reader.records();
  return whole;
}

}  // namespace waybill::daemon::commands
