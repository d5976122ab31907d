// SPDX-License-Identifier: Apache-2.0
// Arena, Buffer, ByteBudget, Batch, BatchPool, Ticket.
#include <doctest/doctest.h>

#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "core/arena.h"
#include "core/batch.h"
#include "core/buffer.h"
#include "core/byte_budget.h"

using namespace waybill;

TEST_CASE("arena: allocations are apart, aligned, and stay put") {
  Arena arena;
  std::vector<std::pair<char*, size_t>> made;
  for (size_t i = 0; i < 2000; ++i) {
    size_t size = i % 97;
    size_t align = size_t{1} << (i % 5);
    char* at = arena.allocate(size, align);
    CHECK(reinterpret_cast<uintptr_t>(at) % align == 0);
    std::memset(at, static_cast<int>(i & 0xFF), size);
    made.emplace_back(at, size);
  }
  char* large = arena.allocate(100'000);
  std::memset(large, 1, 100'000);
  size_t wrong = 0;
  for (size_t i = 0; i < made.size(); ++i) {
    for (size_t k = 0; k < made[i].second; ++k) {
      wrong += static_cast<unsigned char>(made[i].first[k]) != (i & 0xFF);
    }
  }
  CHECK(wrong == 0);
}

TEST_CASE("arena: a cleared arena uses its memory again") {
  Arena arena;
  auto use = [&] {
    for (int i = 0; i < 50; ++i) arena.allocate(3000);
    arena.allocate(70'000);
  };
  use();
  size_t capacity = arena.capacity();
  for (int round = 0; round < 5; ++round) {
    arena.clear();
    use();
  }
  CHECK(arena.capacity() == capacity);
  // One that does not fit the next block skips it, and later small ones still find room.
  arena.clear();
  arena.allocate(60'000);
  CHECK(arena.capacity() == capacity);
}

TEST_CASE("arena: copies, with zeroes behind them") {
  Arena arena;
  std::string_view copy = arena.copy("abc", 5);
  CHECK(copy == "abc");
  for (int i = 0; i < 5; ++i) CHECK(copy.data()[3 + i] == '\0');
  CHECK(arena.copy("").empty());
  char* guess = arena.allocate(100);
  arena.give_back(90);
  CHECK(arena.allocate(1) == guess + 10);
}

TEST_CASE("buffer: appends, keeps its memory, moves") {
  Buffer buffer;
  CHECK(buffer.empty());
  std::string expected;
  for (int i = 0; i < 5000; ++i) {
    std::string piece(static_cast<size_t>(i % 40), static_cast<char>('a' + i % 26));
    buffer.append(piece);
    buffer.push_back('|');
    expected += piece + "|";
  }
  CHECK(buffer.view() == expected);
  size_t capacity = buffer.capacity();
  buffer.clear();
  CHECK(buffer.empty());
  CHECK(buffer.capacity() == capacity);
  char* room = buffer.reserve(3);
  std::memcpy(room, "xyz", 3);
  buffer.advance(3);
  buffer.resize(2);
  CHECK(buffer.view() == "xy");
  Buffer other(std::move(buffer));
  CHECK(other.view() == "xy");
  Buffer third;
  third = std::move(other);
  CHECK(third.view() == "xy");
  third.release();
  CHECK(third.capacity() == 0);
  third.append("", 0);
  CHECK(third.view().empty());
}

TEST_CASE("byte budget: charges, and calls when there is room again") {
  ByteBudget budget(1000);
  int called = 0;
  budget.on_room([&] { ++called; });
  CHECK(budget.has_room(1000));
  CHECK_FALSE(budget.has_room(1001));
  {
    ByteCharge first(budget);
    ByteCharge second(budget);
    first.set(800);
    second.set(150);
    CHECK(budget.used() == 950);
    CHECK(budget.tight());
    CHECK_FALSE(budget.has_room(51));
    second.set(100);
    CHECK(called == 0);  // nobody waits
    budget.arm();
    first.set(790);
    CHECK(called == 0);  // 890 of 1000: still more than seven eighths
    first.set(700);
    CHECK(called == 1);
    first.set(0);
    CHECK(called == 1);  // once
    CHECK(first.held() == 0);
  }
  CHECK(budget.used() == 0);
  budget.set_limit(10);
  CHECK_FALSE(budget.has_room(11));
}

TEST_CASE("batch: room, padding, and what the budget is charged with") {
  ByteBudget budget(1 << 20);
  {
    Batch batch(budget);
    batch.reset(100);
    CHECK(batch.room().size() == 100);
    std::memcpy(batch.room().data(), "abc", 3);
    batch.commit(3);
    CHECK(batch.used() == 3);
    CHECK(batch.room().size() == 97);
    CHECK(std::string_view(batch.bytes(), 3) == "abc");
    for (size_t i = 0; i < kPadding; ++i) CHECK(batch.bytes()[100 + i] == '\0');
    CHECK(budget.used() >= 100 + kPadding);
    size_t before = budget.used();
    batch.tokens.resize(1000);
    batch.arena.allocate(5000);
    batch.recharge();
    CHECK(budget.used() >= before + 1000 * sizeof(Token) + 5000);
    batch.reset(50);  // keeps what it has
    CHECK(batch.room().size() == 100);
    CHECK(batch.tokens.empty());
  }
  CHECK(budget.used() == 0);
}

TEST_CASE("batch pool: uses batches again, and stops at the budget") {
  ByteBudget budget(5 * (kBatchBytes + kPadding));
  BatchPool pool(budget, 2);
  std::vector<std::unique_ptr<Batch>> held;
  for (int i = 0; i < 4; ++i) {
    held.push_back(pool.take());
    REQUIRE(held.back() != nullptr);
  }
  Batch* last = held.back().get();
  pool.give(std::move(held.back()));
  held.pop_back();
  auto again = pool.take();
  CHECK(again.get() == last);
  held.push_back(std::move(again));
  held.push_back(pool.take());
  REQUIRE(held.back() != nullptr);
  CHECK(pool.take() == nullptr);
  held.clear();
  CHECK(budget.used() == 0);  // none was given back
}

TEST_CASE("batch pool: a budget smaller than a batch slows down, it does not stop") {
  ByteBudget budget(1000);
  BatchPool pool(budget);
  auto only = pool.take();
  REQUIRE(only != nullptr);
  CHECK(pool.take() == nullptr);
  pool.give(std::move(only));
  CHECK(pool.take() != nullptr);
}

TEST_CASE("batch pool: memory that others keep slows down, it does not stop") {
  ByteBudget budget(2 * kBatchBytes);
  int told = 0;
  budget.on_room([&] { ++told; });
  BatchPool pool(budget);
  budget.charge(10 * kBatchBytes);  // payloads that wait for a backend
  auto only = pool.take();
  REQUIRE(only != nullptr);
  CHECK(pool.take() == nullptr);
  budget.arm();
  pool.give(std::move(only));
  CHECK(told == 1);
  CHECK(pool.take() != nullptr);
}

TEST_CASE("batch pool: a batch that grew for one huge line is not kept") {
  ByteBudget budget(64 << 20);
  BatchPool pool(budget);
  pool.give(pool.take(8 << 20));
  CHECK(budget.used() == 0);
  pool.give(pool.take());
  CHECK(budget.used() > 0);
}

TEST_CASE("ticket: tells once, when the last one lets go, unless it was abandoned") {
  int done = 0;
  auto ticket = std::make_shared<Ticket>([&] { ++done; });
  TicketRef other = ticket;
  ticket.reset();
  CHECK(done == 0);
  std::thread([&] { other.reset(); }).join();
  CHECK(done == 1);
  auto abandoned = std::make_shared<Ticket>([&] { ++done; });
  abandoned->abandon();
  abandoned.reset();
  CHECK(done == 1);
}
