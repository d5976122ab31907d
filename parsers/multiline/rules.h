// SPDX-License-Identifier: Apache-2.0
// Rules: which lines belong together, as the user says: `parse.multiline.mode: [{start: REGEX,
// continue: REGEX}]`.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "core/result.h"

namespace waybill::parsers::multiline {

// RE2 expressions, looked for anywhere in a line; one of the two may be empty.
struct RuleText {
  std::string start;  // an event begins with such a line
  std::string go_on;  // `continue`: such a line goes on with it. Without: every line does that no
                      // rule begins with. Without `start`: it goes on with whatever stands above.
};

// Immutable once made; any thread.
class Rules {
 public:
  // The Error (kFixConfig) is RE2's, about the expression.
  static Result<std::shared_ptr<const Rules>> compile(const std::vector<RuleText>& texts);
  Rules(Rules&&) = delete;
  ~Rules();

  static constexpr size_t kNone = static_cast<size_t>(-1);

  // The first rule that an event with this line begins by; kNone: by none.
  size_t begins(std::string_view line) const;
  // Whether `line`, which begins no event, goes on with one that began by `rule`, or (kNone) by
  // none.
  bool continues(size_t rule, std::string_view line) const;
  // A rule in words, for `explain`; kNone: those without a start.
  std::string_view name(size_t rule) const;
  // Whether there is a rule without a start: any line may be the first of an event.
  bool join_any() const { return join_any_; }

 private:
  struct Rule;
  Rules();
  std::vector<Rule> rules_;
  bool join_any_ = false;
};

// What is in an expression that RE2 does not have, and what to do; or "".
using ForeignWords = std::string (*)(std::string_view regex);

// Those of a config, compiled; null when it has none, or a fault, which is reported where it
// stands, with what `foreign` says of it.
std::shared_ptr<const Rules> rules_of(const std::vector<config::JoinRuleSection>& sections,
                                      ForeignWords foreign);

}  // namespace waybill::parsers::multiline
