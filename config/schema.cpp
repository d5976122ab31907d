// SPDX-License-Identifier: Apache-2.0
#include "config/schema.h"

#include <filesystem>

namespace waybill::config {

namespace {

constexpr const char* kKey = "schema";
constexpr const char* kByService = "by_service";

// Read where it is needed (contract/contract.cpp).
OptionInfo unrepaired_info() {
  OptionInfo info = detail::option(
      "unrepaired", OptionKind::kChoice,
      "with `on_violation: repair`, what becomes of a record that cannot be repaired", "tag");
  info.choices = {"tag", "quarantine", "drop"};
  return info;
}

const OptionTable<SchemaRule>& rule_table() {
  using Rule = SchemaRule;
  static const auto made =
      OptionTable<Rule>()
          .path("file", &Rule::file,
                "a JSON Schema (draft 2020-12 or draft-07), from the config file's folder on; "
                "builtin: the one that `waybill schema show` prints")
          .choice("on", &Rule::on, {"record", "line"},
                  "what is judged: the record in its canonical form, or the line's own JSON")
          .choice("format", &Rule::format, {"annotate", "assert"},
                  "whether the keyword `format` is a remark or must hold")
          .choice("on_violation", &Rule::on_violation,
                  {"tag", "repair", "quarantine", "drop", "off"},
                  "what becomes of a record that breaks its schema; off: nothing is judged")
          .custom(unrepaired_info(), [](const Section& section, Rule&) {
            detail::choose(section, unrepaired_info());
          });
  return made;
}

struct Nothing {};

// What stands in `schema` besides the rule itself.
const OptionTable<Nothing>& more_table() {
  static const auto made = [] {
    OptionTable<Nothing> table;
    OptionInfo services = detail::option(kByService, OptionKind::kSectionMap,
                                         "rules of single services, by their names; what one does "
                                         "not say is as above",
                                         "");
    services.children = rule_table().list();
    for (OptionInfo& child : services.children) child.default_text.clear();
    table.custom(services, {});
    table.other("map", OptionKind::kStringMap,
                "folders by URIs: what refers to a URI below one of them is a file in its folder");
    return table;
  }();
  return made;
}

OptionList all_options() {
  OptionList all = rule_table().list();
  const OptionList& more = more_table().list();
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

// The rule's own keys; others are for the caller to refuse.
void read_rule(const Section& section, SchemaRule& out) { rule_table().read_known(section, out); }

}  // namespace

OptionInfo schema_info() {
  OptionInfo info =
      detail::option(kKey, OptionKind::kSection, "the contract that records are held to", "");
  info.children = all_options();
  return info;
}

void read_schema(const Section& root, std::optional<SchemaSettings>& out) {
  std::optional<Section> section = root.section(kKey);
  if (!section) return;
  SchemaSettings& settings = out.emplace();
  settings.section = section;
  settings.all.base_folder = std::filesystem::path(root.file()).parent_path().string();
  read_rule(*section, settings.all);
  section->refuse_unknown(all_options());
  if (auto map = section->string_map("map")) settings.map = std::move(*map);
  std::optional<Section> services = section->section(kByService);
  if (!services) return;
  for (const std::string& name : services->keys()) {
    std::optional<Section> own = services->section(name);
    if (!own) continue;
    if (name.empty()) {
      services->fault_at_key(name, "a service needs a name");
      continue;
    }
    ServiceSchema service{name, settings.all, *own};
    read_rule(*own, service.rule);
    own->refuse_unknown(rule_table().list());
    settings.by_service.push_back(std::move(service));
  }
}

}  // namespace waybill::config
