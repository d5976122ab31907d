// SPDX-License-Identifier: Apache-2.0
// `waybill explain`: one line through the pipeline, stage by stage.
#include <fmt/format.h>

#include <cstdio>
#include <iostream>
#include <iterator>
#include <optional>
#include <sstream>

#include "contract/judge.h"
#include "core/canonical.h"
#include "daemon/canonical_names.h"
#include "daemon/commands/commands.h"
#include "daemon/pipeline.h"
#include "lineage/record_id.h"
#include "lineage/trace_context.h"
#include "outputs/printable.h"
#include "parsers/patterns/check.h"

namespace waybill::daemon::commands {

namespace {

class Explainer {
 public:
  explicit Explainer(Plan& plan)
      : plan_(plan),
        budget_(size_t{64} * 1024 * 1024),
        reader_(plan.parse, plan.config.parse.formats, budget_),
        source_(std::make_shared<Source>()) {
    source_->number = next_source_number();
    source_->input = "explain";
    source_->nonce = random_id();
    if (plan_.contract) {
      judge_.emplace(plan_.contract, canonical_names(), time_reader(plan_.parse.default_zone),
                     false);
    }
  }

  // Lines, as a source would have them.
  void explain(std::string_view text) {
    Batch batch(budget_);
    batch.reset(text.size() + 1);
    fill(batch, text);
    FrameCursor cursor;
    while (cursor.chunk < batch.chunks.size()) {
      batch.clear_records();
      reader_.begin_slice(batch);
      uint64_t empty = frame(batch, cursor);
      reader_.read(batch, cursor.chunk < batch.chunks.size());
      if (empty > 0) {
        begin();
        fmt::print("frame    {} empty line{}: counted, no record\n", empty, empty == 1 ? "" : "s");
      }
      explain_records(batch);
    }
    // What might have gone on.
    Batch rest(budget_);
    rest.reset(0);
    while (reader_.take_due(rest, SteadyTime::max())) {
      explain_records(rest);
      rest.reset(0);
    }
  }

 private:
  // Lines that are too long are cut as inputs would.
  void fill(Batch& batch, std::string_view text) {
    batch.sources.push_back(source_);
    batch.read_ns = wall_now();
    const size_t longest = plan_.config.parse.max_line;
    uint32_t used = 0;
    for (size_t at = 0; at < text.size();) {
      size_t end = std::min(text.find('\n', at), text.size());
      size_t kept = std::min(end - at, longest);
      std::copy_n(text.data() + at, kept, batch.room().data());
      batch.room()[kept] = '\n';
      batch.commit(kept + 1);
      batch.chunks.push_back(
          Chunk{0, used, static_cast<uint32_t>(kept + 1), at, end - at - kept, false, 0});
      used += static_cast<uint32_t>(kept + 1);
      at = end + 1;
    }
  }

  void begin() {
    if (!first_) fmt::print("\n");
    first_ = false;
  }

  void explain_records(Batch& batch) {
    for (size_t i = 0; i < batch.records.size(); ++i) {
      Record& record = batch.records[i];
      begin();
      explain_frame(record);
      explain_parse(record, i);
      explain_lineage(batch, record);
      bool sent = explain_contract(batch, record);
      explain_record(batch, record);
      if (sent) explain_outputs(batch, record);
    }
  }

  static void explain_frame(const Record& record) {
    fmt::print("frame    {} bytes", record.line.size());
    if (record.lines > 1) fmt::print(", {} lines that are one event", record.lines);
    if (record.marks.truncated_bytes > 0) {
      fmt::print(", {} more cut off by parse.max_line", record.marks.truncated_bytes);
    }
    fmt::print("\n");
  }

  void explain_parse(const Record& record, size_t index) const {
    fmt::print("parse    {}", record.format);
    std::string others;
    for (std::string_view name : reader_.parser().candidates(*source_)) {
      if (name == record.format || knows(name, record.format)) break;
      others += fmt::format("{}{}", others.empty() ? "" : ", ", name);
    }
    if (!others.empty()) fmt::print(" (not {})", others);
    fmt::print("\n");
    explain_patterns(record, index);
    fmt::print("         time {}\n", record.time_said
                                         ? "from the line"
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

  // Whether the parser called `name` knows that form by its name.
  bool knows(std::string_view name, std::string_view form) const {
    for (const parsers::Descriptor* parser : parsers::registry()) {
      if (parser->name != name || parser->forms == nullptr) continue;
      auto forms = parser->forms(plan_.parse);
      return std::find(forms.begin(), forms.end(), form) != forms.end();
    }
    return false;
  }

  void explain_patterns(const Record& record, size_t index) const {
    std::string_view inside = record.line;
    if (!reader_.envelopes(index).empty()) inside = reader_.envelopes(index).back().inside;
    for (const auto& attempt :
         parsers::patterns::attempts(plan_.parse, plan_.config.parse.formats, inside)) {
      fmt::print("         pattern {}: {}\n", attempt.name,
                 attempt.matched ? "matches" : attempt.why);
    }
  }

  void explain_lineage(Batch& batch, Record& record) {
    bool claimed = (record.trace_fields.trace_id | record.trace_fields.traceparent) != 0;
    lineage::resolve_trace(batch, record);
    if (record.passed == nullptr) {
      record.id = lineage::record_id(source_->nonce, record);
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
  }

  // Whether outputs get the record.
  bool explain_contract(Batch& batch, Record& record) {
    if (!judge_) return true;
    contract::Judgement judgement = judge_->judge(batch, record, plan_.identity);
    const contract::Rule& rule = *judgement.rule;
    if (!judgement.judged) {
      fmt::print("contract not judged: {}\n", record.passed != nullptr
                                                  ? "the record passes through"
                                                  : "on_violation is off for this service");
      return true;
    }
    fmt::print(
        "contract {}, {}: {}\n", rule.schema,
        rule.on_line ? "on the line's own JSON" : "on the record",
        judgement.violations.empty() ? judgement.repairs.empty() ? "valid" : "repaired" : "broken");
    contract::Judge::note(batch, record, judgement);
    explain_violations("repaired ", judgement.repairs);
    explain_violations("", judgement.violations);
    if (judgement.violations.empty()) return true;
    switch (rule.on_violation) {
      case contract::OnViolation::kQuarantine:
        fmt::print("         quarantine: to the dead letters, no output gets it\n");
        record.schema_errors = {};
        return false;
      case contract::OnViolation::kDrop:
        fmt::print("         drop: no output gets it\n");
        return false;
      default: fmt::print("         {}: tagged\n", contract::name_of(rule.on_violation)); break;
    }
    return true;
  }

  static void explain_violations(const char* what,
                                 std::span<const contract::Violation> violations) {
    for (const contract::Violation& violation : violations) {
      fmt::print("         {}{} {}: {}\n", what,
                 violation.path.empty() ? "the record" : outputs::printable(violation.path),
                 violation.keyword, outputs::printable(violation.message, 300));
    }
  }

  void explain_record(const Batch& batch, const Record& record) const {
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
  parsers::EventReader reader_;
  std::optional<contract::Judge> judge_;
  std::shared_ptr<Source> source_;
  bool first_ = true;
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
  std::string text{std::istreambuf_iterator<char>(std::cin), {}};
  explainer.explain(text);
  return exit_code::kOk;
}

}  // namespace waybill::daemon::commands
