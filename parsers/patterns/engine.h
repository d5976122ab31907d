// SPDX-License-Identifier: Apache-2.0
// Engine: what a pattern of the user's is matched with, a regular expression or a dissect form.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/arena.h"
#include "core/result.h"

namespace waybill::parsers::patterns {

constexpr size_t kMostGroups = 32;  // named ones of a pattern

struct Match {
  // In the order of Engine::names(), within the line or the arena; one that took no part has no
  // data.
  std::array<std::string_view, kMostGroups> groups;
  bool whole = false;  // from the line's first byte to its last
};

// Immutable once made. match() is for one thread at a time per engine: another one would wait.
class Engine {
 public:
  virtual ~Engine() = default;

  // The names of its groups, none twice, kMostGroups at most.
  virtual const std::vector<std::string>& names() const = 0;
  // Whether the line, valid UTF-8, has the form; fills `match` then. Linear in the line.
  virtual bool match(std::string_view line, Arena& arena, Match& match) const = 0;
  // Of a line that does not match: how far it got, in words. For people; slow.
  virtual std::string why_not(std::string_view line) const = 0;
  // What makes it slow and what to do about it; empty when nothing does.
  virtual std::string slow() const { return {}; }
};

// An Error says what is wrong with the notation, and what to do.
//
// Regular expressions are RE2's, with these differences: `(?<name>…)` is taken for
// `(?P<name>…)`, names may hold dots and dashes, groups without a name do not capture, `.` takes
// line ends, too (of events that span lines).
Result<std::unique_ptr<Engine>> make_regex(std::string_view regex);

// `%{name}` takes what stands up to the first place of the literal behind it, the last one the rest
// of the line. `%{}` and `%{?name}` are not kept; behind `%{name->}` the literal may stand several
// times; `%{+name}` appends to an earlier `%{name}`, with a blank between.
Result<std::unique_ptr<Engine>> make_dissect(std::string_view form);

// `text` for a message: cut at 60 bytes, control characters replaced by blanks; shown(): in single
// quotes.
std::string plain(std::string_view text);
std::string shown(std::string_view text);

}  // namespace waybill::parsers::patterns
