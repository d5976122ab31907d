// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cmath>

#include "config/reference.h"
#include "core/json_text.h"

namespace waybill::config {

namespace {

constexpr const char* kDurationPattern = R"(^([0-9]*\.?[0-9]+ ?(ns|us|ms|s|m|h|d))+$)";
constexpr const char* kSizePattern = R"(^[0-9]*\.?[0-9]+ ?(B|[kK]B|MB|GB|TB|KiB|MiB|GiB|TiB)$)";
constexpr const char* kNamePattern = "^[A-Za-z0-9_-]{1,64}$";

// JSON with indentation. Members are written in order; commas and line ends are its business.
class Writer {
 public:
  void begin(char bracket) {
    out_.push_back(bracket);
    ++depth_;
    first_ = true;
  }
  void end(char bracket) {
    --depth_;
    if (!first_) line();
    out_.push_back(bracket);
    first_ = false;
  }
  void key(std::string_view name) {
    item();
    out_ += json_string(name) + ": ";
  }
  void item() {
    if (!first_) out_.push_back(',');
    line();
    first_ = false;
  }
  void raw(std::string_view json) { out_ += json; }
  void text(std::string_view text) { out_ += json_string(text); }
  void member(std::string_view name, std::string_view value) {
    key(name);
    text(value);
  }
  std::string take() { return std::move(out_) + "\n"; }

 private:
  void line() { out_ += "\n" + std::string(2 * depth_, ' '); }

