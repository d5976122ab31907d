// SPDX-License-Identifier: Apache-2.0
// `waybill trace`: the traces that logs tell of, drawn as waterfalls.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <numeric>

#include "daemon/commands/commands.h"
#include "daemon/commands/json_out.h"
#include "daemon/commands/logs.h"
#include "outputs/console/colours.h"
#include "outputs/console/traces.h"
#include "outputs/console/waterfall.h"
#include "outputs/printable.h"

namespace waybill::daemon::commands {

namespace {

using namespace outputs::console;

constexpr int kNone = 1;
constexpr size_t kFlushBytes = 64 * 1024;

// An id stands in front of the files; whatever is there, or looks like a path, is a file.
std::string take_id(std::vector<std::string>& files) {
  if (files.empty()) return {};
  const std::string first = files.front();
  bool path = first == "-" || first.find_first_of("/.") != first.npos;
  if (path || access(first.c_str(), F_OK) == 0) return {};
  files.erase(files.begin());
  return first;
}

// Which are drawn, and in which order.
std::vector<uint32_t> chosen(const CommandLine& line, const Traces& traces) {
  std::vector<uint32_t> all(traces.traces().size());
  std::iota(all.begin(), all.end(), 0u);
  auto trace = [&](uint32_t index) -> const Trace& { return traces.traces()[index]; };
  if (line.errors) std::erase_if(all, [&](uint32_t index) { return trace(index).errors == 0; });
  std::stable_sort(all.begin(), all.end(), [&](uint32_t a, uint32_t b) {
    return line.slowest ? trace(a).duration() > trace(b).duration()
                        : trace(a).first_ns < trace(b).first_ns;
  });
  return all;
}

// Why there is nothing to draw.
void say_none(const std::string& wanted, const Traces& traces, const LogsRead& read) {
  if (!traces.traces().empty()) {
    fmt::print(stderr, "waybill: {} traces, and none with an error\n", traces.traces().size());
  } else if (!wanted.empty()) {
    fmt::print(stderr,
               "waybill: no trace begins with '{}', and no request is called so, in {} lines: it "
               "is at the front of an id, in hex, or a request's whole id\n",
               outputs::printable(wanted), read.lines);
  } else {
    fmt::print(stderr,
               "waybill: none of {} lines names a trace or a request: `waybill explain LINE` shows "
               "what is seen of one\n",
               read.lines);
  }
}

bool flush(Buffer& out) {
  bool done = std::fwrite(out.data(), 1, out.size(), stdout) == out.size();
  out.clear();
  return done;
}

}  // namespace

int trace(const CommandLine& line) {
  CommandLine logs = line;
  const std::string wanted = take_id(logs.files);
  if (logs.files.empty()) {
    if (isatty(STDIN_FILENO) != 0) {
      fmt::print(stderr, "waybill: which logs? name files, or - for standard input\n");
      return exit_code::kUsage;
    }
    logs.files.emplace_back("-");
  }
  logs.on = "nothing";
  Traces traces(wanted);
  LogsRead read;
  bool whole = read_logs(logs, read, [&](const LogRecord& record, uint32_t) {
    traces.add(*record.record, *record.identity);
  });
  if (!read.begun) return exit_code::kUsage;
  traces.finish();
  std::vector<uint32_t> all = chosen(line, traces);
  if (all.empty()) {
    say_none(wanted, traces, read);
    return whole ? kNone : exit_code::kUsage;
  }
  const size_t count = line.most == 0 ? all.size() : std::min<size_t>(all.size(), line.most);
  Colour colour = line.color == "always"  ? Colour::kAlways
                  : line.color == "never" ? Colour::kNever
                                          : Colour::kAuto;
  Waterfall waterfall(line.width > 0 ? line.width : output_columns(), wants_colours(colour));
  Buffer out;
  for (size_t i = 0; i < count; ++i) {
    if (i > 0) out.push_back('\n');
    waterfall.draw(out, traces, all[i]);
    if (out.size() >= kFlushBytes && !flush(out)) break;
  }
  flush(out);
  int code = written(whole ? exit_code::kOk : exit_code::kUsage);
  if (count < all.size()) {
    fmt::print(stderr,
               "waybill: {} of {} traces: --most 0 draws all, --errors those with an error, "
               "--slowest the slowest first\n",
               count, all.size());
  }
  return code;
}

}  // namespace waybill::daemon::commands
