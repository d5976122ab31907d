// SPDX-License-Identifier: Apache-2.0
// RegexText: a regular expression as the user wrote it, made ready for RE2, and what can be seen of
// it without running it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace waybill::parsers::patterns {

struct RegexText {
  // A part of the concatenation at the top: an atom with its quantifier, or a run of literals.
  struct Piece {
    size_t begin = 0;            // in the text as written
    size_t rewritten_begin = 0;  // in `rewritten`
  };

  std::string rewritten;           // named groups called g1, g2 …, all others not capturing
  std::vector<std::string> names;  // of the groups, in order
  bool anchored = false;           // can match at the line's first byte alone
  std::string prefix;              // every match begins with it, where anchored
  std::string literal;             // stands in every line that matches
  std::vector<Piece> pieces;       // none when there is an alternation at the top
  std::string foreign;             // what is in it that RE2 does not have, and what to do; or empty
};

// Never judges what RE2 judges: of a text that is none the result is of no use to anybody else. An
// Error is about names of groups.
Result<RegexText> rewrite(std::string_view regex);

}  // namespace waybill::parsers::patterns
