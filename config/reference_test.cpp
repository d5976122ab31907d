// SPDX-License-Identifier: Apache-2.0
#include "config/reference.h"

#include <doctest/doctest.h>
#include <regex.h>

#include <algorithm>

#include "config/document.h"
#include "config/options.h"
#include "config/scalars.h"
#include "config/test_support.h"

namespace waybill::config {

namespace {

using testing::lines_of;

// ---- A validator of the few keywords that json_schema() uses, over our own nodes: JSON is YAML.

// What YAML takes a node for, without our strictness.
std::string type_of(const Node& node) {
  switch (node.kind) {
    case NodeKind::kMapping: return "object";
    case NodeKind::kList: return "array";
    case NodeKind::kScalar: break;
    default: return "null";
  }
  if (!node.quoted && looks_like_boolean(node.text)) return "boolean";
  if (node.quoted || !looks_like_number(node.text)) return "string";
  return node.text.find_first_of(".eE") == std::string::npos ? "integer" : "number";
}

// The patterns are within what POSIX and ECMAScript have in common.
bool matches(const std::string& text, const std::string& pattern) {
  regex_t compiled;
  REQUIRE(::regcomp(&compiled, pattern.c_str(), REG_EXTENDED | REG_NOSUB) == 0);
  bool matched = ::regexec(&compiled, text.c_str(), 0, nullptr, 0) == 0;
  ::regfree(&compiled);
  return matched;
}

double number_of(const Node& node) { return std::stod(node.text); }

bool fulfils(const Node& schema, const Node& value, const Node& root);

bool fulfils_type(const Node& wanted, const Node& value) {
  if (wanted.kind == NodeKind::kList) {
    return std::any_of(wanted.items.begin(), wanted.items.end(),
                       [&](const Node& item) { return fulfils_type(item, value); });
  }
  const std::string type = type_of(value);
  return type == wanted.text || (type == "integer" && wanted.text == "number");
}

bool equal_scalars(const Node& a, const Node& b) {
  return a.text == b.text && type_of(a) == type_of(b);
}

bool fulfils_object(const Node& schema, const Node& value, const Node& root) {
  const Entry* properties = schema.find("properties");
  const Entry* additional = schema.find("additionalProperties");
  const Entry* names = schema.find("propertyNames");
  for (const Entry& entry : value.entries) {
    if (names != nullptr) {
      if (!matches(entry.key, names->value.find("pattern")->value.text)) return false;
    }
    const Entry* property = properties == nullptr ? nullptr : properties->value.find(entry.key);
    if (property != nullptr) {
      if (!fulfils(property->value, entry.value, root)) return false;
    } else if (additional != nullptr) {
      if (type_of(additional->value) == "boolean") return false;
      if (!fulfils(additional->value, entry.value, root)) return false;
    }
  }
  const Entry* required = schema.find("required");
  if (required == nullptr) return true;
  return std::all_of(required->value.items.begin(), required->value.items.end(),
                     [&](const Node& key) { return value.find(key.text) != nullptr; });
}

bool fulfils_scalar(const Node& schema, const Node& value) {
  const std::string type = type_of(value);
  for (const Entry& entry : schema.entries) {
    const Node& wanted = entry.value;
    if (entry.key == "const" && !equal_scalars(wanted, value)) return false;
    if (entry.key == "enum" &&
        std::none_of(wanted.items.begin(), wanted.items.end(),
                     [&](const Node& item) { return equal_scalars(item, value); })) {
      return false;
    }
    if (type == "string") {
      const auto length = static_cast<double>(value.text.size());
      if (entry.key == "pattern" && !matches(value.text, wanted.text)) return false;
      if (entry.key == "minLength" && length < number_of(wanted)) return false;
    } else if (type == "integer" || type == "number") {
      if (entry.key == "minimum" && number_of(value) < number_of(wanted)) return false;
      if (entry.key == "maximum" && number_of(value) > number_of(wanted)) return false;
    }
  }
  return true;
}

bool fulfils(const Node& schema, const Node& value, const Node& root) {
  if (const Entry* reference = schema.find("$ref")) {
    REQUIRE(reference->value.text == "#/$defs/variable");
    return fulfils(root.find("$defs")->value.find("variable")->value, value, root);
  }
  const Entry* type = schema.find("type");
  if (type != nullptr && !fulfils_type(type->value, value)) return false;
  for (const char* keyword : {"anyOf", "oneOf"}) {
    const Entry* options = schema.find(keyword);
    if (options == nullptr) continue;
    auto count = std::count_if(options->value.items.begin(), options->value.items.end(),
                               [&](const Node& one) { return fulfils(one, value, root); });
    if (count == 0 || (count > 1 && options->key == "oneOf")) return false;
  }
  const bool composed = value.kind == NodeKind::kMapping || value.kind == NodeKind::kList;
  if (composed && (schema.find("enum") != nullptr || schema.find("const") != nullptr)) return false;
  if (value.kind == NodeKind::kMapping) return fulfils_object(schema, value, root);
  if (value.kind == NodeKind::kList) {
    const Entry* items = schema.find("items");
    const Entry* least = schema.find("minItems");
    const auto size = static_cast<double>(value.items.size());
    if (least != nullptr && size < number_of(least->value)) return false;
    return items == nullptr ||
           std::all_of(value.items.begin(), value.items.end(),
                       [&](const Node& item) { return fulfils(items->value, item, root); });
  }
  return fulfils_scalar(schema, value);
}

std::shared_ptr<const Document> parsed(std::string_view text) {
  Diagnostics diagnostics;
  auto document = load_document({"text", text, true, nullptr}, diagnostics);
  REQUIRE_MESSAGE(document, lines_of(diagnostics));
  CHECK(lines_of(diagnostics) == "");
  return document;
}

// ---- Components as registries describe them.

struct UdpSettings {
  std::string listen;
  int64_t receive_buffer = 0;
  double share = 0.5;
  bool trust_service = false;
  Duration idle = std::chrono::seconds(1);
  std::vector<std::string> units;
};

const OptionTable<UdpSettings>& udp_table() {
  static const auto made =
      OptionTable<UdpSettings>()
          .other("type", OptionKind::kString, "which kind of input this is")
          .required_text("listen", &UdpSettings::listen, "address to receive on")
          .integer("receive_buffer", &UdpSettings::receive_buffer, 0, 1'000'000, "kernel's buffer")
          .number("share", &UdpSettings::share, 0, 1, "part | whole")
          .flag("trust_service", &UdpSettings::trust_service, "whether senders name services")
          .duration("idle", &UdpSettings::idle, Duration::zero(), std::chrono::hours(1),
                    "idle time")
          .strings("units", &UdpSettings::units, "which units")
          .not_built("rate", "a limit");
  return made;
}

struct ConsoleSettings {
  std::string style = "pretty";
};

const OptionTable<ConsoleSettings>& console_table() {
  static const auto made = OptionTable<ConsoleSettings>()
                               .other("type", OptionKind::kString, "which kind")
                               .text("style", &ConsoleSettings::style, "how it looks");
  return made;
}

std::string whole_schema() {
  return json_schema(root_options(), {{"udp", "datagrams", udp_table().list()}},
                     {{"console", "the terminal", console_table().list()}});
}

// Whether the loader and the components take it.
bool loads(std::string_view text) {
  Diagnostics diagnostics;
  auto config =
      load("w.yaml", text, testing::known_formats(), diagnostics, testing::test_environment());
  if (!config) return false;
  UdpSettings udp;
  ConsoleSettings console;
  for (const Named& input : config->inputs) {
    if (input.type != "udp") return false;
    udp_table().read(input.section, udp);
  }
  for (const Named& output : config->outputs) {
    if (output.type != "console") return false;
    console_table().read(output.section, console);
  }
  return diagnostics.empty();
}

}  // namespace

TEST_CASE("the published schema agrees with the loader") {
  const std::shared_ptr<const Document> schema = parsed(whole_schema());
  const std::string_view sound[] = {
      "{}",
      "service: {name: x, version: \"1.4\"}",
      "service: ~",
      "resource: {a: 1, b: true, c: x}",
      "state_dir: /x",
      "memory: auto",
      "memory: 64MiB",
      "memory: 64 MB",
      "memory: 4194304",
      "memory: ${M:-auto}",
      "memory: \"${M:-64}MiB\"",
      "memory: ~",
      "parse: {formats: json, default_level: FATAL, time: {default_zone: UTC}, max_line: 1KiB}",
      "parse: {multiline: {mode: off}}",
      "parse: {multiline: {mode: auto, max_lines: 2, max_bytes: 1KiB, timeout: 1s}}",
      "trace: {derive: off, generate: off}",
      "trace: {derive: request_id, derive_key_file: k, generate: run, propagate: true}",
      "trace: {inherit: {keys: [thread], ttl: 1s, max_keys: 64}, baggage: [a]}",
      "admin: {listen: \"[::1]:9598\"}",
      "shutdown: {grace: 20s}",
      "shutdown: {grace: 0}",
      "shutdown: {grace: 1m30s}",
      "shutdown: {grace: 1.5m}",
      "inputs: {a: {type: udp, listen: \"x:1\"}}",
      "inputs: {a: {type: udp, listen: \"x:1\", receive_buffer: 9, share: 1, idle: 0, units: a}}",
      "inputs: {a: {type: udp, listen: \"x:1\", units: [a, b], trust_service: true}}",
      "inputs: {a: {type: udp, listen: \"x:1\", trust_service: \"${YES}\", units: ~}}",
      "inputs: {a: {type: udp, listen: \"x:1\", receive_buffer: \"${PORT}\"}}",
      "outputs: {a: {type: console}, b: {type: console, style: json}}",
  };
  const std::string_view faulty[] = {
      "servcie: {}",
      "service: x",
      "service: {name: 5}",
      "service: {nmae: x}",
      "resource: {a: [b]}",
      "resource: [a]",
      "state_dir: \"\"",
      "state_dir: 5",
      "memory: 12 parsecs",
      "memory: 64M",
      "memory: 1000",
      "memory: true",
      "memory: \"64\"",
      "memory: [auto]",
      "parse: {formats: [5]}",
      "parse: {default_level: info}",
      "parse: {default_level: \"\"}",
      "parse: {time: {default_zone: \"\"}}",
      "parse: {max_line: 1.5}",
      "parse: {max_line: 100}",
      "parse: {patterns: {a: b}}",
      "parse: {multiline: {mode: on}}",
      "trace: {derive: yes}",
      "trace: {derive: banana}",
      "trace: {inherit: off}",
      "redact: {}",
      "redact: [{detect: [jwt], action: burn}]",
      "redact: [{detect: [jwt], keep: 17}]",
      "sample: []",
      "sample: {recorder: {memory: -1}}",
      "sample: {recorder: {size: 1MiB}}",
      "sample: {adaptive: {target: 1MiB, least: 2}}",
      "sample: {rules: [{probability: 1.5}]}",
      "sample: {rules: [{burst: {first: 0}}]}",
      "dead_letters: {size: -1}",
      "shutdown: {grace: 20}",
      "shutdown: {grace: 20 parsecs}",
      "shutdown: {grace: \"\"}",
      "inputs: [a]",
      "inputs: {a b: {type: udp, listen: \"x:1\"}}",
      "inputs: {a: {type: udp}}",
      "inputs: {a: {listen: \"x:1\"}}",
      "inputs: {a: {type: tcp, listen: \"x:1\"}}",
      "inputs: {a: {type: udp, listen: \"x:1\", receive_buffer: 1000001}}",
      "inputs: {a: {type: udp, listen: \"x:1\", receive_buffer: 0.5}}",
      "inputs: {a: {type: udp, listen: \"x:1\", receive_buffer: \"9\"}}",
      "inputs: {a: {type: udp, listen: \"x:1\", share: 1.5}}",
      "inputs: {a: {type: udp, listen: \"x:1\", trust_service: yes}}",
      "inputs: {a: {type: udp, listen: \"x:1\", trust_service: \"true\"}}",
      "inputs: {a: {type: udp, listen: \"x:1\", rate: 5}}",
      "inputs: {a: {type: udp, listen: \"\"}}",
      "inputs: {a: udp}",
      "outputs: {a: {type: console, style: true}}",
  };
  for (std::string_view text : sound) {
    CAPTURE(text);
    CHECK(loads(text));
    CHECK(fulfils(schema->root, parsed(text)->root, schema->root));
  }
  for (std::string_view text : faulty) {
    CAPTURE(text);
    CHECK_FALSE(loads(text));
    CHECK_FALSE(fulfils(schema->root, parsed(text)->root, schema->root));
  }
}

TEST_CASE("the table shows every key that is built, in order") {
  CHECK(reference_table("udp", udp_table().list()) ==
        "## udp\n\n"
        "| key | type | default | meaning |\n"
        "|---|---|---|---|\n"
        "| `type` | text |  | which kind of input this is |\n"
        "| `listen` | text | required | address to receive on |\n"
        "| `receive_buffer` | whole number, 0 to 1000000 | `0` | kernel's buffer |\n"
        "| `share` | number, 0 to 1 | `0.5` | part \\| whole |\n"
        "| `trust_service` | true or false | `false` | whether senders name services |\n"
        "| `idle` | duration, at most 1h | `1s` | idle time |\n"
        "| `units` | text or list of texts | `[]` | which units |\n");
}

TEST_CASE("the root's table reaches into its sections and leaves out what is not built") {
  const std::string table = reference_table("Configuration", root_options());
  for (const char* row :
       {"| `service` | mapping |  | what logs here |\n",
        "| `service.namespace` | text |  | service.namespace |\n",
        "| `memory` | size, auto, or at least 1MiB | `auto` |",
        "| `parse.max_line` | size, 1KiB to 64MiB | `1MiB` |",
        "| `parse.time.default_zone` | text | `local` |",
        "| `parse.default_level` | `DEBUG`, `INFO`, `WARN`, `ERROR`, `FATAL` | `INFO` |",
        "| `parse.formats` | text or list of texts | `[auto]` |",
        "| `shutdown.grace` | duration, at most 1h | `20s` |"}) {
    CAPTURE(row);
    CHECK(table.find(row) != std::string::npos);
  }
}

}  // namespace waybill::config
