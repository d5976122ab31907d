// SPDX-License-Identifier: Apache-2.0
// The text formats that are known by name: tables of patterns, each with samples of its own that
// the tests run (formats_test.cpp). To add one is a FORMAT and a SAMPLE in a file of tables/.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "parsers/formats/pattern.h"
#include "parsers/parser.h"

namespace waybill::parsers::formats {

struct Format {
  std::string_view name;  // several patterns may have one name
  Pattern pattern;
};

class Formats {
 public:
  // A built-in pattern that does not compile is a broken invariant.
  Formats();

  // The first format that the line has; null for none. `name`: only formats called so, or empty.
  const Format* find(Subject& subject, Match& match, std::string_view name) const;

 private:
  using ByByte = std::array<std::vector<const Format*>, 256>;
  // Patterns with the same literals behind the time.
  struct Group {
    std::string literals;
    std::vector<const Format*> formats;
  };
  // Those that a line may have, in the order of the tables.
  class Candidates;

  void add(const Format& format);
  void gather_timed(Subject& subject, bool bracket, size_t at, Candidates& candidates) const;
  void gather_others(Subject& subject, bool timed, Candidates& candidates) const;

  std::vector<Format> all_;
  std::array<std::vector<Group>, 2> timed_;  // with the time at the front, and behind a '['
  ByByte level_, word_, other_;              // by Pattern::Front
};

// The names of all formats, in the order of the tables.
std::vector<std::string_view> names(const Settings& settings = {});

}  // namespace waybill::parsers::formats
