// SPDX-License-Identifier: Apache-2.0
// Protobuf wire format (https://protobuf.dev/programming-guides/encoding/), written straight into
// a Buffer. Sizes that are known are written as they come; of a message whose size is not known
// yet, Nested leaves room for the length and fills it in, so that nothing is encoded twice and
// nothing is allocated.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "core/buffer.h"

namespace waybill::outputs::protobuf {

constexpr size_t kMaxVarint = 10;

constexpr size_t varint_size(uint64_t value) {
  return (static_cast<size_t>(std::bit_width(value | 1)) + 6) / 7;
}

// The size of a length-delimited field of `size` bytes with a tag of one byte.
constexpr size_t field_size(size_t size) { return 1 + varint_size(size) + size; }

inline char* write_varint(char* to, uint64_t value) {
  while (value >= 0x80) {
    *to++ = static_cast<char>(value | 0x80);
    value >>= 7;
  }
  *to++ = static_cast<char>(value);
  return to;
}

// A fixed64 or fixed32: little-endian.
template <typename T>
char* write_fixed(char* to, T value) {
  for (size_t i = 0; i < sizeof value; ++i) *to++ = static_cast<char>(value >> (8 * i));
  return to;
}

// Tag and length: what stands before a length-delimited field.
inline char* write_head(char* to, uint8_t tag, size_t size) {
  *to++ = static_cast<char>(tag);
  return write_varint(to, size);
}

// Most keys and values are short: copied as two overlapping words, without a call.
inline char* write_raw(char* to, std::string_view bytes) {
  const char* from = bytes.data();
  size_t size = bytes.size();
  if (size > 16) {
    std::memcpy(to, from, size);
  } else if (size >= 8) {
    uint64_t first, last;
    std::memcpy(&first, from, 8);
    std::memcpy(&last, from + size - 8, 8);
    std::memcpy(to, &first, 8);
    std::memcpy(to + size - 8, &last, 8);
  } else if (size >= 4) {
    uint32_t first, last;
    std::memcpy(&first, from, 4);
    std::memcpy(&last, from + size - 4, 4);
    std::memcpy(to, &first, 4);
    std::memcpy(to + size - 4, &last, 4);
  } else {
    for (size_t i = 0; i < size; ++i) to[i] = from[i];
  }
  return to + size;
}

// A whole length-delimited field; needs field_size(bytes.size()) bytes.
inline char* write_field(char* to, uint8_t tag, std::string_view bytes) {
  return write_raw(write_head(to, tag, bytes.size()), bytes);
}

// A message inside another one, from its construction to close(). `expected` is a guess of its
// size: only when the length takes another number of bytes than the guess did, the message is
// moved.
class Nested {
 public:
  Nested(Buffer& out, uint8_t tag, size_t expected) : out_(out), room_(varint_size(expected)) {
    char* to = out.reserve(1 + kMaxVarint);
    *to = static_cast<char>(tag);
    out.advance(1 + room_);
    begin_ = out.size();
  }
  Nested(Nested&&) = delete;

  size_t size() const { return out_.size() - begin_; }
  size_t begin() const { return begin_; }  // of the content, within the buffer

  void close() {
    size_t content = size();
    size_t width = varint_size(content);
    if (width != room_) {
      out_.reserve(kMaxVarint);
      char* from = out_.data() + begin_;
      std::memmove(from + width - room_, from, content);
      if (width > room_) {
        out_.advance(width - room_);
      } else {
        out_.resize(out_.size() - (room_ - width));
      }
    }
    write_varint(out_.data() + begin_ - room_, content);
  }

 private:
  Buffer& out_;
  size_t room_;
  size_t begin_;
};

}  // namespace waybill::outputs::protobuf
