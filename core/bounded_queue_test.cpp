// SPDX-License-Identifier: Apache-2.0
#include "core/bounded_queue.h"

#include <doctest/doctest.h>

#include <memory>
#include <thread>
#include <vector>

using namespace waybill;

namespace {
constexpr auto kLimit = std::chrono::seconds(20);
}

TEST_CASE("bounded queue: in order, up to its capacity") {
  BoundedQueue<std::unique_ptr<int>> queue(2);
  auto one = std::make_unique<int>(1);
  auto two = std::make_unique<int>(2);
  auto three = std::make_unique<int>(3);
  CHECK_FALSE(queue.full());
  CHECK(queue.try_push(one));
  CHECK(queue.try_push(two));
  CHECK(queue.full());
  CHECK_FALSE(queue.try_push(three));
  REQUIRE(three != nullptr);  // untouched
  queue.push_anyway(std::move(three));
  CHECK(queue.size() == 3);
  for (int expected = 1; expected <= 3; ++expected) {
    auto item = queue.pop_until(steady_now() + kLimit);
    REQUIRE(item.has_value());
    CHECK(**item == expected);
  }
}

TEST_CASE("bounded queue: ends of a wait") {
  BoundedQueue<int> queue(2);
  CHECK_FALSE(queue.pop_until(steady_now()).has_value());  // the deadline
  queue.wake();
  CHECK_FALSE(queue.pop_until(SteadyTime::max()).has_value());  // woken, once
  CHECK_FALSE(queue.pop_until(steady_now()).has_value());
  std::thread waker([&] { queue.wake(); });
  CHECK_FALSE(queue.pop_until(steady_now() + kLimit).has_value());
  waker.join();
  int item = 7;
  CHECK(queue.try_push(item));
  queue.close();
  CHECK_FALSE(queue.drained());
  CHECK_FALSE(queue.try_push(item));
  CHECK(queue.pop_until(SteadyTime::max()) == 7);
  CHECK_FALSE(queue.pop_until(SteadyTime::max()).has_value());
  CHECK(queue.drained());
}

TEST_CASE("bounded queue: says when half of it is free again, if somebody was refused") {
  BoundedQueue<int> queue(4);
  int told = 0;
  queue.on_room([&] { ++told; });
  int item = 0;
  auto fill = [&] {
    while (queue.try_push(item)) {
    }
  };
  auto pop = [&] { return queue.pop_until(steady_now() + kLimit).has_value(); };
  CHECK(queue.try_push(item));
  CHECK(pop());
  CHECK(told == 0);  // nobody was refused
  fill();
  CHECK(pop());
  CHECK(told == 0);  // three of four are left
  CHECK(pop());
  CHECK(told == 1);
  CHECK(pop());
  CHECK(told == 1);  // once
}

TEST_CASE("bounded queue: nothing is lost between threads") {
  BoundedQueue<int> queue(3);
  constexpr int kItems = 20'000;
  std::thread producer([&] {
    for (int i = 0; i < kItems;) {
      int item = i;
      if (queue.try_push(item)) {
        ++i;
      } else {
        std::this_thread::yield();
      }
    }
    queue.close();
  });
  int expected = 0;
  bool in_order = true;
  while (auto item = queue.pop_until(steady_now() + kLimit)) in_order &= *item == expected++;
  producer.join();
  CHECK(in_order);
  CHECK(expected == kItems);
}
