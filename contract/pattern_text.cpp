// SPDX-License-Identifier: Apache-2.0
// ECMA-262 patterns in RE2's words.
//
// What the flag u forbids, but everybody writes and every engine takes without it, is taken as a
// literal: escaped punctuation, a brace or bracket by itself, a hyphen beside a set.
#include <fmt/format.h>

#include <optional>
#include <vector>

#include "contract/pattern.h"
#include "contract/pattern_property.h"
#include "core/ascii.h"

namespace waybill::contract {

namespace {

constexpr std::string_view kNothing = "[^\\x00-\\x{10FFFF}]";
constexpr std::string_view kAnything = "[\\x00-\\x{10FFFF}]";
constexpr uint32_t kLastPoint = 0x10FFFF;
// RE2 repeats nothing more often.
constexpr uint32_t kMostRepeats = 1000;
// In RE2's words: some properties are thousands of characters long there.
constexpr size_t kMostText = size_t{1} << 19;

bool is_surrogate(uint32_t point) { return point >= 0xD800 && point <= 0xDFFF; }

class Translator {
 public:
  Translator(std::string_view text, bool only_judge) : text_(text), only_judge_(only_judge) {}

  Translated run() {
    while (at_ < text_.size() && done_.invalid.empty()) {
      term();
      done_.too_large |= done_.re2.size() > kMostText;
      if (done_.too_large) return std::move(done_);
    }
    if (done_.invalid.empty() && !groups_.empty()) invalid("a group has no end: \")\" is missing");
    return std::move(done_);
  }

 private:
  // A member of a class: one code point, or a set already written in RE2's words.
  struct Item {
    std::optional<uint32_t> point;
    std::string set;
  };

  char peek(size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }
  bool eat(std::string_view word) {
    if (!text_.substr(at_).starts_with(word)) return false;
    at_ += word.size();
    return true;
  }
  void put(std::string_view re2) {
    if (!only_judge_) done_.re2 += re2;
  }
  void invalid(std::string why) {
    if (done_.invalid.empty()) done_.invalid = std::move(why);
  }
  void refuse(std::string construct) {
    if (done_.refused.empty()) done_.refused = std::move(construct);
  }
  void term() {
    char c = peek();
    switch (c) {
      case '(': return group();
      case ')':
        if (groups_.empty()) return invalid("\")\" closes no group: write \\)");
        quantifiable_ = groups_.back();
        groups_.pop_back();
        ++at_;
        return put(")");
      case '|': return simple("|", false);
      case '^': return simple("\\A", false);
      case '$': return simple("\\z", false);
      case '.': return simple("[^\\n\\r\\x{2028}\\x{2029}]", true);
      case '[': return character_class();
      case '\\': return escape();
      case '*':
      case '+':
      case '?': return quantifier({&c, 1}, 1);
      case '{':
        if (braces()) return;
        [[fallthrough]];
      default: quantifiable_ = true; return put(quoted_point(code_point()));
    }
  }

  void simple(std::string_view re2, bool quantifiable) {
    ++at_;
    put(re2);
    quantifiable_ = quantifiable;
  }

  void group() {
    ++at_;
    bool quantifiable = true;
    if (eat("?=") || eat("?!")) {
      refuse(fmt::format("the look-ahead {}", text_.substr(at_ - 3, 3)));
      quantifiable = false;
    } else if (eat("?<=") || eat("?<!")) {
      refuse(fmt::format("the look-behind {}", text_.substr(at_ - 4, 4)));
      quantifiable = false;
    } else if (eat("?<")) {
      size_t begin = at_;
      while (is_letter(peek()) || is_digit(peek()) || peek() == '_' || peek() == '$' ||
             (peek() & 0x80) != 0) {
        ++at_;
      }
      if (at_ == begin || is_digit(text_[begin]) || !eat(">")) {
        return invalid("a group's name must be letters and digits between < and >");
      }
    } else if (peek() == '?' && !eat("?:")) {
      refuse("a group with flags (?…:)");
      ++at_;
      while (std::string_view("ims-").find(peek()) != text_.npos) ++at_;
      if (!eat(":")) return invalid("\"(?\" begins nothing that ECMA-262 knows");
    }
    groups_.push_back(quantifiable);
    quantifiable_ = false;
    put("(?:");
  }

