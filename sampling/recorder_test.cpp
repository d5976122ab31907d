// SPDX-License-Identifier: Apache-2.0
#include "sampling/recorder.h"

#include <doctest/doctest.h>

#include <map>
#include <random>
#include <string>

#include "core/test_support.h"

namespace waybill::sampling {

namespace {

constexpr int64_t kSecond = 1'000'000'000;

class Recorded {
 public:
  explicit Recorded(RecorderSettings settings) : recorder(settings) {}

  bool hold(uint64_t trace, const std::string& line, int64_t time_ns,
            std::chrono::seconds read_at = {}) {
    Record& record = lines.put(line);
    lines.batch().read_at = SteadyTime(read_at);
    return recorder.hold(trace, lines.batch(), record, time_ns);
  }
  std::vector<std::string> err(uint64_t trace, int64_t time_ns, size_t at_a_time = 1000) {
    std::vector<std::string> sent;
    recorder.trigger(trace, time_ns);
    ByteBudget budget(size_t{64} << 20);
    Batch batch(budget);
    batch.reset(0);
    while (recorder.release(batch, at_a_time) > 0) {
      for (const Record& record : batch.records) {
        sent.emplace_back(record.line);
        CHECK(batch.source_of(record).input == "test");
      }
      batch.reset(0);
    }
    return sent;
  }