  std::string out_;
  size_t depth_ = 0;
  bool first_ = true;
};

std::string json_number(double number) {
  return number == std::floor(number) && std::fabs(number) < 9e15
             ? fmt::format("{}", static_cast<int64_t>(number))
             : fmt::format("{}", number);
}

std::string bounds(const OptionInfo& option) {
  std::string out;
  if (option.min) out += fmt::format(R"(, "minimum": {})", json_number(*option.min));
  if (option.max) out += fmt::format(R"(, "maximum": {})", json_number(*option.max));
  return out;
}

std::string string_enum(const std::vector<std::string>& words) {
  std::vector<std::string> quoted;
  for (const std::string& word : words) quoted.push_back(json_string(word));
  return fmt::format(R"({{"enum": [{}]}})", fmt::join(quoted, ", "));
}

std::vector<std::string> alternatives(const OptionInfo& option);

// A mapping of texts in which some keys are something else.
std::string map_with(const OptionList& others) {
  std::vector<std::string> members;
  for (const OptionInfo& other : others) {
    members.push_back(fmt::format(R"({}: {{"description": {}, "anyOf": [{}]}})",
                                  json_string(other.key), json_string(other.prose),
                                  fmt::join(alternatives(other), ", ")));
  }
  return fmt::format(R"({{"type": "object", "properties": {{{}}}, "additionalProperties": )"
                     R"({{"type": ["string", "number", "boolean"]}}}})",
                     fmt::join(members, ", "));
}

// The schemas of which a value fulfils one, but for variables and null.
std::vector<std::string> alternatives(const OptionInfo& option) {
  std::vector<std::string> out;
  auto pattern = [](const char* regex) {
    return fmt::format(R"({{"type": "string", "pattern": {}}})", json_string(regex));
  };
  switch (option.kind) {
    case OptionKind::kBoolean: return {R"({"type": "boolean"})"};
    case OptionKind::kInteger: return {fmt::format(R"({{"type": "integer"{}}})", bounds(option))};
    case OptionKind::kNumber: return {fmt::format(R"({{"type": "number"{}}})", bounds(option))};
    case OptionKind::kString:
      if (!option.min) return {R"({"type": "string"})"};
      return {fmt::format(R"({{"type": "string", "minLength": {}}})", json_number(*option.min))};
    case OptionKind::kPath: return {R"({"type": "string", "minLength": 1})"};
    case OptionKind::kDuration:
      out = {pattern(kDurationPattern)};
      if (option.min.value_or(0) <= 0) out.emplace_back(R"({"const": 0})");
      if (!option.choices.empty()) out.push_back(string_enum(option.choices));
      return out;
    case OptionKind::kBytes: {
      OptionInfo bytes = option;
      bytes.min = option.min.value_or(0);
      out = {pattern(kSizePattern), fmt::format(R"({{"type": "integer"{}}})", bounds(bytes))};
      if (!option.choices.empty()) out.push_back(string_enum(option.choices));
      return out;
    }
    case OptionKind::kChoice: return {string_enum(option.choices)};
    case OptionKind::kStrings:
      return {R"({"type": "string"})",
              fmt::format(R"({{"type": "array", "items": {{"type": "string"}}{}}})",
                          option.required ? R"(, "minItems": 1)" : "")};
    case OptionKind::kNumbers: return {R"({"type": "array", "items": {"type": "number"}})"};
    case OptionKind::kStringMap:
      if (!option.children.empty()) return {map_with(option.children)};
      if (!option.choices.empty()) {
        return {fmt::format(R"({{"type": "object", "additionalProperties": {}}})",
                            string_enum(option.choices))};
      }
      return {R"({"type": "object", "additionalProperties": {"type": ["string", "number", )"
              R"("boolean"]}})"};
    case OptionKind::kSection: return {R"({"type": "object"})"};
    case OptionKind::kSectionMap:
    case OptionKind::kSections: return {};
    case OptionKind::kTextsOrSections: return {R"({"type": "string"})"};
    case OptionKind::kChoiceOrSections: return {string_enum(option.choices)};
  }
  return out;
}

void write_object(Writer& out, const OptionList& options, const std::string& type,
                  const std::string& title);

// A list of mappings, or of texts and mappings.
void write_list(Writer& out, const OptionInfo& option) {
  out.item();
  out.begin('{');
  out.member("type", "array");
  out.key("items");
  out.begin('{');
  out.key("anyOf");
  out.begin('[');
  if (option.kind == OptionKind::kTextsOrSections) {
    out.item();
    out.raw(R"({"type": "string"})");
  }
  if (option.kind == OptionKind::kChoiceOrSections) {
    out.item();
    out.raw(string_enum(option.choices));
  }
  out.item();
  write_object(out, option.children, "", "");
  out.end(']');
  out.end('}');
  out.end('}');
}

// Mappings by names of the user's choice.
void write_map(Writer& out, const OptionInfo& option) {
  out.item();
  out.begin('{');
  out.member("type", "object");
  out.key("additionalProperties");
  out.begin('{');
  out.key("anyOf");
  out.begin('[');
  out.item();
  write_object(out, option.children, "", "");
  out.item();
  out.raw(R"({"type": "null"})");
  out.end(']');
  out.end('}');
  out.end('}');
}

void write_option(Writer& out, const OptionInfo& option) {
  out.begin('{');
  std::string described = option.prose;
  if (!option.bounds.empty()) described += fmt::format(" ({})", option.bounds);
  if (!option.default_text.empty()) {
    described += fmt::format("; default: {}", option.default_text);
  }
  out.member("description", described);
  out.key("anyOf");
  out.begin('[');
  if (option.kind == OptionKind::kSection && !option.children.empty()) {
    out.item();
    write_object(out, option.children, "", "");
  } else {
    for (const std::string& alternative : alternatives(option)) {
      out.item();
      out.raw(alternative);
    }
  }
  bool list = is_list(option.kind);
  bool map = option.kind == OptionKind::kSectionMap;
  if (list) write_list(out, option);
  if (map) write_map(out, option);
  bool scalar =
      !list && !map && option.kind != OptionKind::kSection && option.kind != OptionKind::kStringMap;
  if (scalar && option.kind != OptionKind::kString) {
    out.item();
    out.raw(R"({"$ref": "#/$defs/variable"})");
  }
  if (!option.required) {
    out.item();
    out.raw(R"({"type": "null"})");
  }
  out.end(']');
  out.end('}');
}

// An object of exactly these keys. With a `type`, that key is there and has that value.
void write_object(Writer& out, const OptionList& options, const std::string& type,
                  const std::string& title) {
  out.begin('{');
  if (!title.empty()) out.member("title", title);
  out.member("type", "object");
  std::vector<std::string> required;
  if (!type.empty()) required.push_back(json_string("type"));
  out.key("properties");
  out.begin('{');
  if (!type.empty()) {
    out.key("type");
    out.raw(fmt::format(R"({{"const": {}}})", json_string(type)));
  }
  for (const OptionInfo& option : options) {
    if (!option.built || (!type.empty() && option.key == "type")) continue;
    if (option.required) required.push_back(json_string(option.key));
    out.key(option.key);
    write_option(out, option);
  }
  out.end('}');
  if (!required.empty()) {
    out.key("required");
    out.raw(fmt::format("[{}]", fmt::join(required, ", ")));
  }
  out.key("additionalProperties");
  out.raw("false");
  out.end('}');
}

void write_components(Writer& out, const OptionInfo& option,
                      const std::vector<ComponentOptions>& components) {
  out.begin('{');
  out.member("description", option.prose);
  out.key("type");
  out.raw(R"(["object", "null"])");
  out.key("propertyNames");
  out.raw(fmt::format(R"({{"pattern": {}}})", json_string(kNamePattern)));
  out.key("additionalProperties");
  out.begin('{');
  out.key("oneOf");
  out.begin('[');
  for (const ComponentOptions& component : components) {
    out.item();
    write_object(out, component.options, component.type,
                 fmt::format("{}: {}", component.type, component.summary));
  }
  out.end(']');
  out.end('}');
  out.end('}');
}

}  // namespace

std::string json_schema(const OptionList& root, const std::vector<ComponentOptions>& inputs,
                        const std::vector<ComponentOptions>& outputs) {
  Writer out;
  out.begin('{');
  out.member("$schema", "https://json-schema.org/draft/2020-12/schema");
  out.member("title", "Waybill configuration");
  out.key("$defs");
  out.begin('{');
  out.key("variable");
  out.raw(R"({"type": "string", "pattern": "\\$\\{[A-Za-z_][A-Za-z0-9_]*(:-[^}]*)?\\}"})");
  out.end('}');
  out.key("type");
  out.raw(R"(["object", "null"])");
  out.key("properties");
  out.begin('{');
  for (const OptionInfo& option : root) {
    if (!option.built) continue;
    out.key(option.key);
    if (option.key == "inputs") {
      write_components(out, option, inputs);
    } else if (option.key == "outputs") {
      write_components(out, option, outputs);
    } else {
      write_option(out, option);
    }
  }
  out.end('}');
  out.key("additionalProperties");
  out.raw("false");
  out.end('}');
  return out.take();
}

}  // namespace waybill::config
