// SPDX-License-Identifier: Apache-2.0
#include "metrics/family.h"

#include <doctest/doctest.h>

#include <string>

#include "config/test_support.h"
#include "core/test_support.h"
#include "metrics/registry.h"

namespace waybill::metrics {

namespace {

constexpr int64_t kNow = 1'767'322'800'000'000'000;
constexpr std::string_view kTrace = "4bf92f3577b34da6a3ce929d0e0e4736";
constexpr std::string_view kSpan = "00f067aa0ba902b7";

Result<Expression::Matcher> no_regex(const std::string&) {
  return Error{Action::kFixConfig, "no regular expressions here"};
}

struct Compiled {
  Definitions definitions;
  std::string faults;
};

Compiled compiled(const std::string& text) {
  config::Diagnostics diagnostics;
  auto config = config::load("w.yaml", "metrics: " + text, {"auto"}, diagnostics);
  REQUIRE(config);
  Compiled made;
  made.definitions = compile(config->metrics, no_regex);
  made.faults = config::testing::lines_of(diagnostics);
  return made;
}

// One metric, and records put to it.
class Counted {
 public:
  explicit Counted(const std::string& text, size_t most = 100) {
    Compiled made = compiled(text);
    REQUIRE(made.faults == "");
    REQUIRE(made.definitions.size() == 1);
    budget->set_limit(most);
    family = std::make_shared<Family>(made.definitions[0], budget);
  }

  std::string put(std::string_view json, std::string_view trace = {}, std::string_view rate = {},
                  int16_t flags = -1) {
    Record& record = lines.put_json(json);
    record.time_ns = kNow;
    record.read_ns = kNow + 1;
    record.trace_flags = flags;
    record.sample_rate = rate;
    if (!trace.empty()) {
      record.trace_id = Text(trace, TextForm::kClean);
      record.span_id = Text(kSpan, TextForm::kClean);
    }
    return family->count(lines.batch(), lines.batch().records, Identity());
  }

  // Of the series with these values of its labels; -1 without.
  double total(const std::vector<std::string>& values) const {
    for (const Snapshot::Row& row : family->snapshot().rows) {
      if (row.values == values) return row.series.total;
    }
    return -1;
  }

  std::shared_ptr<SeriesBudget> budget = std::make_shared<SeriesBudget>();
  std::shared_ptr<Family> family;
  testing::Lines lines;
};

}  // namespace

TEST_CASE("metrics: a counter by labels, with routes as templates") {
  Counted counted("{count: [{name: http_requests, by: [method, route, status]}]}");
  counted.put(R"({"method":"GET","route":"/orders/42","status":200})");
  counted.put(R"({"method":"GET","route":"/orders/43?x=1","status":200})");
  counted.put(R"({"method":"GET","route":"/orders/42","status":"500"})");
  counted.put(R"({"method":"GET","status":null,"route":["/"]})");
  CHECK(counted.total({"GET", "/orders/{id}", "200"}) == 2);
  CHECK(counted.total({"GET", "/orders/{id}", "500"}) == 1);
  CHECK(counted.total({"GET", "", ""}) == 1);
  CHECK(counted.family->snapshot().rows.size() == 3);
}

TEST_CASE("metrics: routes stay where that is asked for, escapes are decoded, long values cut") {
  Counted counted("{count: [{name: n, labels: {path: context.p.q}, template_routes: false}]}");
  counted.put(R"({"p":{"q":"/orders/42"}})");
  counted.put(R"({"p.q":"a\"\u00e9"})");
  counted.put("{\"p\":{\"q\":\"" + std::string(127, 'x') + "\xC3\xA9\"}}");
  CHECK(counted.total({"/orders/42"}) == 1);
  CHECK(counted.total({"a\"\xC3\xA9"}) == 1);
  CHECK(counted.total({std::string(127, 'x')}) == 1);
}

TEST_CASE("metrics: a condition, a sum, and what is no number") {
  Counted counted(
      "{count: [{name: sent_bytes, value: context.bytes, when: \"level exists or "
      "context.ok == true\"}]}");
  counted.put(R"({"ok":true,"bytes":10})");
  counted.put(R"({"ok":true,"bytes":"32"})");
  counted.put(R"({"ok":false,"bytes":1000})");
  counted.put(R"({"ok":true,"bytes":"many"})");
  counted.put(R"({"ok":true,"bytes":-1})");
  counted.put(R"({"ok":true})");
  CHECK(counted.total({}) == 42);
  CHECK(counted.family->snapshot().skipped == 3);
}

