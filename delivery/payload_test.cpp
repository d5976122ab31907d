// SPDX-License-Identifier: Apache-2.0
#include "delivery/payload.h"

#include <doctest/doctest.h>

namespace waybill::delivery {
namespace {

void add(Payload& payload, std::string_view head, std::string_view record) {
  uint32_t group = payload.group(head);
  auto begin = static_cast<uint32_t>(payload.buffer(group).size());
  payload.buffer(group).append(record);
  payload.added(group, begin);
}

TEST_CASE("a payload keeps the order of records and one group per head") {
  ByteBudget budget(1 << 20);
  Payload payload(budget);
  add(payload, "a", "one");
  add(payload, "b", "two");
  add(payload, "a", "three");
  CHECK(payload.group_count == 2);
  CHECK(payload.groups[0].bytes.view() == "onethree");
  REQUIRE(payload.slices.size() == 3);
  CHECK(payload.slices[2].group == 0);
  CHECK(payload.slices[2].begin == 3);
  CHECK(payload.slices[2].size == 5);
  CHECK(payload.bytes == 11);
  CHECK(payload.unsettled == 3);
  payload.settle(1);
  CHECK(payload.unsettled == 2);
  CHECK(payload.slices[1].settled);
}

TEST_CASE("a cleared payload is empty, and lets its tickets go") {
  ByteBudget budget(1 << 20);
  int done = 0;
  Payload payload(budget);
  add(payload, "head", "record");
  payload.tickets.push_back(std::make_shared<Ticket>([&] { ++done; }));
  payload.clear();
  CHECK(done == 1);
  CHECK(payload.group_count == 0);
  CHECK(payload.unsettled == 0);
  CHECK(payload.bytes == 0);
  add(payload, "other", "x");
  CHECK(payload.groups[0].head == "other");
  CHECK(payload.groups[0].bytes.view() == "x");
}

TEST_CASE("an abandoned payload never moves a checkpoint") {
  ByteBudget budget(1 << 20);
  int done = 0;
  {
    Payload payload(budget);
    add(payload, "", "record");
    payload.tickets.push_back(std::make_shared<Ticket>([&] { ++done; }));
    payload.abandon();
  }
  CHECK(done == 0);
}

TEST_CASE("the budget is charged with all memory held, and gets it back") {
  ByteBudget budget(1 << 20);
  {
    Payload payload(budget);
    add(payload, "", std::string(5000, 'x'));
    payload.recharge();
    CHECK(budget.used() >= 5000);
    CHECK(budget.used() == payload.memory());
  }
  CHECK(budget.used() == 0);
}

}  // namespace
}  // namespace waybill::delivery
