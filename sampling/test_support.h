// SPDX-License-Identifier: Apache-2.0
// What tests of the sampler need: one, and records put to it.
#pragma once

#include <doctest/doctest.h>

#include <cstdio>
#include <map>
#include <memory>
#include <random>
#include <string>

#include "config/test_support.h"
#include "core/json_text.h"
#include "core/test_support.h"
#include "sampling/sampler.h"

namespace waybill::sampling::testing {

using Outcome = Verdict::Outcome;
constexpr int64_t kSecond = 1'000'000'000;
constexpr int64_t kStart = 1'767'322'800 * kSecond;

inline std::shared_ptr<const Rules> rules_of(const std::string& sample) {
  config::Diagnostics diagnostics;
  auto config = config::load("w.yaml", "sample: " + sample, {"auto"}, diagnostics);
  REQUIRE(config);
  auto rules = Rules::make(*config->sampling);
  REQUIRE(config::testing::lines_of(diagnostics) == "");
  return rules;
}

// A sampler, and records put to it one after the other.
class Sampled {
 public:
  explicit Sampled(const std::string& sample) : sampler(rules_of(sample)) {}

  Verdict put(Level level, std::string_view message, int64_t time_ns, std::string_view service = {},
              std::string_view trace = {}) {
    Record& record = lines.put(message, kStart + 3600 * kSecond);
    record.time_ns = time_ns;
    record.time_said = true;
    record.level = level;
    record.message = raw_text(record.line);
    record.id = random_id();
    if (!service.empty()) record.service_name = raw_text(service);
    if (!trace.empty()) {
      record.trace_id = raw_text(trace);
      record.trace_origin = TraceOrigin::kField;
    }
    lines.batch().read_at = SteadyTime(std::chrono::hours(1));
    Verdict verdict = sampler.judge(lines.batch(), record, identity);
    if (verdict.outcome == Outcome::kSend) {
      ++sent;
      count(record, service);
    }
    return verdict;
  }

  // Of what is sent for others at the end, or now.
  size_t end(SteadyTime now = SteadyTime::max()) {
    ByteBudget budget(size_t{64} << 20);
    Batch batch(budget);
    batch.reset(0);
    sampler.take_due(batch, now);
    for (const Record& record : batch.records) {
      Buffer out;
      append_canonical(out, batch, record, identity, part::kAll & ~part::kId);
      last = out.view();
      count(record, record.service_name.bytes());
    }
    return batch.records.size();
  }

  void count(const Record& record, std::string_view service) {
    double rate = record.sample_rate.empty() ? 1 : std::stod(std::string(record.sample_rate));
    weights[{std::string(service), record.level}] += rate;
  }

  Identity identity;
  Sampler sampler;
  waybill::testing::Lines lines;
  std::map<std::pair<std::string, Level>, double> weights;
  size_t sent = 0;
  std::string last;
};

inline std::string trace(std::mt19937_64& draw) {
  char id[33];
  std::snprintf(id, sizeof id, "%016llx%016llx", static_cast<unsigned long long>(draw()),
                static_cast<unsigned long long>(draw()));
  return {id, 32};
}

}  // namespace waybill::sampling::testing
