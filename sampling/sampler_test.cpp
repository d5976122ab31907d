// SPDX-License-Identifier: Apache-2.0
#include "sampling/sampler.h"

#include <doctest/doctest.h>

#include <cmath>
#include <map>
#include <random>
#include <string>

#include "sampling/test_support.h"

namespace waybill::sampling {

using testing::kSecond;
using testing::kStart;
using testing::Outcome;
using testing::rules_of;
using testing::Sampled;
using testing::trace;

TEST_CASE("sampler: two sidecars keep the same traces") {
  Sampled one("{rules: [{probability: 0.2}]}"), other("{rules: [{probability: 0.2}]}");
  Sampled more("{rules: [{probability: 0.5}]}");
  std::mt19937_64 draw(1);
  for (int i = 0; i < 2000; ++i) {
    std::string id = trace(draw);
    bool kept = one.put(Level::kInfo, "a", kStart, {}, id).outcome == Outcome::kSend;
    CHECK((other.put(Level::kWarn, "b", kStart + i, "x", id).outcome == Outcome::kSend) == kept);
    // Who keeps more keeps these, too.
    bool kept_more = more.put(Level::kInfo, "a", kStart, {}, id).outcome == Outcome::kSend;
    CHECK((kept_more || !kept));
  }
  CHECK(one.sent > 300);
  CHECK(one.sent < 500);
}

TEST_CASE("sampler: errors and what always names escape probability, not dedupe") {
  Sampled all(
      "{always: \"logger == 'audit' or level == WARN\", rules: [{probability: 0}, "
      "{dedupe: {window: 10s}}]}");
  CHECK(all.put(Level::kInfo, "a", kStart).outcome == Outcome::kSampled);
  CHECK(all.put(Level::kNone, "a", kStart).outcome == Outcome::kSampled);
  CHECK(all.put(Level::kWarn, "b", kStart).outcome == Outcome::kSend);
  CHECK(all.put(Level::kError, "c", kStart).outcome == Outcome::kSend);
  CHECK(all.put(Level::kFatal, "c", kStart).outcome == Outcome::kSend);
  CHECK(all.put(Level::kError, "c", kStart).outcome == Outcome::kFolded);
  CHECK(all.lines.record().sample_rate.empty());
}

TEST_CASE("sampler: the first probability that is about a record decides") {
  Sampled both("{rules: [{when: \"level == DEBUG\", probability: 1}, {probability: 0}]}");
  CHECK(both.put(Level::kDebug, "a", kStart).outcome == Outcome::kSend);
  Verdict verdict = both.put(Level::kInfo, "a", kStart);
  CHECK(verdict.outcome == Outcome::kSampled);
  CHECK(verdict.rule == 1);
}

TEST_CASE("sampler: the sampled flag is followed when asked, with the tracer's own rate") {
  auto judged = [](const char* sample, int16_t flags, const char* state) {
    Sampler sampler(rules_of(sample));
    waybill::testing::Lines lines;
    Record& record = lines.put("x");
    record.trace_id = raw_text("4bf92f3577b34da6a3ce929d0e0e4736");
    record.trace_origin = TraceOrigin::kField;
    record.trace_flags = flags;
    record.level = Level::kInfo;
    if (*state != 0) record.tracestate = raw_text(state);
    Identity identity;
    bool kept = sampler.judge(lines.batch(), record, identity).outcome == Outcome::kSend;
    return std::string(kept ? "kept " : "dropped ") + std::string(record.sample_rate);
  };
  const char* follow = "{sampled_flag: follow, rules: [{probability: 0.5}]}";
  CHECK(judged(follow, 1, "ot=th:c") == "kept 4");
  CHECK(judged(follow, 3, "") == "kept ");
  CHECK(judged(follow, 0, "") == "dropped ");
  CHECK(judged(follow, 2, "ot=th:0") == "dropped ");
  // Without flags the id decides: ce929d0e0e4736 is more than half.
  CHECK(judged(follow, -1, "") == "kept 2");
  const char* ignore = "{rules: [{probability: 0.5}]}";
  CHECK(judged(ignore, 0, "") == "kept 2");
  CHECK(judged("{rules: [{probability: 0.1}]}", 1, "") == "dropped ");
}

TEST_CASE("sampler: a burst sends the first ones, then every Mth, of each level and template") {
  Sampled poll("{rules: [{burst: {first: 10, then_every: 5, per: 1s}}]}");
  for (int i = 0; i < 100; ++i) {
    poll.put(Level::kInfo, "polled " + std::to_string(i), kStart + i);
  }
  CHECK(poll.sent == 10 + 18);
  CHECK(poll.lines.record().sample_rate == "5");
  CHECK(poll.weights[{"", Level::kInfo}] == 100);
  // Another level, another message, and the next second begin anew.
  CHECK(poll.put(Level::kWarn, "polled 1", kStart).outcome == Outcome::kSend);
  CHECK(poll.put(Level::kInfo, "something else", kStart).outcome == Outcome::kSend);
  CHECK(poll.put(Level::kInfo, "polled 1", kStart).outcome == Outcome::kSampled);
  CHECK(poll.put(Level::kInfo, "polled 1", kStart + kSecond).outcome == Outcome::kSend);
  CHECK(poll.lines.record().sample_rate == "2");
  // A clock that goes back does not open it again.
  for (int i = 0; i < 20; ++i) poll.put(Level::kInfo, "polled 1", kStart + kSecond);
  CHECK(poll.put(Level::kInfo, "polled 1", kStart).outcome == Outcome::kSampled);
}

TEST_CASE("sampler: lines whose clocks are ahead do not open a burst with each") {
  Sampled burst("{rules: [{burst: {first: 1, per: 1s}}]}");
  for (int i = 0; i < 100; ++i) {
    burst.put(Level::kInfo, "a", kStart + (7200 + i % 2 * 86400) * kSecond);
  }
  CHECK(burst.sent == 1);
}

TEST_CASE("sampler: a limit is a bucket for each value of its key") {
  Sampled limit("{rules: [{limit: {rate: 10/s, key: service_name}}]}");
  for (int i = 0; i < 1000; ++i) limit.put(Level::kInfo, "m", kStart + i * kSecond / 1000, "a");
  CHECK(limit.sent >= 19);
  CHECK(limit.sent <= 20);
  size_t before = limit.sent;
  limit.put(Level::kInfo, "m", kStart, "b");
  CHECK(limit.sent == before + 1);
  // What was kept back at the end gets a record of its own.
  CHECK(limit.end() == 1);
  CHECK(limit.weights[{"a", Level::kInfo}] == 1000);
  CHECK(limit.last.find("\"suppressed ") != std::string::npos);
}

TEST_CASE("sampler: a storm of equal errors is two records, and the count is exact") {
  Sampled storm("{rules: [{dedupe: {window: 10s}}]}");
  for (int i = 0; i < 100000; ++i) {
    storm.put(Level::kError, "cannot reach db", kStart + i * 10000, "shop");
  }
  CHECK(storm.sent == 1);
  CHECK(storm.end(SteadyTime(std::chrono::hours(1))) == 0);
  CHECK(storm.sampler.due() == SteadyTime(std::chrono::hours(1) + std::chrono::seconds(10)));
  CHECK(storm.end(storm.sampler.due()) == 1);
  CHECK(storm.last ==
        R"({"timestamp":"2026-01-02T03:00:00.999990000Z","level":"ERROR","service_name":"shop",)"
        R"("message":"suppressed 99999: cannot reach db","context":{"suppressed":99999,)"
        R"("first":"2026-01-02T03:00:00.000010000Z","last":"2026-01-02T03:00:00.999990000Z"},)"
        R"("source":{"input":"test","offset":0,"format":"suppressed"},"sample_rate":99999})");
  CHECK(storm.weights[{"shop", Level::kError}] == 100000);
  CHECK(storm.sampler.due() == SteadyTime::max());
}

TEST_CASE("sampler: dedupe ends by event time, too, and similar messages are equal when asked") {
  Sampled exact("{rules: [{dedupe: {window: 10s}}]}");
  CHECK(exact.put(Level::kInfo, "user 1 in", kStart).outcome == Outcome::kSend);
  CHECK(exact.put(Level::kInfo, "user 2 in", kStart).outcome == Outcome::kSend);
  CHECK(exact.put(Level::kInfo, "user 1 in", kStart + 9 * kSecond).outcome == Outcome::kFolded);
  CHECK(exact.put(Level::kInfo, "user 1 in", kStart + 10 * kSecond).outcome == Outcome::kSend);
  CHECK(exact.sampler.due() == SteadyTime::min());
  CHECK(exact.end(SteadyTime::min()) == 1);

  Sampled similar("{rules: [{dedupe: {window: 10s, similar: true}}]}");
  CHECK(similar.put(Level::kInfo, "user 1 in", kStart).outcome == Outcome::kSend);
  CHECK(similar.put(Level::kInfo, "user 2 in", kStart).outcome == Outcome::kFolded);
  CHECK(similar.put(Level::kWarn, "user 2 in", kStart).outcome == Outcome::kSend);
  CHECK(similar.end() == 1);
  CHECK(similar.last.find("suppressed 1: user <*> in") != std::string::npos);
  CHECK(similar.last.find("template_id") != std::string::npos);
}

TEST_CASE("sampler: dedupe is bounded, and loses no count for it") {
  Sampled many("{rules: [{dedupe: {window: 1h}}]}");
  constexpr int kMessages = 5000;
  size_t written = 0;
  for (int i = 0; i < kMessages; ++i) {
    for (int k = 0; k < 3; ++k) many.put(Level::kInfo, "m" + std::to_string(i), kStart);
    if (i % 100 == 0) written += many.end(SteadyTime::min());
  }
  written += many.end();
  CHECK(written == kMessages);
  CHECK(many.weights[{"", Level::kInfo}] == 3 * kMessages);
}

TEST_CASE("sampler: counts by service and level are right when weighted") {
  Sampled all(
      "{rules: [{when: \"level == DEBUG\", probability: 0.1}, "
      "{when: \"level <= INFO\", burst: {first: 5, then_every: 7, per: 1s}}, "
      "{limit: {rate: 500/s}}, {dedupe: {window: 2s, similar: true}}]}");
  std::map<std::pair<std::string, Level>, double> truth;
  std::mt19937_64 draw(3);
  const char* services[] = {"a", "b", "c"};
  for (int64_t i = 0; i < 100000; ++i) {
    std::string service = services[draw() % 3];
    auto level = static_cast<Level>(1 + draw() % 4);
    std::string message = "kind " + std::string(1, static_cast<char>('g' + draw() % 20)) + " of " +
                          std::to_string(draw() % 1000);
    truth[{service, level}] += 1;
    all.put(level, message, kStart + i * 100000, service, trace(draw));
    if (i % 500 == 0) all.end(SteadyTime::min());
  }
  all.end();
  CHECK(all.sent < 20000);
  for (const auto& one : truth) {
    const auto key = one.first;
    const double count = one.second;
    CAPTURE(key.first);
    double weight = all.weights[key];
    // A probability of 0.1 has a deviation of sqrt(9 n) by itself; all else is exact.
    double most = key.second == Level::kDebug ? 5 * std::sqrt(9 * count) : 0.001;
    CHECK(std::abs(weight - count) <= most);
  }
}

TEST_CASE("sampler: a record that passes through is sent as it came") {
  Sampler sampler(rules_of("{rules: [{probability: 0}]}"));
  waybill::testing::Lines lines;
  Record& record = lines.put("x");
  Passed passed{{}, "{\"input\":\"a\"}", "10"};
  record.passed = &passed;
  Identity identity;
  std::vector<std::string> notes;
  CHECK(sampler.judge(lines.batch(), record, identity, &notes).outcome == Outcome::kSend);
  CHECK(sample_rate_of(record) == "10");
  CHECK(notes == std::vector<std::string>{"a record that passes through: was judged before"});
}

TEST_CASE("sampler: templates are shown when asked, behind the fields of the line") {
  Sampler sampler(rules_of("{templates: true}"));
  waybill::testing::Lines lines;
  Record& record = lines.put_json(R"({"a":1})");
  record.message = raw_text("took 5 ms");
  Identity identity;
  Verdict verdict = sampler.judge(lines.batch(), record, identity);
  CHECK(verdict.new_template);
  std::string context = lines.context();
  CHECK(context.find(R"({"a":1,"template":"took <*> ms","template_id":")") == 0);
  Record& taken = lines.put_json(R"({"template":"mine"})");
  taken.message = raw_text("took 5 ms");
  CHECK_FALSE(sampler.judge(lines.batch(), taken, identity).new_template);
  CHECK(lines.context() == R"({"template":"mine"})");
}

TEST_CASE("sampler: notes say what each rule did and why") {
  Sampler sampler(
      rules_of("{rules: [{when: \"level == DEBUG\", probability: 0.1}, "
               "{probability: 0.5}, {burst: {first: 1, then_every: 2, per: 1s}}, "
               "{limit: {rate: 5/s}}, {dedupe: {}}]}"));
  waybill::testing::Lines lines;
  Record& record = lines.put("took 5 ms");
  record.message = raw_text(record.line);
  record.level = Level::kInfo;
  record.trace_id = raw_text("4bf92f3577b34da6a3ce929d0e0e4736");
  Identity identity;
  identity.service_name = "shop";
  std::vector<std::string> notes;
  sampler.judge(lines.batch(), record, identity, &notes);
  CHECK(notes == std::vector<std::string>{
                     "probability_1 is not about it: level == DEBUG",
                     "probability_2 keeps it: randomness ce929d0e0e4736 of the trace id's last 56 "
                     "bits, threshold 80000000000000",
                     "burst_3 keeps it: number 1 in 1s like 'took <*> ms', where the first 1 and "
                     "then one of every 2 are sent",
                     "limit_4 keeps it: 4 tokens left in the bucket of service_name 'shop'",
                     "dedupe_5 keeps it: the first one of its window",
                 });
}

}  // namespace waybill::sampling
