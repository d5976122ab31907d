// SPDX-License-Identifier: Apache-2.0
#include "config/scalars.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <span>
#include <vector>

#include "config/section.h"
#include "core/ascii.h"
#include "core/utf8.h"

namespace waybill::config {

namespace {

std::string_view without_sign(std::string_view text) {
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) text.remove_prefix(1);
  return text;
}

bool all_digits(std::string_view text) {
  for (char c : text) {
    if (!is_digit(c)) return false;
  }
  return !text.empty();
}

// Digits, one point, an exponent; at least one digit before or behind the point.
bool is_decimal(std::string_view text) {
  text = without_sign(text);
  size_t at = 0;
  size_t digits = 0;
  for (; at < text.size() && is_digit(text[at]); ++at) ++digits;
  if (at < text.size() && text[at] == '.') {
    for (++at; at < text.size() && is_digit(text[at]); ++at) ++digits;
  }
  if (digits == 0) return false;
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    return all_digits(without_sign(text.substr(at + 1)));
  }
  return at == text.size();
}

// The faults that every number shares; "" when the text may be one.
std::string number_fault(const Scalar& scalar, std::string_view what, std::string_view example) {
  if (looks_octal(scalar.text) && !scalar.quoted) {
    return fmt::format("{} looks like an octal number (write it without the leading zero)",
                       scalar.shown);
  }
  if (scalar.quoted && is_decimal(scalar.text)) {
    return fmt::format("{} is in quotes, so it is text and not {} (remove the quotes)",
                       scalar.shown, what);
  }
  if (scalar.quoted || !is_decimal(scalar.text)) {
    return fmt::format("{} is not {} (write for example {})", scalar.shown, what, example);
  }
  return "";
}

template <typename T>
Reading<T> refused(std::string fault) {
  return {std::nullopt, std::move(fault)};
}

struct Unit {
  std::string_view name;
  int64_t factor;
};

