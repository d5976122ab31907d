// SPDX-License-Identifier: Apache-2.0
#include "metrics/amount.h"

#include <charconv>
#include <cmath>
#include <utility>

namespace waybill::metrics {

namespace {

using Kind = FieldValue::Kind;

// A second is so many of the unit, or the unit so many seconds: a division by a power of ten is
// exact where a multiplication is not, and 35 ms must not be above a bound of 0.035.
struct Scale {
  double seconds = 1, in_a_second = 1;
  double of(double number) const { return number * seconds / in_a_second; }
};

struct NamedUnit {
  std::string_view name;
  Scale scale;
};
constexpr NamedUnit kUnits[] = {
    {"ns", {1, 1e9}},   {"us", {1, 1e6}}, {"\xC2\xB5s", {1, 1e6}}, {"\xCE\xBCs", {1, 1e6}},
    {"msec", {1, 1e3}}, {"ms", {1, 1e3}}, {"sec", {1, 1}},         {"s", {1, 1}},
    {"min", {60, 1}},   {"m", {60, 1}},   {"h", {3600, 1}},        {"d", {86400, 1}},
};

// As unit_of_name() has them, the longer ones first.
constexpr std::pair<std::string_view, Unit> kEnds[] = {
    {"_milliseconds", Unit::kMilliseconds},
    {"_microseconds", Unit::kMicroseconds},
    {"_nanoseconds", Unit::kNanoseconds},
    {"_seconds", Unit::kSeconds},
    {"_millis", Unit::kMilliseconds},
    {"Millis", Unit::kMilliseconds},
    {"_micros", Unit::kMicroseconds},
    {"Micros", Unit::kMicroseconds},
    {"_nanos", Unit::kNanoseconds},
    {"Nanos", Unit::kNanoseconds},
    {"_bytes", Unit::kBytes},
    {"_secs", Unit::kSeconds},
    {"_sec", Unit::kSeconds},
    {"_ms", Unit::kMilliseconds},
    {"Ms", Unit::kMilliseconds},
    {"_us", Unit::kMicroseconds},
    {"_ns", Unit::kNanoseconds},
    {"_s", Unit::kSeconds},
};

// The number that `text` begins with, taken off it.
std::optional<double> take_number(std::string_view& text) {
  double number = 0;
  const char* end = text.data() + text.size();
  auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || !std::isfinite(number)) return std::nullopt;
  text.remove_prefix(static_cast<size_t>(stop - text.data()));
  return number;
}

std::optional<Scale> take_unit(std::string_view& text) {
  if (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  for (const NamedUnit& unit : kUnits) {
    if (!text.starts_with(unit.name)) continue;
    text.remove_prefix(unit.name.size());
    return unit.scale;
  }
  return std::nullopt;
}

Scale scale_of(Unit unit) {
  switch (unit) {
    case Unit::kMilliseconds: return {1, 1e3};
    case Unit::kMicroseconds: return {1, 1e6};
    case Unit::kNanoseconds: return {1, 1e9};
    default: return {};
  }
}

// "1h2m3s" behind its first number.
std::optional<double> time_of(double number, std::string_view rest) {
  bool negative = std::signbit(number);
  double total = 0;
  number = std::fabs(number);
  while (true) {
    std::optional<Scale> unit = take_unit(rest);
    if (!unit) return std::nullopt;
    total += unit->of(number);
    if (rest.empty()) break;
    std::optional<double> next = take_number(rest);
    if (!next || std::signbit(*next)) return std::nullopt;
    number = *next;
  }
  return negative ? -total : total;
}

}  // namespace

Unit unit_of_name(std::string_view name) {
  for (const auto& [end, unit] : kEnds) {
    if (name.size() > end.size() && name.ends_with(end)) return unit;
  }
  return Unit::kNone;
}

std::optional<double> amount_of(const FieldValue& value, Unit unit) {
  if (value.kind != Kind::kNumber && value.kind != Kind::kText) return std::nullopt;
  std::string_view rest = value.text;
  std::optional<double> number = take_number(rest);
  if (number && rest.empty()) {
    number = scale_of(unit).of(*number);
  } else if (number && unit != Unit::kBytes) {
    number = time_of(*number, rest);
  } else {
    return std::nullopt;
  }
  return number && std::isfinite(*number) ? number : std::nullopt;
}

}  // namespace waybill::metrics
