// SPDX-License-Identifier: Apache-2.0
#include "delivery/outbox.h"

#include <doctest/doctest.h>

#include <atomic>
#include <thread>

#include "delivery/test_support.h"

namespace waybill::delivery {
namespace {

using namespace std::chrono_literals;

constexpr size_t kRecordBytes = 10'000;

struct Fixture {
  test::LogCapture log;
  ByteBudget budget{16 << 20};
  OutputLedger ledger{"out"};
  std::atomic<int> done{0};

  // One record of kRecordBytes, numbered, accepted in the ledger.
  std::unique_ptr<Payload> payload(Outbox& outbox, uint32_t number) {
    std::unique_ptr<Payload> made = outbox.take();
    uint32_t group = made->group({});
    auto begin = static_cast<uint32_t>(made->buffer(group).size());
    made->buffer(group).append(std::to_string(number) + ":" + std::string(kRecordBytes, 'x'));
    made->added(group, begin);
    made->oldest = steady_now();
    made->tickets.push_back(std::make_shared<Ticket>([this] { ++done; }));
    ledger.accept(1);
    return made;
  }
  static int number(const Payload& payload) {
    return std::stoi(std::string(payload.groups[0].bytes.view().substr(0, 10)));
  }

  void deliver(Outbox& outbox, std::unique_ptr<Payload> payload) {
    ledger.delivered(payload->unsettled);
    for (uint32_t i = 0; i < payload->slices.size(); ++i) payload->settle(i);
    outbox.give(std::move(payload));
  }
};

SteadyTime soon() { return steady_now() + 20s; }

TEST_CASE_FIXTURE(Fixture, "payloads leave the outbox in order, and their tickets with them") {
  Outbox outbox(budget, ledger, 1 << 20, {});
  for (uint32_t i = 0; i < 3; ++i) outbox.push(payload(outbox, i));
  CHECK(ledger.snapshot().queue_records == 3);
  CHECK(ledger.snapshot().queue_bytes >= 3 * kRecordBytes);
  for (int i = 0; i < 3; ++i) {
    std::unique_ptr<Payload> popped = outbox.pop_until(soon());
    REQUIRE(popped);
    CHECK(number(*popped) == i);
    CHECK(done == i);
    deliver(outbox, std::move(popped));
    CHECK(done == i + 1);
  }
  OutputSnapshot snapshot = ledger.snapshot();
  CHECK(snapshot.counts.balanced());
  CHECK(snapshot.counts.delivered == 3);
  CHECK(snapshot.counts.in_flight == 0);
  CHECK(snapshot.queue_records == 0);
  CHECK(snapshot.queue_bytes == 0);
}

TEST_CASE_FIXTURE(Fixture, "pop_until comes back empty at its deadline and when woken") {
  Outbox outbox(budget, ledger, 1 << 20, {});
  CHECK(outbox.pop_until(steady_now()) == nullptr);
  outbox.wake();
  CHECK(outbox.pop_until(SteadyTime::max()) == nullptr);
  std::thread waker([&] { outbox.wake(); });
  CHECK(outbox.pop_until(SteadyTime::max()) == nullptr);
  waker.join();
}

TEST_CASE_FIXTURE(Fixture, "nobody runs far ahead of a payload that does not come back") {
  Outbox outbox(budget, ledger, 8 << 20, {});
  uint32_t pushed = 0;
  for (; pushed < Outbox::kMostAhead + 2; ++pushed) outbox.push(payload(outbox, pushed));
  std::unique_ptr<Payload> stuck = outbox.pop_until(soon());
  REQUIRE(stuck);
  for (uint64_t i = 0; i < Outbox::kMostAhead; ++i) deliver(outbox, outbox.pop_until(soon()));
  CHECK(outbox.pop_until(steady_now()) == nullptr);
  CHECK(outbox.more());
  std::thread other([&] { deliver(outbox, std::move(stuck)); });
  std::unique_ptr<Payload> next = outbox.pop_until(soon());
  other.join();
  REQUIRE(next);
  CHECK(number(*next) == static_cast<int>(Outbox::kMostAhead) + 1);
  deliver(outbox, std::move(next));
}

TEST_CASE_FIXTURE(Fixture, "a full outbox holds its pusher until there is room") {
  Outbox outbox(budget, ledger, 15'000, {});
  outbox.push(payload(outbox, 0));
  std::atomic<bool> pushed{false};
  std::thread pusher([&] {
    outbox.push(payload(outbox, 1));
    pushed = true;
  });
  std::unique_ptr<Payload> first = outbox.pop_until(soon());
  REQUIRE(first);
  // Popped is not settled: it counts until it is given back.
  CHECK(outbox.pop_until(steady_now() + 50ms) == nullptr);
  CHECK(!pushed);
  deliver(outbox, std::move(first));
  std::unique_ptr<Payload> second = outbox.pop_until(soon());
  REQUIRE(second);
  CHECK(number(*second) == 1);
  deliver(outbox, std::move(second));
  pusher.join();
  CHECK(ledger.snapshot().counts.dropped_total() == 0);
}

TEST_CASE_FIXTURE(Fixture, "when the wait is over the oldest goes, counted, and its ticket too") {
  Outbox outbox(budget, ledger, 25'000, {0ns});
  for (uint32_t i = 0; i < 5; ++i) outbox.push(payload(outbox, i));
  OutputCounts counts = ledger.snapshot().counts;
  CHECK(counts.balanced());
  CHECK(counts.dropped[static_cast<size_t>(DropReason::kQueueFull)] == 3);
  CHECK(counts.in_flight == 2);
  CHECK(done == 3);
  CHECK(number(*outbox.pop_until(soon())) == 3);
  CHECK(log.count("its queue is full") == 1);  // not once per payload
}

TEST_CASE_FIXTURE(Fixture, "what the output has popped is never dropped") {
  Outbox outbox(budget, ledger, 15'000, {0ns});
  outbox.push(payload(outbox, 0));
  std::unique_ptr<Payload> sending = outbox.pop_until(soon());
  outbox.push(payload(outbox, 1));  // beyond the share, but there is nothing to drop
  outbox.push(payload(outbox, 2));  // instead of 1
  CHECK(ledger.snapshot().counts.dropped_total() == 1);
  CHECK(number(*sending) == 0);
  deliver(outbox, std::move(sending));
  CHECK(number(*outbox.pop_until(soon())) == 2);
}

TEST_CASE_FIXTURE(Fixture, "a backend that is away holds the pipeline up once, not per payload") {
  Outbox outbox(budget, ledger, 15'000, {200ms});
  outbox.push(payload(outbox, 0));
  SteadyTime begin = steady_now();
  for (uint32_t i = 1; i <= 20; ++i) outbox.push(payload(outbox, i));
  Duration took = steady_now() - begin;
  CHECK(took >= 200ms);
  CHECK(took < 2s);
  CHECK(ledger.snapshot().counts.dropped_total() == 20);
}

TEST_CASE_FIXTURE(Fixture, "a new policy reaches a pusher that waits") {
  Outbox outbox(budget, ledger, 15'000, {});
  outbox.push(payload(outbox, 0));
  std::thread pusher([&] { outbox.push(payload(outbox, 1)); });
  outbox.set_policy({0ns});
  pusher.join();
  CHECK(ledger.snapshot().counts.dropped_total() == 1);
}

TEST_CASE_FIXTURE(Fixture, "abort frees a pusher and abandons what is queued") {
  {
    Outbox outbox(budget, ledger, 15'000, {});
    outbox.push(payload(outbox, 0));
    std::thread pusher([&] { outbox.push(payload(outbox, 1)); });
    outbox.abort();
    pusher.join();
    CHECK(outbox.left() == 2);
    CHECK(outbox.pop_until(soon()) == nullptr);  // abort wakes the output's thread, once
    CHECK(outbox.pop_until(steady_now()) == nullptr);
  }
  CHECK(done == 0);
  OutputCounts counts = ledger.snapshot().counts;
  CHECK(counts.balanced());
  CHECK(counts.in_flight == 2);
}

TEST_CASE_FIXTURE(Fixture,
                  "an output that was removed drops what it leaves, and lets its tickets go") {
  Outbox outbox(budget, ledger, 1 << 20, {});
  for (uint32_t i = 0; i < 3; ++i) outbox.push(payload(outbox, i));
  std::unique_ptr<Payload> sending = outbox.pop_until(soon());
  outbox.retire();
  outbox.abandon(std::move(sending));
  outbox.close();
  outbox.abort();
  outbox.finish();
  CHECK(done == 3);
  CHECK(outbox.left() == 0);
  OutputCounts counts = ledger.snapshot().counts;
  CHECK(counts.balanced());
  CHECK(counts.in_flight == 0);
  CHECK(counts.dropped[static_cast<size_t>(DropReason::kOutputRemoved)] == 3);
  CHECK(log.count("removed or changed") == 1);
}

TEST_CASE_FIXTURE(Fixture, "on_drained comes once, when the last payload is settled or abandoned") {
  Outbox outbox(budget, ledger, 1 << 20, {});
  int drained = 0;
  outbox.on_drained([&] { ++drained; });
  outbox.push(payload(outbox, 0));
  outbox.push(payload(outbox, 1));
  outbox.close();
  CHECK(drained == 0);
  deliver(outbox, outbox.pop_until(soon()));
  std::unique_ptr<Payload> last = outbox.pop_until(soon());
  CHECK(drained == 0);
  CHECK(!outbox.drained());
  outbox.abandon(std::move(last));
  CHECK(drained == 1);
  CHECK(outbox.drained());
  CHECK(outbox.left() == 1);
  CHECK(outbox.pop_until(SteadyTime::max()) == nullptr);  // closed: no waiting
  outbox.abort();
  CHECK(drained == 1);
}

TEST_CASE_FIXTURE(Fixture, "closing an empty outbox drains it at once; a later push is abandoned") {
  Outbox outbox(budget, ledger, 1 << 20, {});
  int drained = 0;
  int filled = 0;
  outbox.on_drained([&] { ++drained; });
  outbox.on_filled([&] { ++filled; });
  outbox.close();
  CHECK(drained == 1);
  CHECK(filled == 1);
  outbox.push(payload(outbox, 0));
  CHECK(outbox.left() == 1);
  CHECK(done == 0);
}

TEST_CASE_FIXTURE(Fixture, "a used payload is used again, but not when memory is tight") {
  Outbox outbox(budget, ledger, 1 << 20, {});
  std::unique_ptr<Payload> first = payload(outbox, 0);
  const Payload* address = first.get();
  outbox.push(std::move(first));
  deliver(outbox, outbox.pop_until(soon()));
  CHECK(outbox.take().get() == address);
  size_t before = budget.used();
  outbox.push(payload(outbox, 1));
  budget.set_limit(1000);
  deliver(outbox, outbox.pop_until(soon()));
  CHECK(budget.used() == before);
}

TEST_CASE_FIXTURE(Fixture, "two threads and many payloads: everything is counted once") {
  Outbox outbox(budget, ledger, 45'000, {1ms});
  constexpr uint32_t kPayloads = 500;
  std::thread pusher([&] {
    for (uint32_t i = 0; i < kPayloads; ++i) outbox.push(payload(outbox, i));
    outbox.close();
  });
  int last = -1;
  while (!outbox.drained()) {
    std::unique_ptr<Payload> popped = outbox.pop_until(soon());
    if (!popped) continue;
    CHECK(number(*popped) > last);
    last = number(*popped);
    deliver(outbox, std::move(popped));
  }
  pusher.join();
  OutputCounts counts = ledger.snapshot().counts;
  CHECK(counts.balanced());
  CHECK(counts.records == kPayloads);
  CHECK(counts.in_flight == 0);
  CHECK(done == static_cast<int>(kPayloads));
}

}  // namespace
}  // namespace waybill::delivery