constexpr Unit kSizeUnits[] = {
    {"B", 1},           {"kB", 1'000},         {"KB", 1'000},
    {"MB", 1'000'000},  {"GB", 1'000'000'000}, {"TB", 1'000'000'000'000},
    {"KiB", 1LL << 10}, {"MiB", 1LL << 20},    {"GiB", 1LL << 30},
    {"TiB", 1LL << 40},
};
constexpr Unit kTimeUnits[] = {
    {"ns", 1},
    {"us", 1'000},
    {"ms", 1'000'000},
    {"s", 1'000'000'000},
    {"m", 60'000'000'000},
    {"h", 3'600'000'000'000},
    {"d", 86'400'000'000'000},
};

const Unit* find_unit(std::span<const Unit> units, std::string_view name) {
  for (const Unit& unit : units) {
    if (unit.name == name) return &unit;
  }
  return nullptr;
}

std::string unit_names(std::span<const Unit> units, std::string_view typed) {
  std::vector<std::string> names;
  std::string all;
  for (const Unit& unit : units) {
    names.emplace_back(unit.name);
    all += fmt::format("{}{}", all.empty() ? "" : ", ", unit.name);
  }
  // "64M" and "64K": it could be either.
  if (typed.size() == 1 && units.size() == std::size(kSizeUnits)) {
    const std::string upper(1, static_cast<char>(typed[0] & ~0x20));
    if (find_unit(units, upper + "B") != nullptr) {
      return fmt::format("write {0}iB or {0}B", upper);
    }
  }
  std::string close = suggestion(typed, names);
  return close.empty() ? fmt::format("one of {}", all) : fmt::format("did you mean '{}'?", close);
}

// One "12.5MiB" of a text; what is left of `rest` is behind it.
struct Amount {
  std::string fault;  // the end of the sentence "'…' …"
  long double value = 0;
};

Amount take_amount(std::string_view& rest, std::span<const Unit> units, std::string_view what,
                   std::string_view example) {
  size_t digits = 0;
  while (digits < rest.size() && (is_digit(rest[digits]) || rest[digits] == '.')) ++digits;
  const std::string_view number = rest.substr(0, digits);
  size_t blank = digits < rest.size() && rest[digits] == ' ' ? 1 : 0;
  size_t end = digits + blank;
  while (end < rest.size() && !is_digit(rest[end]) && rest[end] != '.') ++end;
  const std::string_view name = rest.substr(digits + blank, end - digits - blank);
  rest.remove_prefix(end);
  if (!is_decimal(number)) {
    return {fmt::format("is not {} (write for example {})", what, example)};
  }
  if (looks_octal(number)) {
    return {"looks like an octal number (write it without the leading zero)"};
  }
  if (name.empty()) return {fmt::format("has no unit (write for example {})", example)};
  const Unit* unit = find_unit(units, name);
  if (unit == nullptr) {
    bool word = name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") ==
                std::string_view::npos;
    if (!word || name.size() > 5) {
      return {fmt::format("is not {} (write for example {})", what, example)};
    }
    return {fmt::format("has a unit that is not known, {} ({})", quoted_for_message(name),
                        unit_names(units, name))};
  }
  long double value = 0;
  std::from_chars(number.data(), number.data() + number.size(), value);
  return {"", value * static_cast<long double>(unit->factor)};
}

Reading<int64_t> read_amount(const Scalar& scalar, std::span<const Unit> units, bool several,
                             std::string_view what, std::string_view example) {
  std::string_view rest = scalar.text;
  if (!rest.empty() && rest[0] == '-') {
    return refused<int64_t>(fmt::format("{} is negative", scalar.shown));
  }
  long double sum = 0;
  do {
    Amount amount = take_amount(rest, units, what, example);
    if (!amount.fault.empty()) {
      return refused<int64_t>(fmt::format("{} {}", scalar.shown, amount.fault));
    }
    sum += amount.value;
  } while (several && !rest.empty());
  if (!rest.empty()) {
    return refused<int64_t>(
        fmt::format("{} is not {} (write for example {})", scalar.shown, what, example));
  }
  if (sum >= std::ldexp(1.0L, 63)) {
    return refused<int64_t>(fmt::format("{} is too large", scalar.shown));
  }
  // Not exactly: 0.3 has no exact binary form.
  if (std::fabs(sum - std::round(sum)) > 1e-4L) {
    return refused<int64_t>(fmt::format("{} is not a whole number of {}", scalar.shown,
                                        several ? "nanoseconds" : "bytes"));
  }
  return {static_cast<int64_t>(std::round(sum)), ""};
}

}  // namespace

bool looks_octal(std::string_view text) {
  text = without_sign(text);
  if (text.size() < 2 || text[0] != '0') return false;
  return all_digits(text[1] == 'o' || text[1] == 'O' ? text.substr(2) : text) ||
         (is_digit(text[1]) && is_decimal(text));
}

bool looks_like_boolean(std::string_view text) {
  for (std::string_view word : {"true", "True", "TRUE", "false", "False", "FALSE"}) {
    if (text == word) return true;
  }
  return false;
}

bool looks_like_number(std::string_view text) {
  if (is_decimal(text) || looks_octal(text)) return true;
  if (text.size() > 2 && text[0] == '0' && text[1] == 'x') {
    return text.find_first_not_of("0123456789abcdefABCDEF", 2) == std::string_view::npos;
  }
  for (std::string_view word : {".inf", ".Inf", ".INF"}) {
    if (without_sign(text) == word) return true;
  }
  return text == ".nan" || text == ".NaN" || text == ".NAN";
}

Reading<bool> read_boolean(const Scalar& scalar) {
  if (looks_like_boolean(scalar.text)) {
    if (!scalar.quoted) return {scalar.text[0] == 't' || scalar.text[0] == 'T', ""};
    return refused<bool>(fmt::format(
        "{} is in quotes, so it is text and not a boolean (remove the quotes)", scalar.shown));
  }
  return refused<bool>(fmt::format("{} is not a boolean (write true or false)", scalar.shown));
}

Reading<int64_t> read_integer(const Scalar& scalar) {
  std::string fault = number_fault(scalar, "a whole number", "100");
  if (!fault.empty()) return refused<int64_t>(std::move(fault));
  if (!all_digits(without_sign(scalar.text))) {
    return refused<int64_t>(
        fmt::format("{} is not a whole number (write for example 100)", scalar.shown));
  }
  std::string_view text = scalar.text;
  if (text[0] == '+') text.remove_prefix(1);
  int64_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc()) {
    return refused<int64_t>(
        fmt::format("{} is too {}", scalar.shown, text[0] == '-' ? "small" : "large"));
  }
  return {value, ""};
}

Reading<double> read_number(const Scalar& scalar) {
  std::string fault = number_fault(scalar, "a number", "0.5");
  if (!fault.empty()) return refused<double>(std::move(fault));
  const char* first = scalar.text.data();
  const char* last = first + scalar.text.size();
  if (*first == '+') ++first;
  double value = 0;
  auto [end, error] = std::from_chars(first, last, value);
  if (error != std::errc() || !std::isfinite(value)) {
    return refused<double>(fmt::format("{} is out of range", scalar.shown));
  }
  return {value, ""};
}

Reading<std::string> read_string(const Scalar& scalar) {
  if (scalar.bare) {
    const char* kind = nullptr;
    if (looks_octal(scalar.text)) {
      kind = "an octal number";
    } else if (looks_like_number(scalar.text)) {
      kind = "a number";
    } else if (looks_like_boolean(scalar.text)) {
      kind = "a boolean";
    }
    if (kind != nullptr) {
      return refused<std::string>(
          fmt::format("{} would be {}, text is wanted (put it in quotes)", scalar.shown, kind));
    }
  }
  return {std::string(scalar.text), ""};
}

Reading<int64_t> read_duration(const Scalar& scalar) {
  if (scalar.text == "0" && !scalar.quoted) return {0, ""};
  return read_amount(scalar, kTimeUnits, true, "a duration", "30s");
}

Reading<int64_t> read_bytes(const Scalar& scalar) {
  if (all_digits(scalar.text)) {
    if (scalar.quoted || looks_octal(scalar.text)) {
      return refused<int64_t>(number_fault(scalar, "a size", "64MiB"));
    }
    return read_integer(scalar);
  }
  return read_amount(scalar, kSizeUnits, false, "a size", "64MiB");
}

std::string quoted_for_message(std::string_view text) {
  constexpr size_t kLongest = 60;
  std::string out = "'";
  const size_t end = whole_characters(text, kLongest).size();
  for (char c : text.substr(0, end)) {
    auto byte = static_cast<unsigned char>(c);
    if (c == '\n') {
      out += "\\n";
    } else if (byte < 0x20 || byte == 0x7F) {
      out += fmt::format("\\x{:02x}", byte);
    } else {
      out.push_back(c);
    }
  }
  if (end < text.size()) out += "…";
  return out + "'";
}

bool is_name(std::string_view text) {
  constexpr size_t kLongest = 64;
  return !text.empty() && text.size() <= kLongest &&
         text.find_first_not_of(
             "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
             "0123456789_-") == std::string_view::npos;
}

}  // namespace waybill::config