  testing::Lines lines;
  Recorder recorder;
};

uint64_t evicted(const Recorder::Counts& counts, Eviction why) {
  return counts.evicted[static_cast<size_t>(why)];
}

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("recorder: an error sends what waits of its trace, in order, once") {
  Recorded all({1 << 20, 30 * kSecond, 100});
  for (int i = 0; i < 5; ++i) {
    CHECK(all.hold(1, "one " + std::to_string(i), i));
    CHECK(all.hold(2, "two " + std::to_string(i), i));
  }
  CHECK(all.recorder.lines() == 10);
  CHECK(all.recorder.traces() == 2);
  CHECK(!all.recorder.any_erred());
  CHECK(all.err(1, 6, 2) == Lines{"one 0", "one 1", "one 2", "one 3", "one 4"});
  CHECK(all.recorder.lines() == 5);
  CHECK(all.err(1, 6).empty());
  CHECK(all.err(3, 6).empty());
  CHECK(all.err(2, 6).size() == 5);
  CHECK(all.recorder.lines() == 0);
  CHECK(all.recorder.bytes() == 0);
  Recorder::Counts counts = all.recorder.take_counts();
  CHECK(counts.released == 10);
  CHECK(counts.evicted_total() == 0);
}

TEST_CASE("recorder: a trace that erred is known until nothing comes of it any more") {
  Recorded all({1 << 20, 30 * kSecond, 100});
  CHECK(!all.recorder.erred(1, 0));
  all.err(1, 100 * kSecond);
  CHECK(all.recorder.any_erred());
  CHECK(all.recorder.erred(1, 90 * kSecond));
  CHECK(all.recorder.erred(1, 130 * kSecond));
  CHECK(all.recorder.erred(1, 160 * kSecond));
  CHECK(!all.recorder.erred(2, 160 * kSecond));
  CHECK(!all.recorder.erred(1, 191 * kSecond));
  CHECK(!all.recorder.any_erred());
  CHECK(all.recorder.traces() == 0);
}

TEST_CASE("recorder: what is too old on event time is not sent") {
  Recorded all({1 << 20, 30 * kSecond, 100});
  for (int i = 0; i < 10; ++i) all.hold(1, std::to_string(i), i * 10 * kSecond);
  // Those of 60 seconds on; the later ones of them are there still.
  CHECK(all.recorder.lines() == 4);
  CHECK(all.err(1, 110 * kSecond) == Lines{"8", "9"});
  Recorder::Counts counts = all.recorder.take_counts();
  CHECK(evicted(counts, Eviction::kAge) == 8);
  CHECK(counts.released == 2);
  // Old lines read late are as old as each other.
  all.hold(2, "late", 5 * kSecond);
  all.hold(3, "live", 5000 * kSecond);
  CHECK(all.err(2, 6 * kSecond) == Lines{"late"});
}

TEST_CASE("recorder: bounded in bytes, the oldest lines go first") {
  Recorded all({64 << 10, 30 * kSecond, 1000});
  const std::string text(400, 'x');
  size_t most = 0;
  for (int i = 0; i < 1000; ++i) {
    CHECK(all.hold(static_cast<uint64_t>(i % 7 + 1), text + std::to_string(i), i));
    CHECK(all.recorder.bytes() <= 64 << 10);
    most = std::max(most, all.recorder.lines());
  }
  CHECK(most > 40);
  uint64_t waiting = all.recorder.lines();
  Recorder::Counts counts = all.recorder.take_counts();
  CHECK(evicted(counts, Eviction::kBytes) == 1000 - waiting);
  Lines last = all.err(1000 % 7, 1000);
  REQUIRE(!last.empty());
  CHECK(last.back() == text + std::to_string(999));
  for (size_t i = 1; i < last.size(); ++i) CHECK(last[i - 1] < last[i]);
  // One line does not take it all.
  CHECK(!all.hold(1, std::string(20 << 10, 'y'), 1000));
  CHECK(all.hold(1, std::string(14 << 10, 'y'), 1000));
}

TEST_CASE("recorder: what was too old when its room was needed is no sign of too little room") {
  Recorded all({16 << 10, 30 * kSecond, 1000});
  const std::string text(400, 'x');
  for (int i = 0; i < 10; ++i) all.hold(1, text, i);
  for (int i = 0; i < 100; ++i) all.hold(2, text, i, std::chrono::seconds(31));
  Recorder::Counts counts = all.recorder.take_counts();
  CHECK(evicted(counts, Eviction::kAge) == 10);
  CHECK(evicted(counts, Eviction::kBytes) + all.recorder.lines() == 100);
}

TEST_CASE("recorder: bounded in traces, the one that was not heard of longest goes") {
  Recorded all({1 << 20, 30 * kSecond, 3});
  for (uint64_t trace = 1; trace <= 3; ++trace) all.hold(trace, "a", 0);
  all.hold(1, "b", 0);
  all.hold(4, "a", 0);
  CHECK(all.recorder.traces() == 3);
  CHECK(all.err(1, 0) == Lines{"a", "b"});
  CHECK(all.err(2, 0).empty());
  CHECK(evicted(all.recorder.take_counts(), Eviction::kTraces) >= 1);
}

TEST_CASE("recorder: it may be cleared, and goes on") {
  Recorded all({16 << 10, 30 * kSecond, 30});
  for (uint64_t i = 0; i < 100; ++i) all.hold(i % 10 + 1, "some line", 0);
  uint64_t waiting = all.recorder.lines();
  (void)all.recorder.take_counts();
  all.recorder.clear(Eviction::kChanged);
  CHECK(all.recorder.lines() == 0);
  CHECK(all.recorder.traces() == 0);
  CHECK(evicted(all.recorder.take_counts(), Eviction::kChanged) == waiting);
  all.hold(1, "again", 0);
  CHECK(all.err(1, 0) == Lines{"again"});
  // Released and not asked for: let go of as well.
  all.hold(2, "x", 0);
  CHECK(all.recorder.trigger(2, 0) == 1);
  all.hold(2, "y", 0);
  CHECK(all.recorder.lines() == 1);
  CHECK(all.err(2, 0) == Lines{"y"});
}

TEST_CASE("recorder: its books are right whatever comes") {
  std::mt19937 draw(3);
  Recorded all({32 << 10, 20, 12});
  std::map<uint64_t, std::vector<std::pair<int64_t, std::string>>> model;
  uint64_t held = 0, sent = 0;
  for (int i = 0; i < 20'000; ++i) {
    uint64_t trace = draw() % 20 + 1;
    int64_t now = i / 10 + static_cast<int64_t>(draw() % 3);
    if (draw() % 8 != 0) {
      std::string line = std::to_string(i) + std::string(draw() % 900, '.');
      if (!all.hold(trace, line, now)) continue;
      ++held;
      model[trace].emplace_back(now, line);
      continue;
    }
    Lines lines = all.err(trace, now, draw() % 5 + 1);
    sent += lines.size();
    // The newest ones of the trace, without those that are too old.
    auto& expected = model[trace];
    Lines fresh;
    for (auto& [time, line] : expected) {
      if (time >= now - 20) fresh.push_back(line);
    }
    REQUIRE(lines.size() <= fresh.size());
    CHECK(std::equal(lines.rbegin(), lines.rend(), fresh.rbegin()));
    expected.clear();
  }
  Recorder::Counts counts = all.recorder.take_counts();
  CHECK(counts.released == sent);
  CHECK(held == sent + counts.evicted_total() + all.recorder.lines());
  CHECK(sent > 1000);
}

TEST_CASE("recorder: a trace by its id, a request where there is none, never one of a run") {
  testing::Lines lines;
  Record& record = lines.put("a");
  CHECK(Recorder::key_of(record) == 0);
  record.request_id = Text("r-1", TextForm::kClean);
  const uint64_t request = Recorder::key_of(record);
  CHECK(request != 0);
  record.trace_id = Text("4bf92f3577b34da6a3ce929d0e0e4736", TextForm::kClean);
  record.trace_origin = TraceOrigin::kText;
  CHECK(Recorder::key_of(record) != request);
  record.trace_origin = TraceOrigin::kGenerated;
  CHECK(Recorder::key_of(record) == request);
}

}  // namespace waybill::sampling
