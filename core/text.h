// SPDX-License-Identifier: Apache-2.0
// Text: a view of UTF-8 bytes that remembers how they are escaped.
//
// A string value of a JSON line is kept as it stands between its quotes: whoever writes JSON
// copies it, whoever needs the characters (console, OTLP) decodes it, and the usual text without
// any character that JSON would escape is both at once and costs neither.
#pragma once

#include <cstdint>
#include <string_view>

namespace waybill {

enum class TextForm : uint8_t {
  kRaw,    // the characters themselves; may need escaping when written as JSON
  kJson,   // the inside of a valid JSON string; holds at least one backslash
  kClean,  // no quote, backslash or control character: both forms are the same bytes
};

// Valid UTF-8 always. Does not own its bytes: they live in the batch's arena, in the line or in
// a constant.
struct Text {
  const char* data = nullptr;
  uint32_t size = 0;
  TextForm form = TextForm::kClean;

  Text() = default;
  Text(const char* bytes, uint32_t length, TextForm how) : data(bytes), size(length), form(how) {}
  Text(std::string_view bytes, TextForm how)
      : data(bytes.data()), size(static_cast<uint32_t>(bytes.size())), form(how) {}

  bool empty() const { return size == 0; }
  explicit operator bool() const { return data != nullptr; }  // present, though maybe empty
  std::string_view bytes() const { return {data, size}; }
};

}  // namespace waybill
