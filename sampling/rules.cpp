// SPDX-License-Identifier: Apache-2.0
#include "sampling/rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "config/recorder.h"
#include "sampling/condition.h"
#include "sampling/idle_rules.h"
#include "sampling/randomness.h"

namespace waybill::sampling {

namespace {

constexpr std::string_view kAdaptive = "adaptive";

// "2000/s", "1.5/m": in a second.
std::optional<double> rate_of(std::string_view text) {
  double count = 0;
  auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  std::string_view rest = text.substr(static_cast<size_t>(stop - text.data()));
  double seconds = rest == "/s" ? 1 : rest == "/m" ? 60 : rest == "/h" ? 3600 : 0;
  if (error != std::errc() || seconds == 0 || !(count > 0) || count > 1e9) return std::nullopt;
  return count / seconds;
}

bool read_limit(const config::Section& section, const config::SamplingRule::Limit& limit,
                Rule& rule) {
  std::optional<config::Section> own = section.section("limit");
  if (!own || limit.rate.empty()) return false;
  std::optional<double> rate = rate_of(limit.rate);
  if (!rate) {
    own->fault("rate", fmt::format("{} is no rate (write for example 2000/s, 100/m or 50/h)",
                                   own->shown("rate")));
  }
  Result<RecordPath> key = RecordPath::parse(limit.key);
  if (!key) own->fault("key", key.error().what);
  if (!rate || !key) return false;
  rule.per_second = *rate;
  rule.capacity = limit.burst > 0 ? static_cast<double>(limit.burst) : std::max(*rate, 1.0);
  rule.key = std::move(*key);
  return true;
}

const char* kind_name(Rule::Kind kind) {
  constexpr const char* kNames[] = {"probability", "burst", "limit", "dedupe"};
  return kNames[static_cast<size_t>(kind)];
}

std::optional<Rule> read_rule(const config::SamplingRuleSection& from, size_t place) {
  const config::SamplingRule& said = from.rule;
  Rule rule;
  rule.kind = said.kind;
  rule.name = said.name.empty() ? fmt::format("{}_{}", kind_name(said.kind), place) : said.name;
  bool good = true;
  if (!said.when.empty()) {
    rule.when = compile_condition(from.section, "when", said.when);
    good = rule.when.has_value();
  }
  rule.probability = said.probability;
  rule.threshold = threshold_of(said.probability);
  rule.first = said.burst.first;
  rule.then_every = said.burst.then_every;
  rule.per_ns = said.burst.per.count();
  rule.window_ns = said.dedupe.window.count();
  rule.similar = said.kind == Rule::Kind::kDedupe && said.dedupe.similar;
  if (said.kind == Rule::Kind::kLimit) good = read_limit(from.section, said.limit, rule) && good;
  if (!good) return std::nullopt;
  return rule;
}

}  // namespace

std::shared_ptr<const Rules> Rules::make(const config::SamplingSettings& settings) {
  auto made = std::make_shared<Rules>();
  if (!settings.always.empty()) {
    made->always_ = compile_condition(*settings.section, "always", settings.always);
  }
  made->follows_sampled_flag_ =
      settings.sampled_flag == config::SamplingSettings::SampledFlag::kFollow;
  made->shows_templates_ = settings.templates;
  const config::RecorderOptions recorder = config::read_recorder(*settings.section);
  made->recorder_ = {recorder.memory, recorder.max_age.count(),
                     static_cast<size_t>(recorder.max_traces)};
  const config::AdaptiveOptions adaptive = config::read_adaptive(*settings.section);
  made->adaptive_ = {static_cast<double>(adaptive.target), adaptive.least};
  std::vector<const config::Section*> sections;
  for (size_t i = 0; i < settings.rules.size(); ++i) {
    std::optional<Rule> rule = read_rule(settings.rules[i], i + 1);
    if (!rule) continue;
    const config::Section& section = settings.rules[i].section;
    bool taken = false;
    for (const Rule& other : made->rules_) taken |= other.name == rule->name;
    if (rule->name == kAdaptive) {
      section.fault("name", "'adaptive' is what metrics call the probability that adapts");
      continue;
    }
    if (taken) {
      section.fault("name", fmt::format("there is a rule called {} already", rule->name));
      continue;
    }
    made->rules_.push_back(std::move(*rule));
    sections.push_back(&section);
  }
  std::vector<std::string> why = idle_rules(made->rules_, made->always_);
  for (size_t i = 0; i < why.size(); ++i) {
    if (why[i].empty()) continue;
    made->warnings_.push_back(
        config::Fault{sections[i]->file(), sections[i]->position(),
                      fmt::format("{}: warning: {}", sections[i]->path(), why[i])});
  }
  made->warn_of_recorder(settings);
  return made;
}

void Rules::warn_of_recorder(const config::SamplingSettings& settings) {
  if (recorder_.memory == 0) return;
  bool keeps_back = adaptive_.target > 0;
  for (const Rule& rule : rules_) keeps_back |= rule.kind != Rule::Kind::kDedupe;
  if (keeps_back) return;
  std::optional<config::Section> section = settings.section->section("recorder");
  warnings_.push_back(config::Fault{
      section->file(), section->position(),
      section->path() +
          ": warning: can never hold a line: no probability, burst or limit keeps one "
          "back"});
}

bool Rules::finds_templates() const {
  return shows_templates_ || std::any_of(rules_.begin(), rules_.end(),
                                         [](const Rule& rule) { return rule.needs_template(); });
}

std::string_view Rules::name_of(size_t index) const {
  return index < rules_.size() ? std::string_view(rules_[index].name) : kAdaptive;
}

}  // namespace waybill::sampling
