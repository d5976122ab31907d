// SPDX-License-Identifier: Apache-2.0
#include "outputs/kafka/pending.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace waybill::outputs::kafka {

namespace {

// Records "a0", "a1", … of topic a, and so on, as a backend would get them.
struct Fixture {
  ByteBudget budget{1 << 20};
  Pending pending;
  SteadyTime now{std::chrono::hours(1)};
  std::vector<Entry*> out;

  void add(const std::vector<std::string>& records) {
    auto payload = std::make_unique<delivery::Payload>(budget);
    for (const std::string& record : records) {
      uint32_t group = payload->group(record.substr(0, 1));
      auto begin = static_cast<uint32_t>(payload->buffer(group).size());
      payload->buffer(group).append(record);
      payload->added(group, begin);
    }
    pending.add(std::move(payload));
  }
  static std::string text(const Entry& entry) {
    const delivery::Payload& payload = *entry.lot->flight->payload;
    return std::string(payload.encoded(payload.slices[entry.slice]));
  }
  // All that may be sent now.
  std::string send() {
    std::string sent;
    while (Entry* entry = pending.next(now)) {
      pending.sent(*entry, now);
      out.push_back(entry);
      sent += text(*entry) + " ";
    }
    return sent;
  }
  Entry& take(const std::string& record) {
    auto place =
        std::find_if(out.begin(), out.end(), [&](Entry* entry) { return text(*entry) == record; });
    REQUIRE(place != out.end());
    Entry* entry = *place;
    out.erase(place);
    return *entry;
  }
  void deliver(const std::vector<std::string>& records) {
    for (const std::string& record : records) {
      Entry& entry = take(record);
      entry.lot->flight->payload->settle(entry.slice);
      pending.done(entry, true);
    }
  }
  void fail(const std::string& record, Topic::Trouble trouble = Topic::Trouble::kRetry) {
    pending.failed(take(record), trouble, now);
  }
};

}  // namespace

TEST_CASE("kafka: records go in order, and their payload comes back when all are reported") {
  Fixture t;
  t.add({"a0", "a1", "b0"});
  t.add({"a2"});
  CHECK(t.send() == "a0 a1 a2 b0 ");
  CHECK(t.pending.out() == 4);
  t.deliver({"a2"});
  CHECK(t.pending.take_finished());
  t.deliver({"b0", "a0"});
  CHECK_FALSE(t.pending.take_finished());
  t.deliver({"a1"});
  CHECK(t.pending.take_finished());
  CHECK(t.pending.empty());
  CHECK(t.pending.out_bytes() == 0);
}

TEST_CASE("kafka: after a failure a topic waits for all its reports, and goes on with the oldest") {
  Fixture t;
  t.add({"a0", "a1", "a2"});
  CHECK(t.send() == "a0 a1 a2 ");
  t.add({"a3", "b0"});
  t.fail("a1");
  t.now += std::chrono::minutes(1);
  CHECK(t.send() == "b0 ");
  t.deliver({"a2"});
  t.deliver({"a0"});
  CHECK(t.send() == "a1 a3 ");
}

TEST_CASE("kafka: a topic that is misconfigured is held for 30 s, alone") {
  Fixture t;
  t.add({"a0", "b0"});
  t.send();
  t.fail("a0", Topic::Trouble::kMisconfigured);
  CHECK(t.pending.any_held());
  CHECK(t.pending.due() == t.now + std::chrono::seconds(30));
  t.deliver({"b0"});
  t.add({"a1", "b1"});
  CHECK(t.send() == "b1 ");
  CHECK(t.pending.bytes(true) == 6);
  CHECK(t.pending.bytes(false) == 2);
  t.now += std::chrono::seconds(30);
  CHECK(t.send() == "a0 a1 ");
  t.deliver({"a0"});
  CHECK_FALSE(t.pending.any_held());
}

TEST_CASE("kafka: what is refused as a batch is taken apart until the bad record is alone") {
  Fixture t;
  t.add({"a0", "a1", "a2", "a3", "a4", "a5", "a6", "a7"});
  std::vector<std::string> bad;
  std::vector<std::string> delivered;
  for (int round = 0; round < 50 && !t.pending.empty(); ++round) {
    t.send();
    std::vector<Entry*> batch = std::exchange(t.out, {});
    const bool spoiled = std::any_of(batch.begin(), batch.end(),
                                     [](Entry* entry) { return Fixture::text(*entry) == "a5"; });
    for (Entry* entry : batch) {
      if (!spoiled) {
        delivered.push_back(Fixture::text(*entry));
        t.pending.done(*entry, true);
      } else if (t.pending.refused(*entry)) {
        bad.push_back(Fixture::text(*entry));
        t.pending.done(*entry, false);
      }
    }
    while (t.pending.take_finished()) {
    }
  }
  CHECK(bad == std::vector<std::string>{"a5"});
  CHECK(delivered == std::vector<std::string>{"a0", "a1", "a2", "a3", "a4", "a6", "a7"});
}

