// SPDX-License-Identifier: Apache-2.0
// `waybill schema diff`: what a change of a schema breaks.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "contract/diff.h"
#include "daemon/commands/commands.h"
#include "daemon/commands/contract_schema.h"
#include "daemon/commands/json_out.h"

namespace waybill::daemon::commands {

namespace {

using namespace contract;

size_t count_of(const std::vector<Change>& changes, Impact impact) {
  return static_cast<size_t>(
      std::count_if(changes.begin(), changes.end(),
                    [&](const Change& change) { return change.impact == impact; }));
}

void print_text(const std::vector<Change>& changes) {
  for (const Change& change : changes) {
    fmt::print("{} #{} {} ({}:{}:{})\n", impact_name(change.impact), on_one_line(change.pointer),
               on_one_line(change.what), on_one_line(change.file), change.position.line,
               change.position.column);
  }
  if (changes.empty()) {
    fmt::print("no difference\n");
  } else {
    fmt::print("{} breaking, {} unknown, {} compatible\n", count_of(changes, Impact::kBreaking),
               count_of(changes, Impact::kUnknown), count_of(changes, Impact::kCompatible));
  }
}

void print_json(const std::vector<Change>& changes, const CommandLine& line) {
  JsonOut out;
  out.open('{').key("old").text(line.files[0]).key("new").text(line.files[1]);
  for (Impact impact : {Impact::kBreaking, Impact::kUnknown, Impact::kCompatible}) {
    out.key(impact_name(impact)).number(count_of(changes, impact));
  }
  out.key("changes").open('[');
  for (const Change& change : changes) {
    out.open('{').key("impact").text(impact_name(change.impact));
    out.key("pointer").text(change.pointer).key("what").text(change.what);
    out.key("in").text(change.in_old ? "old" : "new").key("file").text(change.file);
    out.key("line").number(change.position.line).key("column").number(change.position.column);
    out.close('}');
  }
  out.close(']').close('}');
  std::string text = out.take();
  std::fwrite(text.data(), 1, text.size(), stdout);
}

}  // namespace

int schema_diff(const CommandLine& line) {
  constexpr int kBreaks = 1;
  CompileOptions options;
  if (!compile_options(line, options)) return exit_code::kUsage;
  auto changes = diff_schemas(line.files[0], line.files[1], options);
  if (!changes) {
    fmt::print(stderr, "waybill: {}\n", changes.error().what);
    return exit_code::kUsage;
  }
  if (line.format == "json") {
    print_json(*changes, line);
  } else {
    print_text(*changes);
  }
  bool breaks = count_of(*changes, Impact::kBreaking) > 0 ||
                (line.strict && count_of(*changes, Impact::kUnknown) > 0);
  return written(breaks ? kBreaks : exit_code::kOk);
}

}  // namespace waybill::daemon::commands
