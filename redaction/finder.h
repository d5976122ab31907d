// SPDX-License-Identifier: Apache-2.0
// Finder: what all rules but those of fields find in one text.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "core/buffer.h"
#include "redaction/pattern_gate.h"
#include "redaction/rules.h"
#include "redaction/scanner.h"

namespace waybill::redaction {

// A stretch of a text that must not stay.
struct Edit {
  uint32_t begin, end;
  uint32_t rule;        // index into Rules::all(); kWithheldRule: what could not be made safe
  std::string_view by;  // what stands there instead, once it is known
};
constexpr uint32_t kWithheldRule = 0xFFFFFFFF;

// One thread at a time. Allocates while it grows, else nothing.
class Finder {
 public:
  // Matches of one pattern in one text; a text with more of them is withheld as a whole: looking
  // for the next one may cost a pattern a look at all of the text.
  static constexpr size_t kMostMatches = 64;

  // `rules` outlive it.
  explicit Finder(const std::vector<Rule>& rules);

  // Appends what is found in the characters of a text, in order, without overlaps. False: too much
  // for a pattern; the text is to be withheld. `ids`: as for Scanner::scan(). `key`: what the text
  // is called; detectors see it before the text, as in a line.
  bool find(std::string_view text, bool ids, std::vector<Edit>& edits, std::string_view key = {});

  // The same as a question, of detectors alone. Looks below escapes as well (see hides_more()).
  bool any(std::string_view text);
  // Without a look below escapes.
  bool any_plain(std::string_view text) { return scanner_.any(text); }
  // Whether a text that is clean itself has a secret in what its escapes stand for: a text in a
  // text in a text, written by whoever escapes letters.
  bool hides_more(std::string_view text);

  // The last words of a text that was cut off there, if one of them may be the beginning of a
  // secret; npos: none is.
  size_t cut_secret(std::string_view text);

  // Whether a pattern may find something in the text, or in a part of it that is a text of its own.
  bool may_match(std::string_view text) { return gate_.may_match(text); }
  const Rule& rule(uint32_t index) const { return rules_[index]; }

 private:
  void find_named(std::string_view text, bool ids, std::string_view key);
  bool find_patterns(std::string_view text, std::vector<Edit>& edits);

  const std::vector<Rule>& rules_;
  std::vector<uint32_t> of_detectors_;  // the rule of each of the scanner's detectors
  std::vector<uint32_t> patterns_;      // rules
  Scanner scanner_;
  PatternGate gate_;
  std::vector<Hit> hits_;
  Buffer decoded_[2], named_;
};

// Puts edits in order, and those that overlap together, as the first of them.
void merge(std::vector<Edit>& edits);

}  // namespace waybill::redaction
