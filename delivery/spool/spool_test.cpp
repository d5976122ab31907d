// SPDX-License-Identifier: Apache-2.0
// The spool behind an outbox, as outputs use it.
#include "delivery/spool/spool.h"

#include <doctest/doctest.h>

#include <filesystem>

#include "delivery/spool/test_bench.h"

using namespace waybill;
using namespace waybill::delivery;
using namespace std::chrono_literals;
using Bench = test::SpoolBench;
using test::dropped;
using test::range;

TEST_CASE("spool: what finds no room in memory comes back in order") {
  Bench bench;
  for (uint64_t i = 0; i < 40; ++i) bench.push(i * 20, 20);
  CHECK(bench.until([&] { return bench.now().spool_records > 0; }));
  CHECK(bench.pop(800) == range(0, 800));
  CHECK(bench.now().counts.delivered == 800);
  CHECK(bench.now().counts.in_flight == 0);
  CHECK(bench.until([&] { return bench.now().spool_bytes == 0; }));
  CHECK(bench.now().spool_records == 0);
  // And then memory alone is enough again.
  bench.push(800, 20);
  CHECK(bench.pop(20) == range(800, 820));
}

TEST_CASE("spool: tickets are let go when their records are on disk") {
  Bench bench({0ns, SpoolUse::kAll});
  std::atomic<bool> done{false};
  bench.push(0, 10, std::make_shared<Ticket>([&] { done = true; }));
  CHECK(bench.until([&] { return done.load(); }));
  CHECK(bench.pop(10) == range(0, 10));
}

TEST_CASE("spool: what is left at the end is delivered by the next run, once") {
  test::LogCapture quiet;
  Bench bench;
  for (uint64_t i = 0; i < 30; ++i) bench.push(i * 10, 10);
  std::vector<uint64_t> first = bench.pop(100);
  bench.outbox->close();
  bench.outbox->abort();
  CHECK(bench.outbox->drained());
  bench.outbox->finish();
  CHECK(bench.outbox->left() == 0);
  CHECK(bench.now().spool_records == 300 - first.size());
  CHECK(bench.now().counts.balanced());
  bench.restart({0ns, SpoolUse::kOverflow}, 1 << 20, "next");
  CHECK(bench.now("next").counts.recovered == 300 - first.size());
  std::vector<uint64_t> second = bench.pop(300 - first.size(), "next");
  std::sort(second.begin(), second.end());
  CHECK(second == range(first.size(), 300));
  CHECK(bench.now("next").counts.balanced());
  CHECK(bench.now("next").counts.in_flight == 0);
}

TEST_CASE("spool: a payload that was half delivered leaves its other half") {
  test::LogCapture quiet;
  Bench bench;
  bench.push(0, 10);
  auto payload = bench.outbox->pop_until(steady_now() + 10s);
  REQUIRE(payload);
  for (uint32_t i = 0; i < 10; i += 2) payload->settle(i);
  bench.ledger.output("out").delivered(5);
  bench.outbox->abandon(std::move(payload));
  bench.outbox->close();
  bench.outbox->finish();
  bench.restart({0ns, SpoolUse::kOverflow}, 1 << 20, "next");
  CHECK(bench.pop(5, "next") == std::vector<uint64_t>{1, 3, 5, 7, 9});
}

TEST_CASE("spool: when it is full the oldest go, or the newest, and are counted") {
  test::LogCapture quiet;
  bool oldest = false;
  SUBCASE("oldest") { oldest = true; }
  SUBCASE("newest") { oldest = false; }
  Bench bench({0ns, SpoolUse::kOverflow, oldest ? WhenFull::kDropOldest : WhenFull::kDropNewest},
              512 * 1024);
  for (uint64_t i = 0; i < 200; ++i) bench.push(i * 10, 10);
  CHECK(bench.until([&] {
    OutputSnapshot now = bench.now();
    return now.counts.dropped_total() > 0 && now.spool_bytes <= 512 * 1024 &&
           now.queue_records + now.spool_records == now.counts.in_flight;
  }));
  uint64_t waiting = bench.now().counts.in_flight;
  std::vector<uint64_t> got = bench.pop(waiting);
  REQUIRE(got.size() == waiting);
  CHECK(std::is_sorted(got.begin(), got.end()));
  CHECK(got.front() == 0);
  CHECK((got[400] != 400) == oldest);
  if (oldest) CHECK(got.back() == 1999);
  CHECK(bench.now().counts.dropped[static_cast<size_t>(DropReason::kSpoolFull)] +
            bench.now().counts.dropped[static_cast<size_t>(DropReason::kQueueFull)] ==
        2000 - waiting);
  CHECK(bench.now().counts.balanced());
}

TEST_CASE("spool: a full one that blocks holds the pipeline up until there is room") {
  test::LogCapture quiet;
  Bench bench({0ns, SpoolUse::kOverflow, WhenFull::kBlock}, 256 * 1024);
  std::thread pipeline([&] {
    for (uint64_t i = 0; i < 1000; ++i) bench.push(i * 10, 10);
  });
  CHECK(bench.pop(10'000) == range(0, 10'000));
  pipeline.join();
  CHECK(bench.now().counts.dropped_total() == 0);
}

TEST_CASE("spool: the end waits for what is on disk, unless reading was stopped") {
  Bench bench;
  for (uint64_t i = 0; i < 40; ++i) bench.push(i * 20, 20);
  bench.outbox->close();
  bool whole = false;
  SUBCASE("to its end") { whole = true; }
  SUBCASE("stopped") { bench.outbox->stop_reading_spool(); }
  std::vector<uint64_t> got;
  while (!bench.outbox->drained()) {
    for (uint64_t number : bench.pop(1)) got.push_back(number);
  }
  CHECK((got.size() == 800) == whole);
  CHECK(got == range(0, got.size()));
}

