// SPDX-License-Identifier: Apache-2.0
#include "outputs/writer/refusals.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/file.h>

#include <algorithm>

#include "core/test_support.h"
#include "delivery/test_support.h"

namespace waybill::outputs::writer {
namespace {

struct Fixture {
  delivery::test::LogCapture log;
  delivery::test::TempFolder folder;
  ByteBudget budget{1 << 20};
  OutputLedger ledger{"out"};
  std::string path = folder / "letters";
  std::unique_ptr<delivery::DeadLetters> letters = open();
  std::vector<std::unique_ptr<delivery::Payload>> payloads;

  std::unique_ptr<delivery::DeadLetters> open() {
    auto opened = delivery::DeadLetters::open(
        path, 1 << 20,
        [](Buffer& out, const delivery::Note&, std::shared_ptr<Source>) { out.append("{}"); },
        Duration::zero());
    REQUIRE(opened);
    return *std::move(opened);
  }
  // So many records of one place, with notes or without.
  Piece piece(std::string_view place, size_t count, bool noted) {
    testing::Lines lines;
    delivery::Payload& payload =
        *payloads.emplace_back(std::make_unique<delivery::Payload>(budget));
    Piece made{place, {}, {}};
    for (uint32_t i = 0; i < count; ++i) {
      Record& record = lines.put("line");
      Buffer note, source;
      uint32_t group = payload.group(place);
      auto begin = static_cast<uint32_t>(payload.buffer(group).size());
      payload.buffer(group).append("line\n");
      payload.added(group, begin);
      delivery::append_note(note, record, "");
      delivery::append_source_note(source, testing::Lines::plain_source());
      if (noted) payload.note(source.view(), note.view());
      made.parts.push_back({&payload, i, payload.buffer(group).size()});
    }
    ledger.accept(count);
    return made;
  }
  OutputCounts counts() const { return ledger.snapshot().counts; }
  uint64_t dropped() const { return counts().dropped[static_cast<size_t>(DropReason::kRejected)]; }
};

TEST_CASE_FIXTURE(Fixture, "refusals: kept as dead letters, told once for each place") {
  Refusals refusals("out", ledger, letters.get());
  refusals.refuse(piece("a", 3, true), "cannot open a");
  refusals.refuse(piece("a", 1, true), "cannot open a");
  refusals.refuse(piece("b", 1, true), "cannot open b");
  CHECK(counts().dead_lettered == 5);
  CHECK(dropped() == 0);
  CHECK(counts().balanced());
  std::string written = delivery::test::read_file(path);
  CHECK(std::count(written.begin(), written.end(), '\n') == 5);
  CHECK(written.find(R"("detail":"cannot open b","original":"line")") != std::string::npos);
  CHECK(log.count("cannot open a (what is for it is kept in " + path + ")") == 1);
  CHECK(log.count("cannot open b (what is for it is kept in " + path + ")") == 1);
}

TEST_CASE_FIXTURE(Fixture, "refusals: dropped, counted, where nothing can be kept") {
  Refusals without("out", ledger, nullptr);
  without.refuse(piece("a", 2, true), "cannot open a");
  CHECK(dropped() == 2);
  CHECK(log.count("cannot open a (what is for it is dropped)") == 1);
  Refusals refusals("out", ledger, letters.get());
  refusals.refuse(piece("b", 1, false), "cannot open b");  // of an earlier run's spool
  CHECK(dropped() == 3);
  delivery::Fd other(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  REQUIRE(flock(other.get(), LOCK_EX | LOCK_NB) == 0);
  refusals.refuse(piece("c", 2, true), "cannot open c");
  CHECK(dropped() == 5);
  CHECK(log.has("cannot open c (what is for it is dropped, as " + path + ": "));
  CHECK(counts().dead_lettered == 0);
  CHECK(counts().balanced());
}

TEST_CASE_FIXTURE(Fixture, "refusals: what is settled already is let alone, and many places are") {
  Refusals refusals("out", ledger, nullptr);
  Piece one = piece("a", 2, false);
  one.parts[0].payload->settle(0);
  ledger.delivered(1);
  refusals.refuse(one, "cannot open a");
  CHECK(dropped() == 1);
  CHECK(counts().balanced());
  for (int i = 0; i < 200; ++i) {
    std::string place = "p" + std::to_string(i);
    refusals.refuse(piece(place, 1, false), "cannot open " + place);
  }
  CHECK(dropped() == 201);
  CHECK(log.count("cannot open p") == 100);  // 99 one by one, then together, once in a minute
}

}  // namespace
}  // namespace waybill::outputs::writer
