// SPDX-License-Identifier: Apache-2.0
#include "parsers/multiline/rules.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <utility>

namespace waybill::parsers::multiline {

struct Rules::Rule {
  std::unique_ptr<re2::RE2> start, go_on;  // null: not said
  std::string name;
};

namespace {

constexpr int64_t kRegexMemory = int64_t{8} << 20;

Result<std::unique_ptr<re2::RE2>> compile_one(const std::string& text) {
  if (text.empty()) return std::unique_ptr<re2::RE2>();
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(kRegexMemory);
  options.set_never_capture(true);
  auto regex = std::make_unique<re2::RE2>(text, options);
  if (regex->ok()) return regex;
  return Error{Action::kFixConfig,
               fmt::format("is no regular expression of RE2: {}", regex->error())};
}

bool found(const re2::RE2& regex, std::string_view line) {
  return re2::RE2::PartialMatch({line.data(), line.size()}, regex);
}

}  // namespace

Rules::Rules() = default;
Rules::~Rules() = default;

Result<std::shared_ptr<const Rules>> Rules::compile(const std::vector<RuleText>& texts) {
  std::shared_ptr<Rules> made(new Rules);
  for (const RuleText& text : texts) {
    auto start = compile_one(text.start);
    if (!start) return start.error();
    auto go_on = compile_one(text.go_on);
    if (!go_on) return go_on.error();
    made->join_any_ |= text.start.empty();
    std::string name = fmt::format("rule {} of parse.multiline.mode (start: {})",
                                   made->rules_.size() + 1, text.start);
    made->rules_.push_back(Rule{std::move(*start), std::move(*go_on), std::move(name)});
  }
  return std::shared_ptr<const Rules>(std::move(made));
}

size_t Rules::begins(std::string_view line) const {
  for (size_t i = 0; i < rules_.size(); ++i) {
    if (rules_[i].start && found(*rules_[i].start, line)) return i;
  }
  return kNone;
}

bool Rules::continues(size_t rule, std::string_view line) const {
  if (rule != kNone && (!rules_[rule].go_on || found(*rules_[rule].go_on, line))) return true;
  for (const Rule& each : rules_) {
    if (!each.start && each.go_on && found(*each.go_on, line)) return true;
  }
  return false;
}

std::string_view Rules::name(size_t rule) const {
  if (rule == kNone) return "a rule of parse.multiline.mode without start";
  return rules_[rule].name;
}

std::shared_ptr<const Rules> rules_of(const std::vector<config::JoinRuleSection>& sections,
                                      ForeignWords foreign) {
  std::vector<RuleText> texts;
  bool sound = true;
  for (const auto& [start, go_on, section] : sections) {
    for (auto [key, text] : {std::pair("start", &start), std::pair("continue", &go_on)}) {
      auto tried = compile_one(*text);
      if (tried) continue;
      std::string words = foreign(*text);
      section.fault(key, fmt::format("{} {}{}{}", section.shown(key), tried.error().what,
                                     words.empty() ? "" : ": ", words));
      sound = false;
    }
    texts.push_back({start, go_on});
  }
  if (!sound || texts.empty()) return nullptr;
  auto compiled = Rules::compile(texts);
  return compiled ? *compiled : nullptr;
}

}  // namespace waybill::parsers::multiline
