// SPDX-License-Identifier: Apache-2.0
#include "inputs/ack_frontier.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <vector>

using waybill::inputs::AckFrontier;

TEST_CASE("the frontier moves only over settled bytes") {
  AckFrontier frontier(10);
  uint64_t first = frontier.add(20), second = frontier.add(30), third = frontier.add(40);
  CHECK_FALSE(frontier.settle(second));
  CHECK_FALSE(frontier.settle(third));
  CHECK(frontier.committed() == 10);
  CHECK_FALSE(frontier.idle());
  CHECK(frontier.settle(first));
  CHECK(frontier.committed() == 40);
  CHECK(frontier.idle());
  CHECK_FALSE(frontier.settle(first));  // twice, or unknown: nothing
  CHECK_FALSE(frontier.settle(99));
  CHECK(frontier.add(50) == 3);
}

TEST_CASE("in any order the frontier is the oldest unsettled start") {
  std::mt19937 random(7);
  for (int round = 0; round < 200; ++round) {
    AckFrontier frontier;
    std::vector<uint64_t> ends, numbers, order;
    for (uint64_t i = 0; i < 20; ++i) {
      ends.push_back((i + 1) * 100);
      numbers.push_back(frontier.add(ends.back()));
      order.push_back(i);
    }
    std::shuffle(order.begin(), order.end(), random);
    std::vector<bool> settled(20);
    for (uint64_t i : order) {
      frontier.settle(numbers[i]);
      settled[i] = true;
      size_t prefix = 0;
      while (prefix < 20 && settled[prefix]) ++prefix;
      CHECK(frontier.committed() == prefix * 100);
    }
    CHECK(frontier.idle());
  }
}
