// SPDX-License-Identifier: Apache-2.0
#include "core/ledger.h"

#include <doctest/doctest.h>

#include <numeric>
#include <thread>

using namespace waybill;

TEST_CASE("ledger: an input adds up") {
  Ledger ledger;
  InputLedger& input = ledger.input("app");
  CHECK(&ledger.input("app") == &input);
  CHECK(&ledger.input("other") != &input);
  InputCounts counts;
  counts.lines = 10;
  counts.records = 7;
  counts.joined = 2;
  counts.empty = 1;
  counts.bytes = 500;
  counts.repaired_lines = 1;
  counts.duplicate_keys = 3;
  counts.clock_skew = 4;
  counts.truncated_lines = 1;
  counts.truncated_bytes = 40;
  counts.formats["json"] = 7;
  input.post(counts);
  input.post(counts);
  input.set_lag(99);
  input.missed(MissReason::kRotation, 5);
  InputCounts now = input.snapshot();
  CHECK(now.balanced());
  CHECK(now.lines == 20);
  CHECK(now.joined == 4);
  CHECK(now.bytes == 1000);
  CHECK(now.repaired_lines == 2);
  CHECK(now.duplicate_keys == 6);
  CHECK(now.clock_skew == 8);
  CHECK(now.truncated_lines == 2);
  CHECK(now.truncated_bytes == 80);
  CHECK(now.formats["json"] == 14);
  CHECK(now.lag_bytes == 99);
  CHECK(now.missed[static_cast<size_t>(MissReason::kRotation)] == 5);
  CHECK(ledger.inputs().size() == 2);
}

TEST_CASE("ledger: an output is balanced whatever becomes of its records") {
  Ledger ledger;
  OutputLedger& output = ledger.output("loki");
  output.accept(100);
  CHECK(output.snapshot().counts.balanced());
  CHECK(output.snapshot().counts.in_flight == 100);
  output.delivered(60);
  output.dropped(DropReason::kTooLarge, 3);
  output.dropped(DropReason::kRejected, 2);
  output.dead_lettered(5);
  output.filtered(7);
  OutputSnapshot now = output.snapshot();
  CHECK(now.counts.balanced());
  CHECK(now.counts.in_flight == 23);
  CHECK(now.counts.filtered == 7);
  CHECK(now.counts.delivered == 60);
  CHECK(now.counts.dropped_total() == 5);
  CHECK(now.counts.dead_lettered == 5);
}

TEST_CASE("ledger: what an output leaves in a spool is not counted twice, nor for ever") {
  OutputLedger output("loki");
  output.recovered("spool", 10);
  CHECK(output.snapshot().counts.recovered == 10);
  output.left_in_spool("spool", 10);
  SUBCASE("its successor finds more, which had been settled") {
    output.recovered("spool", 12);
    CHECK(output.snapshot().counts.recovered == 12);
    CHECK(output.snapshot().counts.in_flight == 12);
  }
  SUBCASE("its successor finds less") {
    output.recovered("spool", 7);
    CHECK(output.snapshot().counts.recovered == 10);
    CHECK(output.snapshot().counts.in_flight == 7);
    CHECK(output.snapshot().counts.dropped_total() == 3);
  }
  CHECK(output.snapshot().counts.balanced());
}

TEST_CASE("ledger: gauges and requests of an output") {
  OutputLedger output("es");
  CHECK(output.snapshot().oldest_undelivered_seconds == 0);
  output.queue(7, 700, steady_now() - std::chrono::seconds(10));
  output.retried();
  output.request_took(0.004);
  output.request_took(0.005);  // a bound belongs to its own bucket
  output.request_took(99);
  output.state(OutputState::kRetrying, "connection refused");
  OutputSnapshot now = output.snapshot();
  CHECK(now.queue_records == 7);
  CHECK(now.queue_bytes == 700);
  CHECK(now.oldest_undelivered_seconds >= 10);
  CHECK(now.oldest_undelivered_seconds < 60);
  CHECK(now.retries == 1);
  CHECK(now.requests == 3);
  CHECK(now.request_seconds.counts.front() == 2);
  CHECK(now.request_seconds.counts.back() == 1);
  CHECK(now.request_seconds.sum == doctest::Approx(99.009));
  CHECK(now.problem == "connection refused");
  output.queue(0, 0, SteadyTime{});
  CHECK(output.snapshot().oldest_undelivered_seconds == 0);
}

TEST_CASE("ledger: services are bounded, records are not") {
  Ledger ledger;
  std::array<uint64_t, kLevelCount> one{};
  one[static_cast<size_t>(Level::kInfo)] = 1;
  constexpr size_t kMany = Ledger::kMaxServices + 50;
  for (size_t i = 0; i < kMany; ++i) ledger.count_levels("service-" + std::to_string(i), one);
  ledger.count_levels("service-0", one);
  auto levels = ledger.levels();
  CHECK(levels.size() == Ledger::kMaxServices + 1);
  uint64_t sum = 0;
  for (const auto& [service, counts] : levels) {
    sum += std::accumulate(counts.begin(), counts.end(), uint64_t{0});
  }
  CHECK(sum == kMany + 1);
  CHECK(levels["other"][static_cast<size_t>(Level::kInfo)] == 50);
  ledger.count_trace_origins({1, 2, 3, 4, 5, 6});
  ledger.count_trace_origins({1, 0, 0, 0, 0, 0});
  CHECK(ledger.trace_origins() == std::array<uint64_t, 6>{2, 2, 3, 4, 5, 6});
}

TEST_CASE("ledger: snapshots balance while others post") {
  OutputLedger output("loki");
  std::thread other([&] {
    for (int i = 0; i < 20'000; ++i) {
      output.accept(3);
      output.delivered(2);
      output.dropped(DropReason::kQueueFull, 1);
    }
  });
  bool balanced = true;
  for (int i = 0; i < 20'000; ++i) balanced &= output.snapshot().counts.balanced();
  other.join();
  CHECK(balanced);
  CHECK(output.snapshot().counts.in_flight == 0);
}

TEST_CASE("ledger: kinds of violations are bounded, per service and in all") {
  Ledger ledger;
  CHECK(ledger.count_violation({"pay", "type", "/a"}));
  CHECK(!ledger.count_violation({"pay", "type", "/a"}));
  for (size_t i = 0; i < 2 * Ledger::kMaxKinds; ++i) {
    ledger.count_violation({"pay", "enum", "/" + std::to_string(i)});
  }
  auto counts = ledger.violations();
  CHECK(counts.size() == Ledger::kMaxKinds + 1);
  CHECK(counts[{"pay", "type", "/a"}] == 2);
  CHECK(counts[{"pay", "other", "other"}] == Ledger::kMaxKinds + 1);
  CHECK(ledger.count_violation({"shop", "type", "/a"}));
  for (size_t i = 0; i < 2 * Ledger::kMaxServices; ++i) {
    ledger.count_violation({"s" + std::to_string(i), "type", "/a"});
  }
  CHECK(ledger.violations()[{"other", "type", "/a"}] == Ledger::kMaxServices + 2);
  CHECK(ledger.schema_repairs().empty());
}
