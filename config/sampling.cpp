// SPDX-License-Identifier: Apache-2.0
#include "config/sampling.h"

#include <utility>

#include "config/recorder.h"
#include "config/scalars.h"

namespace waybill::config {

namespace {

constexpr const char* kKey = "sample";
constexpr const char* kRules = "rules";
constexpr int64_t kMost = 1'000'000'000;

const OptionTable<SamplingRule::Burst>& burst_table() {
  using Burst = SamplingRule::Burst;
  static const auto made =
      OptionTable<Burst>()
          .integer("first", &Burst::first, 1, kMost,
                   "so many of a level and message template are sent in each interval")
          .integer("then_every", &Burst::then_every, 0, kMost,
                   "behind them every Mth is; 0: none until the next interval")
          .duration("per", &Burst::per, std::chrono::milliseconds(1), std::chrono::hours(24),
                    "the interval, on event time");
  return made;
}

const OptionTable<SamplingRule::Limit>& limit_table() {
  using Limit = SamplingRule::Limit;
  static const auto made =
      OptionTable<Limit>()
          .required_text("rate", &Limit::rate, "records in a time: 2000/s, 100/m, 50/h")
          .text("key", &Limit::key, "the path of the record whose values have a bucket each")
          .integer("burst", &Limit::burst, 0, kMost,
                   "what a full bucket holds; 0: what the rate gives in a second, at least 1");
  return made;
}

const OptionTable<SamplingRule::Dedupe>& dedupe_table() {
  using Dedupe = SamplingRule::Dedupe;
  static const auto made =
      OptionTable<Dedupe>()
          .duration("window", &Dedupe::window, std::chrono::milliseconds(10), std::chrono::hours(1),
                    "how long after the first of them equal messages are folded into one record")
          .flag("similar", &Dedupe::similar,
                "whether messages of one template count as equal, too");
  return made;
}

const OptionTable<SamplingRule>& rule_table() {
  using Rule = SamplingRule;
  static const auto made =
      OptionTable<Rule>()
          .text("name", &Rule::name, "what metrics call it; default: its kind and its place")
          .text("when", &Rule::when, "an expression: which records it is about; default: all")
          .number("probability", &Rule::probability, 0, 1,
                  "so many of them are sent, whole traces alike; this, burst, limit or dedupe")
          .section("burst", &Rule::burst, burst_table(),
                   "the first ones of each interval, then every Mth")
          .section("limit", &Rule::limit, limit_table(), "a token bucket for each value of a key")
          .section("dedupe", &Rule::dedupe, dedupe_table(),
                   "equal messages become one record that says how many were suppressed");
  return made;
}

const OptionTable<SamplingSettings>& table() {
  using Settings = SamplingSettings;
  static const auto made = [] {
    OptionTable<Settings> all;
    OptionInfo rules = detail::option(kRules, OptionKind::kSections,
                                      "gone through in their order; see sampling.md", "");
    rules.children = rule_table().list();
    all.text("always", &Settings::always,
             "an expression: what no probability drops; nor does it any record from ERROR on")
        .choice("sampled_flag", &Settings::sampled_flag, {"ignore", "follow"},
                "whether probability is the tracer's: what its sampled flag says is kept or not")
        .flag("templates", &Settings::templates,
              "whether the context gets the message's template, and its id")
        .custom(rules, [](const Section&, Settings&) {})
        .custom(recorder_info(), [](const Section&, Settings&) {})
        .custom(adaptive_info(), [](const Section&, Settings&) {});
    return all;
  }();
  return made;
}

std::optional<SamplingRule::Kind> kind_of(const Section& section) {
  using Kind = SamplingRule::Kind;
  constexpr std::pair<const char*, Kind> kKinds[] = {{"probability", Kind::kProbability},
                                                     {"burst", Kind::kBurst},
                                                     {"limit", Kind::kLimit},
                                                     {"dedupe", Kind::kDedupe}};
  std::optional<Kind> kind;
  int kinds = 0;
  for (const auto& [key, one] : kKinds) {
    if (!section.has(key)) continue;
    kind = one;
    ++kinds;
  }
  if (kinds == 1) return kind;
  section.fault("", kinds == 0 ? "needs 'probability', 'burst', 'limit' or 'dedupe'"
                               : "has more than one of probability, burst, limit and dedupe: make "
                                 "a rule of each");
  return std::nullopt;
}

}  // namespace

OptionInfo sampling_info() {
  OptionInfo info =
      detail::option(kKey, OptionKind::kSection, "which records are worth sending", "");
  info.children = table().list();
  return info;
}

void read_sampling(const Section& root, std::optional<SamplingSettings>& out) {
  std::optional<Section> section = root.section(kKey);
  if (!section) return;
  SamplingSettings& settings = out.emplace();
  settings.section = section;
  table().read(*section, settings);
  // Who compiles the rules reads them, too: a fault is told once.
  (void)read_recorder(*section);
  (void)read_adaptive(*section);
  if (!section->has(kRules)) return;
  for (const SectionItem& item : section->items(kRules)) {
    if (!item.section) {
      if (item.text) {
        section->fault_at_item(kRules, item.index,
                               "must be a mapping with probability, burst, limit or dedupe, not a "
                               "single value");
      }
      continue;
    }
    SamplingRule rule;
    rule_table().read(*item.section, rule);
    std::optional<SamplingRule::Kind> kind = kind_of(*item.section);
    if (!rule.name.empty() && !is_name(rule.name)) {
      item.section->fault(
          "name", quoted_for_message(rule.name) + " is not a name (1 to 64 of A-Z a-z 0-9 _ -)");
      continue;
    }
    if (!kind) continue;
    rule.kind = *kind;
    settings.rules.push_back({std::move(rule), *item.section});
  }
}

}  // namespace waybill::config
