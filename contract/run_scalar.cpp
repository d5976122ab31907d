// SPDX-License-Identifier: Apache-2.0
// What a schema says of one value by itself.
#include <algorithm>

#include "contract/exact_text.h"
#include "contract/run.h"

namespace waybill::contract {

namespace {

// A number without exponent, of at most 18 digits before its point: what most numbers are.
struct Plain {
  int64_t whole = 0;  // without what stands behind the point
  bool negative = false;
  bool fraction = false;  // something but zeros stands behind it
};
bool read_plain(std::string_view text, Plain& plain) {
  const char* at = text.data();
  const char* const end = at + text.size();
  plain.negative = *at == '-';
  if (plain.negative) ++at;
  const char* const first = at;
  int64_t whole = 0;
  for (; at != end; ++at) {
    auto digit = static_cast<unsigned>(*at - '0');
    if (digit > 9) break;
    if (at - first == 18) return false;
    whole = whole * 10 + digit;
  }
  plain.whole = plain.negative ? -whole : whole;
  if (at == end) return true;
  if (*at != '.') return false;
  while (++at != end) {
    auto digit = static_cast<unsigned>(*at - '0');
    if (digit > 9) return false;
    plain.fraction |= digit != 0;
  }
  return true;
}

bool is_within(std::strong_ordering order, Keyword keyword) {
  switch (keyword) {
    case Keyword::kMinimum: return order >= 0;
    case Keyword::kExclusiveMinimum: return order > 0;
    case Keyword::kMaximum: return order <= 0;
    default: return order < 0;
  }
}

std::strong_ordering compare(const Plain& plain, int64_t bound) {
  auto order = plain.whole <=> bound;
  if (order != 0 || !plain.fraction) return order;
  return plain.negative ? std::strong_ordering::less : std::strong_ordering::greater;
}

}  // namespace

bool Run::has_type(uint32_t types, const Value& value) const {
  if ((types & type_bit(value.type())) != 0) return true;
  if (!value.is(JsonType::kNumber) || (types & kIntegerBit) == 0) return false;
  std::string_view number = value.number();
  bool plain =
      std::all_of(number.begin(), number.end(), [](char c) { return c <= '9' && c != '.'; });
  return plain || Decimal(number).is_integer();
}

bool Run::chosen(const Choice& choice, const Value& value) {
  if (!steps_.take(value.weight())) return false;
  const auto& items = choice.items;
  if (choice.short_list) {
    if (!value.is(JsonType::kString)) return false;
    std::string_view text = exact(value.text(), scratch_.text_);
    for (const Choice::Item& item : items) {
      if (item.value.text().bytes() == text) return true;
    }
    return false;
  }
  if (items.size() == 1) return equal(items.front().value, value, steps_);
  uint64_t hash = hash_of(value);
  auto at = std::lower_bound(items.begin(), items.end(), hash,
                             [](const Choice::Item& item, uint64_t h) { return item.hash < h; });
  for (; at != items.end() && at->hash == hash; ++at) {
    if (equal(at->value, value, steps_)) return true;
  }
  return false;
}

bool Run::bounded(const Bound& bound, Keyword keyword, const Value& value) {
  std::strong_ordering order = std::strong_ordering::equal;
  Plain plain;
  if (bound.small && read_plain(value.number(), plain)) {
    order = compare(plain, *bound.small);
  } else if (steps_.take(value.weight())) {
    order = contract::compare(Decimal(value.number()), bound.decimal);
  } else {
    return false;
  }
  return is_within(order, keyword);
}

bool Run::divides(const Divisor& divisor, const Value& value) {
  // A long division, digit by digit; an exponent takes dozens of multiplications, each of so many.
  std::string_view number = value.number();
  uint64_t exponent = number.find_first_of("eE") == number.npos ? 0 : 500;
  return steps_.take(1 + number.size() / 2 + exponent) && divisor.divides(Decimal(number));
}

bool Run::has_length(Keyword keyword, uint32_t limit, Text text) {
  // A code point takes so many bytes at most, so most texts need not be counted.
  uint32_t most = text.form == TextForm::kJson ? 12 : 4;
  uint32_t least = text.size / most + (text.size % most != 0);
  bool at_least = keyword == Keyword::kMinLength;
  if (at_least ? least >= limit : text.size <= limit) return true;
  if (at_least ? text.size < limit : least > limit) return false;
  if (!steps_.take_bytes(text.size)) return false;
  return at_least ? code_points(text) >= limit : code_points(text) <= limit;
}

bool Run::matches(const Pattern& pattern, Text text) {
  // The usual pattern is matched by an automaton, a byte in a nanosecond; at worst all its states
  // are looked at for each byte.
  constexpr uint64_t kStatesOfStep = 256;
  if (!steps_.take(1 + uint64_t{text.size} * pattern.states() / kStatesOfStep)) return false;
  return pattern.matches(decoded(text, scratch_.text_));
}

bool Run::formatted(Format format, Text text) {
  // A pattern is translated, its properties are looked up one by one.
  uint64_t cost = format == Format::kRegex ? uint64_t{text.size} * 4 : text.size / 64;
  if (!steps_.take(1 + cost)) return false;
  return has_format(format, decoded(text, scratch_.text_));
}

// Whether the value is valid under a flat schema: what flat() asks, without a word about it.
bool Run::holds(const Schema& schema, const Value& value) {
  const Instruction* code = program_.instructions.data() + schema.first;
  const Instruction* const end = code + schema.count;
  // A number is read once for all that is said about it.
  Plain plain;
  const bool is_plain =
      value.is(JsonType::kNumber) && schema.count > 1 && read_plain(value.number(), plain);
  const uint32_t types = type_bit(value.type()) | (is_plain && !plain.fraction ? kIntegerBit : 0);
  for (; code != end; ++code) {
    // The usual ones, here and now.
    if (code->op == Op::kType && (code->a & types) != 0) continue;
    if (code->op == Op::kBound && is_plain && program_.bounds[code->a]->small) {
      auto order = compare(plain, *program_.bounds[code->a]->small);
      if (!is_within(order, code->keyword)) return false;
      continue;
    }
    if (!scalar(*code, value)) return false;
  }
  return true;
}

bool Run::flat(const Schema& schema, const Value& value, const Place& place) {
  bool valid = true;
  const Instruction* code = program_.instructions.data() + schema.first;
  for (const Instruction* end = code + schema.count; code != end; ++code) {
    if (scalar(*code, value)) continue;
    Keyword keyword = code->op == Op::kFail ? schema.place : code->keyword;
    valid = wrong(place, keyword, [&] { return message(*code, value); });
    if (!goes_on()) break;
  }
  return valid;
}

bool Run::scalar(const Instruction& code, const Value& value) {
  switch (code.op) {
    case Op::kType: return has_type(code.a, value);
    case Op::kEnum: return chosen(program_.choices[code.a], value);
    case Op::kBound:
      return !value.is(JsonType::kNumber) || bounded(*program_.bounds[code.a], code.keyword, value);
    case Op::kMultiple:
      return !value.is(JsonType::kNumber) || divides(program_.divisors[code.a], value);
    case Op::kLength:
      return !value.is(JsonType::kString) || has_length(code.keyword, code.a, value.text());
    case Op::kPattern:
      return !value.is(JsonType::kString) || matches(*program_.patterns[code.a], value.text());
    case Op::kFormat:
      return !value.is(JsonType::kString) || formatted(static_cast<Format>(code.a), value.text());
    case Op::kNot: {  // of a flat schema
      const Schema& schema = program_.schemas[code.a];
      const Instruction* other = program_.instructions.data() + schema.first;
      if (!steps_.take(1 + schema.count)) return false;
      return !std::all_of(other, other + schema.count,
                          [&](const Instruction& one) { return scalar(one, value); });
    }
    default: return false;  // kFail
  }
}

}  // namespace waybill::contract