TEST_CASE("kafka: what was taken back goes again at once, and nobody is to blame") {
  Fixture t;
  t.add({"a0", "a1"});
  t.send();
  t.out.clear();
  t.pending.all_again();
  CHECK(t.pending.out() == 0);
  CHECK_FALSE(t.pending.any_held());
  CHECK(t.send() == "a0 a1 ");
}

TEST_CASE("kafka: at the end a topic gets one more attempt") {
  Fixture t;
  t.add({"a0"});
  t.send();
  t.fail("a0", Topic::Trouble::kMisconfigured);
  CHECK(t.send().empty());
  t.pending.hurry();
  CHECK_FALSE(t.pending.only_hopeless());
  CHECK(t.send() == "a0 ");
  t.fail("a0", Topic::Trouble::kMisconfigured);
  CHECK(t.pending.only_hopeless());
  CHECK(t.send().empty());
  CHECK(t.pending.take_any());
  CHECK(t.pending.empty());
  CHECK(t.pending.bytes(true) == 0);
}

TEST_CASE(
    "kafka: what is held goes to another topic once the oldest payload waits for nothing else") {
  Fixture t;
  t.add({"a0", "b0", "a1"});
  t.add({"b1"});
  CHECK(t.send() == "a0 a1 b0 b1 ");
  CHECK(t.pending.held_up().empty());
  t.fail("a0", Topic::Trouble::kMisconfigured);
  t.fail("a1", Topic::Trouble::kMisconfigured);
  CHECK(t.pending.held_up().empty());
  t.deliver({"b1"});
  t.fail("b0", Topic::Trouble::kRetry);
  CHECK(t.pending.held_up().empty());  // b0 is left, too
  t.now += std::chrono::seconds(20);
  CHECK(t.send() == "b0 ");
  t.deliver({"b0"});
  std::vector<Lot*> lots = t.pending.held_up();
  REQUIRE(lots.size() == 1);
  t.add({"c0"});
  t.pending.move(*lots.front(), "c");
  CHECK(t.pending.held_up().empty());
  CHECK_FALSE(t.pending.any_held());
  CHECK(t.send() == "a0 a1 c0 ");
  t.deliver({"a0", "a1", "c0"});
  while (t.pending.take_finished()) {
  }
  CHECK(t.pending.empty());
  CHECK(t.pending.bytes(true) == 0);
}

TEST_CASE("kafka: where nothing is taken, what is held stays where it is") {
  Fixture t;
  t.add({"a0", "b0"});
  t.send();
  t.deliver({"b0"});
  t.fail("a0", Topic::Trouble::kMisconfigured);
  CHECK(t.pending.held_up().empty());
  t.add({"b1"});
  t.send();
  t.fail("b1", Topic::Trouble::kMisconfigured);
  CHECK(t.pending.held_up().empty());
}

TEST_CASE("kafka: nothing is due that next() would not give") {
  Fixture t;
  t.add({"a0", "a1", "a2"});
  Entry* first = t.pending.next(t.now);
  t.pending.sent(*first, t.now);
  t.pending.failed(*first, Topic::Trouble::kMisconfigured, t.now);
  CHECK(t.pending.due() == t.now + std::chrono::seconds(30));
  t.now += std::chrono::seconds(30);
  first = t.pending.next(t.now);
  t.pending.sent(*first, t.now);
  Entry* second = t.pending.next(t.now);
  t.pending.sent(*second, t.now);
  t.pending.failed(*second, Topic::Trouble::kRetry, t.now);
  CHECK(t.pending.next(t.now + std::chrono::hours(1)) == nullptr);  // a0 is out still
  CHECK(t.pending.due() == SteadyTime::max());
  t.pending.hurry();
  CHECK(t.pending.due() == SteadyTime::max());
  t.pending.failed(*first, Topic::Trouble::kRetry, t.now);
  first = t.pending.next(t.now);
  REQUIRE(first != nullptr);
  t.pending.sent(*first, t.now);
  t.pending.failed(*first, Topic::Trouble::kRetry, t.now);
  CHECK(t.pending.due() == SteadyTime::max());  // hopeless
}

TEST_CASE("kafka: what is settled already is not sent") {
  Fixture t;
  auto payload = std::make_unique<delivery::Payload>(t.budget);
  uint32_t group = payload->group("a");
  for (const char* record : {"a0", "a1"}) {
    auto begin = static_cast<uint32_t>(payload->buffer(group).size());
    payload->buffer(group).append(std::string_view(record));
    payload->added(group, begin);
  }
  payload->settle(0);
  t.pending.add(std::move(payload));
  CHECK(t.send() == "a1 ");
}

}  // namespace waybill::outputs::kafka
