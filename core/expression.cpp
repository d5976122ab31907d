// SPDX-License-Identifier: Apache-2.0
// Reading expressions: a lexer of a few kinds of words, and recursive descent of bounded depth.
#include "core/expression.h"

#include <charconv>

namespace waybill {

namespace {

constexpr int kDeepest = 64;

bool is_word_start(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '@';
}
bool is_word(char c) {
  return is_word_start(c) || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '/' || c == '*';
}

}  // namespace

class ExpressionParser {
 public:
  ExpressionParser(std::string_view text, const Expression::MakeMatcher& regex)
      : text_(text), regex_(regex) {}

  Result<Expression> parse() {
    made_.text_ = std::string(text_);
    advance();
    made_.root_ = either(0);
    if (kind_ != Kind::kEnd) fail("expected and, or, or the end");
    if (!fault_.empty()) return Error{Action::kFixConfig, fault_};
    return std::move(made_);
  }

 private:
  using Op = Expression::Op;
  using Node = Expression::Node;
  using Literal = Expression::Literal;
  enum class Kind : uint8_t { kEnd, kWord, kText, kNumber, kSign };

  // The first fault stays; everything comes to its end behind it.
  void fail(std::string what) { fail_at(begin_, std::move(what)); }
  void fail_at(size_t at, std::string what) {
    if (fault_.empty()) fault_ = "column " + std::to_string(at + 1) + ": " + std::move(what);
    kind_ = Kind::kEnd;
    at_ = text_.size();
  }

  void advance() {
    if (!fault_.empty()) return;
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n')) {
      ++at_;
    }
    begin_ = at_;
    kind_ = Kind::kEnd;
    if (at_ == text_.size()) return;
    char c = text_[at_];
    bool number = (c >= '0' && c <= '9') || (c == '-' && at_ + 1 < text_.size());
    if (c == '\'' || c == '"') {
      quoted(c);
    } else if (is_word_start(c)) {
      while (at_ < text_.size() && is_word(text_[at_])) ++at_;
      take(Kind::kWord);
    } else if (number) {
      ++at_;
      while (at_ < text_.size() && (is_word(text_[at_]) || text_[at_] == '+')) ++at_;
      take(Kind::kNumber);
    } else {
      std::string_view two = text_.substr(at_, 2);
      bool pair = two == "==" || two == "!=" || two == "<=" || two == ">=" || two == "=~";
      if (!pair && std::string_view("<>()[],").find(c) == std::string_view::npos) {
        return fail(c == '=' ? "write == to compare" : "nothing can begin with this character");
      }
      at_ += pair ? 2 : 1;
      take(Kind::kSign);
    }
  }
  void take(Kind kind) {
    word_ = std::string(text_.substr(begin_, at_ - begin_));
    kind_ = kind;
  }
  // A backslash before the quote or itself takes their meaning off; before anything else it
  // stands for itself, as in regular expressions.
  void quoted(char quote) {
    word_.clear();
    for (++at_; at_ < text_.size(); ++at_) {
      char c = text_[at_];
      if (c == quote) {
        ++at_;
        kind_ = Kind::kText;
        return;
      }
      if (c == '\\' && at_ + 1 < text_.size() &&
          (text_[at_ + 1] == quote || text_[at_ + 1] == '\\')) {
        if (text_[at_ + 1] == '\\') word_ += '\\';
        c = text_[++at_];
        if (c == '\\') continue;
      }
      word_ += c;
    }
    fail("the quote is not closed");
  }

  bool is(Kind kind, std::string_view word) const { return kind_ == kind && word_ == word; }
  bool skip(Kind kind, std::string_view word) {
    if (!is(kind, word)) return false;
    advance();
    return true;
  }
  uint32_t add(Node node) {
    made_.nodes_.push_back(std::move(node));
    return static_cast<uint32_t>(made_.nodes_.size() - 1);
  }
  uint32_t join(Op op, uint32_t left, uint32_t right) {
    Node node;
    node.op = op;
    node.left = left;
    node.right = right;
    return add(std::move(node));
  }

