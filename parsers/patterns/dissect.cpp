// SPDX-License-Identifier: Apache-2.0
// Dissect: literals and what stands between them. No backtracking: each field ends at the first
// place of the literal behind it.
#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "core/utf8.h"
#include "parsers/common/pairs.h"
#include "parsers/patterns/engine.h"

namespace waybill::parsers::patterns {

namespace {

struct Step {
  std::optional<size_t> group;  // into names; nothing: not kept
  bool append = false;
  bool padded = false;  // the literal may stand several times
  std::string label;    // as written, for messages
  std::string literal;  // behind the field; empty: the field takes the rest
};

Error wrong(std::string what) { return Error{Action::kFixConfig, std::move(what)}; }

class Dissect final : public Engine {
 public:
  const std::vector<std::string>& names() const override { return names_; }

  bool match(std::string_view line, Arena& arena, Match& match) const override {
    size_t at = 0;
    return walk(line, arena, match, at) == steps_.size();
  }

  std::string why_not(std::string_view line) const override {
    Arena arena;
    Match match;
    size_t at = 0;
    size_t step = walk(line, arena, match, at);
    if (step == kAtStart) return fmt::format("the line does not begin with {}", shown(front_));
    if (step == steps_.size()) return "it matches";
    return fmt::format("no {} behind {}, in {}", shown(steps_[step].literal), steps_[step].label,
                       shown(line.substr(at)));
  }

  // Fills front_, steps_ and names_.
  Result<void> read(std::string_view form) {
    size_t at = form.find("%{");
    if (at == form.npos) return wrong("no %{name} is in it: what is between literals is named so");
    front_ = form.substr(0, at);
    while (at < form.size()) {
      size_t end = form.find('}', at);
      if (end == form.npos) {
        return wrong(fmt::format("{} is not closed: write %{{name}}", shown(form.substr(at))));
      }
      size_t next = std::min(form.find("%{", end), form.size());
      Step step;
      step.label = plain(form.substr(at, end + 1 - at));
      step.literal = form.substr(end + 1, next - end - 1);
      if (step.literal.empty() && next < form.size()) {
        return wrong(
            fmt::format("nothing stands between {} and the field behind it, so nobody "
                        "knows where it ends: write a literal between them",
                        step.label));
      }
      if (auto named = name(form.substr(at + 2, end - at - 2), step); !named) return named;
      steps_.push_back(std::move(step));
      at = next;
    }
    return {};
  }

 private:
  static constexpr size_t kAtStart = SIZE_MAX;

  // Fills what the inside of %{…} says.
  Result<void> name(std::string_view inside, Step& step) {
    if (inside.ends_with("->")) {
      step.padded = true;
      inside.remove_suffix(2);
    }
    if (inside.empty() || inside.front() == '?') return {};
    step.append = inside.front() == '+';
    if (step.append) inside.remove_prefix(1);
    if (!is_key(inside)) {
      return wrong(fmt::format(
          "{} has no name that can be used: write %{{name}}, of letters, digits and _.-@/, "
          "%{{?name}} for what is not to be kept, %{{name->}} or %{{+name}}",
          step.label));
    }
    auto found = std::find(names_.begin(), names_.end(), inside);
    if (found != names_.end() && !step.append) {
      return wrong(fmt::format("{} stands there twice: write %{{+{}}} to append, or another name",
                               step.label, inside));
    }
    step.group = static_cast<size_t>(found - names_.begin());
    step.append = step.append && found != names_.end();
    if (found == names_.end()) names_.emplace_back(inside);
    if (names_.size() > kMostGroups) {
      return wrong(fmt::format("more than {} fields: leave some out as %{{}}", kMostGroups));
    }
    return {};
  }

  // The number of the step that found no literal behind it, kAtStart, or steps_.size(): all did.
  // `at`: where that step began.
  size_t walk(std::string_view line, Arena& arena, Match& match, size_t& at) const {
    if (!line.starts_with(front_)) return kAtStart;
    at = front_.size();
    for (size_t i = 0; i < steps_.size(); ++i) {
      const Step& step = steps_[i];
      size_t end = step.literal.empty() ? line.size() : line.find(step.literal, at);
      if (end == line.npos) return i;
      if (step.group) put(line.substr(at, end - at), step, arena, match);
      at = end + step.literal.size();
      while (step.padded && !step.literal.empty() && line.substr(at).starts_with(step.literal)) {
        at += step.literal.size();
      }
    }
    match.whole = at == line.size();
    return steps_.size();
  }

  static void put(std::string_view value, const Step& step, Arena& arena, Match& match) {
    std::string_view& group = match.groups[*step.group];
    if (!step.append) {
      group = value;
      return;
    }
    char* joined = arena.allocate(group.size() + 1 + value.size());
    std::copy(group.begin(), group.end(), joined);
    joined[group.size()] = ' ';
    std::copy(value.begin(), value.end(), joined + group.size() + 1);
    group = {joined, group.size() + 1 + value.size()};
  }

  std::string front_;
  std::vector<Step> steps_;
  std::vector<std::string> names_;
};

}  // namespace

Result<std::unique_ptr<Engine>> make_dissect(std::string_view form) {
  auto dissect = std::make_unique<Dissect>();
  auto read = dissect->read(form);
  if (!read) return std::move(read).error();
  return std::unique_ptr<Engine>(std::move(dissect));
}

std::string plain(std::string_view text) {
  constexpr size_t kMost = 60;
  std::string out;
  const size_t end = whole_characters(text, kMost).size();
  for (char c : text.substr(0, end)) out.push_back(static_cast<unsigned char>(c) < 0x20 ? ' ' : c);
  return end < text.size() ? out + "…" : out;
}

std::string shown(std::string_view text) { return "'" + plain(text) + "'"; }

}  // namespace waybill::parsers::patterns
