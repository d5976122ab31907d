// SPDX-License-Identifier: Apache-2.0
#include "metrics/definition.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

namespace waybill::metrics {

namespace {

constexpr std::string_view kContext = "context.";
constexpr std::string_view kTotal = "_total";
constexpr size_t kMostLabels = 10;
// What a metric of the daemon's own is called (docs/metrics.md).
constexpr std::array<std::string_view, 2> kOwnNames = {"waybill_", "process_"};
// Fields that differ with every request or line. A trace is an exemplar instead.
constexpr std::array<std::string_view, 8> kNoLabels = {"trace_id",   "span_id",    "parent_span_id",
                                                       "tracestate", "request_id", "correlation_id",
                                                       "message",    "error.stack"};
// Those of Prometheus' client libraries.
constexpr std::array kTimes = {0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0};
constexpr std::array kSizes = {100.0, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8};

// "context.http.status" is `status`; of the record's own, "error.type" is `error_type`.
std::string label_name(std::string_view path) {
  if (path.starts_with(kContext)) path.remove_prefix(kContext.size());
  std::string name(path.substr(path.rfind('.') == path.npos ? 0 : path.rfind('.') + 1));
  if (path.starts_with("error.") || path.starts_with("source.")) name = path;
  for (char& c : name) {
    bool fine = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (!fine) c = '_';
  }
  if (name.empty() || (name[0] >= '0' && name[0] <= '9')) name.insert(0, 1, '_');
  return name;
}

// Prometheus, data model; names that begin with two underscores are its own.
bool is_label_name(std::string_view text) {
  bool first = true;
  for (char c : text) {
    bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    if (!letter && (first || c < '0' || c > '9')) return false;
    first = false;
  }
  return !text.empty() && !text.starts_with("__");
}

// A field of the record; else one of the line's: `status` is context.status.
Result<RecordPath> path_of(const std::string& text) {
  Result<RecordPath> own = RecordPath::parse(text);
  if (own || text.starts_with(kContext)) return own;
  return RecordPath::parse(std::string(kContext) + text);
}

class Compiler {
 public:
  explicit Compiler(const Expression::MakeMatcher& regex) : regex_(regex) {}

  Definitions all(const config::MetricsSettings& settings) {
    Definitions made;
    for (const config::MetricSection& one : settings.all) {
      section_ = &one.section;
      sound_ = true;
      auto definition = std::make_shared<Definition>(compile(one));
      if (sound_) made.push_back(std::move(definition));
    }
    return made;
  }

 private:
  void fault(const char* key, std::string what) {
    section_->fault(key, std::move(what));
    sound_ = false;
  }

  Definition compile(const config::MetricSection& from) {
    const config::MetricRule& rule = from.rule;
    Definition made;
    made.histogram = from.histogram;
    made.name = rule.name;
    made.help = rule.help;
    if (!from.histogram && made.name.size() > kTotal.size() && made.name.ends_with(kTotal)) {
      made.name.resize(made.name.size() - kTotal.size());
    }
    check_name(made);
    if (!rule.when.empty()) {
      Result<Expression> when = Expression::parse(rule.when, regex_);
      if (when) {
        made.when = std::move(*when);
      } else {
        fault("when", when.error().what);
      }
    }
    add_labels(rule, made);
    made.template_routes = rule.template_routes;
    made.max_values = static_cast<size_t>(rule.max_values);
    made.max_series = static_cast<size_t>(rule.max_series);
    set_value(rule, made);
    made.settings = (from.histogram ? "histogram " : "count ") + from.section.text();
    return made;
  }

  // All names that its samples may have.
  static std::vector<std::string> sample_names(const Definition& made) {
    std::vector<std::string> names = {made.name, made.name + "_created"};
    if (!made.histogram) names.push_back(made.name + "_total");
    if (!made.histogram) return names;
    for (const char* end : {"_bucket", "_sum", "_count"}) names.push_back(made.name + end);
    return names;
  }

