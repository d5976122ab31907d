// SPDX-License-Identifier: Apache-2.0
// `waybill test`: unit tests of a config: lines, and the records that they have to become.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <utility>

#include "config/cases.h"
#include "core/canonical.h"
#include "daemon/commands/commands.h"
#include "daemon/commands/dry_run.h"
#include "daemon/commands/json_out.h"
#include "outputs/printable.h"
#include "parsers/patterns/written.h"

namespace waybill::daemon::commands {

namespace {

constexpr int kFailed = 1;
constexpr size_t kLongestRecord = 2000;  // that is shown

// What became of a record.
struct Came {
  std::unique_ptr<parsers::patterns::Written> written;
  std::vector<std::string> outputs;  // that get it
  std::string kept_back;             // why none does, if they were not asked; else empty
};

// Whether the names are there; those that are not are faults.
class Names {
 public:
  Names(const Plan& plan, bool config) : config_(config) {
    for (const config::Named& named : plan.config.inputs) inputs_.push_back(named.name);
    for (const auto& output : plan.outputs) outputs_.push_back(output->name);
  }

  void check(const config::TestCase& test) const {
    if (!test.input.empty() && !config_) {
      test.section.fault("input", "there is no config: name it with -c FILE");
    } else if (!test.input.empty()) {
      refuse(test.section, "input", test.input, inputs_);
    }
    for (const config::Expected& expected : test.expected) {
      for (const std::string& name : expected.outputs.value_or(std::vector<std::string>())) {
        refuse(expected.section, "outputs", name, outputs_);
      }
    }
  }

 private:
  static void refuse(const config::Section& section, const char* key, const std::string& name,
                     const std::vector<std::string>& known) {
    if (std::find(known.begin(), known.end(), name) != known.end()) return;
    std::string close = config::suggestion(name, known);
    section.fault(
        key, fmt::format("the config has no {} called '{}'{}", key[0] == 'i' ? "input" : "output",
                         name, close.empty() ? "" : fmt::format(" (did you mean '{}'?)", close)));
  }

  bool config_;
  std::vector<std::string> inputs_, outputs_;
};

class Case {
 public:
  Case(Plan& plan, const config::TestCase& test)
      : plan_(plan), test_(test), run_(plan, source_of(plan, test)) {}

  // What is not as it should be, a line each; empty: all is.
  std::vector<std::string> faults() {
    std::string text;
    for (const std::string& line : test_.lines) text.append(line).append(1, '\n');
    run_.read(
        text, [this](Batch& batch, Record& record, size_t) { take(batch, record); },
        [](uint64_t) {});
    const size_t wanted = test_.expected.size();
    if (came_.size() != wanted) {
      bool nowhere = wanted == 0 && came_.size() == 1 && came_[0].outputs.empty();
      add("{} record{} came, {} {} expected{}", came_.size(), came_.size() == 1 ? "" : "s", wanted,
          wanted == 1 ? "is" : "are",
          nowhere ? " (of one that no output gets write: expect: [{outputs: []}])" : "");
    }
    for (size_t i = 0; i < came_.size(); ++i) {
      size_t before = faults_.size();
      if (i < wanted) compare(i);
      if (faults_.size() > before || came_.size() != wanted) show(i);
    }
    return std::move(faults_);
  }

 private:
  static Source source_of(const Plan& plan, const config::TestCase& test) {
    Source source;
    source.input = test.input.empty() ? "stdin" : test.input;
    source.path = test.path;
    source.stream = test.stream;
    for (const config::Named& named : plan.config.inputs) {
      if (named.name != test.input) continue;
      source.format = named.section.raw("format").value_or("auto");
      source.network = named.type == "udp" || named.type == "tcp" || named.type == "unix";
      source.trust_service = named.section.boolean("trust_service").value_or(!source.network);
    }
    return source;
  }

  void take(Batch& batch, Record& record) {
    run_.resolve(batch, record);
    run_.redact(batch, record);
    Came& came = came_.emplace_back();
    auto judgement = run_.judge(batch, record);
    bool sent = !judgement || DryRun::passes(record, *judgement);
    if (!sent) {
      bool dropped = judgement->rule->of_broken() == contract::OnViolation::kDrop;
      came.kept_back = dropped ? "dropped by its schema" : "quarantined by its schema";
    }
    if (sent) sent = sample(batch, record, came);
    came.written = std::make_unique<parsers::patterns::Written>(batch, record, plan_.identity,
                                                                part::kAll & ~part::kId);
    if (!sent) return;
    for (const auto& output : plan_.outputs) {
      if (run_.takes(*output, batch, record)) came.outputs.push_back(output->name);
    }
  }

