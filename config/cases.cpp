// SPDX-License-Identifier: Apache-2.0
#include "config/cases.h"

#include <algorithm>
#include <utility>

#include "config/document.h"
#include "config/options.h"
#include "config/section_impl.h"

namespace waybill::config {

namespace {

OptionInfo needed(const char* key, OptionKind kind, const char* prose) {
  OptionInfo info = detail::option(key, kind, prose, "");
  info.required = true;
  return info;
}
OptionInfo optional(const char* key, OptionKind kind) { return detail::option(key, kind, "", ""); }

// Keys of a file, of a test, and of a record that is wanted.
const OptionList& file_keys() {
  static const OptionList made{needed("tests", OptionKind::kSections, "a list of them")};
  return made;
}
const OptionList& test_keys() {
  static const OptionList made{
      needed("name", OptionKind::kString, "what it shows"),
      needed("lines", OptionKind::kStrings, "a list of them, or one text"),
      needed("expect", OptionKind::kSections, "a record each; [] for none"),
      optional("input", OptionKind::kString),
      optional("path", OptionKind::kString),
      optional("stream", OptionKind::kString)};
  return made;
}
const OptionList& record_keys() {
  static const OptionList made{optional("record", OptionKind::kSection),
                               optional("absent", OptionKind::kStrings),
                               optional("outputs", OptionKind::kStrings)};
  return made;
}

// Refuses other keys, and says which are missing.
void hold_to(const OptionList& keys, const Section& section) {
  section.refuse_unknown(keys);
  for (const OptionInfo& key : keys) {
    if (key.required) detail::require(section, key);
  }
}

// A block of text is as many lines as it has.
std::vector<std::string> lines_of(const std::vector<std::string>& texts) {
  std::vector<std::string> lines;
  for (const std::string& text : texts) {
    std::string_view rest = text;
    while (rest.ends_with('\n')) rest.remove_suffix(1);
    for (size_t at = 0; at <= rest.size();) {
      size_t end = std::min(rest.find('\n', at), rest.size());
      lines.emplace_back(rest.substr(at, end - at));
      at = end + 1;
    }
  }
  return lines;
}

std::vector<Expected> expected_of(const Section& test) {
  std::vector<Expected> all;
  for (const SectionItem& item : test.items("expect")) {
    if (!item.section) {
      test.fault_at_item("expect", item.index, "must be a mapping: record, absent, outputs");
      continue;
    }
    const Section& section = *item.section;
    hold_to(record_keys(), section);
    Expected one{section.leaves("record"),
                 section.strings("absent").value_or(std::vector<std::string>()), std::nullopt,
                 section};
    if (section.has("outputs")) one.outputs = section.strings("outputs");
    all.push_back(std::move(one));
  }
  return all;
}

TestCase test_of(const Section& section) {
  hold_to(test_keys(), section);
  TestCase test{{}, {}, {}, {}, {}, {}, section};
  auto text = [&](const char* key) { return section.string(key).value_or(""); };
  test.name = text("name");
  auto lines = section.strings("lines");
  test.lines = lines_of(lines.value_or(std::vector<std::string>()));
  test.input = text("input");
  test.path = text("path");
  test.stream = text("stream");
  if (lines && test.lines.empty()) section.fault("lines", "there are none");
  if (!test.stream.empty() && test.stream != "stdout" && test.stream != "stderr") {
    section.fault("stream", "must be stdout or stderr");
  }
  test.expected = expected_of(section);
  return test;
}

}  // namespace

std::vector<TestCase> test_cases(const std::string& file, std::string_view text,
                                 Diagnostics& diagnostics) {
  std::vector<TestCase> tests;
  DocumentSource source{file, text};
  source.wanted = "tests are a list below a key (write 'tests:' above it)";
  auto document = load_document(source, diagnostics);
  if (document == nullptr) return tests;
  Section root = root_section(std::move(document), diagnostics);
  hold_to(file_keys(), root);
  for (const SectionItem& item : root.items("tests")) {
    if (item.section) {
      tests.push_back(test_of(*item.section));
    } else {
      root.fault_at_item("tests", item.index, "must be a mapping: name, lines, expect");
    }
  }
  if (root.has("tests") && tests.empty() && diagnostics.empty()) {
    root.fault("tests", "there are none");
  }
  return tests;
}

}  // namespace waybill::config