  uint32_t either(int depth) {
    uint32_t left = both(depth);
    while (skip(Kind::kWord, "or")) left = join(Op::kOr, left, both(depth));
    return left;
  }
  uint32_t both(int depth) {
    uint32_t left = one(depth);
    while (skip(Kind::kWord, "and")) left = join(Op::kAnd, left, one(depth));
    return left;
  }
  uint32_t one(int depth) {
    if (depth > kDeepest || made_.nodes_.size() > 1000) fail("the expression is too deep");
    if (!fault_.empty()) return 0;
    if (skip(Kind::kWord, "not")) return join(Op::kNot, one(depth + 1), 0);
    if (skip(Kind::kSign, "(")) {
      uint32_t inside = either(depth + 1);
      if (fault_.empty() && !skip(Kind::kSign, ")")) fail("a bracket is not closed");
      return inside;
    }
    return comparison();
  }

  uint32_t comparison() {
    if (kind_ != Kind::kWord) {
      fail("expected the path of a field, as level or context.route");
      return 0;
    }
    Result<RecordPath> path = RecordPath::parse(word_);
    if (!path) {
      fail(path.error().what);
      return 0;
    }
    Node node;
    node.path = std::move(*path);
    advance();
    if (skip(Kind::kWord, "exists")) {
      node.op = Op::kExists;
    } else if (skip(Kind::kWord, "in")) {
      node.op = Op::kIn;
      list(node);
    } else if (skip(Kind::kSign, "=~")) {
      node.op = Op::kMatch;
      pattern(node);
    } else {
      constexpr std::string_view kSigns[] = {"==", "!=", "<", "<=", ">", ">="};
      size_t sign = 0;
      while (sign < 6 && !is(Kind::kSign, kSigns[sign])) ++sign;
      if (sign == 6) {
        fail("expected ==, !=, <, <=, >, >=, =~, in or exists behind " + node.path.text());
        return 0;
      }
      node.op = static_cast<Op>(static_cast<size_t>(Op::kEq) + sign);
      advance();
      literal(node);
    }
    return add(std::move(node));
  }

  void list(Node& node) {
    bool round = is(Kind::kSign, "(");
    if (!round && !is(Kind::kSign, "[")) return fail("expected a list, as in [a, b]");
    do {
      advance();
      literal(node);
    } while (fault_.empty() && is(Kind::kSign, ","));
    if (!skip(Kind::kSign, round ? ")" : "]")) fail("the list is not closed");
  }

  void pattern(Node& node) {
    if (kind_ != Kind::kText) return fail("expected a regular expression in quotes");
    Result<Expression::Matcher> matcher = regex_(word_);
    if (!matcher) return fail(matcher.error().what);
    node.matcher = std::move(*matcher);
    advance();
  }

  void literal(Node& node) {
    using ValueKind = FieldValue::Kind;
    if (kind_ == Kind::kEnd || kind_ == Kind::kSign) {
      return fail("expected a text in quotes, a number or a word");
    }
    Literal literal;
    literal.text = word_;
    const char* end = word_.data() + word_.size();
    if (node.path.is_level()) {
      auto severity = severity_of_word(word_);
      if (!severity) return fail("'" + word_ + "' is no level (DEBUG, INFO, WARN, ERROR, FATAL)");
      literal.kind = ValueKind::kLevel;
      literal.level = severity->level;
    } else if (kind_ == Kind::kNumber) {
      auto [stop, error] = std::from_chars(word_.data(), end, literal.number);
      if (error != std::errc() || stop != end) return fail("'" + word_ + "' is no number");
      literal.kind = ValueKind::kNumber;
    } else if (kind_ == Kind::kWord && (word_ == "true" || word_ == "false")) {
      literal.kind = ValueKind::kBool;
      literal.truth = word_ == "true";
    } else if (kind_ == Kind::kWord && word_ == "null") {
      literal.kind = ValueKind::kNull;
    }
    node.literals.push_back(std::move(literal));
    advance();
  }

  std::string_view text_;
  const Expression::MakeMatcher& regex_;
  Expression made_;
  std::string fault_;
  size_t at_ = 0, begin_ = 0;
  Kind kind_ = Kind::kEnd;
  std::string word_;
};

Result<Expression> Expression::parse(std::string_view text, const MakeMatcher& regex) {
  return ExpressionParser(text, regex).parse();
}

}  // namespace waybill
