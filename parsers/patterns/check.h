// SPDX-License-Identifier: Apache-2.0
// What a config's patterns are, checked: compiled, held to their types and their samples.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "parsers/parser.h"

namespace waybill::parsers::patterns {

struct Checked {
  std::vector<UserPattern> sound;       // those without a fault, for Settings::patterns
  std::vector<config::Fault> warnings;  // of those that work and are slow
};

// Compiles every pattern and parses its samples as lines under `settings`. Faults are reported
// where they stand. Main thread only: names are kept for as long as the process lives, each once.
Checked check(const std::vector<config::PatternSection>& patterns, const Settings& settings);

// What came of one pattern with one line, for people.
struct Attempt {
  std::string_view name;
  bool matched = false;
  std::string why;  // it did not
};
// `line` against one after another of settings.patterns, as far as the first that matches; only
// those that `formats` (as in parse.formats) names.
std::vector<Attempt> attempts(const Settings& settings, const std::vector<std::string>& formats,
                              std::string_view line);

}  // namespace waybill::parsers::patterns
