// SPDX-License-Identifier: Apache-2.0
// KeyValue and AnyValue of opentelemetry/proto/common/v1/common.proto:
//
//   KeyValue { string key = 1; AnyValue value = 2; }
//   AnyValue { oneof { string = 1; bool = 2; int64 = 3; double = 4; ArrayValue = 5;
//                      KeyValueList = 6; bytes = 7; } }
//   ArrayValue { repeated AnyValue values = 1; }  KeyValueList { repeated KeyValue values = 1; }
#pragma once

#include <cstdint>
#include <string_view>

#include "core/canonical.h"
#include "outputs/protobuf.h"

namespace waybill::outputs::otlp {

// An AnyValue that is no container.
class Scalar {
 public:
  static Scalar null() { return Scalar(Kind::kNull, {}, 0); }
  static Scalar string(std::string_view text) { return Scalar(Kind::kString, text, 0); }
  static Scalar boolean(bool value) { return Scalar(Kind::kBool, {}, value ? 1 : 0); }
  static Scalar integer(int64_t value) {
    return Scalar(Kind::kInt, {}, static_cast<uint64_t>(value));
  }
  static Scalar real(double value);
  // A JSON number: an int64 or a double when that is exact, else its digits as a string.
  static Scalar number(std::string_view digits);

  size_t size() const;
  char* write(char* to) const;
  // The same as OTLP/JSON has it: {"intValue":"7"}.
  void append_json(Buffer& out) const;

 private:
  enum class Kind : uint8_t { kNull, kString, kBool, kInt, kDouble };
  static Scalar long_number(std::string_view digits);
  Scalar written_as(std::string_view digits) const { return Scalar(kind_, digits, bits_); }
  Scalar(Kind kind, std::string_view text, uint64_t bits) : text_(text), bits_(bits), kind_(kind) {}

  static constexpr uint8_t kString = 0x0A, kBool = 0x10, kInt = 0x18, kDouble = 0x21;

  std::string_view text_;  // the characters of a string; a number's digits, if it came as text
  uint64_t bits_;
  Kind kind_;
};

inline size_t Scalar::size() const {
  switch (kind_) {
    case Kind::kNull: return 0;
    case Kind::kString: return protobuf::field_size(text_.size());
    case Kind::kBool: return 2;
    case Kind::kInt: return 1 + protobuf::varint_size(bits_);
    case Kind::kDouble: return 1 + sizeof bits_;
  }
  return 0;
}

inline char* Scalar::write(char* to) const {
  switch (kind_) {
    case Kind::kNull: return to;
    case Kind::kString: return protobuf::write_field(to, kString, text_);
    case Kind::kBool:
      *to++ = static_cast<char>(kBool);
      *to++ = static_cast<char>(bits_);
      return to;
    case Kind::kInt: *to++ = static_cast<char>(kInt); return protobuf::write_varint(to, bits_);
    case Kind::kDouble: *to++ = static_cast<char>(kDouble); return protobuf::write_fixed(to, bits_);
  }
  return to;
}

// Writes KeyValue fields with `tag` to `out`. Allocates nothing but the room in the buffers.
class Attributes {
 public:
  static constexpr uint8_t kOfLogRecord = 0x32;  // LogRecord.attributes
  static constexpr uint8_t kOfResource = 0x0A;   // Resource.attributes, KeyValueList.values

  // `scratch` holds decoded keys and values in between; it belongs to the caller.
  struct Scratch {
    Buffer key, value;
  };
  Attributes(Buffer& out, Scratch& scratch, uint8_t tag)
      : out_(out), scratch_(scratch), tag_(tag) {}

  void add(std::string_view key, const Scalar& value);
  void add(std::string_view key, Text value);  // nothing when absent
  // A member of the context with whatever is inside it, under another name if `key` is given.
  void add(const Record& record, const Member& member, std::string_view key);
  void add(const Record& record, const Member& member) { add(record, member, key_of(member)); }

  // Key and suffix; valid until the next call.
  std::string_view key_of(const Member& member);

 private:
  std::string_view plain(Text text);
  Scalar scalar_of(const Member& member);
  void add_any_value(const Record& record, const Member& member, uint8_t tag);
  void add_container(const Record& record, const Member& member);

  Buffer& out_;
  Scratch& scratch_;
  uint8_t tag_;
};

}  // namespace waybill::outputs::otlp