TEST_CASE("metrics: records that stand for others count for as many") {
  Counted counted("{count: [{name: n}]}");
  counted.put("{}", {}, "10");
  counted.put("{}", {}, "0");
  counted.put("{}", {}, "2.5");
  counted.put("{}", {}, "-3");
  CHECK(counted.total({}) == 13.5);
}

TEST_CASE("metrics: a histogram of times, in seconds") {
  Counted counted("{histogram: [{name: http_seconds, field: took_ms, buckets: [0.035, 1]}]}");
  for (const char* took : {"35", "36", "\"1s\"", "\"1m\"", "-5", "\"?\""}) {
    counted.put(std::string("{\"took_ms\":") + took + "}");
  }
  Snapshot now = counted.family->snapshot();
  REQUIRE(now.rows.size() == 1);
  CHECK(now.rows[0].series.counts == std::vector<uint64_t>{1, 2, 1});
  CHECK(now.rows[0].series.total == doctest::Approx(61.071));
  CHECK(now.skipped == 2);
  CHECK(now.definition->unit == "seconds");
}

TEST_CASE("metrics: the last trace of each bucket is its exemplar") {
  Counted counted("{histogram: [{name: http_seconds, field: took, buckets: [1]}]}");
  counted.put(R"({"took":0.5})", kTrace);
  counted.put(R"({"took":0.25})", "4bf92f3577b34da6a3ce929d0e0e4737");
  counted.put(R"({"took":0.125})");
  counted.put(R"({"took":0.125})", kTrace, {}, 0);  // the tracer left it out
  counted.put(R"({"took":0.125})", "not hex but 32 characters long..");
  Series series = counted.family->snapshot().rows[0].series;
  REQUIRE(series.exemplars.size() == 2);
  const Exemplar& exemplar = series.exemplars[0];
  CHECK(std::string_view(exemplar.trace_id.data(), 32) == "4bf92f3577b34da6a3ce929d0e0e4737");
  CHECK(std::string_view(exemplar.span_id.data(), 16) == kSpan);
  CHECK(exemplar.value == 0.25);
  CHECK(exemplar.time_ns == kNow);
  CHECK_FALSE(series.exemplars[1].given);
}

TEST_CASE(
    "metrics: values beyond the limit of a label are counted as other, and that is said once") {
  Counted counted("{count: [{name: n, by: [user, status], max_values: 2}]}");
  int notices = 0;
  for (int user = 0; user < 100; ++user) {
    for (const char* status : {"200", "500"}) {
      std::string line = "{\"user\":\"u" + std::to_string(user) + "\",\"status\":" + status + "}";
      notices += counted.put(line).empty() ? 0 : 1;
    }
  }
  CHECK(notices == 1);
  CHECK(counted.total({"u1", "500"}) == 1);
  CHECK(counted.total({"other", "200"}) == 98);
  CHECK(counted.total({"other", "500"}) == 98);
  Snapshot now = counted.family->snapshot();
  CHECK(now.rows.size() == 6);
  CHECK(now.overflowed == 196);
}

TEST_CASE("metrics: series are bounded for a metric, and for all together") {
  auto fill = [](Counted& counted) {
    std::string notice;
    for (int i = 0; i < 50; ++i) {
      std::string line = "{\"a\":" + std::to_string(i % 10) + ",\"b\":" + std::to_string(i) + "}";
      std::string said = counted.put(line);
      if (!said.empty()) notice = said;
    }
    return notice;
  };
  Counted own("{count: [{name: n, by: [a, b], max_series: 7}]}");
  CHECK(fill(own).find("max_series allows") != std::string::npos);
  CHECK(own.family->snapshot().rows.size() == 8);
  CHECK(own.total({"other", "other"}) == 43);
  CHECK(own.family->snapshot().overflowed == 43);

  Counted shared("{count: [{name: n, by: [a, b]}]}", 3);
  CHECK(fill(shared).find("metrics.max_series") != std::string::npos);
  CHECK(shared.total({"other", "other"}) == 47);
  // What a family had is there for others when it goes.
  CHECK_FALSE(shared.budget->take());
  shared.family.reset();
  CHECK(shared.budget->take());
}

