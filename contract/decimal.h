// SPDX-License-Identifier: Apache-2.0
// Decimal: the exact number that a JSON text means. No float is ever made of it: 1.0 is 1, and
// 9007199254740993 is not 9007199254740992.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string_view>

namespace waybill::contract {

// A view of a valid JSON number, whose bytes must outlive it.
class Decimal {
 public:
  Decimal() = default;
  explicit Decimal(std::string_view number);

  bool is_zero() const { return count_ == 0; }
  bool is_negative() const { return negative_; }
  bool is_integer() const { return count_ == 0 || last_exponent() >= 0; }
  // The value of an integer of at most 18 digits; else nothing.
  std::optional<int64_t> small() const;

  // Significant digits: without zeros at either end.
  uint32_t digits() const { return count_; }
  // Power of ten of the first and of the last significant digit; saturated far beyond any text.
  int64_t exponent() const { return exponent_; }
  int64_t last_exponent() const { return exponent_ - count_ + 1; }
  int digit(uint32_t index) const {
    size_t at = first_ + index;
    return (at < whole_.size() ? whole_[at] : fraction_[at - whole_.size()]) - '0';
  }

  // Equal numbers have equal hashes, however they are written.
  uint64_t hash() const;

 private:
  std::string_view whole_, fraction_;  // digits before and behind the point
  int64_t exponent_ = 0;
  uint32_t first_ = 0;  // first significant digit, counted from the first of whole_
  uint32_t count_ = 0;  // 0: zero
  bool negative_ = false;
};

std::strong_ordering compare(const Decimal& a, const Decimal& b);

// An integer below 10^37 out of a decimal's significant digits, to divide by.
class Divisor {
 public:
  static constexpr uint32_t kMostDigits = 37;
  // Of a decimal greater than zero with at most kMostDigits significant digits.
  explicit Divisor(const Decimal& decimal);
  // Whether `number` is a whole multiple, exactly.
  bool divides(const Decimal& number) const;

 private:
  __extension__ using Wide = unsigned __int128;
  Wide times(Wide a, Wide b) const;  // modulo the digits
  Wide digits_ = 1;
  int64_t last_exponent_ = 0;
};

}  // namespace waybill::contract
