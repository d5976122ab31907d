// SPDX-License-Identifier: Apache-2.0
#include "delivery/backoff.h"

#include <doctest/doctest.h>

#include "core/throttle.h"

namespace waybill::delivery {
namespace {

using namespace std::chrono_literals;

TEST_CASE("the ceiling of the back-off doubles from 250 ms to 30 s") {
  Backoff backoff([] { return 0.999999; });
  const Duration expected[] = {250ms, 500ms, 1s, 2s, 4s, 8s, 16s, 30s, 30s, 30s};
  for (Duration ceiling : expected) {
    Duration wait = backoff.next();
    CHECK(wait <= ceiling);
    CHECK(wait > ceiling - 1ms);
  }
  for (int i = 0; i < 1000; ++i) CHECK(backoff.next() <= 30s);  // no overflow, however long
  backoff.reset();
  CHECK(backoff.next() <= 250ms);
}

TEST_CASE("the jitter is full: as little as nothing, and different each time") {
  Backoff none([] { return 0.0; });
  CHECK(none.next() == 0ns);
  Backoff own;
  own.next();
  own.next();
  Backoff other;
  other.next();
  other.next();
  CHECK((own.next() != other.next() || own.next() != other.next()));
}

TEST_CASE("what the server asks for is waited out in full, up to ten minutes") {
  Backoff backoff([] { return 0.5; });
  CHECK(backoff.next(20s) == 20s + 125ms);
  CHECK(backoff.next(24h) == 10min + 250ms);
  CHECK(backoff.next(-5s) == 500ms);
}

TEST_CASE("a throttle says the first at once and sums up the others") {
  Throttle throttle(10s);
  SteadyTime now{1000s};
  CHECK(throttle.add(now, 1) == 1);
  CHECK(!throttle.due());
  CHECK(throttle.add(now + 1s, 2) == 0);
  CHECK(throttle.add(now + 2s, 3) == 0);
  CHECK(throttle.due() == now + 10s);
  CHECK(throttle.add(now + 10s, 1) == 6);
  CHECK(throttle.add(now + 11s, 4) == 0);
  CHECK(throttle.rest() == 4);
  CHECK(throttle.rest() == 0);
}

}  // namespace
}  // namespace waybill::delivery
