// SPDX-License-Identifier: Apache-2.0
#include "delivery/breaker.h"

#include <doctest/doctest.h>

using namespace waybill;
using namespace waybill::delivery;
using namespace std::chrono_literals;

namespace {

const SteadyTime kStart{1h};

Breaker made() {
  return Breaker([] { return 0.5; });  // no chance: half of each ceiling
}

}  // namespace

TEST_CASE("breaker: closed lets everybody pass") {
  Breaker breaker = made();
  CHECK(breaker.enter(kStart));
  CHECK(breaker.enter(kStart));
  CHECK(breaker.closed());
  CHECK(breaker.next() < kStart);
}

TEST_CASE("breaker: a failure opens it, then one may try, and its success closes it") {
  Breaker breaker = made();
  REQUIRE(breaker.enter(kStart));
  breaker.failed(kStart, kStart + 1s, false, {});
  CHECK_FALSE(breaker.enter(kStart + 1s));
  CHECK(breaker.next() == kStart + 1s + 125ms);
  CHECK(breaker.enter(breaker.next()));
  CHECK_FALSE(breaker.closed());
  CHECK_FALSE(breaker.enter(kStart + 1h));  // one is trying
  CHECK(breaker.next() == SteadyTime::max());
  breaker.succeeded(kStart + 2s);
  CHECK(breaker.closed());
  CHECK(breaker.enter(kStart + 2s));
  CHECK(breaker.enter(kStart + 2s));
}

TEST_CASE("breaker: each attempt that fails waits longer, and success forgets it") {
  Breaker breaker = made();
  SteadyTime now = kStart;
  for (Duration wait : {125ms, 250ms, 500ms, 1000ms}) {
    breaker.failed(now, now, false, {});
    CHECK(breaker.next() - now == wait);
    now = breaker.next();
    REQUIRE(breaker.enter(now));
  }
  breaker.succeeded(now);
  breaker.failed(now, now, false, {});
  CHECK(breaker.next() - now == 125ms);
}

TEST_CASE("breaker: what was under way when it opened counts once, but is listened to") {
  Breaker breaker = made();
  breaker.failed(kStart, kStart + 1s, false, {});
  breaker.failed(kStart, kStart + 1s, false, {});
  breaker.failed(kStart + 1s, kStart + 1s, false, {});
  CHECK(breaker.next() == kStart + 1s + 125ms);
  breaker.failed(kStart, kStart + 1s, false, 7s);  // the server knows better
  CHECK(breaker.next() == kStart + 8s);
  REQUIRE(breaker.enter(kStart + 8s));
  breaker.failed(kStart + 8s, kStart + 8s, false, {});
  CHECK(breaker.next() == kStart + 8s + 250ms);
}

TEST_CASE("breaker: misconfigured is asked for every 30 s") {
  Breaker breaker = made();
  breaker.failed(kStart, kStart, true, {});
  CHECK(breaker.next() == kStart + 30s);
}

TEST_CASE("breaker: an attempt that was not made is left to the next one") {
  Breaker breaker = made();
  breaker.failed(kStart, kStart, false, {});
  SteadyTime then = breaker.next();
  REQUIRE(breaker.enter(then));
  breaker.gave_up(then);
  CHECK(breaker.enter(then));
}

TEST_CASE("breaker: late answers of what was under way change nothing") {
  Breaker breaker = made();
  breaker.failed(kStart, kStart + 1s, false, 60s);
  breaker.succeeded(kStart);
  CHECK_FALSE(breaker.closed());
  CHECK(breaker.next() == kStart + 61s + 125ms);
  REQUIRE(breaker.enter(breaker.next()));  // half open now: one is trying
  SteadyTime trying = breaker.next();
  breaker.failed(kStart, kStart + 62s, false, {});
  breaker.succeeded(kStart);
  breaker.gave_up(kStart);
  CHECK(breaker.next() == trying);
  CHECK_FALSE(breaker.enter(kStart + 2h));
  breaker.succeeded(kStart + 62s);
  CHECK(breaker.closed());
}
