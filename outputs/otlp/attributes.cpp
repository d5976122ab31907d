// SPDX-License-Identifier: Apache-2.0
#include "outputs/otlp/attributes.h"

#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>

#include "core/json_text.h"

namespace waybill::outputs::otlp {

namespace {

namespace pb = protobuf;

constexpr uint8_t kKey = 0x0A;  // of KeyValue
constexpr uint8_t kValue = 0x12;
constexpr uint8_t kArray = 0x2A;  // of AnyValue
constexpr uint8_t kList = 0x32;
constexpr uint8_t kValues = 0x0A;  // of ArrayValue and KeyValueList

// A double has at most 17 significant digits in its shortest form.
constexpr int kMostDigits = 17;
// Any 15 digits survive the way to a double and back (IEEE 754), but not among the subnormals.
constexpr int kSafeDigits = 15;
constexpr double kSmallestNormal = 2.3e-308;

// The significant digits of a decimal number and where its point stands: 0.d1d2d3… * 10^exponent.
struct Decimal {
  char digits[kMostDigits];
  int count = 0;
  int64_t exponent = 0;
  bool too_long = false;

  explicit Decimal(std::string_view text) {
    int64_t zeroes = 0;  // behind the last digit that counts
    bool point = false;
    size_t i = 0;
    for (; i < text.size() && text[i] != 'e' && text[i] != 'E'; ++i) {
      char c = text[i];
      if (c == '.') point = true;
      if (c < '0' || c > '9') continue;
      if (c == '0') {
        if (count > 0) {
          ++zeroes;
          if (!point) ++exponent;
        } else if (point) {
          --exponent;
        }
        continue;
      }
      for (; zeroes > 0 && !too_long; --zeroes) put('0');
      zeroes = 0;
      put(c);
      if (!point) ++exponent;
    }
    if (i < text.size()) {
      ++i;
      if (i < text.size() && text[i] == '+') ++i;
      int64_t power = 0;
      std::from_chars(text.data() + i, text.data() + text.size(), power);
      exponent += power;
    }
  }

  bool operator==(const Decimal& other) const {
    return !too_long && !other.too_long && count == other.count &&
           (count == 0 || exponent == other.exponent) &&
           std::memcmp(digits, other.digits, static_cast<size_t>(count)) == 0;
  }

