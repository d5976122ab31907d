// SPDX-License-Identifier: Apache-2.0
#include "daemon/admin/families.h"

#include <doctest/doctest.h>

using namespace waybill;
using namespace waybill::daemon::admin;
using prometheus::MetricType;

namespace {

metrics::Snapshot histogram() {
  auto definition = std::make_shared<metrics::Definition>();
  definition->name = "http_seconds";
  definition->help = "How long\nit \"took\".";
  definition->histogram = true;
  definition->unit = "seconds";
  definition->bounds = {0.1, 1};
  definition->labels.resize(2);
  definition->labels[0].name = "route";
  definition->labels[1].name = "none";
  metrics::Snapshot snapshot;
  snapshot.definition = definition;
  metrics::Snapshot::Row& row = snapshot.rows.emplace_back();
  row.values = {"/a\\\"b\"\n", ""};
  row.series.total = 1.5;
  row.series.counts = {2, 0, 1};
  row.series.exemplars.resize(3);
  metrics::Exemplar& exemplar = row.series.exemplars[2];
  exemplar.given = true;
  exemplar.trace_id.fill('a');
  exemplar.value = 1.25;
  exemplar.time_ns = 1'767'322'800'012'999'999;
  return snapshot;
}

}  // namespace

TEST_CASE("openmetrics: a histogram with its exemplar") {
  Families families;
  families.add(histogram());
  CHECK(families.openmetrics() ==
        "# TYPE http_seconds histogram\n"
        "# UNIT http_seconds seconds\n"
        "# HELP http_seconds How long\\nit \\\"took\\\".\n"
        "http_seconds_bucket{route=\"/a\\\\\\\"b\\\"\\n\",le=\"0.1\"} 2\n"
        "http_seconds_bucket{route=\"/a\\\\\\\"b\\\"\\n\",le=\"1.0\"} 2\n"
        "http_seconds_bucket{route=\"/a\\\\\\\"b\\\"\\n\",le=\"+Inf\"} 3 # {trace_id=\"" +
            std::string(32, 'a') +
            "\"} 1.25 1767322800.012\n"
            "http_seconds_count{route=\"/a\\\\\\\"b\\\"\\n\"} 3\n"
            "http_seconds_sum{route=\"/a\\\\\\\"b\\\"\\n\"} 1.5\n"
            "# EOF\n");
  std::string text = families.text();
  CHECK(text.find("# TYPE http_seconds histogram\n") != std::string::npos);
  CHECK(text.find("trace_id") == std::string::npos);
}

TEST_CASE("openmetrics: families are called without _total, unless that is another one's name") {
  Families families;
  families.begin("jobs_total", MetricType::Counter, "Jobs.");
  families.add({{"a", "b"}}, uint64_t{3});
  families.begin("connections", MetricType::Gauge, "Open.");
  families.add({}, 2.5);
  families.begin("connections_total", MetricType::Counter, "All.");
  families.add({}, uint64_t{7});
  families.begin("nothing_total", MetricType::Counter, "Without a sample.");
  CHECK(families.openmetrics() ==
        "# TYPE jobs counter\n"
        "# HELP jobs Jobs.\n"
        "jobs_total{a=\"b\"} 3\n"
        "# TYPE connections gauge\n"
        "# HELP connections Open.\n"
        "connections 2.5\n"
        "# TYPE connections_total unknown\n"
        "# HELP connections_total All.\n"
        "connections_total 7\n"
        "# EOF\n");
}

TEST_CASE("openmetrics: goes to those who prefer it") {
  CHECK_FALSE(wants_openmetrics(""));
  CHECK_FALSE(wants_openmetrics("*/*"));
  CHECK_FALSE(wants_openmetrics("text/plain;version=0.0.4"));
  CHECK(wants_openmetrics("application/openmetrics-text"));
  CHECK(
      wants_openmetrics("application/openmetrics-text;version=1.0.0,"
                        "application/openmetrics-text;version=0.0.1;q=0.75,"
                        "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"));
  CHECK(wants_openmetrics("text/plain; q=0.5 , application/openmetrics-text; q=0.7"));
  CHECK_FALSE(wants_openmetrics("text/plain, application/openmetrics-text; q=0.7"));
  CHECK_FALSE(wants_openmetrics("application/openmetrics-text; q=0"));
  CHECK_FALSE(wants_openmetrics("application/openmetrics-text; version=2.0.0"));
  CHECK_FALSE(wants_openmetrics(",;,=;q=,application/"));
}
