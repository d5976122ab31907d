// SPDX-License-Identifier: Apache-2.0
#include "config/metrics.h"

#include <fmt/format.h>

#include <utility>

#include "config/scalars.h"

namespace waybill::config {

namespace {

constexpr const char* kKey = "metrics";
constexpr const char* kCount = "count";
constexpr const char* kHistogram = "histogram";
constexpr const char* kBuckets = "buckets";
constexpr const char* kUnit = "unit";
constexpr int64_t kMostSeries = 100'000;
constexpr int64_t kMostValues = 10'000;
constexpr size_t kMostBuckets = 60;

using Rule = MetricRule;

// Prometheus, data model: what a metric may be called.
bool is_metric_name(std::string_view text) {
  bool first = true;
  for (char c : text) {
    bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == ':';
    if (!letter && (first || c < '0' || c > '9')) return false;
    first = false;
  }
  return !text.empty() && text.size() <= 200;
}

// What counters and histograms have in common.
OptionTable<Rule> common_table() {
  return OptionTable<Rule>()
      .required_text("name", &Rule::name, "what it is called; counters get `_total` at the end")
      .text("help", &Rule::help, "what it means, for those who read it")
      .text("when", &Rule::when, "an expression: which records it is about; default: all")
      .strings("by", &Rule::by,
               "fields whose values become labels, called after the last part of their path: "
               "status is context.status")
      .string_map("labels", &Rule::labels, "the same with names of your own: label and field")
      .flag("template_routes", &Rule::template_routes,
            "whether ids in labels that are paths become {id}: /orders/42 is /orders/{id}")
      .integer("max_values", &Rule::max_values, 1, kMostValues,
               "different values of a label; the others become `other`")
      .integer("max_series", &Rule::max_series, 1, kMostSeries,
               "combinations of labels; the others are counted as `other` together");
}

const OptionTable<Rule>& count_table() {
  static const auto made =
      common_table().text("value", &Rule::value,
                          "a field with a number that is added up; default: records are counted");
  return made;
}

void read_buckets(const Section& section, Rule& out) {
  auto buckets = section.numbers(kBuckets);
  if (!buckets) return;
  if (buckets->empty() || buckets->size() > kMostBuckets) {
    section.fault(kBuckets, fmt::format("needs 1 to {} upper bounds", kMostBuckets));
    return;
  }
  for (size_t i = 1; i < buckets->size(); ++i) {
    if ((*buckets)[i] > (*buckets)[i - 1]) continue;
    section.fault_at_item(kBuckets, i,
                          fmt::format("{} is not above the bound before it: each must be larger",
                                      section.shown_item(kBuckets, i)));
    return;
  }
  out.buckets = std::move(*buckets);
}

const OptionTable<Rule>& histogram_table() {
  static const auto made = [] {
    OptionInfo buckets = detail::option(
        kBuckets, OptionKind::kNumbers,
        "upper bounds in the unit of what comes out, seconds for times; default: 5 ms to 10 s, for "
        "bytes 100 B to 100 MB",
        "");
    OptionInfo unit = detail::option(
        kUnit, OptionKind::kChoice,
        "what a number without a unit is; times come out in seconds. auto: by the end of the "
        "field's name (_ms, _us, _ns, _s), else by that of the metric's (_seconds, _bytes)",
        "auto");
    unit.choices = {"auto",        "seconds", "milliseconds", "microseconds",
                    "nanoseconds", "bytes",   "none"};
    return common_table()
        .required_text("field", &Rule::field, "what is observed, as context.took")
        .custom(unit,
                [unit](const Section& section, Rule& out) {
                  if (auto index = detail::choose(section, unit)) out.unit = unit.choices[*index];
                })
        .custom(buckets, read_buckets);
  }();
  return made;
}

void read_all(const Section& section, const char* key, MetricsSettings& out) {
  if (!section.has(key)) return;
  bool histogram = key == kHistogram;
  for (const SectionItem& item : section.items(key)) {
    if (!item.section) {
      section.fault_at_item(
          key, item.index,
          histogram ? "must be a mapping with name and field, as {name: http_seconds, field: "
                      "context.took}"
                    : "must be a mapping with a name, as {name: http_requests, by: [status]}");
      continue;
    }
    Rule rule;
    (histogram ? histogram_table() : count_table()).read(*item.section, rule);
    if (rule.name.empty() || (histogram && rule.field.empty())) continue;
    if (!is_metric_name(rule.name)) {
      item.section->fault("name", fmt::format("{} is no name of a metric (letters, digits, _ and "
                                              ":, not a digit first)",
                                              quoted_for_message(rule.name)));
      continue;
    }
    out.all.push_back({std::move(rule), histogram, *item.section});
  }
}

const OptionTable<MetricsSettings>& table() {
  static const auto made = [] {
    auto list = [](const char* key, const char* prose, const OptionTable<Rule>& rules) {
      OptionInfo info = detail::option(key, OptionKind::kSections, prose, "");
      info.children = rules.list();
      return info;
    };
    return OptionTable<MetricsSettings>()
        .custom(
            list(kCount, "counters, of records or of a number in them", count_table()),
            [](const Section& section, MetricsSettings& out) { read_all(section, kCount, out); })
        .custom(list(kHistogram, "histograms of a number in records", histogram_table()),
                [](const Section& section, MetricsSettings& out) {
                  read_all(section, kHistogram, out);
                })
        .integer("max_series", &MetricsSettings::max_series, 1, kMostSeries,
                 "combinations of labels of all metrics together, besides one `other` for each");
  }();
  return made;
}

}  // namespace

OptionInfo metrics_info() {
  OptionInfo info =
      detail::option(kKey, OptionKind::kSection,
                     "counters and histograms made of records, on the page /metrics", "");
  info.children = table().list();
  return info;
}

void read_metrics(const Section& root, MetricsSettings& out) {
  if (std::optional<Section> section = root.section(kKey)) table().read(*section, out);
}

}  // namespace waybill::config
