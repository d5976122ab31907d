// SPDX-License-Identifier: Apache-2.0
#include "config/patterns.h"

#include <fmt/format.h>

#include <algorithm>

#include "config/options.h"
#include "config/scalars.h"

namespace waybill::config {

namespace {

const std::vector<std::string>& type_words() {
  static const std::vector<std::string> words = {"int", "float", "bool", "duration", "bytes"};
  return words;
}

// The key; as a format it stands for all patterns.
constexpr const char* kKey = "patterns";

struct Nothing {};

const OptionTable<Nothing>& sample_table() {
  static const auto made = [] {
    OptionTable<Nothing> table;
    OptionInfo line = detail::option("line", OptionKind::kString, "a line that must match", "");
    line.required = true;
    line.min = 1;
    table.custom(line, {});
    table.custom(
        detail::option("record", OptionKind::kSection,
                       "what must come out, by paths of the record or names of groups", ""),
        {});
    return table;
  }();
  return made;
}

void read_types(const Section& section, PatternSettings& out) {
  auto types = section.string_map("types");
  if (!types) return;
  std::optional<Section> below = section.section("types");
  for (auto& [group, type] : *types) {
    const std::vector<std::string>& words = type_words();
    if (std::find(words.begin(), words.end(), type) != words.end()) {
      out.types.emplace_back(group, type);
      continue;
    }
    std::string close = suggestion(type, words);
    below->fault(group,
                 fmt::format("{} is not one of {}{}", below->shown(group), fmt::join(words, ", "),
                             close.empty() ? "" : fmt::format(" (did you mean '{}'?)", close)));
  }
}

void read_samples(const Section& section, PatternSettings& out) {
  for (const SectionItem& item : section.items("samples")) {
    SampleSettings sample;
    sample.index = item.index;
    if (item.text) sample.line = *item.text;
    if (item.section) {
      item.section->refuse_unknown(sample_table().list());
      detail::require(*item.section, sample_table().list().front());
      sample.line = detail::filled_text(*item.section, "line").value_or("");
      sample.record = item.section->leaves("record");
    }
    if (!sample.line.empty()) out.samples.push_back(std::move(sample));
    if (item.text == "") section.fault_at_item("samples", item.index, "must not be empty");
  }
}

const OptionTable<PatternSettings>& pattern_table() {
  using Settings = PatternSettings;
  static const auto made = [] {
    OptionTable<Settings> table;
    table.required_text("name", &Settings::name, "its name, as in `format` and `source.format`");
    table.text("regex", &Settings::regex,
               "a regular expression (RE2) with named groups; this or dissect");
    table.text("dissect", &Settings::dissect, "literals, and %{name} for what stands between them");
    OptionInfo types = detail::option(
        "types", OptionKind::kStringMap,
        "of groups that are no text: int, float, bool, duration (becomes seconds) or bytes", "");
    types.choices = type_words();
    table.custom(types, read_types);
    OptionInfo samples = detail::option("samples", OptionKind::kTextsOrSections,
                                        "lines that must match; `waybill check` tries them", "");
    samples.children = sample_table().list();
    table.custom(samples, read_samples);
    return table;
  }();
  return made;
}

bool check_engine(const Section& section, const PatternSettings& settings) {
  if (section.has("regex") && section.has("dissect")) {
    section.fault("dissect", "there is a regex as well: remove one of them, or make two patterns");
    return false;
  }
  if (!section.has("regex") && !section.has("dissect")) {
    section.fault("",
                  "needs 'regex' (a regular expression with named groups) or 'dissect' (a form "
                  "as '%{time} %{level} %{message}')");
    return false;
  }
  if (!settings.regex.empty() || !settings.dissect.empty()) return true;
  const char* key = section.has("regex") ? "regex" : "dissect";
  if (section.raw(key) == "") section.fault(key, "must not be empty");
  return false;
}

}  // namespace

OptionInfo patterns_info() {
  OptionInfo info =
      detail::option(kKey, OptionKind::kSections,
                     "text formats of your own, tried in this order before all others", "");
  info.children = pattern_table().list();
  return info;
}

void read_patterns(const Section& parse, std::vector<PatternSection>& out) {
  for (const SectionItem& item : parse.items(kKey)) {
    if (!item.section) {
      if (item.text) {
        parse.fault_at_item(kKey, item.index,
                            "must be a mapping with name and regex or dissect, not a single value");
      }
      continue;
    }
    PatternSettings settings;
    pattern_table().read(*item.section, settings);
    bool named = is_name(settings.name);
    if (!named && !settings.name.empty()) {
      item.section->fault("name", fmt::format("{} is not a name (1 to 64 of A-Z a-z 0-9 _ -)",
                                              item.section->shown("name")));
    }
    bool again = std::any_of(out.begin(), out.end(), [&](const PatternSection& other) {
      return other.settings.name == settings.name;
    });
    if (named && again) {
      item.section->fault(
          "name", fmt::format("another pattern is called {} already", item.section->shown("name")));
    }
    if (check_engine(*item.section, settings) && named && !again) {
      out.push_back({std::move(settings), *item.section});
    }
  }
}

void refuse_taken_names(std::vector<PatternSection>& patterns,
                        const std::vector<std::string>& formats) {
  std::erase_if(patterns, [&](const PatternSection& pattern) {
    const std::string& name = pattern.settings.name;
    bool taken = name == "none" || name == kKey ||
                 std::find(formats.begin(), formats.end(), name) != formats.end();
    if (taken) {
      pattern.section.fault(
          "name", fmt::format("'{}' is a format that is built in: choose another name", name));
    }
    return taken;
  });
}

std::vector<std::string> written_names(const Section& parse) {
  std::vector<std::string> names;
  if (!parse.items(kKey).empty()) names.emplace_back(kKey);
  for (const SectionItem& item : parse.items(kKey)) {
    auto name = item.section ? item.section->raw("name") : std::nullopt;
    if (name) names.push_back(std::move(*name));
  }
  return names;
}

}  // namespace waybill::config
