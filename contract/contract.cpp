// SPDX-License-Identifier: Apache-2.0
#include "contract/contract.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <map>
#include <optional>

#include "contract/check.h"
#include "contract/sources.h"

namespace waybill::contract {

namespace {

using config::SchemaRule;

constexpr const char* kBuiltin = "builtin";

// "FILE:LINE:COLUMN: MESSAGE", as the compiler says it.
std::optional<config::Fault> placed_fault(const std::string& path, const std::string& text) {
  std::string_view rest = text;
  if (!rest.starts_with(path + ":")) return std::nullopt;
  rest.remove_prefix(path.size() + 1);
  config::Fault fault{path, {}, ""};
  for (int* number : {&fault.position.line, &fault.position.column}) {
    auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), *number);
    if (error != std::errc{} || end == rest.data() + rest.size() || *end != ':') {
      return std::nullopt;
    }
    rest.remove_prefix(static_cast<size_t>(end - rest.data()) + 1);
  }
  fault.message = rest.starts_with(' ') ? rest.substr(1) : rest;
  return fault;
}

// A word that means nothing has been complained about already.
void read_unrepaired(const config::Section& section, Rule& rule) {
  auto word = section.string("unrepaired");
  rule.unrepaired = on_violation_of(word.value_or("")).value_or(rule.unrepaired);
}

class Maker {
 public:
  Maker(const config::SchemaSettings& settings, config::Diagnostics& diagnostics)
      : settings_(settings), diagnostics_(diagnostics) {
    read_mappings();
  }

  Rule make(const SchemaRule& wanted, const std::optional<config::Section>& section) {
    Rule rule{path_of(wanted), nullptr, wanted.on == SchemaRule::On::kLine, wanted.on_violation};
    if (rule.on_violation == OnViolation::kOff) return rule;
    bool assert_formats = wanted.format == SchemaRule::Format::kAssert;
    auto key = std::pair(rule.schema, assert_formats);
    auto found = made_.find(key);
    if (found == made_.end()) {
      found = made_.emplace(key, compile(rule.schema, assert_formats, section)).first;
    }
    rule.program = found->second;
    return rule;
  }
  bool sound() const { return sound_; }

 private:
  void fault(const std::optional<config::Section>& section, std::string_view key,
             std::string message) {
    sound_ = false;
    if (section) return section->fault(key, std::move(message));
    diagnostics_.add(config::Fault{"--schema", {}, std::move(message)});
  }

  void read_mappings() {
    for (const auto& [uri, folder] : settings_.map) {
      std::filesystem::path path = std::filesystem::path(settings_.all.base_folder) / folder;
      auto mapping = parse_mapping(uri + "=" + path.string());
      if (mapping) {
        mappings_.push_back(std::move(*mapping));
      } else {
        fault(settings_.section, "map", mapping.error().what);
      }
    }
  }

  static std::string path_of(const SchemaRule& wanted) {
    if (wanted.file == kBuiltin || wanted.base_folder.empty()) return wanted.file;
    return (std::filesystem::path(wanted.base_folder) / wanted.file).string();
  }

  SharedProgram compile(const std::string& path, bool assert_formats,
                        const std::optional<config::Section>& section) {
    CompileOptions options{mappings_, assert_formats, false};
    if (path == kBuiltin) {
      auto program =
          compile_text(std::string(builtin_schema()), "the built-in schema", "", options);
      WAYBILL_CHECK(program.has_value(), "the built-in schema does not compile");
      return *program;
    }
    std::vector<std::string> faults;
    // Read once: what was checked is what is compiled.
    auto text = read_schema_file(path);
    if (!text) {
      faults.push_back(std::move(text).error().what);
    } else if (faults = check_text(*text, path, options); faults.empty()) {
      auto program = compile_text(std::move(*text), path, path, options);
      if (program) return *program;
      faults.push_back(std::move(program).error().what);
    }
    size_t placed = 0;
    for (const std::string& said : faults) {
      if (auto one = placed_fault(path, said)) {
        ++placed;
        diagnostics_.add(std::move(*one));
      } else {
        fault(section, "file", said);
      }
    }
    if (placed > 0) {
      fault(section, "file",
            fmt::format("{} is no schema that can be used: {} fault{}, each named with its place",
                        path, placed, placed == 1 ? "" : "s"));
    }
    return nullptr;
  }

  const config::SchemaSettings& settings_;
  config::Diagnostics& diagnostics_;
  bool sound_ = true;
  std::vector<Mapping> mappings_;
  std::map<std::pair<std::string, bool>, SharedProgram> made_;
};

}  // namespace

std::string_view name_of(OnViolation what) {
  switch (what) {
    case OnViolation::kTag: return "tag";
    case OnViolation::kRepair: return "repair";
    case OnViolation::kQuarantine: return "quarantine";
    case OnViolation::kDrop: return "drop";
    case OnViolation::kOff: return "off";
  }
  return "";
}

std::optional<OnViolation> on_violation_of(std::string_view name) {
  for (OnViolation what : {OnViolation::kTag, OnViolation::kRepair, OnViolation::kQuarantine,
                           OnViolation::kDrop, OnViolation::kOff}) {
    if (name_of(what) == name) return what;
  }
  return std::nullopt;
}

std::shared_ptr<const Contract> Contract::make(const config::SchemaSettings& settings,
                                               config::Diagnostics& diagnostics) {
  auto made = std::make_shared<Contract>();
  Maker maker(settings, diagnostics);
  made->all_ = maker.make(settings.all, settings.section);
  if (settings.section) read_unrepaired(*settings.section, made->all_);
  for (const config::ServiceSchema& service : settings.by_service) {
    // What is said for all is at fault there.
    const auto& section = service.section.has("file") ? service.section : settings.section;
    Rule rule = maker.make(service.rule, section);
    rule.unrepaired = made->all_.unrepaired;
    read_unrepaired(service.section, rule);
    made->by_service_.emplace_back(service.service, std::move(rule));
  }
  return maker.sound() ? made : nullptr;
}

bool Contract::has(OnViolation what) const {
  auto asks = [&](const Rule& rule) {
    return rule.on_violation == what || rule.of_broken() == what;
  };
  return asks(all_) || std::any_of(by_service_.begin(), by_service_.end(),
                                   [&](const auto& one) { return asks(one.second); });
}

}  // namespace waybill::contract
