// SPDX-License-Identifier: Apache-2.0
#include "delivery/adaptive_limit.h"

#include <doctest/doctest.h>

#include <initializer_list>

using waybill::delivery::AdaptiveLimit;

namespace {

// A round of answers, as many as there may be requests.
void round(AdaptiveLimit& limit, double seconds, bool more = true) {
  for (size_t left = limit.now(); left > 0; --left) limit.answered(seconds, more);
}

}  // namespace

TEST_CASE("limit: grows by one a round while there is more to send, up to the most") {
  AdaptiveLimit limit(4);
  CHECK(limit.now() == 1);
  for (size_t expected : {2, 3, 4, 4}) {
    round(limit, 0.1);
    CHECK(limit.now() == expected);
  }
}

TEST_CASE("limit: stays where it is while one request at a time is enough") {
  AdaptiveLimit limit(4);
  for (int i = 0; i < 10; ++i) round(limit, 0.1, false);
  CHECK(limit.now() == 1);
}

TEST_CASE("limit: shrinks when answers take much longer than usual") {
  AdaptiveLimit limit(8);
  for (int i = 0; i < 5; ++i) round(limit, 0.1);
  REQUIRE(limit.now() == 6);
  round(limit, 0.5);
  CHECK(limit.now() == 5);
  // The jitter of a fast network is no reason.
  AdaptiveLimit fast(8);
  round(fast, 0.001);
  round(fast, 0.005);
  CHECK(fast.now() == 3);
}

TEST_CASE("limit: halves when it is too much for the backend, down to one") {
  AdaptiveLimit limit(8);
  for (int i = 0; i < 7; ++i) round(limit, 0.1);
  REQUIRE(limit.now() == 8);
  for (size_t expected : {4, 2, 1, 1}) {
    limit.overloaded();
    CHECK(limit.now() == expected);
  }
  round(limit, 0.1);
  CHECK(limit.now() == 2);
}

TEST_CASE("limit: of one stays one") {
  AdaptiveLimit limit(1);
  for (int i = 0; i < 5; ++i) round(limit, 0.1);
  CHECK(limit.now() == 1);
}
