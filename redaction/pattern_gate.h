// SPDX-License-Identifier: Apache-2.0
// PatternGate: whether a text may hold something that one of the user's patterns finds. One cheap
// look for all patterns, so that lines without it cost no more than that.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "redaction/rules.h"

namespace re2 {
class FilteredRE2;
class RE2;
}  // namespace re2

namespace waybill::redaction {

// The expression without what it wants of a place instead of characters (^, $, \b and their like):
// it matches wherever the other one matches, in whatever that text is a part of. Empty: nobody can
// tell.
std::string without_anchors(std::string_view pattern);

// Patterns that need some letters are asked for when these are there (RE2's FilteredRE2); the
// others are one alternation, without their anchors. One thread at a time.
class PatternGate {
 public:
  // Of all rules those with patterns.
  explicit PatternGate(const std::vector<Rule>& rules);
  ~PatternGate();

  bool empty() const { return empty_; }
  // False: no pattern finds anything in the text, nor in any part of it taken as a text of its own.
  bool may_match(std::string_view text);

 private:
  bool has_letters(std::string_view text);

  bool empty_ = true, always_ = false;  // nobody can tell of some pattern
  std::unique_ptr<re2::FilteredRE2> filter_;
  std::vector<std::string> letters_;  // lower case, ASCII
  std::unique_ptr<re2::RE2> others_;  // null: none
  std::string lower_;
  std::vector<int> found_, passed_;
};

}  // namespace waybill::redaction
