// SPDX-License-Identifier: Apache-2.0
// The OpenMetrics form of a page, and who gets it.
#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <set>

#include "core/ascii.h"
#include "daemon/admin/families.h"

namespace waybill::daemon::admin {

using prometheus::ClientMetric;
using prometheus::MetricType;

namespace {

constexpr std::string_view kTotal = "_total";

void append_escaped(std::string& out, std::string_view text) {
  for (char c : text) {
    if (c == '\n') {
      out += "\\n";
      continue;
    }
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
}

std::string number(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  return fmt::format("{}", value);
}

// Bounds are labels, so there must be one way to write each: "Considerations: Canonical Numbers".
std::string bound(double value) {
  std::string text = number(value);
  bool whole = text.find_first_of(".eIN") == std::string::npos;
  return whole ? text + ".0" : text;
}

// {a="b",le="0.1"}; `le` empty: without it.
void append_labels(std::string& out, const Labels& labels, const std::string& le) {
  if (labels.empty() && le.empty()) return;
  out += '{';
  for (const ClientMetric::Label& label : labels) {
    if (out.back() != '{') out += ',';
    out += label.name;
    out += "=\"";
    append_escaped(out, label.value);
    out += '"';
  }
  if (!le.empty()) {
    if (out.back() != '{') out += ',';
    out += fmt::format("le=\"{}\"", le);
  }
  out += '}';
}

void append_exemplar(std::string& out, const metrics::Exemplar& exemplar) {
  if (!exemplar.given) return;
  out += fmt::format(" # {{trace_id=\"{}\"", std::string_view(exemplar.trace_id.data(), 32));
  if (exemplar.has_span) {
    out += fmt::format(",span_id=\"{}\"", std::string_view(exemplar.span_id.data(), 16));
  }
  int64_t milliseconds = exemplar.time_ns / 1'000'000;
  out += fmt::format("}} {} {}.{:03}", number(exemplar.value), milliseconds / 1000,
                     milliseconds % 1000);
}

// One family: its head, then a line for each sample.
class Writer {
 public:
  Writer(std::string& out, std::string name, MetricType type) : out_(out), name_(std::move(name)) {
    kind_ = type == MetricType::Counter     ? "counter"
            : type == MetricType::Histogram ? "histogram"
                                            : "gauge";
  }

  // A counter whose name without `_total` another family has: its samples are called the same,
  // but nobody can say what it is.
  void untyped() { kind_ = "unknown"; }

  void head(const std::string& help, const std::string& unit) {
    out_ += fmt::format("# TYPE {} {}\n", name_, kind_);
    if (!unit.empty()) out_ += fmt::format("# UNIT {} {}\n", name_, unit);
    out_ += fmt::format("# HELP {} ", name_);
    append_escaped(out_, help);
    out_ += '\n';
  }

  void sample(std::string_view end, const Labels& labels, const std::string& le, double value,
              const metrics::Exemplar* exemplar = nullptr) {
    out_ += name_;
    out_ += end;
    append_labels(out_, labels, le);
    out_ += ' ';
    out_ += number(value);
    if (exemplar != nullptr) append_exemplar(out_, *exemplar);
    out_ += '\n';
  }

  void histogram(const ClientMetric& metric, const std::vector<metrics::Exemplar>& exemplars) {
    const auto& buckets = metric.histogram.bucket;
    for (size_t i = 0; i < buckets.size(); ++i) {
      sample("_bucket", metric.label, bound(buckets[i].upper_bound),
             static_cast<double>(buckets[i].cumulative_count),
             i < exemplars.size() ? &exemplars[i] : nullptr);
    }
    sample("_count", metric.label, "", static_cast<double>(metric.histogram.sample_count));
    sample("_sum", metric.label, "", metric.histogram.sample_sum);
  }

 private:
  std::string& out_;
  std::string name_;
  const char* kind_;
};

// Takes what stands before `end` off `text`.
std::string_view take(std::string_view& text, char end) {
  size_t at = text.find(end);
  std::string_view part = trimmed(text.substr(0, at));
  text.remove_prefix(at == text.npos ? text.size() : at + 1);
  return part;
}

}  // namespace

std::string Families::openmetrics() const {
  std::set<std::string, std::less<>> names;
  for (const Family& family : all_) {
    if (family.samples.type != MetricType::Counter) names.insert(family.samples.name);
  }
  std::string out;
  for (const Family& family : all_) {
    if (family.samples.metric.empty()) continue;
    std::string_view name = family.samples.name;
    bool counter = family.samples.type == MetricType::Counter && name.ends_with(kTotal);
    std::string_view base = counter ? name.substr(0, name.size() - kTotal.size()) : name;
    bool clash = counter && names.find(base) != names.end();
    Writer writer(out, std::string(clash ? name : base), family.samples.type);
    if (clash) writer.untyped();
    writer.head(family.samples.help, family.unit);
    for (size_t i = 0; i < family.samples.metric.size(); ++i) {
      const ClientMetric& metric = family.samples.metric[i];
      static const std::vector<metrics::Exemplar> none;
      const auto& exemplars = i < family.exemplars.size() ? family.exemplars[i] : none;
      switch (family.samples.type) {
        case MetricType::Histogram: writer.histogram(metric, exemplars); break;
        case MetricType::Counter:
          writer.sample(clash ? "" : kTotal, metric.label, "", metric.counter.value,
                        exemplars.empty() ? nullptr : &exemplars[0]);
          break;
        default: writer.sample("", metric.label, "", metric.gauge.value); break;
      }
    }
  }
  return out + "# EOF\n";
}

bool wants_openmetrics(std::string_view accept) {
  double openmetrics = 0, text = 0;
  while (!accept.empty()) {
    std::string_view range = take(accept, ',');
    std::string_view type = take(range, ';');
    double quality = 1;
    bool known = true;
    while (!range.empty()) {
      std::string_view value = take(range, ';');
      std::string_view name = take(value, '=');
      if (name == "q" || name == "Q") {
        std::from_chars(value.data(), value.data() + value.size(), quality);
      } else if (name == "version") {
        known = value == "1.0.0" || value == "0.0.1" || value == "0.0.4";
      }
    }
    if (!known) continue;
    if (type == "application/openmetrics-text") openmetrics = std::max(openmetrics, quality);
    if (type == "text/plain" || type == "text/*" || type == "*/*") text = std::max(text, quality);
  }
  return openmetrics > 0 && openmetrics >= text;
}

}  // namespace waybill::daemon::admin
