// SPDX-License-Identifier: Apache-2.0
// `waybill explain`: one line through the pipeline, stage by stage.
#include <fmt/format.h>

#include <cstdio>
#include <iostream>
#include <sstream>

#include "core/canonical.h"
#include "daemon/commands/commands.h"
#include "daemon/pipeline.h"
#include "lineage/record_id.h"
#include "lineage/trace_context.h"
#include "outputs/printable.h"

namespace waybill::daemon::commands {

namespace {

class Explainer {
 public:
  explicit Explainer(Plan& plan)
      : plan_(plan),
        budget_(size_t{64} * 1024 * 1024),
        parser_(plan.parse, plan.config.parse.formats),
        source_(std::make_shared<Source>()) {
    source_->number = next_source_number();
    source_->input = "explain";
    source_->nonce = random_id();
  }

  void explain(const std::string& line) {
    Batch batch(budget_);
    batch.reset(line.size() + 1);
    fill(batch, line);
    FrameCursor cursor;
    frame(batch, cursor);
    if (batch.records.empty()) {
      fmt::print("frame    an empty line: counted, no record\n");
      return;
    }
    for (Record& record : batch.records) {
      explain_frame(line, record);
      explain_parse(batch, record);
      explain_lineage(batch, record);
      explain_outputs(batch, record);
    }
  }

 private:
  void fill(Batch& batch, const std::string& line) {
    size_t kept = std::min(line.size(), plan_.config.parse.max_line);
    std::copy_n(line.data(), kept, batch.room().data());
    batch.commit(kept);
    batch.sources.push_back(source_);
    batch.chunks.push_back(Chunk{0, 0, static_cast<uint32_t>(kept), 0, line.size() - kept});
    batch.read_ns = wall_now();
  }

  static void explain_frame(const std::string& line, const Record& record) {
    fmt::print("frame    {} bytes", record.line.size());
    if (record.marks.truncated_bytes > 0) {
      fmt::print(", {} more cut off by parse.max_line", record.marks.truncated_bytes);
    }
    if (!line.empty() && line.back() == '\r') fmt::print(", the carriage return taken off");
    fmt::print("\n");
  }

  void explain_parse(Batch& batch, Record& record) {
    parser_.parse(batch, record);
    fmt::print("parse    {}", record.format);
    std::string others;
    for (std::string_view name : parser_.candidates(*source_)) {
      if (name == record.format) break;
      others += fmt::format("{}{}", others.empty() ? "" : ", ", name);
    }
    if (!others.empty()) fmt::print(" (not {})", others);
    fmt::print("\n         time {}\n",
               record.time_said ? "from the line"
                                : "is the read time: the line has none that can be read");
    std::string level(level_name(record.level));
    fmt::print("         level {}\n",
               level.empty()
                   ? "absent: the line has none that is known"
                   : level + (record.level_said ? " from the line" : " by parse.default_level"));
    if (record.marks.repaired) {
      fmt::print("         repaired: invalid UTF-8 or raw control characters were replaced\n");
    }
    if (record.marks.duplicate_keys > 0) {
      fmt::print("         {} duplicate keys: the last one of each won\n",
                 record.marks.duplicate_keys);
    }
    if (record.passed != nullptr)
      fmt::print("         a Waybill record already: passes unchanged\n");
  }

  void explain_lineage(Batch& batch, Record& record) {
    bool claimed = (record.trace_fields.trace_id | record.trace_fields.traceparent) != 0;
    lineage::resolve_trace(batch, record);
    if (record.passed == nullptr) {
      record.id = lineage::record_id(source_->nonce, record.offset);
    }
    bool own_service = static_cast<bool>(record.service_name);
    Text service = service_of(record, plan_.identity);
    fmt::print("lineage  service {} ({})\n", service.bytes(),
               own_service ? "from the line" : "from the config or the environment");
    if (record.trace_id) {
      fmt::print("         trace {} (from {})\n", record.trace_id.bytes(),
                 record.trace_origin == TraceOrigin::kText ? "the text" : "a field");
    } else {
      fmt::print("         no trace: {}\n",
                 claimed ? "what the line names is no valid trace id; it stays in the context"
                         : "the line names none");
    }
    Buffer canonical;
    append_canonical(canonical, batch, record, plan_.identity, part::kAll);
    fmt::print("record   {}\n", canonical.view());
  }

  void explain_outputs(Batch& batch, Record& record) {
    for (auto& output : plan_.outputs) {
      auto shown = output->preview(plan_.identity, batch, record);
      if (!shown) {
        fmt::print("output   {} ({}): {}\n", output->name, output->target, shown.error().what);
        continue;
      }
      fmt::print("output   {} ({}):\n", output->name, output->target);
      std::istringstream lines(*shown);
      for (std::string line; std::getline(lines, line);) fmt::print("         {}\n", line);
    }
  }

  Plan& plan_;
  ByteBudget budget_;
  parsers::LineParser parser_;
  std::shared_ptr<Source> source_;
};

}  // namespace

int explain(const CommandLine& line) {
  int code = exit_code::kOk;
  auto plan = plan_or_complain(line.plan, code);
  if (!plan) return code;
  Explainer explainer(*plan);
  if (line.has_line) {
    explainer.explain(line.line);
    return exit_code::kOk;
  }
  bool first = true;
  for (std::string text; std::getline(std::cin, text);) {
    if (!first) fmt::print("\n");
    first = false;
    explainer.explain(text);
  }
  return exit_code::kOk;
}

}  // namespace waybill::daemon::commands
