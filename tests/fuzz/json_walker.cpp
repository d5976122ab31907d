// SPDX-License-Identifier: Apache-2.0
// JsonWalker against RFC 8259 (oracle.cpp) and against simdjson's DOM: what is accepted, and every
// key, value, type and duplicate. Then the record made of the line has to be JSON again.
//
// The DOM refuses two things that RFC 8259 allows, and we take: numbers beyond a double or 64 bits
// (NUMBER_ERROR; then only the grammar is compared), and unpaired surrogate escapes, which are
// made "\uFFFD" before it sees them, as our own decoder reads them.
#include <simdjson.h>

#include <charconv>
#include <cstdlib>
#include <cstring>
#include <set>
#include <string>
#include <vector>

#include "core/canonical.h"
#include "core/json_text.h"
#include "core/json_walker.h"
#include "core/test_support.h"
#include "tests/fuzz/target.h"

namespace waybill::fuzz {

namespace {

using simdjson::dom::element;
using simdjson::dom::element_type;

constexpr size_t kDomDepth = 5000;

// The four hex digits behind a "\u" at `at`, or -1.
long escape_at(const std::string& text, size_t at) {
  if (at + 6 > text.size() || text[at] != '\\' || text[at + 1] != 'u') return -1;
  char* end = nullptr;
  std::string digits = text.substr(at + 2, 4);
  if (digits.find_first_not_of("0123456789abcdefABCDEF") != digits.npos) return -1;
  return std::strtol(digits.c_str(), &end, 16);
}

std::string without_lone_surrogates(std::string text) {
  for (size_t i = 0; i + 1 < text.size(); ++i) {
    if (text[i] != '\\') continue;
    long point = escape_at(text, i);
    if (point < 0xD800 || point > 0xDFFF) {
      ++i;  // whatever is escaped is no beginning of an escape
      continue;
    }
    long low = point < 0xDC00 ? escape_at(text, i + 6) : -1;
    if (low >= 0xDC00 && low <= 0xDFFF) {
      i += 11;
    } else {
      text.replace(i + 2, 4, "FFFD");
      i += 5;
    }
  }
  return text;
}

std::string decoded(std::string_view inside) {
  std::string out(inside.size(), '\0');
  out.resize(static_cast<size_t>(decode_json(inside, out.data()) - out.data()));
  return out;
}

class Comparison {
 public:
  explicit Comparison(const char* line) : line_(line) {}
  uint32_t duplicates = 0;

  void value(const Token* token, element dom) {
    std::string text(line_ + token->value, token->value_size);
    switch (dom.type()) {
      case element_type::OBJECT: return object(token, dom);
      case element_type::ARRAY: return array(token, dom);
      case element_type::STRING:
        FUZZ_CHECK(token->type == JsonType::kString);
        FUZZ_CHECK(decoded(std::string_view(text).substr(1, text.size() - 2)) ==
                   std::string_view(dom));
        FUZZ_CHECK(token->has(Token::kValueEscaped) == (text.find('\\') != text.npos));
        return;
      case element_type::INT64: return number<int64_t>(token, text, dom);
      case element_type::UINT64: return number<uint64_t>(token, text, dom);
      case element_type::DOUBLE:
        FUZZ_CHECK(token->type == JsonType::kNumber);
        FUZZ_CHECK(std::strtod(text.c_str(), nullptr) == double(dom));
        return;
      case element_type::BOOL:
        FUZZ_CHECK(token->type == (bool(dom) ? JsonType::kTrue : JsonType::kFalse));
        FUZZ_CHECK(text == (bool(dom) ? "true" : "false"));
        return;
      case element_type::NULL_VALUE: FUZZ_CHECK(token->type == JsonType::kNull && text == "null");
    }
  }

 private:
  template <typename T>
  void number(const Token* token, const std::string& text, element dom) {
    FUZZ_CHECK(token->type == JsonType::kNumber);
    T value{};
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    FUZZ_CHECK(error == std::errc{} && end == text.data() + text.size());
    FUZZ_CHECK(value == T(dom));
  }

