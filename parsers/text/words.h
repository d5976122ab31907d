// SPDX-License-Identifier: Apache-2.0
// Words of a header, and what they may be.
#pragma once

#include <optional>
#include <string_view>

#include "core/ascii.h"
#include "core/level.h"
#include "parsers/common/source.h"

namespace waybill::parsers::text {

// The letters at `at`.
inline std::string_view word_at(std::string_view line, size_t at) {
  size_t end = at;
  while (end < line.size() && is_letter(line[end])) ++end;
  return line.substr(at, end - at);
}
inline bool all_upper(std::string_view word) {
  for (char c : word) {
    if (!is_upper(c)) return false;
  }
  return true;
}

// "a.b.C", "c::d", "net/http", "Foo$Bar", "UserService", "user_service": no word of a sentence.
enum class Name { kNone, kWord, kQualified };
Name name_of(std::string_view text);

// "shop.cart", and no name of a file, host or mail address as far as one can tell.
bool is_module(std::string_view text);
// "org.foo.Bar", and no exception.
bool is_class(std::string_view text);

// Words that mean a level wherever they stand alone at the front, with `behind` right behind them.
std::optional<Severity> level_word(std::string_view word, char behind);
// Of a message that begins as PHP's do: "PHP Fatal error:  …", "PHP Warning:  …".
std::optional<Severity> level_of_php(std::string_view message);

}  // namespace waybill::parsers::text
