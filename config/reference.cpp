// SPDX-License-Identifier: Apache-2.0
#include "config/reference.h"

#include <fmt/format.h>

namespace waybill::config {

namespace {

const char* type_name(OptionKind kind) {
  switch (kind) {
    case OptionKind::kBoolean: return "true or false";
    case OptionKind::kInteger: return "whole number";
    case OptionKind::kNumber: return "number";
    case OptionKind::kString: return "text";
    case OptionKind::kPath: return "path";
    case OptionKind::kDuration: return "duration";
    case OptionKind::kBytes: return "size";
    case OptionKind::kChoice: return "one of";
    case OptionKind::kStrings: return "text or list of texts";
    case OptionKind::kNumbers: return "list of numbers";
    case OptionKind::kStringMap: return "mapping of texts";
    case OptionKind::kSection: return "mapping";
    case OptionKind::kSectionMap: return "mapping of mappings";
    case OptionKind::kSections: return "list of mappings";
    case OptionKind::kTextsOrSections: return "list of texts or mappings";
    case OptionKind::kChoiceOrSections: return "";  // its choices say more
  }
  return "";
}

// A bar would end the cell.
std::string cell(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (c == '|') out.push_back('\\');
    out.push_back(c == '\n' ? ' ' : c);
  }
  return out;
}

std::string type_cell(const OptionInfo& option) {
  if (option.kind == OptionKind::kChoice || option.kind == OptionKind::kChoiceOrSections) {
    std::string choices;
    for (const std::string& choice : option.choices) {
      choices += fmt::format("{}`{}`", choices.empty() ? "" : ", ", choice);
    }
    return option.kind == OptionKind::kChoice ? choices : choices + ", list of mappings";
  }
  if (option.kind == OptionKind::kDuration && !option.choices.empty()) {
    std::string words;
    for (const std::string& choice : option.choices) words += fmt::format("`{}`, ", choice);
    return fmt::format("{}or {}, {}", words, type_name(option.kind), option.bounds);
  }
  if (option.bounds.empty()) return type_name(option.kind);
  return fmt::format("{}, {}", type_name(option.kind), option.bounds);
}

std::string default_cell(const OptionInfo& option) {
  if (option.required) return "required";
  return option.default_text.empty() ? "" : fmt::format("`{}`", option.default_text);
}

void append_rows(std::string& out, const std::string& prefix, const OptionList& options) {
  for (const OptionInfo& option : options) {
    if (!option.built) continue;
    const std::string key = prefix + option.key;
    out += fmt::format("| `{}` | {} | {} | {} |\n", key, cell(type_cell(option)),
                       cell(default_cell(option)), cell(option.prose));
    const char* between = is_list(option.kind)                     ? "[]."
                          : option.kind == OptionKind::kSectionMap ? ".NAME."
                                                                   : ".";
    append_rows(out, key + between, option.children);
  }
}

}  // namespace

std::string reference_table(std::string_view title, const OptionList& options) {
  std::string out =
      fmt::format("## {}\n\n| key | type | default | meaning |\n|---|---|---|---|\n", title);
  append_rows(out, "", options);
  return out;
}

}  // namespace waybill::config
