// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <cmath>
#include <random>

#include "sampling/sampler.h"
#include "sampling/test_support.h"

namespace waybill::sampling {

using testing::kSecond;
using testing::kStart;
using testing::Outcome;
using testing::Sampled;
using testing::trace;

namespace {

constexpr const char* kDropped = "4bf92f3577b34da6a300000100000001";  // by 0.5
constexpr const char* kKept = "4bf92f3577b34da6a3ffffffffffffff";

// What the last verdict released, as messages; their weights are counted.
std::vector<std::string> released(Sampled& all, std::string_view service = {}) {
  ByteBudget budget(size_t{64} << 20);
  Batch batch(budget);
  batch.reset(0);
  std::vector<std::string> messages;
  while (all.sampler.take_released(batch, 3) > 0) {
    for (const Record& record : batch.records) {
      messages.emplace_back(record.message.bytes());
      CHECK(record.sample_rate == "0");
      all.count(record, service);
    }
    batch.reset(0);
  }
  return messages;
}

using Messages = std::vector<std::string>;

}  // namespace

TEST_CASE("sampler: an error sends what waited of its trace, and all that comes of it then") {
  Sampled all("{rules: [{probability: 0.5}], recorder: {}}");
  CHECK(all.put(Level::kInfo, "a", kStart, {}, kDropped).held);
  CHECK(all.put(Level::kDebug, "b", kStart + 1, {}, kDropped).held);
  CHECK(!all.put(Level::kDebug, "no trace", kStart + 1).held);
  Verdict error = all.put(Level::kError, "e", kStart + 2, {}, kDropped);
  CHECK(error.outcome == Outcome::kSend);
  CHECK(error.releases == 2);
  CHECK(released(all) == Messages{"a", "b"});
  // From now on it escapes, and stands for itself.
  CHECK(all.put(Level::kInfo, "c", kStart + 3, {}, kDropped).outcome == Outcome::kSend);
  CHECK(all.weights[{"", Level::kInfo}] == 1);
  // So it is with a trace that probability would have kept.
  all.put(Level::kInfo, "a", kStart, {}, kKept);
  CHECK(all.weights[{"", Level::kInfo}] == 3);
  CHECK(all.put(Level::kFatal, "e", kStart, {}, kKept).releases == 0);
  all.put(Level::kInfo, "b", kStart, {}, kKept);
  CHECK(all.weights[{"", Level::kInfo}] == 4);
  // Half a minute behind the last line the trace is like any other.
  CHECK(all.put(Level::kInfo, "d", kStart + 40 * kSecond, {}, kDropped).held);
}

TEST_CASE("sampler: bursts and limits are held, too; what is folded is not") {
  Sampled all(
      "{rules: [{when: \"message == 'burst'\", burst: {first: 1}}, {when: \"message == 'limit'\", "
      "limit: {rate: 1/s}}, {dedupe: {}}], recorder: {}}");
  for (const char* message : {"burst", "burst", "limit", "limit", "other", "other"}) {
    all.put(Level::kInfo, message, kStart, {}, kDropped);
  }
  all.put(Level::kError, "e", kStart, {}, kDropped);
  CHECK(released(all) == Messages{"burst", "limit"});
  all.end();
  CHECK(all.weights[{"", Level::kInfo}] == 6);
}

TEST_CASE("sampler: errors that are folded release lines as well, but no storm of them") {
  Sampled all("{rules: [{probability: 0}, {dedupe: {}}], recorder: {}}");
  std::mt19937_64 draw(9);
  size_t sent = 0;
  for (int i = 0; i < 1000; ++i) {
    std::string id = trace(draw);
    all.put(Level::kInfo, "before", kStart + i, {}, id);
    all.put(Level::kError, "the same", kStart + i, {}, id);
    sent += released(all).size();
  }
  // The first error is sent itself.
  CHECK(sent == 101);
  std::string id = trace(draw);
  all.put(Level::kInfo, "before", kStart + kSecond, {}, id);
  CHECK(all.put(Level::kError, "the same", kStart + kSecond, {}, id).releases == 1);
}

TEST_CASE("sampler: counts are right when weighted, with the recorder and errors in the traces") {
  struct Case {
    const char* rules;
    double variance;  // of a weighted count, in counts: (1 / p - 1) times what a trace has
  };
  for (const Case& one : {
           Case{"{rules: [{probability: 0.2}], recorder: {}}", 12},
           Case{"{rules: [{when: \"level == DEBUG\", probability: 0.1}, "
                "{burst: {first: 5, then_every: 3}}, {limit: {rate: 3000/s}}, "
                "{dedupe: {similar: true, window: 1s}}], "
                "recorder: {memory: 64KiB, max_traces: 50, max_age: 100ms}}",
                25},
           Case{"{adaptive: {target: 5KiB}, recorder: {memory: 256KiB}}", 12},
           Case{"{rules: [{probability: 0.5}], adaptive: {target: 5KiB}, recorder: {}}", 12},
       }) {
    const std::string rules = one.rules;
    CAPTURE(rules);
    Sampled all(rules);
    std::mt19937_64 draw(5);
    std::map<std::pair<std::string, Level>, double> truth;
    size_t rereleased = 0;
    for (int round = 0; round < 1500; ++round) {
      // Traces side by side, a third of them with an error somewhere.
      std::vector<std::string> ids;
      for (int i = 0; i < 4; ++i) ids.push_back(trace(draw));
      for (int line = 0; line < 40; ++line) {
        const std::string& id = ids[draw() % ids.size()];
        const std::string service = std::string(1, static_cast<char>('a' + draw() % 2));
        auto level = static_cast<Level>(1 + draw() % 3);
        if (id[0] < '5' && draw() % 8 == 0) level = Level::kError;
        const int64_t now = kStart + (round * 40 + line) * int64_t{1'000'000};
        std::string message = "line " + std::to_string(draw() % 9) + " of a long enough text";
        truth[{service, level}] += 1;
        if (all.put(level, message, now, service, id).releases > 0) {
          rereleased += released(all, service).size();
        }
        if (line == 0) all.end(SteadyTime::min());
      }
    }
    all.end();
    CHECK(rereleased > 500);
    for (const auto& counted : truth) {
      const auto key = counted.first;
      const double count = counted.second;
      CAPTURE(key.first);
      CAPTURE(static_cast<int>(key.second));
      CAPTURE(count);
      const double weight = all.weights[key];
      CAPTURE(weight);
      CHECK(std::abs(weight - count) <= 5 * std::sqrt(one.variance * count));
      if (key.second == Level::kError) CHECK(std::abs(weight - count) < 0.01);
    }
  }
}

TEST_CASE("sampler: the probability that adapts keeps to its target, errors apart") {
  Sampled all("{adaptive: {target: 10000B}}");
  std::mt19937_64 draw(4);
  const std::string text(100, 'x');
  size_t bytes = 0, errors = 0;
  for (int64_t i = 0; i < 60'000; ++i) {
    const bool error = i % 1000 == 0;
    Verdict verdict = all.put(error ? Level::kError : Level::kInfo, text,
                              kStart + i * kSecond / 1000, "shop", trace(draw));
    CHECK((verdict.outcome == Outcome::kSend || !error));
    errors += error ? 1 : 0;
    if (i >= 20'000 && verdict.outcome == Outcome::kSend) bytes += text.size();
    if (verdict.outcome != Outcome::kSend)
      CHECK(all.sampler.rules().name_of(verdict.rule) == "adaptive");
  }
  CHECK(static_cast<double>(bytes) / 40 == doctest::Approx(10'000).epsilon(0.1));
  CHECK(all.weights[{"shop", Level::kError}] == static_cast<double>(errors));
  CHECK(all.weights[{"shop", Level::kInfo}] == doctest::Approx(59'940).epsilon(0.1));
}

TEST_CASE("sampler: what it knows goes over to the next rules") {
  Sampled old(
      "{templates: true, rules: [{probability: 0}], recorder: {}, adaptive: {target: 1KiB}}");
  CHECK(old.put(Level::kInfo, "took 5 ms", kStart, {}, kKept).new_template);
  Sampled same("{templates: true, rules: [{probability: 0.5}], recorder: {}}");
  CHECK(same.sampler.take_over(old.sampler));
  CHECK(!same.put(Level::kWarn, "took 6 ms", kStart, {}, kDropped).new_template);
  CHECK(same.put(Level::kError, "e", kStart, {}, kKept).releases == 1);
  Sampled other("{templates: true, rules: [{probability: 0}], recorder: {memory: 1MiB}}");
  CHECK(!other.sampler.take_over(same.sampler));
  CHECK(other.put(Level::kError, "e", kStart, {}, kDropped).releases == 0);
}

TEST_CASE("sampler: notes of the recorder and of the probability that adapts") {
  Sampled all("{rules: [{probability: 0.5}], recorder: {}, adaptive: {target: 1MiB}}");
  auto notes_of = [&](Level level, const char* id) {
    Record& record = all.lines.put("a");
    record.level = level;
    record.message = raw_text(record.line);
    if (id != nullptr) record.trace_id = raw_text(id);
    std::vector<std::string> notes;
    all.sampler.judge(all.lines.batch(), record, all.identity, &notes);
    return notes.back();
  };
  CHECK(notes_of(Level::kInfo, kKept) ==
        "adaptive keeps it: probability 1, as 0 of a target of 1MiB come a second");
  CHECK(notes_of(Level::kInfo, kDropped) == "recorder holds it: it is sent should its trace err");
  CHECK(notes_of(Level::kError, kDropped) ==
        "recorder sends the line of this trace that waited; what comes of the trace from now on "
        "escapes probability");
  CHECK(notes_of(Level::kInfo, kDropped) ==
        "adaptive keeps it: a line of a trace that erred escapes probability");
  CHECK(notes_of(Level::kError, kKept) ==
        "recorder sends nothing, as no line of this trace waits; what comes of the trace from now "
        "on escapes probability");
  CHECK(notes_of(Level::kError, nullptr) ==
        "recorder has nothing of it: the error names neither trace nor request");
}

}  // namespace waybill::sampling
