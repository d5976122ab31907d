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
#include "daemon/commands/explain_lineage.h"
#include "daemon/commands/explain_metrics.h"
#include "daemon/pipeline.h"
#include "lineage/record_id.h"
#include "outputs/printable.h"
#include "parsers/patterns/check.h"
#include "redaction/record_redactor.h"
#include "sampling/sampler.h"

namespace waybill::daemon::commands {

namespace {

class Explainer {
 public:
  explicit Explainer(Plan& plan)
      : plan_(plan),
        budget_(size_t{64} * 1024 * 1024),
        reader_(plan.parse, plan.config.parse.formats, budget_),
        lineage_(plan.lineage),
        redactor_(plan.redaction),
        source_(std::make_shared<Source>()) {
    source_->number = next_source_number();
    source_->input = "explain";
    source_->nonce = random_id();
    if (plan_.sampling) sampler_.emplace(plan_.sampling);
    if (plan_.contract) {
      judge_.emplace(plan_.contract, canonical_names(), time_reader(plan_.parse.default_zone),
                     false);
    }
  }

  // Lines, as a source would have them.
  void explain(std::string_view text) {
    if (text.empty()) fmt::print("frame    nothing came: no line, no record\n");
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
      explain_frame(record, i);
      explain_parse(record, i);
      explain_lineage(batch, record);
      explain_redaction(batch, record);
      explain_metrics(batch, record);
      bool sent = explain_contract(batch, record);
      sent = sent && explain_sampling(batch, record);
      explain_record(batch, record);
      if (sent) explain_outputs(batch, record);
    }
  }

  void explain_frame(const Record& record, size_t index) const {
    fmt::print("frame    {} bytes", record.line.size());
    if (record.lines > 1) fmt::print(", {} lines that are one event", record.lines);
    if (record.marks.truncated_bytes > 0) {
      fmt::print(", {} more cut off by parse.max_line", record.marks.truncated_bytes);
    }
    fmt::print("\n");
    if (record.lines > 1) fmt::print("         joined: {}\n", reader_.joined_by(index));
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
    lineage::Outcome outcome = lineage_.resolve(batch, record);
    if (record.passed == nullptr) record.id = lineage::record_id(source_->nonce, record);
    const char* stage = "lineage  ";
    for (const std::string& words :
         explain_ids(batch, record, plan_.identity, plan_.lineage, outcome)) {
      fmt::print("{}{}\n", stage, words);
      stage = "         ";
    }
  }

  void explain_redaction(Batch& batch, Record& record) {
    if (redactor_.rules().empty()) return fmt::print("redact   off\n");
    if (!redactor_.redact(batch, record)) return fmt::print("redact   nothing\n");
    std::string what;
    for (size_t i = 0; i < redactor_.counts().size(); ++i) {
      uint32_t values = redactor_.counts()[i];
      if (values == 0) continue;
      what +=
          fmt::format("{}{} value{} by rule {}", what.empty() ? "" : ", ", values,
                      values == 1 ? "" : "s", outputs::printable(redactor_.rules().all()[i].name));
    }
    if (uint32_t texts = redactor_.withheld()) {
      what += fmt::format("{}{} text{} withheld as a whole, as nobody can tell what is safe",
                          what.empty() ? "" : ", ", texts, texts == 1 ? "" : "s");
    }
    fmt::print("redact   {}\n", what);
  }

  void explain_metrics(const Batch& batch, const Record& record) const {
    const char* stage = "metrics  ";
    for (const std::string& words :
         commands::explain_metrics(plan_.metrics, batch, record, plan_.identity)) {
      fmt::print("{}{}\n", stage, words);
      stage = "         ";
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
    switch (rule.of_broken()) {
      case contract::OnViolation::kQuarantine:
        fmt::print("         {}: to the dead letters, no output gets it\n",
                   contract::name_of(rule.on_violation));
        record.schema_errors = {};
        return false;
      case contract::OnViolation::kDrop:
        fmt::print("         {}: no output gets it\n", contract::name_of(rule.on_violation));
        return false;
      default: fmt::print("         {}: tagged\n", contract::name_of(rule.on_violation)); break;
    }
    return true;
  }

  // Whether outputs get the record.
  bool explain_sampling(Batch& batch, Record& record) {
    if (!sampler_) return true;
    std::vector<std::string> notes;
    sampling::Verdict verdict = sampler_->judge(batch, record, plan_.identity, &notes);
    bool sent = verdict.outcome == sampling::Verdict::Outcome::kSend;
    std::string_view rate = sample_rate_of(record);
    fmt::print("sample   {}\n",
               sent
                   ? rate.empty() ? "sent" : fmt::format("sent, and stands for {}", rate)
                   : fmt::format("not sent: {} by {}",
                                 verdict.outcome == sampling::Verdict::Outcome::kFolded ? "folded"
                                                                                        : "sampled",
                                 sampler_->rules().name_of(verdict.rule)));
    for (const std::string& note : notes)
      fmt::print("         {}\n", outputs::printable(note, 300));
    explain_released();
    return sent;
  }

  // What is sent in front of an error.
  void explain_released() {
    Batch released(budget_);
    released.reset(0);
    sampler_->take_released(released, SIZE_MAX);
    for (const Record& record : released.records) {
      fmt::print("released ");
      print_canonical(released, record);
    }
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
    fmt::print("record   ");
    print_canonical(batch, record);
  }

  void print_canonical(const Batch& batch, const Record& record) const {
    Buffer canonical;
    append_canonical(canonical, batch, record, plan_.identity, part::kAll);
    fmt::print("{}\n", canonical.view());
  }

  void explain_outputs(Batch& batch, Record& record) {
    std::string scratch;
    for (auto& output : plan_.outputs) {
      if (output->when && !output->when->matches(batch, record, plan_.identity, scratch)) {
        fmt::print("output   {} ({}): not sent there, as `when: {}` does not hold\n", output->name,
                   output->target, outputs::printable(output->when->text(), 300));
        continue;
      }
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
  lineage::Lineage lineage_;
  std::optional<contract::Judge> judge_;
  redaction::RecordRedactor redactor_;
  std::optional<sampling::Sampler> sampler_;
  std::shared_ptr<Source> source_;
  bool first_ = true;
};

// It is the same for all lines, so it is said once, below them.
void explain_resource(const std::vector<lineage::Said>& all,
                      const std::vector<std::string>& notes) {
  const char* stage = "\nresource ";
  auto say = [&](const std::string& words) {
    fmt::print("{}{}\n", stage, words);
    stage = "         ";
  };
  for (const std::string& words : explain_attributes(all)) say(words);
  for (const std::string& note : notes) say(outputs::printable(note, 300));
}

}  // namespace

int explain(const CommandLine& line) {
  int code = exit_code::kOk;
  PlanRequest request = line.plan;
  request.clouds = std::make_shared<CloudAnswers>();
  auto plan = plan_or_complain(request, code);
  if (!plan) return code;
  Explainer explainer(*plan);
  if (line.has_line) {
    explainer.explain(line.line.empty() ? "\n" : line.line);
  } else {
    explainer.explain(std::string{std::istreambuf_iterator<char>(std::cin), {}});
  }
  explain_resource(plan->resource, plan->notes);
  return exit_code::kOk;
}

}  // namespace waybill::daemon::commands