  bool sample(Batch& batch, Record& record, Came& came) {
    std::vector<std::string> notes;
    auto verdict = run_.sample(batch, record, notes);
    if (!verdict || verdict->outcome == sampling::Verdict::Outcome::kSend) return true;
    bool folded = verdict->outcome == sampling::Verdict::Outcome::kFolded;
    came.kept_back = fmt::format("{} by {}", folded ? "folded" : "sampled out",
                                 run_.sampler().rules().name_of(verdict->rule));
    return false;
  }

  void compare(size_t index) {
    const config::Expected& expected = test_.expected[index];
    const Came& came = came_[index];
    auto say = [&](std::string_view what) { add("record {}: {}", index + 1, what); };
    for (const config::Leaf& leaf : expected.record) {
      std::string is = came.written->difference(leaf);
      if (!is.empty()) say(is);
    }
    for (const std::string& path : expected.absent) {
      auto value = came.written->value(path);
      if (value) say(fmt::format("{} is {}, and should be absent", path, *value));
    }
    if (!expected.outputs) return;
    std::vector<std::string> wanted = *expected.outputs, is = came.outputs;
    std::sort(wanted.begin(), wanted.end());
    std::sort(is.begin(), is.end());
    if (wanted == is) return;
    std::string goes = is.empty() ? "no output" : fmt::format("{}", fmt::join(is, ", "));
    if (!came.kept_back.empty()) goes += fmt::format(" ({})", came.kept_back);
    say(fmt::format("it goes to {}, not to {}", goes,
                    wanted.empty() ? "none" : fmt::format("{}", fmt::join(wanted, ", "))));
  }

  // Where it goes, or why it goes nowhere, and all of it.
  void show(size_t index) {
    const Came& came = came_[index];
    std::string to =
        came.outputs.empty() ? "no output" : fmt::format("{}", fmt::join(came.outputs, ", "));
    if (!came.kept_back.empty()) to += ": " + came.kept_back;
    add("  record {} ({}) is {}", index + 1, to,
        outputs::printable(came.written->json(), kLongestRecord));
  }

  template <typename... Args>
  void add(fmt::format_string<Args...> form, Args&&... args) {
    faults_.push_back(fmt::format(form, std::forward<Args>(args)...));
  }

  Plan& plan_;
  const config::TestCase& test_;
  DryRun run_;
  std::vector<Came> came_;
  std::vector<std::string> faults_;
};

// The tests of all files; faulty ones are in `diagnostics`. False: a file cannot be read.
bool read_cases(const std::vector<std::string>& files, std::vector<config::TestCase>& tests,
                config::Diagnostics& diagnostics) {
  bool all = true;
  for (const std::string& file : files) {
    auto text = config::read_file(file);
    if (!text) {
      fmt::print(stderr, "waybill: {}\n", text.error().what);
      all = false;
      continue;
    }
    for (config::TestCase& test : config::test_cases(file, *text, diagnostics)) {
      tests.push_back(std::move(test));
    }
  }
  return all;
}

void print_place(const config::TestCase& test) {
  config::Position at = test.section.position();
  fmt::print("{}:{}:{}: {}", test.section.file(), at.line, at.column,
             outputs::printable(test.name));
}

}  // namespace

int test(const CommandLine& line) {
  int code = exit_code::kOk;
  auto plan = plan_or_complain(line.plan, code);
  if (!plan) return code;
  config::Diagnostics diagnostics;
  std::vector<config::TestCase> tests;
  if (!read_cases(line.files, tests, diagnostics)) return exit_code::kUsage;
  const Names names(*plan, !line.plan.config_file.empty());
  for (const config::TestCase& test : tests) names.check(test);
  for (const config::Fault& fault : diagnostics.faults()) fmt::print(stderr, "{}\n", fault.text());
  if (!diagnostics.empty()) return exit_code::kUsage;
  size_t failed = 0;
  for (const config::TestCase& test : tests) {
    std::vector<std::string> faults = Case(*plan, test).faults();
    if (!faults.empty()) ++failed;
    if (faults.empty() && !line.verbose) continue;
    print_place(test);
    fmt::print("{}\n", faults.empty() ? ": ok" : ":");
    for (const std::string& fault : faults) fmt::print("    {}\n", fault);
  }
  fmt::print("{} test{}: {} passed, {} failed\n", tests.size(), tests.size() == 1 ? "" : "s",
             tests.size() - failed, failed);
  return written(failed > 0 ? kFailed : exit_code::kOk);
}

}  // namespace waybill::daemon::commands
