// SPDX-License-Identifier: Apache-2.0
#include "delivery/adaptive_limit.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <initializer_list>

using namespace std::chrono_literals;
using waybill::Duration;
using waybill::SteadyTime;
using waybill::delivery::AdaptiveLimit;

namespace {

// A backend, with a clock of its own.
struct Backend {
  AdaptiveLimit limit;
  SteadyTime now{1h};

  explicit Backend(size_t most) : limit(most) {}
  // A round: as many requests as there may be, answered after so long.
  void round(Duration took, bool more = true) {
    SteadyTime sent = now;
    now += took;
    for (size_t left = limit.now(); left > 0; --left) limit.answered(sent, now, more);
  }
  void overloaded() {
    SteadyTime sent = now;
    now += 100ms;
    limit.overloaded(sent, now);
  }
};

}  // namespace

TEST_CASE("limit: grows by one a round while there is more to send, up to the most") {
  Backend backend(4);
  CHECK(backend.limit.now() == 1);
  for (size_t expected : {2u, 3u, 4u, 4u}) {
    backend.round(100ms);
    CHECK(backend.limit.now() == expected);
  }
}

TEST_CASE("limit: stays where it is while one request at a time is enough") {
  Backend backend(4);
  for (int i = 0; i < 10; ++i) backend.round(100ms, false);
  CHECK(backend.limit.now() == 1);
}

TEST_CASE("limit: shrinks when answers take much longer than one at a time does") {
  Backend backend(8);
  for (int i = 0; i < 5; ++i) backend.round(100ms);
  REQUIRE(backend.limit.now() == 6);
  backend.round(500ms);
  CHECK(backend.limit.now() == 5);
  // The jitter of a fast network is no reason.
  Backend fast(8);
  fast.round(1ms);
  fast.round(5ms);
  CHECK(fast.limit.now() == 3);
}

TEST_CASE("limit: a backend that is slower with each request gets no more and more of them") {
  Backend backend(32);
  for (int i = 0; i < 10'000; ++i) {
    backend.round(20ms * backend.limit.now());
    REQUIRE(backend.limit.now() <= 3);
  }
}

TEST_CASE("limit: a backend that has become slow for other reasons gets as many as before") {
  Backend backend(8);
  for (int i = 0; i < 10; ++i) backend.round(20ms);
  REQUIRE(backend.limit.now() == 8);
  size_t most = 0;
  for (size_t i = 0; i < 2 * AdaptiveLimit::kRounds; ++i) {
    backend.round(200ms);
    if (i > AdaptiveLimit::kRounds) most = std::max(most, backend.limit.now());
  }
  CHECK(most == 8);
}

TEST_CASE("limit: halves when it is too much for the backend, down to one") {
  Backend backend(8);
  for (int i = 0; i < 7; ++i) backend.round(100ms);
  REQUIRE(backend.limit.now() == 8);
  for (size_t expected : {4u, 2u, 1u, 1u}) {
    backend.overloaded();
    CHECK(backend.limit.now() == expected);
  }
  backend.round(100ms);
  CHECK(backend.limit.now() == 2);
}

TEST_CASE("limit: what was under way when it fell says nothing more") {
  Backend backend(8);
  for (int i = 0; i < 7; ++i) backend.round(100ms);
  REQUIRE(backend.limit.now() == 8);
  SteadyTime sent = backend.now;
  for (int i = 0; i < 4; ++i) backend.limit.overloaded(sent, sent + 10ms);
  for (int i = 0; i < 4; ++i) backend.limit.answered(sent, sent + 20ms, true);
  CHECK(backend.limit.now() == 4);
}

TEST_CASE("limit: of one stays one") {
  Backend backend(1);
  for (int i = 0; i < 5; ++i) backend.round(100ms);
  CHECK(backend.limit.now() == 1);
}
