// SPDX-License-Identifier: Apache-2.0
#include "contract/automaton_tree.h"

#include <algorithm>

#include "core/ascii.h"

namespace waybill::contract {

namespace {

constexpr uint32_t kLastPoint = 0x10FFFF;
constexpr int kMostDepth = 40;

using Set = std::vector<PointRange>;

Set ordered(Set set) {
  std::sort(set.begin(), set.end(),
            [](const PointRange& a, const PointRange& b) { return a.first < b.first; });
  Set out;
  for (const PointRange& range : set) {
    if (!out.empty() && range.first <= out.back().last + 1) {
      out.back().last = std::max(out.back().last, range.last);
    } else {
      out.push_back(range);
    }
  }
  return out;
}

Set complement(const Set& set) {
  Set out;
  uint32_t next = 0;
  for (const PointRange& range : ordered(set)) {
    if (range.first > next) out.push_back({next, range.first - 1});
    next = range.last + 1;
  }
  if (next <= kLastPoint) out.push_back({next, kLastPoint});
  return out;
}

// Every function returns false, or null, for what it has no word for.
class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  std::optional<PatternTree> run() {
    PatternTree tree;
    tree.from_start = eat("\\A");
    if (text_.ends_with("\\z") && !text_.ends_with("\\\\z")) {
      tree.to_end = true;
      text_.remove_suffix(2);
    }
    bool choice = false;
    tree.root = alternatives(0, choice);
    // "^a|b$": each anchor belongs to one of them.
    bool split = choice && (tree.from_start || tree.to_end);
    if (!tree.root || split || at_ != text_.size()) return std::nullopt;
    return tree;
  }

 private:
  using Made = std::unique_ptr<PatternNode>;
  using Kind = PatternNode::Kind;

  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool eat(std::string_view word) {
    if (!text_.substr(at_).starts_with(word)) return false;
    at_ += word.size();
    return true;
  }

  Made alternatives(int depth, bool& several) {
    if (depth > kMostDepth) return nullptr;
    auto all = std::make_unique<PatternNode>();
    all->kind = Kind::kChoice;
    do {
      auto one = sequence(depth);
      if (!one) return nullptr;
      all->parts.push_back(std::move(one));
    } while (eat("|"));
    several = all->parts.size() > 1;
    return several ? std::move(all) : std::move(all->parts.front());
  }

  Made sequence(int depth) {
    auto all = std::make_unique<PatternNode>();
    while (at_ < text_.size() && peek() != '|' && peek() != ')') {
      auto one = atom(depth);
      if (!one) return nullptr;
      one = repeated(std::move(one));
      if (!one) return nullptr;
      all->parts.push_back(std::move(one));
    }
    return all;
  }

  Made atom(int depth) {
    if (eat("(?:")) {
      bool several = false;
      auto inside = alternatives(depth + 1, several);
      return inside && eat(")") ? std::move(inside) : nullptr;
    }
    auto made = std::make_unique<PatternNode>();
    made->kind = Kind::kSet;
    bool right = eat("[") ? set(made->set) : item(made->set);
    made->set = ordered(std::move(made->set));
    return right ? std::move(made) : nullptr;
  }

  Made repeated(Made one) {
    uint32_t least = 0;
    uint32_t most = PatternNode::kEndless;
    if (eat("?")) {
      most = 1;
    } else if (eat("+")) {
      least = 1;
    } else if (eat("{")) {
      least = number();
      most = eat(",") ? (is_digit(peek()) ? number() : PatternNode::kEndless) : least;
      if (!eat("}")) return nullptr;
    } else if (!eat("*")) {
      return one;
    }
    eat("?");  // lazy ones match the same texts
    auto made = std::make_unique<PatternNode>();
    made->kind = Kind::kRepeat;
    made->least = least;
    made->most = most;
    made->parts.push_back(std::move(one));
    return made;
  }

  uint32_t number() {
    uint32_t value = 0;
    while (is_digit(peek())) value = std::min(value * 10 + uint32_t(text_[at_++] - '0'), 100'000u);
    return value;
  }

  // The inside of a class, behind its bracket.
  bool set(Set& out) {
    bool negated = eat("^");
    while (!eat("]")) {
      size_t before = out.size();
      if (!item(out)) return false;
      bool point = out.size() == before + 1 && out.back().first == out.back().last;
      if (!point || peek() != '-') continue;
      ++at_;
      Set end;
      if (!item(end) || end.size() != 1) return false;
      out.back().last = end.front().last;
    }
    if (negated) out = complement(out);
    return true;
  }

  // One character, or a set by its letter.
  bool item(Set& out) {
    if (at_ >= text_.size()) return false;
    char c = text_[at_++];
    if (c != '\\') {
      out.push_back({static_cast<unsigned char>(c), static_cast<unsigned char>(c)});
      return (c & 0x80) == 0;
    }
    Set digits = {{'0', '9'}};
    Set words = {{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}};
    auto add = [&](const Set& set) {
      out.insert(out.end(), set.begin(), set.end());
      return true;
    };
    auto point = [&](uint32_t value) { return add({{value, value}}); };
    if (at_ >= text_.size()) return false;
    switch (text_[at_++]) {
      case 'd': return add(digits);
      case 'D': return add(complement(digits));
      case 'w': return add(words);
      case 'W': return add(complement(words));
      case 't': return point('\t');
      case 'n': return point('\n');
      case 'r': return point('\r');
      case 'x': break;
      default: return false;  // \A, \z, \b, \p{…}
    }
    bool braces = eat("{");
    uint32_t value = 0;
    for (int i = 0; braces ? peek() != '}' : i < 2; ++i) {
      int digit = hex_value(peek());
      if (digit < 0 || i > 6) return false;
      value = value << 4 | static_cast<uint32_t>(digit);
      ++at_;
    }
    if (braces) ++at_;
    return point(value);
  }

  std::string_view text_;
  size_t at_ = 0;
};

}  // namespace

std::optional<PatternTree> parse_pattern(std::string_view re2) { return Parser(re2).run(); }

}  // namespace waybill::contract