TEST_CASE("metrics: over a reload a metric goes on that is as before") {
  Registry registry;
  auto first = registry.take(compiled("{count: [{name: a}, {name: b}]}").definitions, 10, 1);
  auto second =
      registry.take(compiled("{count: [{name: b}, {name: a, by: [x]}]}").definitions, 10, 1);
  REQUIRE(second.size() == 2);
  CHECK(second[0] == first[1]);
  CHECK(second[1] != first[0]);
  // Labels may hold what is redacted from now on.
  auto third = registry.take(compiled("{count: [{name: b}]}").definitions, 10, 2);
  REQUIRE(third.size() == 1);
  CHECK(third[0] != second[0]);
  CHECK(registry.take({}, 10, 2).empty());
  CHECK(registry.families().empty());
}

TEST_CASE("metrics: names, labels and what they are by default") {
  Compiled made = compiled(
      "{count: [{name: hits_total, by: [level, service_name, error.type, context.http.status]}],"
      " histogram: [{name: size_bytes, field: context.size}, {name: lag, field: lag_us}]}");
  REQUIRE(made.faults == "");
  REQUIRE(made.definitions.size() == 3);
  const Definition& hits = *made.definitions[0];
  CHECK(hits.name == "hits");
  REQUIRE(hits.labels.size() == 4);
  CHECK(hits.labels[2].name == "error_type");
  CHECK(hits.labels[3].name == "status");
  CHECK(hits.labels[3].path.text() == "context.http.status");
  CHECK(made.definitions[1]->unit == "bytes");
  CHECK(made.definitions[1]->bounds.back() == 1e8);
  CHECK(made.definitions[2]->value_unit == Unit::kMicroseconds);
  CHECK(made.definitions[2]->bounds.front() == 0.005);
}

TEST_CASE("metrics: what cannot be is a fault, with a reason") {
  auto faults = [](const std::string& text) { return compiled(text).faults; };
  auto says = [&](const std::string& text, std::string_view what) {
    CAPTURE(text);
    std::string said = faults(text);
    CAPTURE(said);
    CHECK(said.find(what) != std::string::npos);
  };
  says("{count: [{name: n, by: [trace_id]}]}", "traces are given as exemplars anyway");
  says("{count: [{name: n, by: [request_id]}]}", "choose a field with few values");
  says("{count: [{name: n, by: [a.x, b.x]}]}", "both called `x`");
  says("{count: [{name: n, labels: {1a: x}}]}", "no name of a label");
  says("{count: [{name: n, labels: {__a: x}}]}", "no name of a label");
  says("{count: [{name: waybill_n}]}", "metrics of the daemon");
  says("{count: [{name: 1n}]}", "no name of a metric");
  says("{count: [{by: [a]}]}", "needs 'name'");
  says("{count: [{name: n, when: \"level =\"}]}", "when: column 7");
  says("{count: [n]}", "must be a mapping with a name");
  says("{histogram: [{name: n}]}", "needs 'field'");
  says("{histogram: [{name: n, field: f, by: [le]}]}", "the label `le`");
  says("{histogram: [{name: n, field: f, buckets: [1, 1]}]}", "must be larger");
  says("{histogram: [{name: n, field: f, buckets: [-1, 1]}]}", "below 0");
  says("{histogram: [{name: n, field: f, buckets: []}]}", "1 to 60");
  says("{histogram: [{name: n, field: f, buckets: 5}]}", "must be a list of numbers");
  says("{histogram: [{name: n, field: f, buckets: [x]}]}", "not a number");
  says("{histogram: [{name: n, field: f, unit: second}]}", "did you mean 'seconds'?");
  CHECK(faults("{count: [{name: n}, {name: n_total}]}").find("samples called n") !=
        std::string::npos);
  CHECK(
      faults("{count: [{name: n_sum}], histogram: [{name: n, field: f}]}").find("n_sum already") !=
      std::string::npos);
}

}  // namespace waybill::metrics
