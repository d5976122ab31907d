// SPDX-License-Identifier: Apache-2.0
// Records that a backend does not take while it takes others.
#include <doctest/doctest.h>

#include <algorithm>

#include "outputs/http/test_bench.h"

namespace waybill::outputs::http {
namespace {

using namespace std::chrono_literals;
using delivery::test::eventually;
using test::Answer;
using test::Fixture;
using test::range;
using test::Received;
using test::Stored;
using test::TestServer;

bool holds(const Received& request, int number) {
  std::string line = std::to_string(number) + "\n";
  return request.body.starts_with(line) || request.body.find("\n" + line) != std::string::npos;
}

// Puts off the record `bad`, as long as it is told to, and takes all others.
struct Picky {
  int bad;
  Stored stored = {};
  std::atomic<bool> healed{false};
  Answer operator()(const Received& request) {
    size_t position = 0;
    std::istringstream lines(request.body);
    std::string others;
    std::optional<size_t> found;
    for (int number; lines >> number; ++position) {
      if (number == bad && !healed) {
        found = position;
      } else {
        others += std::to_string(number) + "\n";
      }
    }
    stored.add(others);
    if (!found) return Answer{};
    return Answer{207, "retry " + std::to_string(*found), {}};
  }
};

TEST_CASE_FIXTURE(Fixture, "http: a record that is put off holds up nobody, with one request") {
  Picky picky{3};
  TestServer server([&](const Received& request, size_t) { return picky(request); });
  start({server.url()});
  for (int i = 0; i < 50; ++i) push(i * 10, 10);
  SteadyTime begin = steady_now();
  CHECK(eventually([&] { return counts().delivered == 499; }));
  CHECK(steady_now() - begin < 2s);
  CHECK(counts().in_flight == 1);
  picky.healed = true;
  CHECK(settles());
  CHECK(picky.stored.all() == range(0, 500));
  CHECK(dropped(DropReason::kRejected) == 0);
  CHECK(eventually([&] { return ledger.snapshot().state == OutputState::kOk; }));
}

TEST_CASE_FIXTURE(Fixture, "http: a record that is never taken is refused in the end") {
  Picky picky{3};
  TestServer server([&](const Received& request, size_t) { return picky(request); });
  start({server.url()});
  push(0, 10);
  CHECK(eventually([&] { return counts().delivered == 9; }));
  // Others are taken meanwhile, and after so many that must wait for it the end comes sooner.
  int next = 10;
  CHECK(eventually([&] {
    if (counts().in_flight < 100) push(next++, 1);
    return dropped(DropReason::kRejected) == 1;
  }));
  CHECK(settles());
  CHECK(counts().delivered == static_cast<uint64_t>(next) - 1);
  CHECK(eventually([&] { return log.has("again and again, while others are taken"); }));
}

TEST_CASE_FIXTURE(Fixture, "http: bad records in every batch do not stop the others") {
  TestServer server([](const Received& request, size_t) {
    bool bad = request.body.find("0\n") == 1;  // 10, 20, … stand first in their batches
    return bad ? Answer{207, "retry 0", {}} : Answer{};
  });
  start({server.url()});
  for (int i = 1; i <= 9; ++i) push(i * 10, 10);
  CHECK(eventually([&] { return counts().delivered == 81; }));
  int others = 0;
  CHECK(eventually([&] {
    if (counts().in_flight < 20) push(101 + 2 * others++, 1);
    return dropped(DropReason::kRejected) == 9;
  }));
  CHECK(settles());
  CHECK(counts().delivered == 81 + static_cast<uint64_t>(others));
}

TEST_CASE_FIXTURE(Fixture, "http: nothing is refused while nothing is taken") {
  std::atomic<bool> broken{true};
  Stored stored = {};
  TestServer server([&](const Received& request, size_t) {
    if (broken) return Answer{500, "", {}};
    stored.add(request.body);
    return Answer{};
  });
  make({server.url()});
  backend->patience = 1;
  backend->refusals = 1;
  REQUIRE(output->start({budget, ledger, identity, 32 << 20, {}}));
  push(0, 1);  // a lone one as well
  push(1, 8);
  push(9, 1);
  CHECK(eventually([&] { return server.requests() >= 4; }));
  CHECK(counts().in_flight == 10);
  broken = false;
  CHECK(settles());
  CHECK(stored.all() == range(0, 10));
}

TEST_CASE_FIXTURE(Fixture, "http: a failure is traced to its record, as others are taken") {
  Stored stored = {};
  TestServer server([&](const Received& request, size_t) {
    if (holds(request, 77)) return Answer{500, "", {}};
    stored.add(request.body);
    return Answer{};
  });
  start({server.url()});
  push(0, 100);
  push(100, 10);
  int next = 110;
  CHECK(eventually([&] {
    if (counts().in_flight < 100) push(next++, 1);
    return dropped(DropReason::kRejected) == 1;
  }));
  CHECK(settles());
  std::vector<int> expected = range(0, next);
  expected.erase(expected.begin() + 77);
  CHECK(stored.all() == expected);
  CHECK(counts().balanced());
}

TEST_CASE_FIXTURE(Fixture, "http: the end does not wait for what is put off") {
  Picky picky{3};
  TestServer server([&](const Received& request, size_t) { return picky(request); });
  start({server.url()});
  push(0, 10);
  push(10, 10);
  CHECK(eventually([&] { return counts().delivered == 19; }));
  CHECK(drain(10s) < 2s);
  CHECK(output->outbox().left() == 1);
}

}  // namespace
}  // namespace waybill::outputs::http
