// SPDX-License-Identifier: Apache-2.0
#include "outputs/http/gate.h"

#include <doctest/doctest.h>

#include <atomic>
#include <thread>

#include "delivery/test_support.h"

namespace waybill::outputs::http {
namespace {

using namespace std::chrono_literals;
using delivery::test::eventually;

// No jitter: a back-off is as long as it may be.
Gate make_gate(size_t senders, size_t urls = 1, Balance balance = Balance::kFailover) {
  return Gate(senders, urls, balance, [] { return 0.999; });
}

// A request of another thread: under way once it is through the gate.
struct Request {
  Gate& gate;
  std::atomic<bool> entered{false};
  SteadyTime sent{};
  std::thread thread;

  explicit Request(Gate& through, SteadyTime not_before = {}) : gate(through) {
    thread = std::thread([this, not_before] {
      gate.enter(not_before);
      sent = steady_now();
      entered = true;
    });
  }
  ~Request() { thread.join(); }
};

// So many requests, each answered at once: the limit is what it can be afterwards.
void grow(Gate& gate, size_t limit) {
  while (gate.limit() < limit) {
    gate.enter({});
    gate.succeeded(steady_now(), true);
  }
}

TEST_CASE("gate: no more requests are under way than the limit says, whoever sends them") {
  Gate gate = make_gate(2);
  gate.enter({});
  SteadyTime sent = steady_now();
  Request second(gate);
  gate.succeeded(sent, true);  // the limit is two now, and one place is free
  CHECK(eventually([&] { return second.entered.load(); }));
  gate.enter({});
  Request third(gate);
  CHECK(gate.limit() == 2);
  CHECK_FALSE(third.entered);
  gate.gave_up(second.sent);
  CHECK(eventually([&] { return third.entered.load(); }));
}

TEST_CASE("gate: after a cut, what is under way counts, and its answers cut no further") {
  Gate gate = make_gate(4);
  grow(gate, 4);
  SteadyTime sent = steady_now();
  for (int i = 0; i < 4; ++i) gate.enter({});
  for (int i = 0; i < 2; ++i) gate.failed({.sent = sent, .overloaded = true}, "HTTP 429");
  CHECK(gate.limit() == 2);
  Request next(gate);
  // Two stragglers are all that may be under way; the breaker is open, too.
  for (int i = 0; i < 2; ++i) gate.gave_up(sent);
  CHECK(eventually([&] { return next.entered.load(); }));
  CHECK(gate.limit() == 2);
}

TEST_CASE("gate: of two URLs the other one is tried at once, by all, and once") {
  Gate gate = make_gate(2, 2);
  grow(gate, 2);
  SteadyTime sent = steady_now();
  gate.enter({});
  gate.enter({});
  gate.failed({.sent = sent, .url_failed = true, .url = 0}, "refused");
  gate.failed({.sent = sent, .url_failed = true, .url = 0}, "refused");
  CHECK(gate.pick() == 1);
  SteadyTime begin = steady_now();
  gate.enter({});
  CHECK(steady_now() - begin < 100ms);  // no back-off
  // The second URL fails as well: now both have, and the breaker opens.
  gate.failed({.sent = steady_now(), .url_failed = true, .url = 1}, "refused");
  CHECK(gate.pick() == 0);
  begin = steady_now();
  gate.enter({});
  CHECK(steady_now() - begin >= 200ms);
}

TEST_CASE("gate: failover goes back to an URL that answers again, and asks it with one request") {
  Gate gate = make_gate(2, 3);
  grow(gate, 2);
  CHECK(gate.pick() == 0);
  gate.enter({});
  auto line = gate.failed({.sent = steady_now(), .url_failed = true, .url = 0}, "refused");
  CHECK(line.value_or("") == "refused (trying the next endpoint)");
  CHECK(gate.pick() == 1);
  CHECK(gate.pick() == 1);
  gate.enter({});
  CHECK(gate.succeeded(steady_now(), true, 1).recovered);
  // A misconfigured one moves nobody: the others would say the same.
  gate.enter({});
  gate.failed({.sent = steady_now(), .misconfigured = true, .url = 1}, "HTTP 401");
  CHECK(gate.pick() == 1);
}

TEST_CASE("gate: round robin takes all that are well in turn") {
  Gate gate = make_gate(1, 3, Balance::kRoundRobin);
  CHECK((gate.pick() == 0 && gate.pick() == 1 && gate.pick() == 2 && gate.pick() == 0));
  gate.enter({});
  gate.failed({.sent = steady_now(), .url_failed = true, .url = 1}, "refused");
  for (int i = 0; i < 6; ++i) CHECK(gate.pick() != 1);
  gate.enter({});
  gate.succeeded(steady_now(), true, 1);  // of a request that was under way
  size_t met = 0;
  for (int i = 0; i < 3; ++i) met += gate.pick() == 1 ? 1 : 0;
  CHECK(met == 1);
}

TEST_CASE("gate: records that are put off hold up nobody else, but all is not well until then") {
  Gate gate = make_gate(2);
  grow(gate, 2);
  gate.enter({});
  gate.put_off(true);
  auto line = gate.failed({.sent = steady_now(), .put_off = true}, "1 of 2 records were put off");
  REQUIRE(line);
  SteadyTime begin = steady_now();
  gate.enter({});
  CHECK(steady_now() - begin < 100ms);
  CHECK_FALSE(gate.succeeded(steady_now(), true).recovered);
  // Again: it was said a moment ago.
  gate.enter({});
  CHECK_FALSE(gate.failed({.sent = steady_now(), .put_off = true}, "put off"));
  gate.enter({});
  gate.put_off(false);
  Gate::Recovery recovery = gate.succeeded(steady_now(), true);
  CHECK(recovery.recovered);
  CHECK(recovery.line.value_or("").find("delivering again") == 0);
}

TEST_CASE("gate: nobody enters before his time, but at the end everybody does") {
  Gate gate = make_gate(1);
  SteadyTime begin = steady_now();
  gate.enter(begin + 50ms);
  CHECK(steady_now() - begin >= 50ms);
  Request late(gate, SteadyTime::max());
  CHECK_FALSE(late.entered);
  gate.hurry();
  CHECK(eventually([&] { return late.entered.load(); }));
}

}  // namespace
}  // namespace waybill::outputs::http
