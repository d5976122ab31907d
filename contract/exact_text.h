// SPDX-License-Identifier: Apache-2.0
// Texts as they are compared. JSON may have half of a surrogate pair ("\ud800"), which UTF-8 has no
// bytes for. To compare texts, each half is written as the three bytes that it would have
// ("WTF-8"), so that two different ones stay different; to be shown or matched it is U+FFFD.
#pragma once

#include <string>
#include <string_view>

#include "core/buffer.h"
#include "core/text.h"

namespace waybill::contract {

// Decodes the inside of a valid JSON string; `out` has room for as many bytes. Returns the end.
char* decode_exactly(std::string_view inside, char* out);

// The characters of a text, to compare them: as they stand, or decoded into `scratch`.
std::string_view exact_escapes(Text text, std::string& scratch);
inline std::string_view exact(Text text, std::string& scratch) {
  return text.form == TextForm::kJson ? exact_escapes(text, scratch) : text.bytes();
}

// Appends it as a JSON string: an escape for each half of a pair.
void append_exact_string(Buffer& out, std::string_view exact);

// Such a text as valid UTF-8: U+FFFD for each half of a pair.
std::string shown_text(std::string_view exact);

}  // namespace waybill::contract
