// SPDX-License-Identifier: Apache-2.0
// What a schema says of one value by itself.
#include <algorithm>

#include "contract/run.h"

namespace waybill::contract {

namespace {

// An integer written without point or exponent, of at most 18 digits: what most numbers are.
std::optional<int64_t> plain_integer(std::string_view text) {
  bool negative = text.front() == '-';
  if (negative) text.remove_prefix(1);
  if (text.size() > 18) return std::nullopt;
  int64_t value = 0;
  for (char c : text) {
    auto digit = static_cast<unsigned>(c - '0');
    if (digit > 9) return std::nullopt;
    value = value * 10 + digit;
  }
  return negative ? -value : value;
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
    std::string_view text = decoded(value.text(), scratch_.text_);
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
  auto small = bound.small ? plain_integer(value.number()) : std::nullopt;
  if (!small && !steps_.take(value.weight())) return false;
  if (small) {
    order = *small <=> *bound.small;
  } else {
    order = compare(Decimal(value.number()), bound.decimal);
  }
  switch (keyword) {
    case Keyword::kMinimum: return order >= 0;
    case Keyword::kExclusiveMinimum: return order > 0;
    case Keyword::kMaximum: return order <= 0;
    default: return order < 0;
  }
}

bool Run::divides(const Divisor& divisor, const Value& value) {
  // A long division, digit by digit.
  std::string_view number = value.number();
  return steps_.take(1 + number.size() / 4) && divisor.divides(Decimal(number));
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
  // A pattern's properties are looked up one by one.
  bool costly = format == Format::kRegex;
  if (!steps_.take(1 + text.size / (costly ? 1 : 64))) return false;
  return has_format(format, decoded(text, scratch_.text_));
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
