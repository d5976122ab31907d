// SPDX-License-Identifier: Apache-2.0
#include "parsers/patterns/regex_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/ascii.h"
#include "parsers/common/pairs.h"
#include "parsers/patterns/engine.h"

namespace waybill::parsers::patterns {

namespace {

bool is_alphanumeric(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

constexpr const char* kLook =
    "it looks around without taking anything (?=…) (?!…) (?<=…) (?<!…), which RE2 does not have, "
    "as it could not promise linear time: let the pattern take that text as well, outside of the "
    "named groups, or write two patterns";
constexpr const char* kBackreference =
    "it refers back to a group, which RE2 does not have, as it could not promise linear time: "
    "write what stands there out again";
constexpr const char* kAtomic =
    "it has an atomic group (?>…), which RE2 does not have and does not need, as it never goes "
    "back: write (?:…)";
constexpr const char* kPossessive =
    "it has a possessive quantifier (a++), which RE2 does not have and does not need, as it never "
    "goes back: write a+";
constexpr const char* kOther =
    "it has a construct of other regular expressions that RE2 does not have (conditions, "
    "recursion, comments, free spacing, callouts): write it without";

class Scanner {
 public:
  explicit Scanner(std::string_view regex) : in_(regex) {}

  Result<RegexText> scan() {
    while (at_ < in_.size()) {
      char c = in_[at_];
      if (c == '(') {
        if (auto opened = open(); !opened) return std::move(opened).error();
      } else if (c == '\\') {
        escape();
      } else if (c == '[') {
        begin_atom(false);
        take(class_size());
      } else if (size_t size = quantifier_size(); size > 0) {
        quantify(size);
      } else {
        single(c);
      }
    }
    end_run();
    if (single_bytes_) {
      return Error{Action::kFixConfig,
                   "\\C takes a single byte, and values are of whole characters: write . instead"};
    }
    if (alternation_) {
      out_.anchored = false;
      out_.pieces.clear();
    }
    if (alternation_ || folds_case_) out_.literal.clear();
    if (!out_.anchored || alternation_ || folds_case_) out_.prefix.clear();
    return std::move(out_);
  }

 private:
  void take(size_t size) {
    size = std::min(size, in_.size() - at_);
    out_.rewritten += in_.substr(at_, size);
    at_ += size;
  }
  std::string_view rest() const { return in_.substr(at_); }
  void foreign(const char* what) {
    if (out_.foreign.empty()) out_.foreign = what;
  }

  // An atom of the top begins here. Literals that stand together are one piece.
  void begin_atom(bool literal) {
    if (depth_ > 0) return;
    if (!(literal && in_literals_)) out_.pieces.push_back({at_, out_.rewritten.size()});
    in_literals_ = literal;
    if (!literal) end_run();
  }

  void end_run() {
    if (run_.size() > out_.literal.size()) out_.literal = run_;
    if (run_at_start_) out_.prefix = run_;
    run_at_start_ = false;
    run_.clear();
  }

  // A literal at the top counts as required, unless what stands behind it makes it optional.
  void literal(std::string_view character, size_t size) {
    begin_atom(true);
    take(size);
    if (depth_ > 0) return;
    size_t quantifier = quantifier_size();
    bool some = quantifier > 0 && in_[at_] == '+';
    if (quantifier == 0 || some) run_ += character;
    if (quantifier > 0) end_run();
  }

  void single(char c) {
    switch (c) {
      case ')':
        depth_ -= depth_ > 0 ? 1 : 0;
        take(1);
        return;
      case '|':
        if (depth_ == 0) alternation_ = true;
        end_run();
        take(1);
        return;
      case '^':
        if (depth_ == 0 && out_.pieces.empty() && !many_lines_)
          out_.anchored = run_at_start_ = true;
        [[fallthrough]];
      case '$':
      case '.': zero_or_any(c); return;
      default: break;
    }
    auto byte = static_cast<unsigned char>(c);
    size_t size = byte < 0xC0 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
    literal(rest().substr(0, size), size);
  }

  void zero_or_any(char c) {
    bool starts = c == '^' && run_at_start_;
    begin_atom(false);
    run_at_start_ = starts;
    take(1);
  }

  void escape() {
    char c = at_ + 1 < in_.size() ? in_[at_ + 1] : '\0';
    if (c == 'Q') {  // literal up to \E
      begin_atom(false);
      size_t end = in_.find("\\E", at_);
      take(end == in_.npos ? in_.size() : end + 2 - at_);
      return;
    }
    if ((c >= '1' && c <= '9') || c == 'k' || c == 'g') foreign(kBackreference);
    if (std::string_view("ZGKRhHXN").find(c) != std::string_view::npos) foreign(kOther);
    if (c != '\0' && !is_alphanumeric(c) && static_cast<unsigned char>(c) < 0x80) {
      literal(in_.substr(at_ + 1, 1), 2);
      return;
    }
    if (c == 'A' && depth_ == 0 && out_.pieces.empty()) {
      out_.anchored = true;
      begin_atom(false);
      run_at_start_ = true;
      take(2);
      return;
    }
    if (c == 'C') single_bytes_ = true;
    begin_atom(false);
    take(escape_size(c));
  }

  // Of the escape that begins here: "\\d", "\\x41", "\\x{2603}", "\\pL", "\\p{Greek}", "\\012".
  size_t escape_size(char c) const {
    bool braces = at_ + 2 < in_.size() && in_[at_ + 2] == '{';
    if ((c == 'p' || c == 'P' || c == 'x') && braces) {
      size_t end = in_.find('}', at_);
      return (end == in_.npos ? in_.size() : end + 1) - at_;
    }
    if (c == 'x') return 4;
    if (c == 'p' || c == 'P') return 3;
    size_t size = 2;
    while (is_digit(c) && size < 4 && at_ + size < in_.size() && is_digit(in_[at_ + size])) ++size;
    return size;
  }

  // Of the class that begins here, brackets included.
  size_t class_size() const {
    size_t i = at_ + 1;
    if (i < in_.size() && in_[i] == '^') ++i;
    if (i < in_.size() && in_[i] == ']') ++i;
    while (i < in_.size() && in_[i] != ']') {
      if (in_.substr(i).starts_with("[:")) {
        size_t end = in_.find(":]", i + 2);
        if (end != in_.npos) {
          i = end + 2;
          continue;
        }
      }
      i += in_[i] == '\\' ? 2 : 1;
    }
    return i + 1 - at_;
  }

  // Of the quantifier that begins here, a lazy one's question mark included; 0: there is none.
  size_t quantifier_size() const {
    if (at_ >= in_.size()) return 0;
    size_t i = at_;
    if (in_[i] == '{') {
      size_t digits = 0;
      for (++i; i < in_.size() && (is_digit(in_[i]) || (in_[i] == ',' && digits > 0)); ++i)
        ++digits;
      if (digits == 0 || i >= in_.size() || in_[i] != '}') return 0;
    } else if (in_[i] != '*' && in_[i] != '+' && in_[i] != '?') {
      return 0;
    }
    ++i;
    return i + (i < in_.size() && in_[i] == '?' ? 1 : 0) - at_;
  }

  void quantify(size_t size) {
    if (rest().substr(size).starts_with('+')) foreign(kPossessive);
    // "^*" need not be at the beginning.
    if (depth_ == 0 && run_at_start_ && run_.empty()) out_.anchored = run_at_start_ = false;
    in_literals_ = false;
    take(size);
  }

  // What begins with '('.
  Result<void> open() {
    begin_atom(false);
    std::string_view text = rest();
    if (text.starts_with("(?=") || text.starts_with("(?!") || text.starts_with("(?<=") ||
        text.starts_with("(?<!")) {
      foreign(kLook);
    } else if (text.starts_with("(?>")) {
      foreign(kAtomic);
    } else if (text.starts_with("(?P=")) {
      foreign(kBackreference);
    } else if (text.starts_with("(?P<") || text.starts_with("(?<")) {
      return named(text.find('<') + 1);
    } else if (text.starts_with("(?")) {
      return flags();
    }
    ++depth_;
    if (text.starts_with("(?")) {
      take(2);
    } else {
      out_.rewritten += "(?:";
      ++at_;
    }
    return {};
  }

  Result<void> named(size_t name_begin) {
    size_t end = in_.find('>', at_ + name_begin);
    std::string_view name =
        end == in_.npos ? rest() : in_.substr(at_ + name_begin, end - at_ - name_begin);
    auto wrong = [](std::string what) { return Error{Action::kFixConfig, std::move(what)}; };
    if (end == in_.npos || !is_key(name)) {
      return wrong(
          fmt::format("{} is no name of a group: write (?P<name>…), of letters, digits and "
                      "_.-@/, and no digit first",
                      shown(name)));
    }
    if (std::find(out_.names.begin(), out_.names.end(), name) != out_.names.end()) {
      return wrong(
          fmt::format("two groups are called {}: give one another name, or write two "
                      "patterns",
                      shown(name)));
    }
    out_.names.emplace_back(name);
    if (out_.names.size() > kMostGroups) {
      return wrong(fmt::format(
          "more than {} named groups: leave the names out of what nobody needs", kMostGroups));
    }
    out_.rewritten += fmt::format("(?P<g{}>", out_.names.size());
    at_ = end + 1;
    ++depth_;
    return {};
  }

  // "(?i)", "(?s-i:", and whatever else begins with "(?".
  Result<void> flags() {
    size_t end = in_.find_first_not_of("imsUx-", at_ + 2);
    char behind = end == in_.npos ? '\0' : in_[end];
    std::string_view letters = in_.substr(at_ + 2, std::min(end, in_.size()) - at_ - 2);
    if (behind != ')' && behind != ':') {
      foreign(kOther);
      ++depth_;
      take(2);
      return {};
    }
    if (letters.find('x') != letters.npos) foreign(kOther);
    if (letters.find('i') != letters.npos) folds_case_ = true;
    if (letters.find('m') != letters.npos) many_lines_ = true;
    // Flags alone are no atom: a ^ behind them still is the first thing.
    if (behind == ')' && depth_ == 0 && !out_.pieces.empty()) out_.pieces.pop_back();
    if (behind == ':') ++depth_;
    take(end + 1 - at_);
    return {};
  }

  std::string_view in_;
  size_t at_ = 0;
  int depth_ = 0;
  bool alternation_ = false;  // at the top
  bool folds_case_ = false;
  bool many_lines_ = false;   // ^ matches behind line ends, too
  bool in_literals_ = false;  // the last piece is a run of literals
  bool run_at_start_ = false;
  bool single_bytes_ = false;
  std::string run_;  // of literals that have to stand together
  RegexText out_;
};

}  // namespace

Result<RegexText> rewrite(std::string_view regex) { return Scanner(regex).scan(); }

}  // namespace waybill::parsers::patterns
