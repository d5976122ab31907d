// SPDX-License-Identifier: Apache-2.0
// The spool on disks that are full, broken or another one's, and over reloads.
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

TEST_CASE(
    "spool: what no input can read again is kept at the end, though nothing was to be spooled") {
  test::LogCapture quiet;
  Bench bench({Duration::max(), SpoolUse::kNothing});
  bool let_go = false;
  bench.push(0, 10, nullptr, 20);
  bench.push(10, 10, std::make_shared<Ticket>([&] { let_go = true; }), 20);
  bench.push(20, 10, nullptr, 20);
  auto popped = bench.outbox->pop_until(steady_now() + 10s);
  REQUIRE(popped);
  bench.outbox->abandon(std::move(popped));
  bench.end();
  CHECK(bench.outbox->left() == 10);
  CHECK(bench.now().read_again == 10);
  CHECK(bench.now().spool_records == 20);
  CHECK_FALSE(let_go);
  bench.restart({Duration::max(), SpoolUse::kNothing}, 1 << 20, "next");
  std::vector<uint64_t> got = bench.pop(20, "next");
  std::sort(got.begin(), got.end());
  std::vector<uint64_t> expected = range(0, 10);
  for (uint64_t number : range(20, 30)) expected.push_back(number);
  CHECK(got == expected);
}

TEST_CASE("spool: what was read back when its segment had to go is written once more at the end") {
  test::LogCapture quiet;
  constexpr size_t kSmall = 256 * 1024;
  Bench bench({0ns, SpoolUse::kOverflow}, kSmall);
  for (uint64_t i = 0; i < 20; ++i) bench.push(i * 10, 10);
  bench.end();
  REQUIRE(bench.now().spool_records == 200);
  bench.restart({0ns, SpoolUse::kOverflow}, kSmall);
  auto held = bench.outbox->pop_until(steady_now() + 10s);
  REQUIRE(held);
  for (uint64_t i = 20; i < 200; ++i) bench.push(i * 10, 10);
  CHECK(bench.until([&] { return dropped(bench.now(), DropReason::kSpoolFull) > 0; }));
  bench.outbox->abandon(std::move(held));
  bench.end();
  OutputSnapshot end = bench.now();
  CHECK(end.counts.balanced());
  CHECK(end.spool_records == end.counts.in_flight);
  bench.restart({0ns, SpoolUse::kOverflow}, kSmall, "next");
  CHECK(bench.now("next").counts.recovered == end.counts.in_flight);
  std::vector<uint64_t> got = bench.pop(end.counts.in_flight, "next");
  std::sort(got.begin(), got.end());
  CHECK(std::adjacent_find(got.begin(), got.end()) == got.end());
  CHECK(got.size() + end.counts.dropped_total() == 2000);
  CHECK(bench.now("next").counts.in_flight == 0);
}

TEST_CASE("spool: damaged records are counted, and a successor in the same run goes on") {
  test::LogCapture log;
  Bench bench;
  bench.push(0, 100);
  bench.end();
  std::string path;
  for (const auto& entry : std::filesystem::directory_iterator(bench.folder / "spool/out.test")) {
    if (entry.path().extension() == ".seg") path = entry.path().string();
  }
  std::string bytes = test::read_file(path);
  std::vector<uint64_t> hit;
  size_t delivered = 0;  // so many that the damage has been read by then
  SUBCASE("one in the middle") {
    hit = {50};
    delivered = 1;
  }
  SUBCASE("the last ones") {
    hit = {97, 98, 99};
    delivered = 60;
  }
  SUBCASE("all of them") { hit = range(0, 100); }
  for (uint64_t number : hit) {
    std::string text = (number % 2 == 0 ? "even" : "odd") + std::to_string(number) + ":";
    bytes[bytes.find(text) + text.size()] = '!';
  }
  test::write_file(path, bytes);
  bench.restart();
  const size_t intact = 100 - hit.size();
  std::vector<uint64_t> got = bench.pop(delivered);
  CHECK(bench.until([&] { return dropped(bench.now(), DropReason::kSpoolDamaged) > 0; }));
  bench.end();
  bench.restart();
  for (uint64_t number : bench.pop(intact - got.size())) got.push_back(number);
  CHECK(got.size() == intact);
  CHECK(bench.until([&] { return bench.now().counts.in_flight == 0; }));
  CHECK(bench.now().counts.balanced());
  CHECK(dropped(bench.now(), DropReason::kSpoolDamaged) >= hit.size());
  // The cursor passes what is lost, and the segment goes.
  CHECK(bench.until([&] { return bench.now().spool_bytes == 0; }));
}

TEST_CASE("spool: one that cannot be opened holds the pipeline up once, then drops and counts") {
  test::LogCapture quiet;
  Bench bench({0ns, SpoolUse::kAll});
  auto predecessor = std::move(bench.outbox);
  SpoolSettings settings;
  settings.open_patience = 300ms;
  bench.open_spool({0ns, SpoolUse::kAll}, settings, "next");
  SteadyTime began = steady_now();
  for (uint64_t i = 0; i < 100; ++i) bench.push(i * 10, 10, nullptr, 10'000, "next");
  CHECK(steady_now() - began >= 300ms);
  CHECK(steady_now() - began < 3s);
  CHECK(dropped(bench.now("next"), DropReason::kQueueFull) >= 500);
  CHECK(bench.now("next").counts.balanced());
  bench.end();
}

TEST_CASE("spool: an output that was removed drops what cannot be written, and lets inputs go on") {
  test::LogCapture log;
  Bench bench({0ns, SpoolUse::kAll});
  auto predecessor = std::move(bench.outbox);
  bench.restart({0ns, SpoolUse::kAll}, 1 << 20, "next");
  bool let_go = false;
  bench.push(0, 10, std::make_shared<Ticket>([&] { let_go = true; }), 10, "next");
  bench.outbox->retire();
  bench.end();
  CHECK(let_go);
  CHECK(bench.outbox->left() == 0);
  CHECK(dropped(bench.now("next"), DropReason::kOutputRemoved) == 10);
  CHECK(bench.now("next").counts.in_flight == 0);
  CHECK(log.has("its spool did not take"));
}
