// SPDX-License-Identifier: Apache-2.0
// key=value pairs in text.
#pragma once

#include <string_view>

#include "core/arena.h"
#include "core/record.h"

namespace waybill::parsers {

// One pair of a text, and where it stands.
struct Pair {
  std::string_view key;
  std::string_view value;  // as it stands, without its quotes
  bool quoted = false;
  size_t begin = 0;  // of the key
  size_t end = 0;    // behind the value
};

// The next pair at or behind `from`; false when there is none. A key begins with a letter, '_' or
// '@' at the beginning of the text or behind a blank or one of ",;([{|", and holds letters, digits
// and "_.-@/"; its value is quoted ("…", with backslash escapes) or ends at a blank or one of
// ",;)]}|".
bool next_pair(std::string_view text, size_t from, Pair& pair);

// Whether `text` is a key as next_pair() has them.
bool is_key(std::string_view text);

// A pair as a field: the value's type is number, true or false where it reads as such in JSON (and
// is not quoted), else string. Escapes are kept where JSON has the same, else taken literally.
Field field_of(const Pair& pair, Arena& arena);

}  // namespace waybill::parsers
