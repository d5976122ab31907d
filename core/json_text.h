// SPDX-License-Identifier: Apache-2.0
// JSON strings: escaping, unescaping, and Text in whichever form the reader needs (RFC 8259, 7).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/arena.h"
#include "core/buffer.h"
#include "core/text.h"

namespace waybill {

// Whether no byte of `bytes` needs escaping in a JSON string.
bool is_clean_json(std::string_view bytes);

// Valid UTF-8 as a Text: kClean when it can be, else kRaw.
Text raw_text(std::string_view bytes);

// Appends the inside of a JSON string (no quotes) for valid UTF-8 characters.
void append_escaped(Buffer& out, std::string_view characters);
// Appends a whole JSON string, quotes included.
void append_json_string(Buffer& out, std::string_view characters);
// The same, for what is not on the hot path.
std::string json_string(std::string_view characters);

// Appends a Text as the inside of a JSON string, whatever its form.
inline void append_json(Buffer& out, Text text) {
  if (text.form == TextForm::kRaw) return append_escaped(out, text.bytes());
  out.append(text.data, text.size);
}

// Whether `inside` could stand between the quotes of a JSON string as it is: no quote, no control
// character, and every backslash begins an escape of RFC 8259.
bool is_json_inside(std::string_view inside);

// Decodes the inside of a *valid* JSON string to `out`, which has room for text.size bytes (the
// characters are never longer than their escapes). Unpaired surrogates become U+FFFD. Returns the
// end of what was written.
char* decode_json(std::string_view inside, char* out);

// Appends the characters of a Text.
void append_characters(Buffer& out, Text text);
// The characters of a Text: as they stand, or decoded into the arena.
std::string_view characters(Text text, Arena& arena);

}  // namespace waybill
