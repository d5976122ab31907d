// SPDX-License-Identifier: Apache-2.0
#include "parsers/patterns/values.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "core/json_text.h"
#include "parsers/common/time_reader.h"

namespace waybill::parsers::patterns {

namespace {

__extension__ typedef __int128 Wide;  // NOLINT(modernize-use-using)

// Digits with or without a fraction, without a sign: value * 10^-decimals.
struct Decimal {
  Wide value = 0;
  int decimals = 0;
};

// More digits than these are no duration and no size that anybody has measured.
constexpr size_t kMostDigits = 18;

void skip_blanks(std::string_view& text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
}

std::optional<Decimal> take_decimal(std::string_view& text) {
  Decimal number;
  size_t digits = 0;
  bool point = false;
  size_t at = 0;
  for (; at < text.size(); ++at) {
    if (text[at] == '.' && !point) {
      point = true;
      continue;
    }
    if (!is_digit(text[at])) break;
    number.value = number.value * 10 + (text[at] - '0');
    number.decimals += point ? 1 : 0;
    if (++digits > kMostDigits) return std::nullopt;
  }
  if (digits == 0 || text[at - 1] == '.') return std::nullopt;
  text.remove_prefix(at);
  return number;
}

// RFC 8259, section 6. `whole`: without fraction and exponent.
bool is_number(std::string_view text, bool whole) {
  size_t at = text.starts_with('-') ? 1 : 0;
  auto digits = [&] {
    size_t begin = at;
    while (at < text.size() && is_digit(text[at])) ++at;
    return at - begin;
  };
  bool zero = at < text.size() && text[at] == '0';
  size_t count = digits();
  if (count == 0 || (zero && count > 1)) return false;
  if (whole || at == text.size()) return at == text.size();
  if (text[at] == '.') {
    ++at;
    if (digits() == 0) return false;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
    if (digits() == 0) return false;
  }
  return at == text.size();
}

struct Unit {
  std::string_view name;
  int64_t size;
};

// Nanoseconds. Longer names first: "ms" before "m".
constexpr std::array kTimes = {
    Unit{"ns", 1},
    Unit{"us", 1'000},
    Unit{"\xC2\xB5s", 1'000},  // U+00B5, the micro sign
    Unit{"\xCE\xBCs", 1'000},  // U+03BC, the Greek letter
    Unit{"msec", 1'000'000},
    Unit{"ms", 1'000'000},
    Unit{"min", 60'000'000'000},
    Unit{"sec", 1'000'000'000},
    Unit{"s", 1'000'000'000},
    Unit{"m", 60'000'000'000},
    Unit{"h", 3'600'000'000'000},
    Unit{"d", 86'400'000'000'000},
};

constexpr std::array kSizes = {
    Unit{"KiB", 1LL << 10}, Unit{"MiB", 1LL << 20},    Unit{"GiB", 1LL << 30},
    Unit{"TiB", 1LL << 40}, Unit{"kB", 1'000},         Unit{"KB", 1'000},
    Unit{"MB", 1'000'000},  Unit{"GB", 1'000'000'000}, Unit{"TB", 1'000'000'000'000},
    Unit{"K", 1LL << 10},   Unit{"k", 1LL << 10},      Unit{"M", 1LL << 20},
    Unit{"G", 1LL << 30},   Unit{"T", 1LL << 40},      Unit{"B", 1},
};

template <size_t kCount>
const Unit* take_unit(const std::array<Unit, kCount>& units, std::string_view& text) {
  skip_blanks(text);
  for (const Unit& unit : units) {
    if (!text.starts_with(unit.name)) continue;
    text.remove_prefix(unit.name.size());
    return &unit;
  }
  return nullptr;
}

Wide power_of_ten(int exponent) {
  Wide power = 1;
  while (exponent-- > 0) power *= 10;
  return power;
}

// A sum of times in units of 10^-27 s: nanoseconds with the 18 decimals that a Decimal has.
constexpr int kSumDecimals = 27;
// Of one part: 10^9 s, 30 years and more, keep the sum within 128 bits.
constexpr int64_t kMostSeconds = 1'000'000'000;

std::string_view decimal_text(Wide sum, bool negative, Arena& arena) {
  std::array<char, kSumDecimals + 24> digits;
  size_t at = digits.size();
  int place = 0;
  // From the last digit to the first; zeros at the fraction's end are left out.
  bool any = false;
  while (sum > 0 || place <= kSumDecimals) {
    if (place == kSumDecimals && any) digits[--at] = '.';
    auto digit = static_cast<char>('0' + static_cast<int>(sum % 10));
    if (any || digit != '0' || place >= kSumDecimals) {
      digits[--at] = digit;
      any = true;
    }
    sum /= 10;
    ++place;
  }
  bool zero = digits.size() - at == 1 && digits[at] == '0';
  if (negative && !zero) digits[--at] = '-';
  return arena.copy({digits.data() + at, digits.size() - at});
}

std::optional<std::string_view> seconds_of(std::string_view text, Arena& arena) {
  if (is_number(text, false)) return text;
  bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  Wide sum = 0;
  do {
    auto number = take_decimal(text);
    const Unit* unit = number ? take_unit(kTimes, text) : nullptr;
    if (unit == nullptr) return std::nullopt;
    Wide whole = number->value / power_of_ten(number->decimals);
    if (whole > Wide{kMostSeconds} * 1'000'000'000 / unit->size) return std::nullopt;
    sum += number->value * unit->size * power_of_ten(kSumDecimals - 9 - number->decimals);
    if (sum > Wide{4 * kMostSeconds} * power_of_ten(kSumDecimals)) return std::nullopt;
    skip_blanks(text);
  } while (!text.empty());
  return decimal_text(sum, negative, arena);
}

std::optional<std::string_view> bytes_of(std::string_view text, Arena& arena) {
  if (is_number(text, true) && !text.starts_with('-')) return text;
  auto number = take_decimal(text);
  const Unit* unit = number ? take_unit(kSizes, text) : nullptr;
  if (unit == nullptr || !text.empty()) return std::nullopt;
  Wide scale = power_of_ten(number->decimals);
  Wide bytes = (number->value * unit->size + scale / 2) / scale;
  if (bytes > INT64_MAX) return std::nullopt;
  std::array<char, 24> digits;
  auto end =
      std::to_chars(digits.data(), digits.data() + digits.size(), static_cast<int64_t>(bytes)).ptr;
  return arena.copy({digits.data(), static_cast<size_t>(end - digits.data())});
}

bool is_word(std::string_view text, std::string_view lower) {
  return text.size() == lower.size() &&
         std::equal(text.begin(), text.end(), lower.begin(),
                    [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a | 0x20 : a) == b; });
}

}  // namespace

Type type_of(std::string_view word) {
  constexpr std::array<std::string_view, 6> names = {"",     "int",      "float",
                                                     "bool", "duration", "bytes"};
  auto found = std::find(names.begin(), names.end(), word);
  return found == names.end() ? Type::kText : static_cast<Type>(found - names.begin());
}

void set_value(Field& field, std::string_view text, Type type, Arena& arena) {
  auto set = [&](std::string_view value, JsonType as) {
    field.value = Text(value, TextForm::kClean);
    field.type = as;
  };
  std::optional<std::string_view> number;
  switch (type) {
    case Type::kText: break;
    case Type::kInt:
    case Type::kFloat:
      if (is_number(text, type == Type::kInt)) number = text;
      break;
    case Type::kBool:
      if (is_word(text, "true")) return set("true", JsonType::kTrue);
      if (is_word(text, "false")) return set("false", JsonType::kFalse);
      break;
    case Type::kDuration: number = seconds_of(text, arena); break;
    case Type::kBytes: number = bytes_of(text, arena); break;
  }
  if (number) return set(*number, JsonType::kNumber);
  field.value = raw_text(text);
  field.type = JsonType::kString;
}

}  // namespace waybill::parsers::patterns
