// SPDX-License-Identifier: Apache-2.0
#include "parsers/patterns/check.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "parsers/patterns/pattern.h"
#include "parsers/patterns/sample.h"

namespace waybill::parsers::patterns {

namespace {

// Records name their format, and the ledger counts by it, longer than any config lasts. Whoever
// reloads has few names, and mostly the same.
std::string_view kept_name(const std::string& name) {
  static std::set<std::string> names;
  return *names.insert(name).first;
}

// Whether every group that `types` names is there.
bool check_types(const config::PatternSection& pattern, const Pattern& compiled) {
  bool sound = true;
  const std::vector<std::string>& names = compiled.engine->names();
  for (const auto& [group, type] : pattern.settings.types) {
    if (std::find(names.begin(), names.end(), group) != names.end()) continue;
    sound = false;
    std::string close = config::suggestion(group, names);
    std::string help = close.empty() ? fmt::format("it has: {}", fmt::join(names, ", "))
                                     : fmt::format("did you mean '{}'?", close);
    auto types = pattern.section.section("types");
    if (types) {
      types->fault(group, fmt::format("pattern '{}' has no group of this name ({})",
                                      pattern.settings.name, names.empty() ? "it has none" : help));
    }
  }
  return sound;
}

bool check_samples(const config::PatternSection& pattern, const Settings& settings) {
  bool sound = true;
  for (size_t i = 0; i < pattern.settings.samples.size(); ++i) {
    for (const std::string& fault : sample_faults(pattern.settings.samples[i], settings)) {
      sound = false;
      pattern.section.fault_at_item("samples", i,
                                    fmt::format("pattern '{}': {}", pattern.settings.name, fault));
    }
  }
  return sound;
}

}  // namespace

Checked check(const std::vector<config::PatternSection>& patterns, const Settings& settings) {
  Checked checked;
  for (const config::PatternSection& pattern : patterns) {
    const config::PatternSettings& asked = pattern.settings;
    UserPattern user{kept_name(asked.name), asked.regex, asked.dissect, asked.types};
    const char* key = asked.regex.empty() ? "dissect" : "regex";
    auto compiled = compile(user);
    if (!compiled) {
      pattern.section.fault(key,
                            fmt::format("pattern '{}': {}", asked.name, compiled.error().what));
      continue;
    }
    Settings alone = settings;
    alone.forms.clear();
    alone.patterns = {user};
    bool types = check_types(pattern, *compiled);
    if (!check_samples(pattern, alone) || !types) continue;
    std::string slow = compiled->engine->slow();
    if (!slow.empty()) {
      checked.warnings.push_back({pattern.section.file(), pattern.section.position_of(key),
                                  fmt::format("warning: {}.{}: pattern '{}' is slow: {}",
                                              pattern.section.path(), key, asked.name, slow)});
    }
    checked.sound.push_back(std::move(user));
  }
  return checked;
}

std::vector<Attempt> attempts(const Settings& settings, const std::vector<std::string>& formats,
                              std::string_view line) {
  auto asked = [&](std::string_view name) {
    return std::find(formats.begin(), formats.end(), name) != formats.end();
  };
  std::vector<const UserPattern*> tried;
  if (asked("auto") || asked("patterns")) {
    for (const UserPattern& pattern : settings.patterns) tried.push_back(&pattern);
  } else {
    for (const std::string& format : formats) {
      for (const UserPattern& pattern : settings.patterns) {
        if (pattern.name == format) tried.push_back(&pattern);
      }
    }
  }
  Arena arena;
  bool repaired = false;
  line = seen_by_patterns(line, arena, repaired);
  std::vector<Attempt> made;
  for (const UserPattern* pattern : tried) {
    auto compiled = compile(*pattern);
    if (!compiled) continue;
    Match match;
    bool matched = compiled->engine->match(line, arena, match);
    made.push_back({pattern->name, matched, matched ? "" : compiled->engine->why_not(line)});
    if (matched) break;
  }
  return made;
}

}  // namespace waybill::parsers::patterns
