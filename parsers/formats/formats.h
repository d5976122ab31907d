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

// Of formats that did not match: those that other bytes behind the first `front`, or other digits,
// might have made match, in the order in which they are tried.
struct Undecided {
  static constexpr size_t kMost = 5;

  explicit Undecided(size_t front_bytes) : front(front_bytes) {}

  size_t front;
  std::array<const Format*, kMost> formats{};
  size_t count = 0;  // more than kMost: not all are kept
  void add(const Format* format) {
    if (count < kMost) formats[count] = format;
    ++count;
  }
};

class Formats {
 public:
  // A built-in pattern that does not compile is a broken invariant.
  Formats();

  // The first format that the line has; null for none. `name`: only formats called so, or empty.
  // `undecided`, with subject.measures: what is to be known of those that are tried before it.
  const Format* find(Subject& subject, Match& match, std::string_view name,
                     Undecided* undecided = nullptr) const;

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