  void quantifier(std::string_view re2, size_t size) {
    if (!quantifiable_)
      return invalid(fmt::format("nothing is there that \"{}\" could repeat", re2));
    put(re2);
    at_ += size;
    if (eat("?")) put("?");
    quantifiable_ = false;
  }

  // {n}, {n,} or {n,m}; else a brace is a brace.
  bool braces() {
    size_t end = at_ + 1;
    auto number = [&]() -> std::optional<uint32_t> {
      std::optional<uint32_t> value;
      while (end < text_.size() && is_digit(text_[end])) {
        uint32_t digit = static_cast<uint32_t>(text_[end++] - '0');
        value = std::min<uint32_t>(value.value_or(0) * 10 + digit, 1'000'000);
      }
      return value;
    };
    auto least = number();
    if (!least) return false;
    auto most = least;
    if (end < text_.size() && text_[end] == ',') {
      ++end;
      most = number();
    }
    if (end >= text_.size() || text_[end] != '}') return false;
    std::string_view whole = text_.substr(at_, end + 1 - at_);
    if (most && *most < *least) {
      invalid(fmt::format("the repetition {} has its numbers in the wrong order", whole));
    } else if (std::max(*least, most.value_or(0)) > kMostRepeats) {
      refuse(fmt::format("the repetition {} of more than {} times", whole, kMostRepeats));
      quantifier("*", whole.size());
    } else {
      // Not as it was written: RE2 takes {00} for text.
      std::string behind = most == least ? "" : most ? fmt::format(",{}", *most) : ",";
      quantifier(fmt::format("{{{}{}}}", *least, behind), whole.size());
    }
    return true;
  }

  // The code point here, of valid UTF-8.
  uint32_t code_point() {
    auto first = static_cast<unsigned char>(text_[at_++]);
    if (first < 0x80) return first;
    int more = first >= 0xF0 ? 3 : first >= 0xE0 ? 2 : 1;
    uint32_t point = first & (0x3Fu >> more);
    while (more-- > 0 && at_ < text_.size()) {
      point = point << 6 | (static_cast<unsigned char>(text_[at_++]) & 0x3Fu);
    }
    return point;
  }

  void escape() {
    char c = peek(1);
    if (c == 'b' || c == 'B') {
      ++at_;
      return simple(c == 'b' ? "\\b" : "\\B", false);
    }
    if ((c >= '1' && c <= '9') || (c == 'k' && peek(2) == '<')) {
      refuse(fmt::format("the back-reference \\{}", c == 'k' ? "k" : std::string(1, c)));
      ++at_;
      if (peek() == 'k') {
        while (at_ < text_.size() && peek() != '>') ++at_;
        ++at_;
      } else {
        while (is_digit(peek())) ++at_;
      }
      quantifiable_ = true;
      return;
    }
    Item item = escaped();
    quantifiable_ = true;
    if (!item.point) return put(item.set.empty() ? std::string(kNothing) : '[' + item.set + ']');
    put(is_surrogate(*item.point) ? std::string(kNothing) : quoted_point(*item.point));
  }

  void character_class() {
    ++at_;
    bool negated = eat("^");
    std::string inside;
    while (peek() != ']') {
      if (at_ >= text_.size()) return invalid("a class has no end: \"]\" is missing");
      Item item = class_item();
      done_.too_large |= inside.size() > kMostText;
      if (!done_.invalid.empty() || done_.too_large) return;
      bool range = peek() == '-' && at_ + 1 < text_.size() && peek(1) != ']';
      if (!range || !item.point) {
        append(inside, item);
        continue;
      }
      ++at_;
      Item end = class_item();
      if (!done_.invalid.empty()) return;
      if (!end.point) {
        append(inside, item);
        append(inside, Item{uint32_t{'-'}, {}});
        append(inside, end);
        continue;
      }
      if (*end.point < *item.point) return invalid("a range in a class is in the wrong order");
      append_range(inside, *item.point, *end.point);
    }
    ++at_;
    quantifiable_ = true;
    if (inside.empty()) return put(negated ? kAnything : kNothing);
    put(negated ? "[^" : "[");
    put(inside);
    put("]");
  }