  void check_name(const Definition& made) {
    for (std::string_view own : kOwnNames) {
      if (!made.name.starts_with(own)) continue;
      return fault("name", fmt::format("'{}…' is what metrics of the daemon are called: choose "
                                       "another name",
                                       own));
    }
    for (const std::string& name : sample_names(made)) {
      if (names_.count(name) == 0) continue;
      return fault("name", fmt::format("another metric has samples called {} already: choose "
                                       "another name",
                                       name));
    }
    for (std::string& name : sample_names(made)) names_.insert(std::move(name));
  }

  void add_labels(const config::MetricRule& rule, Definition& made) {
    for (const std::string& field : rule.by) add_label("by", label_name(field), field, made);
    for (const auto& [name, field] : rule.labels) {
      if (is_label_name(name)) {
        add_label("labels", name, field, made);
      } else {
        fault("labels", fmt::format("'{}' is no name of a label (letters, digits and _, not a "
                                    "digit first, not two _)",
                                    name));
      }
    }
    if (made.labels.size() > kMostLabels) {
      fault("by", fmt::format("has {} labels: {} are the most", made.labels.size(), kMostLabels));
    }
  }

  void add_label(const char* key, std::string name, const std::string& field, Definition& made) {
    Result<RecordPath> path = path_of(field);
    if (!path) return fault(key, path.error().what);
    if (std::find(kNoLabels.begin(), kNoLabels.end(), path->text()) != kNoLabels.end()) {
      return fault(
          key,
          fmt::format("{} is different with every request or line, and every value of a label "
                      "is a series of its own: choose a field with few values{}",
                      path->text(),
                      path->text() == "trace_id" ? " (traces are given as exemplars anyway)" : ""));
    }
    if (made.histogram && name == "le") {
      return fault(key,
                   "a histogram's buckets have the label `le`: choose another name, by labels");
    }
    for (const Definition::Label& other : made.labels) {
      if (other.name != name) continue;
      return fault(key, fmt::format("{} and {} are both called `{}`: give one another name, by "
                                    "labels: {{NAME: {}}}",
                                    other.path.text(), path->text(), name, path->text()));
    }
    made.labels.push_back({std::move(name), std::move(*path)});
  }

  void set_value(const config::MetricRule& rule, Definition& made) {
    const std::string& field = made.histogram ? rule.field : rule.value;
    if (!field.empty()) {
      Result<RecordPath> path = path_of(field);
      if (!path) return fault(made.histogram ? "field" : "value", path.error().what);
      made.value = std::move(*path);
    }
    for (std::string_view unit : {"seconds", "bytes"}) {
      if (made.name.size() > unit.size() + 1 && made.name.ends_with(unit) &&
          made.name[made.name.size() - unit.size() - 1] == '_') {
        made.unit = unit;
      }
    }
    if (field.empty()) return;
    made.value_unit = unit_of(rule, made);
    if (!made.histogram) return;
    made.bounds = rule.buckets;
    if (!made.bounds.empty() && made.bounds.front() < 0) {
      fault("buckets", "a bound is below 0: what is negative is not observed");
    }
    if (!made.bounds.empty()) return;
    if (made.value_unit == Unit::kBytes) {
      made.bounds.assign(kSizes.begin(), kSizes.end());
    } else {
      made.bounds.assign(kTimes.begin(), kTimes.end());
    }
  }

  static Unit unit_of(const config::MetricRule& rule, const Definition& made) {
    constexpr std::array<std::pair<std::string_view, Unit>, 6> kNames = {
        {{"seconds", Unit::kSeconds},
         {"milliseconds", Unit::kMilliseconds},
         {"microseconds", Unit::kMicroseconds},
         {"nanoseconds", Unit::kNanoseconds},
         {"bytes", Unit::kBytes},
         {"none", Unit::kNone}}};
    for (const auto& [name, unit] : kNames) {
      if (rule.unit == name) return unit;
    }
    Unit said = unit_of_name(made.value->text());
    return said != Unit::kNone ? said : unit_of_name(made.name);
  }

  const Expression::MakeMatcher& regex_;
  const config::Section* section_ = nullptr;  // of the metric at work
  bool sound_ = true;
  std::set<std::string> names_;  // of samples, of all metrics
};

}  // namespace

Definitions compile(const config::MetricsSettings& settings, const Expression::MakeMatcher& regex) {
  return Compiler(regex).all(settings);
}

}  // namespace waybill::metrics
