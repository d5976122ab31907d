// SPDX-License-Identifier: Apache-2.0
#include "sampling/idle_rules.h"

#include <fmt/format.h>

#include "core/level.h"
#include "sampling/randomness.h"

namespace waybill::sampling {

namespace {

using Kind = Rule::Kind;
using Levels = uint32_t;  // a bit each

template <typename Holds>
Levels levels_where(Holds&& holds) {
  Levels all = 0;
  for (int i = 0; i < kLevelCount; ++i) {
    if (holds(static_cast<Level>(i))) all |= Levels{1} << i;
  }
  return all;
}

constexpr Levels kEvery = (Levels{1} << kLevelCount) - 1;

Levels may_match(const Rule& rule) {
  if (!rule.when) return kEvery;
  return levels_where([&](Level level) { return rule.when->outcomes(level).may_hold; });
}
Levels must_match(const Rule& rule) {
  if (!rule.when) return kEvery;
  return levels_where([&](Level level) { return !rule.when->outcomes(level).may_fail; });
}
Levels escaping(const std::optional<Expression>& always) {
  return levels_where([&](Level level) {
    return level >= Level::kError || (always && !always->outcomes(level).may_fail);
  });
}
bool same_condition(const Rule& a, const Rule& b) {
  return a.when.has_value() == b.when.has_value() && (!a.when || a.when->text() == b.when->text());
}

}  // namespace

std::vector<std::string> idle_rules(const std::vector<Rule>& rules,
                                    const std::optional<Expression>& always) {
  std::vector<std::string> why(rules.size());
  const Levels escape = escaping(always);
  Levels decided = 0;  // by a probability before
  Levels dropped = 0;  // all of them, by one of 0
  const Rule* last = nullptr;
  const Rule* dropping = nullptr;
  for (size_t i = 0; i < rules.size(); ++i) {
    const Rule& rule = rules[i];
    const Levels levels = may_match(rule);
    std::string& said = why[i];
    if (levels == 0) {
      said = "can never fire: no record is as `when` wants it";
    } else if ((levels & ~dropped) == 0) {
      said = fmt::format("can never fire: {} drops all that it is about", dropping->name);
    } else if (rule.kind == Kind::kBurst && rule.then_every == 1) {
      said = "can never fire: with then_every: 1 a burst is sent as a whole";
    }
    if (rule.kind != Kind::kProbability) continue;
    const Rule* same = nullptr;
    for (size_t k = 0; k < i && same == nullptr; ++k) {
      if (rules[k].kind == Kind::kProbability && same_condition(rules[k], rule)) same = &rules[k];
    }
    bool more = false;
    for (size_t k = i + 1; k < rules.size(); ++k) more |= rules[k].kind == Kind::kProbability;
    const bool told = !said.empty();
    if (!told && (levels & ~escape) == 0) {
      said = "can never fire: errors, and what `always` names, escape probability";
    } else if (!told && same != nullptr) {
      said = fmt::format("can never fire: {} decides of the same records before", same->name);
    } else if (!told && (levels & ~escape & ~decided) == 0) {
      said = fmt::format("can never fire: {} decides of all these records before", last->name);
    } else if (!told && rule.threshold == 0 && !more) {
      said = "can never fire: a probability of 1 drops nothing, and is an exception to none behind";
    }
    if (rule.threshold == kSpace && (must_match(rule) & ~escape & ~decided) != 0) {
      dropped |= must_match(rule) & ~escape & ~decided;
      dropping = &rule;
    }
    decided |= must_match(rule);
    last = &rule;
  }
  return why;
}

}  // namespace waybill::sampling
