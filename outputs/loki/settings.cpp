// SPDX-License-Identifier: Apache-2.0
#include "outputs/loki/settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "config/flow_text.h"
#include "outputs/basics.h"
#include "outputs/http/http_output.h"
#include "outputs/loki/encoder.h"
#include "outputs/template.h"

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

// Of a label NAME=TEMPLATE.
std::string template_fault(std::string_view name, std::string_view text) {
  bool legal = !name.empty() && !(name.front() >= '0' && name.front() <= '9') &&
               std::all_of(name.begin(), name.end(), [](char c) { return is_word(c) || c == '_'; });
  if (!legal || name.starts_with("__")) {
    return fmt::format(
        "'{}' cannot be a label's name: it has letters, digits and _, and does not begin with a "
        "digit or __",
        name);
  }
  if (name == "service_name" || name == "level") {
    return fmt::format("'{}' is the record's own: write it without a template", name);
  }
  if (text.empty()) return fmt::format("the label '{}' has no template behind its =", name);
  Result<Template> made = Template::parse(text);
  if (!made) return fmt::format("{}: {}", name, made.error().what);
  for (const std::string& path : made->paths()) {
    if (!is_one_of(path, kUnbounded)) continue;
    return fmt::format(
        "{}: '{}' cannot be part of a label: every value of it would make a stream of its own; it "
        "is structured metadata already",
        name, path);
  }
  return {};
}

// An id, or a template with an id for those that it has none for.
bool check_tenant(const config::Section& section, const Settings& settings) {
  auto refuse = [&](const char* key, std::string why) {
    section.fault(key, std::move(why));
    return false;
  };
  Result<Template> made = Template::parse(settings.tenant);
  if (!made) return refuse("tenant", made.error().what);
  if (std::string why = tenant_fault(settings.default_tenant); !why.empty()) {
    return refuse("default_tenant", why);
  }
  if (made->constant()) {
    std::string why = tenant_fault(settings.tenant);
    if (!why.empty()) return refuse("tenant", why);
    if (settings.default_tenant.empty()) return true;
    return refuse("default_tenant", "`tenant` is the same for all records: leave this out");
  }
  if (!settings.default_tenant.empty()) return true;
  return refuse("tenant",
                "say as `default_tenant` whose records are that have no such field, or one that "
                "is no tenant's id");
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
    std::string name = sanitised_name(label.substr(0, label.find('=')));
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
  fine = check_tenant(section, settings) && fine;
  return fine;
}

std::unique_ptr<Output> make(const config::Section& section) {
  Settings settings;
  options().read(section, settings);
  bool fine = check(section, settings);
  std::vector<http::Url> urls = http::read_urls(section, settings);
  if (urls.empty() || !fine) return nullptr;
  return http::make_output(section, settings, std::make_unique<Backend>(settings, urls));
}

std::string to_section(std::string_view value, const Identity&) {
  return fmt::format("{{type: loki, endpoint: {}}}", config::yaml_quoted(value));
}

const config::OptionList& option_list() { return options().list(); }

}  // namespace

const config::OptionTable<Settings>& options() {
  static const auto table = [] {
    config::OptionTable<Settings> made;
    http::add_options(made, "URL of Loki or its gateway, without /loki/api/v1/push")
        .strings("labels", &Settings::labels,
                 "what makes a stream: service_name (always one), level, names of resource "
                 "attributes, or NAME=TEMPLATE as in component={context.component}; everything "
                 "else is structured metadata")
        .integer("max_label_values", &Settings::max_label_values, 1, 100'000,
                 "a label with more values than this becomes structured metadata; not service_name")
        .text("tenant", &Settings::tenant,
              "the tenant's id, sent as X-Scope-OrgID; or a template, as in {tenant_id}")
        .text("default_tenant", &Settings::default_tenant,
              "with a template: the tenant of records that it has no value for")
        .choice("line", &Settings::line, {"record", "message", "original"},
                "the text of an entry: the record as JSON without what is a label or metadata, "
                "its message alone, or the line as it was read")
        .bytes("max_line_bytes", &Settings::max_line_bytes, 256, 64 * 1024 * 1024,
               "longer entries are cut, with a mark: Loki's max_line_size")
        .duration("max_age", &Settings::max_age, Duration::zero(), std::chrono::hours(24 * 3650),
                  "older records are refused without being sent: Loki's "
                  "reject_old_samples_max_age; 0s: Loki decides")
        .duration("max_ahead", &Settings::max_ahead, Duration::zero(), std::chrono::hours(24 * 365),
                  "the same of records that are further ahead of the clock: Loki's "
                  "creation_grace_period");
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
  if (size_t sign = label.find('='); sign != std::string_view::npos) {
    return template_fault(label.substr(0, sign), label.substr(sign + 1));
  }
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
        "'{}' cannot be a label: labels are service_name, level, names of resource attributes, "
        "such as k8s.namespace.name, and templates, such as component={{context.component}}",
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
