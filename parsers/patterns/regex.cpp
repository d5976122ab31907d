// SPDX-License-Identifier: Apache-2.0
// Regular expressions by RE2: linear in the line, whatever they are. The only user of RE2 here.
#include <fmt/format.h>
#include <re2/re2.h>

#include <cstring>

#include "parsers/patterns/engine.h"
#include "parsers/patterns/regex_text.h"

namespace waybill::parsers::patterns {

namespace {

// Of one pattern: its program and the states of its automaton that RE2 keeps. What does not fit is
// matched without states, more slowly and still in linear time.
constexpr int64_t kMostMemory = 1 << 20;

re2::StringPiece piece_of(std::string_view text) { return {text.data(), text.size()}; }

RE2::Options options() {
  RE2::Options options;
  options.set_log_errors(false);
  options.set_longest_match(false);
  options.set_dot_nl(true);
  options.set_max_mem(kMostMemory);
  return options;
}

class Regex final : public Engine {
 public:
  Regex(std::string_view written, RegexText text)
      : written_(written), text_(std::move(text)), re_(piece_of(text_.rewritten), options()) {
    if (!re_.ok() || !text_.anchored) return;
    std::string min;
    std::string max;
    // Only their first bytes are of use: what is behind a match is in the line, too.
    if (re_.PossibleMatchRange(&min, &max, 8) && !min.empty() && !max.empty()) {
      first_min_ = static_cast<unsigned char>(min[0]);
      first_max_ = static_cast<unsigned char>(max[0]);
    }
  }

  // What is wrong with it; empty: nothing.
  std::string fault() const {
    if (re_.ok()) return {};
    // Its argument may be all of the pattern, as rewritten: the user has not written that.
    std::string words = re_.error();
    bool own = text_.rewritten == std::string_view(re_.error_arg());
    if (own) words.resize(words.size() - std::min(words.size(), re_.error_arg().size()));
    while (words.ends_with(' ') || words.ends_with(':')) words.pop_back();
    std::string said = fmt::format("no regular expression of RE2's: {}", plain(words));
    return text_.foreign.empty() ? said : fmt::format("{}: {}", said, text_.foreign);
  }

  const std::vector<std::string>& names() const override { return text_.names; }

  bool match(std::string_view line, Arena&, Match& match) const override {
    if (!may_match(line)) return false;
    std::array<re2::StringPiece, kMostGroups + 1> found;
    size_t count = text_.names.size() + 1;
    auto anchor = text_.anchored ? RE2::ANCHOR_START : RE2::UNANCHORED;
    if (!re_.Match(piece_of(line), 0, line.size(), anchor, found.data(), static_cast<int>(count))) {
      return false;
    }
    match.whole = found[0].size() == line.size();
    for (size_t i = 1; i < count; ++i) {
      match.groups[i - 1] = {found[i].data(), found[i].size()};
    }
    return true;
  }

  std::string why_not(std::string_view line) const override {
    std::string missing;
    if (!text_.prefix.empty() && !line.starts_with(text_.prefix)) {
      return fmt::format("the line does not begin with {}", shown(text_.prefix));
    }
    if (!text_.literal.empty() && line.find(text_.literal) == line.npos) {
      missing = fmt::format("; {} is not in the line", shown(text_.literal));
    }
    for (size_t i = text_.pieces.size(); i-- > 1;) {
      size_t end = text_.pieces[i].rewritten_begin;
      RE2 front(piece_of(std::string_view(text_.rewritten).substr(0, end)), options());
      re2::StringPiece found;
      auto anchor = text_.anchored ? RE2::ANCHOR_START : RE2::UNANCHORED;
      bool got = front.ok() && front.Match(piece_of(line), 0, line.size(), anchor, &found, 1);
      if (!got || found.empty()) continue;
      size_t begin = text_.pieces[i].begin;
      size_t behind = i + 1 < text_.pieces.size() ? text_.pieces[i + 1].begin : written_.size();
      auto reached = static_cast<size_t>(found.data() + found.size() - line.data());
      std::string wanted = shown(std::string_view(written_).substr(begin, behind - begin));
      std::string there = reached == line.size()
                              ? "the line ends"
                              : fmt::format("{} is not that", shown(line.substr(reached)));
      return fmt::format("no match: {} matches {}; {} is wanted behind it, and {}{}",
                         shown(std::string_view(written_).substr(0, begin)),
                         shown({found.data(), found.size()}), wanted, there, missing);
    }
    return "no match" + missing;
  }

  std::string slow() const override {
    if (text_.anchored || !text_.literal.empty()) return {};
    return "it has neither ^ at its beginning nor a literal that must be in the line, so every "
           "line is searched from end to end: begin it with ^, or with the text that its lines "
           "have in common";
  }

 private:
  // What most lines of other forms fail at, without a call of RE2.
  bool may_match(std::string_view line) const {
    if (first_min_ > 0 || first_max_ < 255) {
      if (line.empty()) return false;
      auto first = static_cast<unsigned char>(line.front());
      if (first < first_min_ || first > first_max_) return false;
    }
    if (!text_.prefix.empty() && !line.starts_with(text_.prefix)) return false;
    return text_.literal.empty() ||
           memmem(line.data(), line.size(), text_.literal.data(), text_.literal.size()) != nullptr;
  }

  std::string written_;
  RegexText text_;
  RE2 re_;
  unsigned char first_min_ = 0;
  unsigned char first_max_ = 255;
};

}  // namespace

Result<std::unique_ptr<Engine>> make_regex(std::string_view regex) {
  auto text = rewrite(regex);
  if (!text) return std::move(text).error();
  auto made = std::make_unique<Regex>(regex, std::move(*text));
  std::string fault = made->fault();
  if (!fault.empty()) return Error{Action::kFixConfig, std::move(fault)};
  return std::unique_ptr<Engine>(std::move(made));
}

}  // namespace waybill::parsers::patterns