  static void append(std::string& inside, const Item& item) {
    if (!item.point) {
      inside += item.set;
    } else if (!is_surrogate(*item.point)) {  // which valid UTF-8 has not
      inside += quoted_point(*item.point);
    }
  }

  Item class_item() {
    if (peek() != '\\') return {code_point(), {}};
    if (peek(1) == 'b') return at_ += 2, Item{8, {}};
    return escaped();
  }

  // What a backslash begins, in a class and outside.
  Item escaped() {
    if (++at_ >= text_.size()) {
      invalid("a backslash at the end: write \\\\");
      return {0, {}};
    }
    char c = peek();
    switch (c) {
      case 'd':
      case 'D':
      case 'w':
      case 'W': ++at_; return {{}, std::string("\\") + c};
      case 's': ++at_; return {{}, std::string(kBlanks)};
      case 'S': ++at_; return {{}, std::string(kNoBlanks)};
      case 't': ++at_; return {'\t', {}};
      case 'n': ++at_; return {'\n', {}};
      case 'v': ++at_; return {'\v', {}};
      case 'f': ++at_; return {'\f', {}};
      case 'r': ++at_; return {'\r', {}};
      case 'p':
      case 'P': return property();
      case 'c':
        if (!is_letter(peek(1))) break;
        at_ += 2;
        return {static_cast<uint32_t>(text_[at_ - 1]) & 31u, {}};
      case 'x':
        ++at_;
        if (auto point = hex(2)) return {*point, {}};
        invalid("\\x wants two hex digits");
        return {0, {}};
      case 'u': ++at_; return {unicode(), {}};
      case '0':
        if (is_digit(peek(1))) break;
        ++at_;
        return {0, {}};
      default: break;
    }
    if (is_letter(c) || is_digit(c)) {
      invalid(fmt::format("\\{} is no escape of ECMA-262", c));
      return {0, {}};
    }
    return {code_point(), {}};
  }

  std::optional<uint32_t> hex(size_t digits) {
    uint32_t value = 0;
    for (size_t i = 0; i < digits; ++i) {
      int digit = hex_value(peek(i));
      if (digit < 0) return std::nullopt;
      value = value << 4 | static_cast<uint32_t>(digit);
    }
    at_ += digits;
    return value;
  }

  uint32_t unicode() {
    if (eat("{")) {
      uint32_t value = 0;
      size_t begin = at_;
      while (hex_value(peek()) >= 0 && value <= kLastPoint) {
        value = value << 4 | static_cast<uint32_t>(hex_value(text_[at_++]));
      }
      if (at_ == begin || value > kLastPoint || !eat("}")) {
        invalid("\\u{…} wants a code point in hex digits, 10FFFF at most");
      }
      return value;
    }
    auto high = hex(4);
    if (!high) return invalid("\\u wants four hex digits, or a code point in braces"), 0u;
    if (*high < 0xD800 || *high > 0xDBFF || !text_.substr(at_).starts_with("\\u")) return *high;
    size_t before = at_;
    at_ += 2;
    auto low = hex(4);
    if (low && *low >= 0xDC00 && *low <= 0xDFFF) {
      return 0x10000 + ((*high - 0xD800) << 10) + (*low - 0xDC00);
    }
    at_ = before;
    return *high;
  }

  Item property() {
    bool negated = peek() == 'P';
    ++at_;
    size_t end = text_.find('}', at_);
    if (peek() != '{' || end == text_.npos) {
      invalid("\\p wants the name of a property in braces");
      return {0, {}};
    }
    std::string_view name = text_.substr(at_ + 1, end - at_ - 1);
    at_ = end + 1;
    if (std::string why = complaint_of_property(name); !why.empty()) {
      invalid(std::move(why));
      return {0, {}};
    }
    return {{}, only_judge_ ? std::string() : property_set(name, negated)};
  }

  std::string_view text_;
  const bool only_judge_;
  size_t at_ = 0;
  Translated done_;
  std::vector<bool> groups_;  // open ones: whether each may be repeated
  bool quantifiable_ = false;
};

}  // namespace

Translated translate(std::string_view ecma) { return Translator(ecma, false).run(); }
bool is_ecma(std::string_view text) { return Translator(text, true).run().invalid.empty(); }

}  // namespace waybill::contract
