// SPDX-License-Identifier: Apache-2.0
#include "daemon/admin/families.h"

#include <prometheus/text_serializer.h>

#include <limits>
#include <utility>

namespace waybill::daemon::admin {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

namespace {

// `counts` are those of each bucket alone, the last of them that of +Inf.
template <typename Counts, typename Bounds>
void set_histogram(ClientMetric& metric, const Counts& counts, const Bounds& bounds, double sum) {
  uint64_t seen = 0;
  for (size_t i = 0; i < counts.size(); ++i) {
    seen += counts[i];
    double bound = i < bounds.size() ? bounds[i] : std::numeric_limits<double>::infinity();
    metric.histogram.bucket.push_back({seen, bound});
  }
  metric.histogram.sample_count = seen;
  metric.histogram.sample_sum = sum;
}

}  // namespace

void Families::begin(std::string name, MetricType type, std::string help, std::string unit) {
  Family& family = all_.emplace_back();
  family.samples.name = std::move(name);
  family.samples.type = type;
  family.samples.help = std::move(help);
  family.unit = std::move(unit);
}

void Families::add(Labels labels, double value) {
  MetricFamily& family = all_.back().samples;
  ClientMetric& metric = family.metric.emplace_back();
  metric.label = std::move(labels);
  if (family.type == MetricType::Counter) {
    metric.counter.value = value;
  } else {
    metric.gauge.value = value;
  }
}

void Families::add(Labels labels, const Histogram& histogram) {
  ClientMetric& metric = all_.back().samples.metric.emplace_back();
  metric.label = std::move(labels);
  set_histogram(metric, histogram.counts, Histogram::kBounds, histogram.sum);
}

void Families::add(const metrics::Snapshot& snapshot) {
  const metrics::Definition& metric = *snapshot.definition;
  begin(metric.histogram ? metric.name : metric.name + "_total",
        metric.histogram ? MetricType::Histogram : MetricType::Counter,
        !metric.help.empty() ? metric.help
        : metric.histogram   ? "Observed in log records."
                             : "Counted from log records.",
        metric.unit);
  Family& family = all_.back();
  for (const metrics::Snapshot::Row& row : snapshot.rows) {
    Labels labels;
    for (size_t i = 0; i < row.values.size(); ++i) {
      // A label without a value is the same as none.
      if (!row.values[i].empty()) labels.push_back({metric.labels[i].name, row.values[i]});
    }
    if (metric.histogram) {
      ClientMetric& sample = family.samples.metric.emplace_back();
      sample.label = std::move(labels);
      set_histogram(sample, row.series.counts, metric.bounds, row.series.total);
    } else {
      add(std::move(labels), row.series.total);
    }
    family.exemplars.push_back(row.series.exemplars);
  }
}

std::string Families::text() const {
  std::vector<MetricFamily> full;
  for (const Family& family : all_) {
    if (!family.samples.metric.empty()) full.push_back(family.samples);
  }
  return prometheus::TextSerializer().Serialize(full);
}

}  // namespace waybill::daemon::admin
