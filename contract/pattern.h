// SPDX-License-Identifier: Apache-2.0
// Pattern: a regular expression of ECMA-262 (with the flag u), run by RE2 in time linear in the
// text.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "core/result.h"

namespace waybill::contract {

// An ECMA-262 pattern as RE2 wants it.
struct Translated {
  std::string re2;
  std::string invalid;     // why it is no ECMA-262 pattern; empty: it is one
  std::string refused;     // the construct that RE2 has not; empty: it has all
  bool too_large = false;  // in RE2's words; they end somewhere then
};
// Differences that are translated: ^ and $ (absolute ends), . (all but line ends), \s \S (all of
// Unicode's blanks), \cX, \0, \xHH, \uHHHH and its pairs, \u{…}, all of \p{…}, groups with names,
// empty classes. What RE2 has not: look-around and back-references.
Translated translate(std::string_view ecma);
// Whether the text is an ECMA-262 pattern; nothing is made of it.
bool is_ecma(std::string_view text);

class Pattern {
 public:
  // The Error's words go on with "the pattern …": what it is not, or what it has that RE2 has not.
  static Result<std::unique_ptr<Pattern>> make(std::string_view ecma);
  virtual ~Pattern() = default;

  // Whether it matches anywhere in valid UTF-8.
  virtual bool matches(std::string_view text) const = 0;
  // Whether every text matches that has one of these ASCII characters at each place. False where
  // that cannot be told.
  virtual bool matches_all(std::span<const std::string_view> places) const = 0;
  // States that matching may go through for each byte, at worst.
  virtual uint32_t states() const = 0;
  const std::string& written() const { return written_; }

 protected:
  explicit Pattern(std::string_view written) : written_(written) {}

 private:
  std::string written_;
};

}  // namespace waybill::contract
