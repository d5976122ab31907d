// SPDX-License-Identifier: Apache-2.0
// `waybill explain`: one line through the pipeline, stage by stage.
#include <fmt/format.h>

#include <cstdio>
#include <iostream>
#include <iterator>
#include <optional>
#include <sstream>

#include "core/canonical.h"
#include "daemon/commands/commands.h"
#include "daemon/commands/dry_run.h"
#include "daemon/commands/explain_lineage.h"
#include "daemon/commands/explain_metrics.h"
#include "outputs/printable.h"
#include "parsers/patterns/check.h"

namespace waybill::daemon::commands {

namespace {

class Explainer {
 public:
  explicit Explainer(Plan& plan) : plan_(plan), run_(plan, source()) {}

  // Lines, as a source would have them.
  void explain(std::string_view text) {
    if (text.empty()) fmt::print("frame    nothing came: no line, no record\n");
    run_.read(
        text, [this](Batch& batch, Record& record, size_t i) { explain(batch, record, i); },
        [this](uint64_t empty) {
          begin();
          fmt::print("frame    {} empty line{}: counted, no record\n", empty,
                     empty == 1 ? "" : "s");
        });
  }

 private:
  static Source source() {
    Source made;
    made.input = "explain";
    return made;
  }

  void begin() {
    if (!first_) fmt::print("\n");
    first_ = false;
  }

  void explain(Batch& batch, Record& record, size_t index) {
    begin();
    explain_frame(record, index);
    explain_parse(record, index);
    explain_lineage(batch, record);
    explain_redaction(batch, record);
    explain_metrics(batch, record);
    bool sent = explain_contract(batch, record);
    sent = sent && explain_sampling(batch, record);
    explain_record(batch, record);
    if (sent) explain_outputs(batch, record);
  }

  void explain_frame(const Record& record, size_t index) const {
    fmt::print("frame    {} bytes", record.line.size());
    if (record.lines > 1) fmt::print(", {} lines that are one event", record.lines);
    if (record.marks.truncated_bytes > 0) {
      fmt::print(", {} more cut off by parse.max_line", record.marks.truncated_bytes);
    }
    fmt::print("\n");
    if (record.lines > 1) fmt::print("         joined: {}\n", run_.reader().joined_by(index));
  }

  void explain_parse(const Record& record, size_t index) const {
    fmt::print("parse    {}", record.format);
    std::string others;
    for (std::string_view name : run_.reader().parser().candidates(run_.source())) {
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
    if (!run_.reader().envelopes(index).empty())
      inside = run_.reader().envelopes(index).back().inside;
    for (const auto& attempt :
         parsers::patterns::attempts(plan_.parse, plan_.config.parse.formats, inside)) {
      fmt::print("         pattern {}: {}\n", attempt.name,
                 attempt.matched ? "matches" : attempt.why);
    }
  }

  void explain_lineage(Batch& batch, Record& record) {
    lineage::Outcome outcome = run_.resolve(batch, record);
    const char* stage = "lineage  ";
    for (const std::string& words :
         explain_ids(batch, record, plan_.identity, plan_.lineage, outcome)) {
      fmt::print("{}{}\n", stage, words);
      stage = "         ";
    }
  }

  void explain_redaction(Batch& batch, Record& record) {
    const redaction::RecordRedactor& redactor = run_.redactor();
    if (redactor.rules().empty()) return fmt::print("redact   off\n");
    if (!run_.redact(batch, record)) return fmt::print("redact   nothing\n");
    std::string what;
    for (size_t i = 0; i < redactor.counts().size(); ++i) {
      uint32_t values = redactor.counts()[i];
      if (values == 0) continue;
      what +=
          fmt::format("{}{} value{} by rule {}", what.empty() ? "" : ", ", values,
                      values == 1 ? "" : "s", outputs::printable(redactor.rules().all()[i].name));
    }
    if (uint32_t texts = redactor.withheld()) {
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
    std::optional<contract::Judgement> judgement = run_.judge(batch, record);
    if (!judgement) return true;
    const contract::Rule& rule = *judgement->rule;
    if (!judgement->judged) {
      fmt::print("contract not judged: {}\n", record.passed != nullptr
                                                  ? "the record passes through"
                                                  : "on_violation is off for this service");
      return true;
    }
    const bool broken = !judgement->violations.empty();
    fmt::print("contract {}, {}: {}\n", rule.schema,
               rule.on_line ? "on the line's own JSON" : "on the record",
               broken                       ? "broken"
               : judgement->repairs.empty() ? "valid"
                                            : "repaired");
    explain_violations("repaired ", judgement->repairs);
    explain_violations("", judgement->violations);
    if (broken) explain_broken(rule);
    return DryRun::passes(record, *judgement);
  }

  static void explain_broken(const contract::Rule& rule) {
    std::string_view what = "tagged";
    if (rule.of_broken() == contract::OnViolation::kDrop) what = "no output gets it";
    if (rule.of_broken() == contract::OnViolation::kQuarantine) {
      what = "to the dead letters, no output gets it";
    }
    fmt::print("         {}: {}\n", contract::name_of(rule.on_violation), what);
  }

  // Whether outputs get the record.
  bool explain_sampling(Batch& batch, Record& record) {
    std::vector<std::string> notes;
    std::optional<sampling::Verdict> verdict = run_.sample(batch, record, notes);
    if (!verdict) return true;
    bool sent = verdict->outcome == sampling::Verdict::Outcome::kSend;
    std::string_view rate = sample_rate_of(record);
    fmt::print(
        "sample   {}\n",
        sent ? rate.empty() ? "sent" : fmt::format("sent, and stands for {}", rate)
             : fmt::format(
                   "not sent: {} by {}",
                   verdict->outcome == sampling::Verdict::Outcome::kFolded ? "folded" : "sampled",
                   run_.sampler().rules().name_of(verdict->rule)));
    for (const std::string& note : notes)
      fmt::print("         {}\n", outputs::printable(note, 300));
    explain_released();
    return sent;
  }

  // What is sent in front of an error.
  void explain_released() {
    Batch released(run_.budget());
    released.reset(0);
    run_.sampler().take_released(released, SIZE_MAX);
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
    for (auto& output : plan_.outputs) {
      if (!run_.takes(*output, batch, record)) {
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
  DryRun run_;
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