TEST_CASE("spool: a predecessor that still holds the folder is waited for") {
  test::LogCapture quiet;
  Bench bench({0ns, SpoolUse::kAll});
  bench.push(0, 10);
  auto predecessor = std::move(bench.outbox);
  bench.restart({0ns, SpoolUse::kAll}, 1 << 20, "next");
  bench.push(10, 10, nullptr, 10, "next");
  predecessor->close();
  predecessor->abort();
  predecessor.reset();
  std::vector<uint64_t> got = bench.pop(20, "next");
  std::sort(got.begin(), got.end());
  CHECK(got.back() == 19);
  CHECK(bench.now("next").counts.balanced());
}

TEST_CASE("spool: folders are safe names") {
  CHECK(spool_folder("loki", "loki") == "spool/loki.loki");
  CHECK(spool_folder("../a b", "es") == "spool/%2e%2e%2fa%20b.es");
}

TEST_CASE("spool: what was settled out of order, or in part, is counted once over a successor") {
  test::LogCapture log;
  Bench bench({0ns, SpoolUse::kAll});
  OutputLedger& ledger = bench.ledger.output("out");
  bench.push(0, 10);
  bench.push(10, 10);
  auto pop = [&] {
    auto payload = bench.outbox->pop_until(steady_now() + 10s);
    REQUIRE(payload);
    return payload;
  };
  auto settle = [&](Payload& payload, uint32_t records) {
    for (uint32_t i = 0; i < records; ++i) payload.settle(i);
    ledger.delivered(records);
  };
  auto first = pop(), second = pop();
  REQUIRE(first->spool_end != 0);
  REQUIRE(second->spool_end > first->spool_end);
  uint64_t firsts = first->slices.size();
  settle(*second, second->unsettled);
  bench.outbox->give(std::move(second));
  settle(*first, 3);
  bench.outbox->abandon(std::move(first));
  bench.outbox->finish();
  REQUIRE(firsts > 3);
  CHECK(ledger.snapshot().counts.balanced());
  bench.restart();
  // At least once: those in front of which something was not settled come again.
  std::vector<uint64_t> again = bench.pop(20);
  CHECK(again.size() == 20);
  CHECK(ledger.snapshot().counts.balanced());
  CHECK(ledger.snapshot().counts.in_flight == 0);
}

TEST_CASE("spool: a record larger than any frame is dropped, its neighbours are not") {
  test::LogCapture log;
  Bench bench;
  SpoolSettings settings;
  settings.largest_record = 1000;
  bench.outbox.reset();
  bench.open_spool({0ns, SpoolUse::kAll}, settings);
  auto payload = bench.outbox->take();
  bool let_go = false;
  payload->tickets.push_back(std::make_shared<Ticket>([&] { let_go = true; }));
  payload->oldest = steady_now();
  for (uint64_t i = 0; i < 4; ++i) {
    uint32_t group = payload->group(i % 2 == 0 ? "even" : "odd");
    auto begin = static_cast<uint32_t>(payload->buffer(group).size());
    payload->buffer(group).append(std::to_string(i) + ":" + std::string(i == 2 ? 1000 : 200, 'x'));
    payload->added(group, begin);
  }
  bench.ledger.output("out").accept(4);
  bench.outbox->push(std::move(payload));
  CHECK(bench.pop(3) == std::vector<uint64_t>{0, 1, 3});
  CHECK(dropped(bench.now(), DropReason::kTooLarge) == 1);
  CHECK(bench.now().counts.in_flight == 0);
  CHECK(let_go);
  // One that is nothing else leaves nothing behind.
  bench.push(10, 1, nullptr, 2000);
  bench.push(11, 1);
  CHECK(bench.pop(1) == std::vector<uint64_t>{11});
  CHECK(dropped(bench.now(), DropReason::kTooLarge) == 2);
  CHECK(log.count("larger than a spool takes") == 2);
}

TEST_CASE("spool: one that blocks takes at the end what it has made wait") {
  test::LogCapture quiet;
  FullPolicy policy{0ns, SpoolUse::kOverflow, WhenFull::kBlock};
  Bench bench(policy, 256 * 1024);
  std::thread pipeline([&] {
    for (uint64_t i = 0; i < 1000; ++i) bench.push(i * 10, 10);
  });
  CHECK(bench.until([&] { return bench.now().spool_bytes > 200 * 1024; }));
  bench.outbox->abort();
  pipeline.join();
  bench.end();
  CHECK(bench.outbox->left() == 0);
  CHECK(bench.now().counts.dropped_total() == 0);
  CHECK(bench.now().spool_records == 10'000);
}

TEST_CASE("spool: tickets wait for the sync, records do not") {
  test::LogCapture quiet;
  Bench bench;
  SpoolSettings settings;
  bool soon = false;
  SUBCASE("that is soon") { soon = true; }
  SUBCASE("that comes at the end") { soon = false; }
  settings.sync_every = soon ? Duration(50ms) : Duration(1h);
  bench.outbox.reset();
  bench.open_spool({0ns, SpoolUse::kAll}, settings);
  std::atomic<int> let_go{0};
  bench.push(0, 10, std::make_shared<Ticket>([&] { ++let_go; }));
  CHECK(bench.pop(10) == range(0, 10));
  bench.push(10, 10, std::make_shared<Ticket>([&] { ++let_go; }));
  if (soon) CHECK(bench.until([&] { return let_go == 2; }));
  CHECK(bench.until([&] { return bench.now().queue_records == 10; }));
  CHECK(let_go == (soon ? 2 : 0));
  bench.end();
  CHECK(let_go == 2);
}
