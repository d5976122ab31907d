// SPDX-License-Identifier: Apache-2.0
// What the unit tests of the spool share.
#pragma once

#include <doctest/doctest.h>
#include <fcntl.h>

#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "delivery/outbox.h"
#include "delivery/spool/spool.h"
#include "delivery/test_support.h"

namespace waybill::delivery::test {

using namespace std::chrono_literals;

// An outbox with its spool in a folder of its own.
struct SpoolBench {
  TempFolder folder;
  Fd fd{open(folder.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  ByteBudget budget{64 * 1024 * 1024};
  Ledger ledger;
  std::unique_ptr<Outbox> outbox;

  explicit SpoolBench(FullPolicy policy = {0ns, SpoolUse::kOverflow}, size_t size = 1 << 20) {
    restart(policy, size);
  }
  void restart(FullPolicy policy = {0ns, SpoolUse::kOverflow}, size_t size = 1 << 20,
               const char* name = "out") {
    open_spool(policy, {size, 100, 16 * 1024}, name);
  }
  void open_spool(FullPolicy policy, SpoolSettings settings, const char* name = "out") {
    outbox.reset();
    outbox = std::make_unique<Outbox>(budget, ledger.output(name), 64 * 1024, policy);
    SpoolPlace place{fd.get(), folder.path(), spool_folder("out", "test")};
    auto opened = outbox->open_spool(place, settings);
    REQUIRE_MESSAGE(opened.has_value(), (opened ? "" : opened.error().what));
  }

  void push(uint64_t first, uint64_t records, TicketRef ticket = nullptr, size_t padding = 500,
            const char* name = "out") {
    auto payload = outbox->take();
    payload->oldest = steady_now();
    payload->unticketed = ticket ? 0 : static_cast<uint32_t>(records);
    if (ticket) payload->tickets.push_back(std::move(ticket));
    for (uint64_t i = first; i < first + records; ++i) {
      uint32_t group = payload->group(i % 2 == 0 ? "even" : "odd");
      auto begin = static_cast<uint32_t>(payload->buffer(group).size());
      payload->buffer(group).append(std::to_string(i) + ":" + std::string(padding, 'x'));
      payload->added(group, begin);
    }
    ledger.output(name).accept(records);
    outbox->push(std::move(payload));
  }

  // Pops until `records` have come, or nothing comes for a while.
  std::vector<uint64_t> pop(size_t records, const char* name = "out") {
    std::vector<uint64_t> got;
    while (got.size() < records) {
      auto payload = outbox->pop_until(steady_now() + 10s);
      if (!payload) break;
      for (uint32_t i = 0; i < payload->slices.size(); ++i) {
        const Slice& slice = payload->slices[i];
        const Group& group = payload->groups[slice.group];
        uint64_t number = std::stoull(std::string(group.bytes.view().substr(slice.begin, 20)));
        CHECK(group.head == (number % 2 == 0 ? "even" : "odd"));
        got.push_back(number);
        payload->settle(i);
      }
      ledger.output(name).delivered(payload->slices.size());
      outbox->give(std::move(payload));
    }
    return got;
  }

  // An orderly end.
  void end() {
    outbox->close();
    outbox->abort();
    outbox->finish();
  }

  OutputSnapshot now(const char* name = "out") { return ledger.output(name).snapshot(); }

  template <typename Condition>
  bool until(Condition condition) {
    SteadyTime limit = steady_now() + 10s;
    while (!condition()) {
      if (steady_now() > limit) return false;
      std::this_thread::yield();
    }
    return true;
  }
};

inline uint64_t dropped(const OutputSnapshot& now, DropReason reason) {
  return now.counts.dropped[static_cast<size_t>(reason)];
}

inline std::vector<uint64_t> range(uint64_t begin, uint64_t end) {
  std::vector<uint64_t> all;
  for (uint64_t i = begin; i < end; ++i) all.push_back(i);
  return all;
}

}  // namespace waybill::delivery::test
