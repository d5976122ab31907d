// SPDX-License-Identifier: Apache-2.0
// What the tests of an HTTP output share: an output with a backend of lines, and what it delivered.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "config/config.h"
#include "delivery/test_support.h"
#include "outputs/http/http_output.h"
#include "outputs/http/test_server.h"

namespace waybill::outputs::http::test {

using delivery::test::eventually;
using delivery::test::LogCapture;

// One line a record. Understands "partial" replies: "retry 1", "busy 1", "reject 2",
// "unnamed 3".
class LinesBackend final : public Backend {
 public:
  explicit LinesBackend(std::vector<std::string> urls, Coding coding = Coding::kNone) {
    endpoint_ = {std::move(urls), {"Content-Type: text/plain"}, coding, "Lines"};
  }
  Result<void> prepare(const Identity&) override { return {}; }
  const Endpoint& endpoint() const override { return endpoint_; }
  std::vector<Probe> probes() const override {
    std::vector<Probe> all;
    for (const std::string& url : endpoint_.urls) all.push_back({url + "/ready", false, {}});
    return all;
  }
  void append(const Batch&, const Record& record, delivery::Payload& payload) override {
    uint32_t group = payload.group({});
    auto begin = static_cast<uint32_t>(payload.buffer(group).size());
    payload.buffer(group).append(record.message.bytes());
    payload.buffer(group).push_back('\n');
    payload.added(group, begin);
  }
  void compose(const delivery::Payload& payload, std::span<const uint32_t> picks,
               delivery::Body& body) const override {
    body.clear();
    for (uint32_t pick : picks) {
      const delivery::Slice& slice = payload.slices[pick];
      body.bytes.append(payload.groups[slice.group].bytes.data() + slice.begin, slice.size);
    }
    body.plain_size = body.bytes.size();
  }
  Verdict judge(const Response& response, const Sent& sent) const override {
    last_attempt = sent.attempt;
    if (response.status == 260) {
      return {Outcome::kRejected, "blocked", {}, 0, DropReason::kBlocked};
    }
    if (response.status == 500) {
      return {Outcome::kDoubtful, "broken", {}, 0, DropReason::kRejected, patience, refusals};
    }
    if (response.status != 207) return judge_status(response);
    Verdict verdict;
    verdict.outcome = Outcome::kPartial;
    std::istringstream lines{std::string(response.body)};
    std::string word;
    uint32_t number = 0;
    while (lines >> word >> number) {
      if (word == "unnamed") verdict.unnamed = number;
      if (word == "retry") verdict.items.push_back({number, true, {}, "later"});
      if (word == "busy") verdict.items.push_back({number, true, {}, "too much", true});
      if (word == "reject") verdict.items.push_back({number, false, DropReason::kRejected, "bad"});
    }
    return verdict;
  }
  mutable std::atomic<uint32_t> last_attempt{0};
  // Of a 500, see Outcome::kDoubtful.
  uint32_t patience = 2;
  uint32_t refusals = 2;

 private:
  Endpoint endpoint_;
};

struct Fixture {
  LogCapture log;
  ByteBudget budget{64 << 20};
  OutputLedger ledger{"lines"};
  Identity identity;
  config::Diagnostics diagnostics;
  Settings settings;
  LinesBackend* backend = nullptr;
  std::unique_ptr<Output> output;
  std::atomic<int> done{0};

  void make(std::vector<std::string> urls, Coding coding = Coding::kNone) {
    config::Section section = config::section_from_text("--to", "{type: lines}", diagnostics);
    auto made = std::make_unique<LinesBackend>(std::move(urls), coding);
    backend = made.get();
    output = make_output(section, settings, std::move(made));
    REQUIRE(output);
    output->name = "lines";
  }
  void start(std::vector<std::string> urls, Coding coding = Coding::kNone) {
    make(std::move(urls), coding);
    REQUIRE(output->start({budget, ledger, identity, 32 << 20, {}}));
  }
  // Records "first", "first+1", …
  void push(int first, int records) {
    delivery::Outbox& outbox = output->outbox();
    std::unique_ptr<delivery::Payload> payload = outbox.take();
    Batch batch(budget);
    std::vector<uint32_t> all;
    for (int i = 0; i < records; ++i) {
      std::string text = std::to_string(first + i);
      Record record;
      record.message = Text(text, TextForm::kClean);
      output->append(batch, record, *payload);
      all.push_back(static_cast<uint32_t>(i));
    }
    output->compose(*payload, all, payload->body);
    payload->oldest = steady_now();
    payload->tickets.push_back(std::make_shared<Ticket>([this] { ++done; }));
    ledger.accept(static_cast<uint64_t>(records));
    outbox.push(std::move(payload));
  }
  OutputCounts counts() const { return ledger.snapshot().counts; }
  bool settles() {
    return eventually([&] { return counts().in_flight == 0; });
  }
  uint64_t dropped(DropReason reason) const {
    return counts().dropped[static_cast<size_t>(reason)];
  }
  // How long it takes to end by itself once everything is pushed.
  Duration drain(Duration grace) {
    SteadyTime begin = steady_now();
    std::atomic<bool> drained{false};
    output->outbox().on_drained([&] { drained = true; });
    output->outbox().close();
    output->drain(begin + grace);
    CHECK(eventually([&] { return drained.load(); }));
    Duration took = steady_now() - begin;
    output->stop();
    return took;
  }
};

// Takes everything, and knows what it was given how often.
struct Stored {
  std::mutex mutex;
  std::multiset<int> numbers;
  void add(const std::string& body) {
    std::lock_guard lock(mutex);
    std::istringstream lines(body);
    for (int number; lines >> number;) numbers.insert(number);
  }
  std::vector<int> all() {
    std::lock_guard lock(mutex);
    return {numbers.begin(), numbers.end()};
  }
};

inline std::vector<int> range(int first, int count) {
  std::vector<int> numbers;
  for (int i = 0; i < count; ++i) numbers.push_back(first + i);
  return numbers;
}

}  // namespace waybill::outputs::http::test