 private:
  void put(char c) {
    if (count == kMostDigits) {
      too_long = true;
    } else {
      digits[count++] = c;
    }
  }
};

// Whether `value` written as shortly as possible is the number that `text` says.
bool is_exact(std::string_view text, double value) {
  Decimal wanted(text);
  if (wanted.too_long) return false;
  bool normal = std::fabs(value) >= kSmallestNormal || value == 0;
  if (normal && wanted.count <= kSafeDigits) return (value == 0) == (wanted.count == 0);
  char shortest[32];
  auto end =
      std::to_chars(shortest, shortest + sizeof shortest, value, std::chars_format::scientific);
  return Decimal({shortest, static_cast<size_t>(end.ptr - shortest)}) == wanted;
}

}  // namespace

Scalar Scalar::real(double value) {
  return Scalar(Kind::kDouble, {}, std::bit_cast<uint64_t>(value));
}

Scalar Scalar::number(std::string_view digits) {
  // Most numbers: a few digits, perhaps with a fraction. Such a mantissa and such a power of ten
  // are doubles themselves, so one division rounds correctly (Clinger 1990).
  constexpr uint64_t kSafeMantissa = 1'000'000'000'000'000;
  constexpr std::array<double, 16> powers = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                             1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
  bool negative = digits.front() == '-';
  uint64_t mantissa = 0;
  size_t at = negative ? 1 : 0;
  size_t fraction = 0;  // digits behind the point
  bool point = false;
  for (; at < digits.size() && mantissa < kSafeMantissa; ++at) {
    char c = digits[at];
    if (c == '.') {
      point = true;
      continue;
    }
    if (c < '0' || c > '9') break;
    mantissa = mantissa * 10 + static_cast<uint64_t>(c - '0');
    fraction += point ? 1 : 0;
  }
  if (at < digits.size() || mantissa >= kSafeMantissa || fraction >= powers.size()) {
    return long_number(digits);
  }
  if (!point && !(negative && mantissa == 0)) {
    auto value = static_cast<int64_t>(mantissa);
    return integer(negative ? -value : value).written_as(digits);
  }
  double value = static_cast<double>(mantissa) / powers[fraction];
  return real(negative ? -value : value).written_as(digits);
}

Scalar Scalar::long_number(std::string_view digits) {
  const char* end = digits.data() + digits.size();
  if (digits.find_first_of(".eE") == std::string_view::npos) {
    int64_t value = 0;
    auto [stop, error] = std::from_chars(digits.data(), end, value);
    bool fits = error == std::errc{} && stop == end;
    return fits ? integer(value).written_as(digits) : string(digits);
  }
  double value = 0;
  auto [stop, error] = std::from_chars(digits.data(), end, value);
  if (error != std::errc{} || stop != end || !is_exact(digits, value)) return string(digits);
  return real(value).written_as(digits);
}

void Attributes::add(std::string_view key, const Scalar& value) {
  size_t value_size = value.size();
  size_t size = pb::field_size(key.size()) + pb::field_size(value_size);
  char* begin = out_.reserve(1 + pb::kMaxVarint + size);
  char* to = pb::write_head(begin, tag_, size);
  to = pb::write_field(to, kKey, key);
  to = pb::write_head(to, kValue, value_size);
  to = value.write(to);
  out_.advance(static_cast<size_t>(to - begin));
}

void Attributes::add(std::string_view key, Text value) {
  if (value) add(key, Scalar::string(plain(value)));
}

void Attributes::add(const Record& record, const Member& member, std::string_view key) {
  if (member.type != JsonType::kArray && member.type != JsonType::kObject) {
    add(key, scalar_of(member));
    return;
  }
  size_t guess = member.json.size();
  pb::Nested pair(out_, tag_, guess);
  char* begin = out_.reserve(pb::field_size(key.size()));
  out_.advance(static_cast<size_t>(pb::write_field(begin, kKey, key) - begin));
  add_any_value(record, member, kValue);
  pair.close();
}

// An AnyValue field with `tag`. As deep as the line is: the walker limits that.
void Attributes::add_any_value(const Record& record, const Member& member, uint8_t tag) {
  if (member.type == JsonType::kArray || member.type == JsonType::kObject) {
    pb::Nested any(out_, tag, member.json.size());
    add_container(record, member);
    any.close();
    return;
  }
  Scalar scalar = scalar_of(member);
  size_t size = scalar.size();
  char* begin = out_.reserve(1 + pb::kMaxVarint + size);
  out_.advance(static_cast<size_t>(scalar.write(pb::write_head(begin, tag, size)) - begin));
}

void Attributes::add_container(const Record& record, const Member& member) {
  bool array = member.type == JsonType::kArray;
  pb::Nested values(out_, array ? kArray : kList, member.json.size());
  Attributes inside(out_, scratch_, kValues);
  for_each_inside(record, member.token, [&](const Member& child) {
    if (array) {
      add_any_value(record, child, kValues);
    } else {
      inside.add(record, child);
    }
  });
  values.close();
}

Scalar Attributes::scalar_of(const Member& member) {
  switch (member.type) {
    case JsonType::kString: return Scalar::string(plain(member.text));
    case JsonType::kTrue: return Scalar::boolean(true);
    case JsonType::kFalse: return Scalar::boolean(false);
    case JsonType::kNumber: return Scalar::number(member.json);
    default: return Scalar::null();
  }
}

std::string_view Attributes::plain(Text text) {
  if (text.form != TextForm::kJson) return text.bytes();
  scratch_.value.clear();
  append_characters(scratch_.value, text);
  return scratch_.value.view();
}

std::string_view Attributes::key_of(const Member& member) {
  if (member.suffix == 0 && member.key.form != TextForm::kJson) return member.key.bytes();
  Buffer& key = scratch_.key;
  key.clear();
  append_characters(key, member.key);
  if (member.suffix != 0) {
    key.push_back('_');
    char* to = key.reserve(12);
    key.advance(static_cast<size_t>(std::to_chars(to, to + 12, member.suffix).ptr - to));
  }
  return key.view();
}

}  // namespace waybill::outputs::otlp
