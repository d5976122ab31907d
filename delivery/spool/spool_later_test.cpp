// SPDX-License-Identifier: Apache-2.0
// A spool for everything that is not delivered soon (FullPolicy::spool_after).
#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <thread>

#include "delivery/spool/test_bench.h"

using namespace waybill;
using namespace waybill::delivery;
using namespace std::chrono_literals;
using test::range;

namespace {

FullPolicy after(Duration delay, WhenFull when_full = WhenFull::kDropOldest) {
  return {0ns, SpoolUse::kAll, when_full, delay};
}

struct Bench : test::SpoolBench {
  using SpoolBench::SpoolBench;

  std::unique_ptr<Payload> pop_one() {
    auto payload = outbox->pop_until(steady_now() + 10s);
    REQUIRE(payload);
    return payload;
  }
  // The first so many records of it are delivered.
  void settle(Payload& payload, uint32_t records) {
    for (uint32_t i = 0; i < records; ++i) payload.settle(i);
    ledger.output("out").delivered(records);
  }
  void deliver(std::unique_ptr<Payload> payload) {
    uint32_t settled = static_cast<uint32_t>(payload->slices.size()) - payload->unsettled;
    for (uint32_t i = settled; i < payload->slices.size(); ++i) payload->settle(i);
    ledger.output("out").delivered(payload->slices.size() - settled);
    outbox->give(std::move(payload));
  }
  // What the next run would find if this one were killed now.
  std::vector<uint64_t> found_after_a_kill() {
    test::LogCapture quiet;
    Bench next;
    next.outbox.reset();
    std::filesystem::remove_all(next.folder / "spool");
    std::filesystem::copy(folder / "spool", next.folder / "spool",
                          std::filesystem::copy_options::recursive);
    next.restart();
    return next.pop(next.now().counts.recovered);
  }
  bool wait_spooled(uint64_t records) {
    return until([&] { return now().spool_records == records; });
  }
};

TEST_CASE("spool later: what is delivered in time is never written") {
  Bench bench(after(1h));
  int let_go = 0;
  for (uint64_t i = 0; i < 50; ++i) {
    bench.push(i * 10, 10, std::make_shared<Ticket>([&] { ++let_go; }));
    CHECK_FALSE(bench.outbox->goes_to_spool());
    CHECK(bench.pop(10) == range(i * 10, i * 10 + 10));
  }
  CHECK(let_go == 50);
  CHECK(bench.now().spool_bytes == 0);
  bench.end();
  for (const auto& entry : std::filesystem::directory_iterator(bench.folder / "spool/out.test")) {
    CHECK(entry.path().extension() != ".seg");
  }
}

TEST_CASE("spool later: after the delay all is on disk, what is out included, and comes once") {
  Bench bench(after(20ms));
  std::atomic<int> let_go{0};
  auto ticket = [&] { return std::make_shared<Ticket>([&] { ++let_go; }); };
  bench.push(0, 10, ticket());
  auto out = bench.pop_one();
  bench.push(10, 10, ticket());
  bench.push(20, 10, ticket());
  CHECK(bench.wait_spooled(30));
  CHECK(bench.until([&] { return let_go == 3; }));
  CHECK(bench.found_after_a_kill() == range(0, 30));
  bench.push(30, 10, ticket());
  bench.deliver(std::move(out));
  CHECK(bench.pop(30) == range(10, 40));
  CHECK(bench.until([&] { return let_go == 4 && bench.now().spool_records == 0; }));
  CHECK(bench.now().counts.delivered == 40);
  CHECK(bench.now().counts.balanced());
  CHECK(bench.now().counts.in_flight == 0);
}

TEST_CASE("spool later: what is settled of a payload that is out is not copied") {
  Bench bench(after(1h));
  bench.push(0, 10);
  auto out = bench.pop_one();
  bench.settle(*out, 4);
  bench.outbox->delivery_failed();
  CHECK(bench.wait_spooled(6));
  CHECK(bench.found_after_a_kill() == range(4, 10));
  bool at_the_end = false;
  SUBCASE("it is left at the end") { at_the_end = true; }
  SUBCASE("it is delivered") { at_the_end = false; }
  if (!at_the_end) {
    bench.deliver(std::move(out));
    CHECK(bench.wait_spooled(0));
    return;
  }
  test::LogCapture quiet;
  bench.outbox->abandon(std::move(out));
  bench.end();
  CHECK(bench.outbox->left() == 0);
  CHECK(bench.now().spool_records == 6);
  CHECK(bench.now().counts.in_flight == 6);
  bench.restart(after(20ms), 1 << 20, "next");
  CHECK(bench.now("next").counts.recovered == 6);
  CHECK(bench.pop(6, "next") == range(4, 10));
}

TEST_CASE("spool later: a delivery that fails is enough") {
  Bench bench(after(1h));
  bench.push(0, 10);
  bench.push(10, 10);
  auto out = bench.pop_one();
  bench.outbox->delivery_failed();
  CHECK(bench.wait_spooled(20));
  bench.deliver(std::move(out));
  CHECK(bench.pop(10) == range(10, 20));
  CHECK(bench.until([&] { return bench.now().spool_bytes == 0; }));
  bench.push(20, 10);  // and then memory is enough again
  CHECK(bench.pop(10) == range(20, 30));
  CHECK(bench.now().spool_bytes == 0);
}

TEST_CASE("spool later: when memory is full, what is older goes first") {
  Bench bench(after(1h));
  bench.push(0, 20);
  auto out = bench.pop_one();
  for (uint64_t i = 1; i < 40; ++i) bench.push(i * 20, 20);
  CHECK(bench.wait_spooled(800));
  CHECK(bench.found_after_a_kill() == range(0, 800));
  bench.deliver(std::move(out));
  CHECK(bench.pop(780) == range(20, 800));
  CHECK(bench.until([&] { return bench.now().spool_bytes == 0; }));
  CHECK(bench.now().counts.dropped_total() == 0);
}

TEST_CASE(
    "spool later: what comes while a predecessor has the folder waits behind what it leaves") {
  Bench bench(after(10ms));
  bench.push(0, 10);
  auto left = bench.pop_one();
  CHECK(bench.wait_spooled(10));
  auto holder = std::move(bench.outbox);  // of the folder
  bench.restart(after(10ms), 1 << 20, "next");
  bench.push(10, 10, nullptr, 500, "next");
  CHECK(bench.outbox->pop_until(steady_now() + 50ms) == nullptr);
  holder->abandon(std::move(left));
  holder.reset();
  CHECK(bench.pop(20, "next") == range(0, 20));
  CHECK(bench.now("next").counts.balanced());
}

TEST_CASE("spool later: a disk that takes nothing holds up nothing that memory has room for") {
  test::LogCapture log;
  Bench bench(after(10ms, WhenFull::kBlock), 1 << 10);
  std::atomic<bool> let_go{false};
  bench.push(0, 10);
  auto first = bench.pop_one();
  CHECK(bench.wait_spooled(10));  // an empty one takes what is too large for it
  bench.push(10, 10, std::make_shared<Ticket>([&] { let_go = true; }));
  CHECK(bench.until([&] { return log.has("is full"); }));
  auto second = bench.pop_one();
  CHECK(second->spool_end == 0);
  CHECK_FALSE(let_go);
  bench.deliver(std::move(first));
  CHECK(bench.until([&] { return let_go.load(); }));  // there is room on disk now
  bench.deliver(std::move(second));
  CHECK(bench.wait_spooled(0));
  CHECK(bench.now().counts.dropped_total() == 0);
  CHECK(bench.now().counts.in_flight == 0);
}

TEST_CASE("spool later: near the end the disk gives back what passes, not what was given up") {
  test::LogCapture quiet;
  bool through = false;
  SUBCASE("after the delay") { through = false; }
  SUBCASE("everything through the disk") { through = true; }
  Bench bench(after(through ? Duration::zero() : Duration(10ms)));
  bench.push(0, 10);
  auto first = bench.pop_one();
  bench.outbox->stop_reading_spool();
  bench.push(10, 10);
  CHECK(bench.wait_spooled(20));
  auto second = bench.pop_one();
  CHECK(second->spool_end > first->spool_end);
  bench.outbox->close();
  bench.outbox->abandon(std::move(first));
  CHECK(bench.until([&] { return bench.outbox->ended(); }));
  bench.deliver(std::move(second));
  CHECK(bench.until([&] { return bench.outbox->drained(); }));
  bench.end();
  CHECK(bench.now().spool_records == 10);
  CHECK(bench.now().counts.in_flight == 10);
}

TEST_CASE("spool later: what was given up before it was written stays on disk") {
  test::LogCapture quiet;
  Bench bench(after(1h));
  bench.push(0, 10);
  auto first = bench.pop_one();
  bench.outbox->stop_reading_spool();
  bench.outbox->close();
  bench.outbox->abandon(std::move(first));
  CHECK(bench.until([&] { return bench.outbox->drained(); }));
  CHECK(bench.outbox->pop_until(steady_now()) == nullptr);
  bench.end();
  CHECK(bench.now().spool_records == 10);
}

TEST_CASE("spool later: a slow output, a hasty disk: everything comes once, in order") {
  Bench bench(after(1ms), 64 << 20);
  constexpr uint64_t kPayloads = 400;
  std::atomic<uint64_t> let_go{0};
  std::thread pipeline([&] {
    for (uint64_t i = 0; i < kPayloads; ++i) {
      bench.push(i * 10, 10, std::make_shared<Ticket>([&] { ++let_go; }));
    }
    bench.outbox->close();
  });
  std::vector<uint64_t> got;
  SteadyTime limit = steady_now() + 60s;
  while (!bench.outbox->drained() && steady_now() < limit) {
    auto payload = bench.outbox->pop_until(steady_now() + 10s);
    if (!payload) continue;
    if (got.size() % 70 == 0) {
      bench.outbox->delivery_failed();
      SteadyTime until = steady_now() + 2ms;
      while (steady_now() < until) std::this_thread::yield();  // it takes its time
    }
    for (const Slice& slice : payload->slices) {
      got.push_back(std::stoull(std::string(payload->encoded(slice).substr(0, 20))));
    }
    bench.deliver(std::move(payload));
  }
  pipeline.join();
  CHECK(got == range(0, kPayloads * 10));
  CHECK(bench.until([&] { return let_go == kPayloads && bench.now().spool_records == 0; }));
  CHECK(bench.now().counts.balanced());
  CHECK(bench.now().counts.in_flight == 0);
}

TEST_CASE("spool later: the order holds over a spool that was full for a while") {
  // Room for one payload, so that the others wait in memory and a newer one on the disk.
  Bench bench(after(10ms, WhenFull::kBlock), 1 << 10);
  bench.push(0, 10);
  auto first = bench.pop_one();
  CHECK(bench.wait_spooled(10));
  std::thread pusher([&] {
    for (uint64_t i = 1; i < 9; ++i) bench.push(i * 10, 10);
  });
  CHECK(bench.until([&] { return bench.now().queue_records >= 30; }));
  bench.deliver(std::move(first));
  std::vector<uint64_t> got;
  while (got.size() < 80) {
    auto payload = bench.pop_one();
    for (const Slice& slice : payload->slices) {
      got.push_back(std::stoull(std::string(payload->encoded(slice).substr(0, 20))));
    }
    // A slow backend: what waits is due again and again.
    SteadyTime limit = steady_now() + 50ms;
    bench.until([&] { return steady_now() > limit; });
    bench.deliver(std::move(payload));
  }
  pusher.join();
  CHECK(got == range(10, 90));
  bench.end();
}

TEST_CASE("spool later: what is out may be looked at while it is copied, and come back") {
  Bench bench(after(1h, WhenFull::kBlock), 64 << 20);
  std::atomic<bool> stop = false;
  std::atomic<int> let_go = 0;
  std::thread failing([&] {
    while (!stop) {
      bench.outbox->delivery_failed();
      std::this_thread::yield();
    }
  });
  for (uint64_t i = 0; i < 200; ++i) {
    bench.push(i * 5, 5, std::make_shared<Ticket>([&] { ++let_go; }));
    auto payload = bench.pop_one();
    payload->recharge();  // as a sender does whose payload is put off
    bench.settle(*payload, 2);
    payload->recharge();
    bench.deliver(std::move(payload));
  }
  stop = true;
  failing.join();
  CHECK(bench.until([&] { return let_go == 200; }));
  CHECK(bench.now().counts.delivered == 1000);
  bench.end();
}

}  // namespace
