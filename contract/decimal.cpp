// SPDX-License-Identifier: Apache-2.0
#include "contract/decimal.h"

#include <algorithm>

namespace waybill::contract {

namespace {

// Beyond any number of digits that a text can have, and far from int64's own end.
constexpr int64_t kMostExponent = int64_t{1} << 40;

int64_t exponent_of(std::string_view text) {
  bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  int64_t value = 0;
  for (char c : text) {
    value = value * 10 + (c - '0');
    if (value > kMostExponent) value = kMostExponent;
  }
  return negative ? -value : value;
}

}  // namespace

Decimal::Decimal(std::string_view number) {
  negative_ = number.starts_with('-');
  if (negative_) number.remove_prefix(1);
  int64_t power = 0;
  if (size_t at = number.find_first_of("eE"); at != number.npos) {
    power = exponent_of(number.substr(at + 1));
    number = number.substr(0, at);
  }
  size_t point = std::min(number.find('.'), number.size());
  whole_ = number.substr(0, point);
  if (point < number.size()) fraction_ = number.substr(point + 1);
  auto total = static_cast<uint32_t>(whole_.size() + fraction_.size());
  while (first_ < total && digit(0) == 0) ++first_;
  count_ = total - first_;
  while (count_ > 0 && digit(count_ - 1) == 0) --count_;
  if (count_ == 0) {
    negative_ = false;
    return;
  }
  exponent_ = static_cast<int64_t>(whole_.size()) - 1 - first_ + power;
}

std::optional<int64_t> Decimal::small() const {
  if (!is_integer() || exponent_ >= 18) return std::nullopt;
  int64_t value = 0;
  for (uint32_t i = 0; i < count_; ++i) value = value * 10 + digit(i);
  for (int64_t i = 0; count_ > 0 && i < last_exponent(); ++i) value *= 10;
  return negative_ ? -value : value;
}

uint64_t Decimal::hash() const {
  uint64_t hash = negative_ ? 0x9E3779B97F4A7C15u : 0x2545F4914F6CDD1Du;
  hash ^= static_cast<uint64_t>(exponent_);
  for (uint32_t i = 0; i < count_; ++i) {
    hash = (hash ^ static_cast<uint64_t>(digit(i))) * 0x100000001B3u;
  }
  return hash;
}

std::strong_ordering compare(const Decimal& a, const Decimal& b) {
  auto sign = [](const Decimal& d) { return d.is_zero() ? 0 : d.is_negative() ? -1 : 1; };
  if (sign(a) != sign(b)) return sign(a) <=> sign(b);
  if (a.is_zero()) return std::strong_ordering::equal;
  auto magnitude = a.exponent() <=> b.exponent();
  uint32_t most = std::max(a.digits(), b.digits());
  for (uint32_t i = 0; i < most && magnitude == 0; ++i) {
    magnitude = (i < a.digits() ? a.digit(i) : 0) <=> (i < b.digits() ? b.digit(i) : 0);
  }
  return a.is_negative() ? 0 <=> magnitude : magnitude;
}

Divisor::Divisor(const Decimal& decimal) : digits_(0), last_exponent_(decimal.last_exponent()) {
  for (uint32_t i = 0; i < decimal.digits(); ++i) {
    digits_ = digits_ * 10 + static_cast<unsigned>(decimal.digit(i));
  }
}

Divisor::Wide Divisor::times(Wide a, Wide b) const {
  Wide product = 0;
  for (; b != 0; b >>= 1) {
    if ((b & 1) != 0) product = (product + a) % digits_;
    a = a * 2 % digits_;
  }
  return product;
}

bool Divisor::divides(const Decimal& number) const {
  if (number.is_zero()) return true;
  // Neither ends in a zero, so no multiple of ours has a digit below our last one.
  int64_t shift = number.last_exponent() - last_exponent_;
  if (shift < 0) return false;
  Wide rest = 0;
  for (uint32_t i = 0; i < number.digits(); ++i) {
    rest = (rest * 10 + static_cast<unsigned>(number.digit(i))) % digits_;
  }
  Wide power = 10 % digits_;
  for (; shift != 0 && rest != 0; shift >>= 1) {
    if ((shift & 1) != 0) rest = times(rest, power);
    power = times(power, power);
  }
  return rest == 0;
}

}  // namespace waybill::contract