  void array(const Token* token, element dom) {
    FUZZ_CHECK(token->type == JsonType::kArray);
    FUZZ_CHECK(line_[token->value] == '[' && line_[token->value + token->value_size - 1] == ']');
    const Token* child = token + 1;
    for (element each : simdjson::dom::array(dom)) {
      FUZZ_CHECK(child < token + token->span);
      FUZZ_CHECK(!child->has(Token::kHasKey) && child->depth == token->depth + 1);
      value(child, each);
      child += child->span;
    }
    FUZZ_CHECK(child == token + token->span);
  }

  void object(const Token* token, element dom) {
    FUZZ_CHECK(token->type == JsonType::kObject);
    FUZZ_CHECK(line_[token->value] == '{' && line_[token->value + token->value_size - 1] == '}');
    const Token* child = token + 1;
    std::vector<std::pair<std::string, const Token*>> members;
    for (auto field : simdjson::dom::object(dom)) {
      FUZZ_CHECK(child < token + token->span);
      FUZZ_CHECK(child->has(Token::kHasKey) && child->depth == token->depth + 1);
      std::string_view key(line_ + child->key, child->key_size);
      FUZZ_CHECK(line_[child->key - 1] == '"' && line_[child->key + child->key_size] == '"');
      FUZZ_CHECK(child->has(Token::kKeyEscaped) == (key.find('\\') != key.npos));
      members.emplace_back(decoded(key), child);
      FUZZ_CHECK(members.back().first == field.key);
      value(child, field.value);
      child += child->span;
    }
    FUZZ_CHECK(child == token + token->span);
    std::set<std::string> later;
    for (auto member = members.rbegin(); member != members.rend(); ++member) {
      bool twin = !later.insert(member->first).second;
      FUZZ_CHECK(member->second->has(Token::kDuplicate) == twin);
      FUZZ_CHECK(member->second->has(Token::kCut) == twin);
      if (twin) FUZZ_CHECK(token->has(Token::kHasCut));
      duplicates += twin;
    }
  }

  const char* line_;
};

// The record of the line without anything lifted: no key twice, and JSON like the line.
void check_copy(const testing::Lines& record) {
  std::string copy = record.context();
  int depth = 0;
  FUZZ_CHECK(is_json(copy, depth));
  testing::Lines again;
  WalkOutcome outcome;
  again.put_json(copy, &outcome);
  FUZZ_CHECK(outcome == WalkOutcome::kObject);
  FUZZ_CHECK(again.record().marks.duplicate_keys == 0);
}

}  // namespace

void json_walker(std::string_view input) {
  testing::Lines lines;
  WalkOutcome outcome;
  Record& record = lines.put_json(input, &outcome);
  int depth = 0;
  bool valid = is_json(input, depth);
  bool object = valid && input[input.find_first_not_of(" \t\r\n")] == '{';
  bool taken = outcome == WalkOutcome::kObject;
  FUZZ_CHECK(taken == (object && depth <= static_cast<int>(JsonWalker::kMaxDepth)));
  if (object && !taken) FUZZ_CHECK(outcome == WalkOutcome::kTooDeep);
  if (outcome == WalkOutcome::kBadUtf8) FUZZ_CHECK(!is_utf8(input));
  if (!taken) FUZZ_CHECK(record.token_count == 0);

  simdjson::dom::parser parser;
  FUZZ_CHECK(parser.allocate(input.size() + 1, kDomDepth) == simdjson::SUCCESS);
  simdjson::padded_string copy(without_lone_surrogates(std::string(input)));
  element root;
  auto error = parser.parse(copy).get(root);
  bool dom_object = error == simdjson::SUCCESS && root.type() == element_type::OBJECT;
  if (error == simdjson::NUMBER_ERROR) dom_object = taken;
  FUZZ_CHECK(taken == (dom_object && depth <= static_cast<int>(JsonWalker::kMaxDepth)));
  if (!taken) return;
  check_copy(lines);
  if (error != simdjson::SUCCESS) return;
  Comparison comparison(record.json);
  comparison.value(lines.batch().tokens_of(record), root);
  FUZZ_CHECK(comparison.duplicates == record.marks.duplicate_keys);
}

}  // namespace waybill::fuzz
