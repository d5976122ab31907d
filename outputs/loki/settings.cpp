// SPDX-License-Identifier: Apache-2.0
#include "outputs/loki/settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "outputs/basics.h"
#include "outputs/http/http_output.h"
#include "outputs/loki/encoder.h"

namespace waybill::outputs::loki {

namespace {

constexpr size_t kMaxLabels = 15;  // Loki's max_label_names_per_series; service_name not counted
constexpr size_t kMaxLabelName = 1024;
constexpr size_t kMaxTenant = 150;

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// Every value of these makes a stream of its own: Loki ends with more streams than lines.
constexpr std::array<std::string_view, 7> kUnbounded = {
    "trace_id", "span_id", "parent_span_id", "request_id", "correlation_id", "tenant_id", "id"};
// The record's other keys are text, or objects.
constexpr std::array<std::string_view, 14> kNoLabels = {
    "timestamp", "trace_flags", "tracestate",  "trace_origin", "message",
    "logger",    "thread",      "caller",      "error",        "context",
    "resource",  "source",      "sample_rate", "schema_errors"};

template <size_t N>
bool is_one_of(std::string_view name, const std::array<std::string_view, N>& names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// Whether the settings can be used; reports what is wrong with them.
bool check(const config::Section& section, const Settings& settings) {
  bool fine = true;
  auto fault = [&](std::string_view key, std::string message) {
    if (message.empty()) return;
    section.fault(key, std::move(message));
    fine = false;
  };
  std::vector<std::string> seen;
  for (const std::string& label : settings.labels) {
    fault("labels", label_fault(label));
    std::string name = sanitised_name(label);
    if (std::find(seen.begin(), seen.end(), name) != seen.end()) {
      fault("labels", fmt::format("'{}' is there twice (as {})", label, name));
    }
    if (name != "service_name") seen.push_back(std::move(name));
  }
  if (seen.size() > kMaxLabels) {
    fault("labels", fmt::format("{} labels: Loki takes {} for a stream, besides service_name; the "
                                "others are structured metadata",
                                seen.size(), kMaxLabels));
  }
  fault("tenant", tenant_fault(settings.tenant));
  return fine;
}

std::unique_ptr<Output> make(const config::Section& section) {
  Settings settings;
  options().read(section, settings);
  bool fine = check(section, settings);
  if (settings.endpoint.empty()) return nullptr;  // reported by read()
  std::optional<http::Url> url = http::read_url(section, "endpoint", settings.endpoint, settings);
  if (!url || !fine) return nullptr;
  return http::make_output(section, settings, std::make_unique<Backend>(settings, *url));
}

std::string to_section(std::string_view value, const Identity&) {
  return fmt::format("{{type: loki, endpoint: {}}}", yaml_quoted(value));
}

const config::OptionList& option_list() { return options().list(); }

}  // namespace

const config::OptionTable<Settings>& options() {
  static const auto table = [] {
    config::OptionTable<Settings> made;
    http::add_options(made);
    made.required_text("endpoint", &Settings::endpoint,
                       "URL of Loki or its gateway, without /loki/api/v1/push")
        .strings("labels", &Settings::labels,
                 "what makes a stream: service_name (always one), level, or names of resource "
                 "attributes; everything else is structured metadata")
        .text("tenant", &Settings::tenant, "the tenant's id, sent as X-Scope-OrgID")
        .choice("line", &Settings::line, {"record", "message", "original"},
                "the text of an entry: the record as JSON without what is a label or metadata, "
                "its message alone, or the line as it was read")
        .bytes("max_line_bytes", &Settings::max_line_bytes, 256, 64 * 1024 * 1024,
               "longer entries are cut, with a mark: Loki's max_line_size");
    return made;
  }();
  return table;
}

std::string sanitised_name(std::string_view name) {
  std::string clean;
  bool any = false;
  for (char c : name) {
    if (is_word(c)) {
      clean += c;
      any = true;
    } else if (clean.empty() || clean.back() != '_') {
      clean += '_';
    }
  }
  if (!any) return "attribute";
  if (clean.front() >= '0' && clean.front() <= '9') clean.insert(0, "key_");
  return clean;
}

std::string label_fault(std::string_view label) {
  std::string name = sanitised_name(label);
  if (label.empty()) return "an empty name is no label";
  if (is_one_of(name, kUnbounded)) {
    return fmt::format(
        "'{}' cannot be a label: every value of it would make a stream of its own; "
        "it is structured metadata already: {{service_name=\"…\"}} | {}=\"…\"",
        label, name);
  }
  if (is_one_of(name, kNoLabels)) {
    return fmt::format(
        "'{}' cannot be a label: labels are service_name, level and names of "
        "resource attributes, such as k8s.namespace.name",
        label);
  }
  if (name.size() > kMaxLabelName) {
    return fmt::format("a label's name has at most {} bytes, this one {}", kMaxLabelName,
                       name.size());
  }
  return {};
}

std::string tenant_fault(std::string_view tenant) {
  if (tenant.size() > kMaxTenant) {
    return fmt::format("a tenant id has at most {} bytes, this one {}", kMaxTenant, tenant.size());
  }
  if (tenant == "." || tenant == "..") return "'.' and '..' cannot be tenant ids";
  constexpr std::string_view allowed = "!_.*'()-";
  for (char c : tenant) {
    if (is_word(c) || allowed.find(c) != std::string_view::npos) continue;
    return "a tenant id has letters, digits and !_.*'()- only; one output writes to one tenant";
  }
  return {};
}

const Descriptor& descriptor() {
  static const Descriptor made{
      "loki", "pushes to Grafana Loki", &option_list, &make, "loki=", &to_section};
  return made;
}

}  // namespace waybill::outputs::loki
