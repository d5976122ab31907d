// SPDX-License-Identifier: Apache-2.0
#include "daemon/child_hold.h"

#include <doctest/doctest.h>

#include <memory>
#include <string>

using namespace waybill;
using namespace waybill::daemon;
using std::chrono::milliseconds;

namespace {

// Both streams of a child, by the times at which they are read.
class Child {
 public:
  std::unique_ptr<Batch> read(const std::string& stream, int at_ms) {
    auto batch = std::make_unique<Batch>(budget_);
    Source source;
    source.stream = stream;
    source.number = stream == "stdout" ? 1 : 2;
    batch->sources.push_back(std::make_shared<const Source>(std::move(source)));
    batch->read_at = at(at_ms);
    batch->records.emplace_back();
    return batch;
  }
  // Whether it was held. Parsing took `parsed_ms`.
  bool arrive(const std::string& stream, int at_ms, bool unknown, int parsed_ms = 0) {
    auto batch = read(stream, at_ms);
    bool holds = hold.arrived(*batch, unknown);
    if (holds) hold.put(std::move(batch), 0, at(at_ms + parsed_ms));
    return holds;
  }
  // The stream and the read time of what is ready; empty: nothing.
  std::string take(int now_ms) {
    auto held = hold.take(at(now_ms));
    if (!held.batch) return "";
    auto when = std::chrono::duration_cast<milliseconds>(held.batch->read_at - start_);
    return held.batch->sources.front()->stream + " " + std::to_string(when.count());
  }
  SteadyTime at(int ms) const { return start_ + milliseconds(ms); }

  ChildHold hold;

 private:
  ByteBudget budget_{1 << 24};
  SteadyTime start_ = SteadyTime(std::chrono::hours(1));
};

}  // namespace

TEST_CASE("a child's batch waits for the other stream to be read") {
  Child child;
  CHECK(child.hold.due() == SteadyTime::max());
  CHECK_FALSE(child.arrive("stdout", 0, false));  // nothing to wait for
  CHECK(child.arrive("stderr", 1, true));
  CHECK(child.take(2) == "");
  CHECK(child.hold.due() == child.at(1) + ChildHold::kLongest);
  CHECK_FALSE(child.arrive("stdout", 3, false));
  CHECK(child.take(3) == "stderr 1");
  CHECK(child.take(3) == "");
}

TEST_CASE("a child's batch waits for a moment only, and its stream stays in order") {
  Child child;
  CHECK(child.arrive("stderr", 0, true));
  CHECK(child.arrive("stderr", 10, false));  // behind the other one
  CHECK(child.take(49) == "");
  CHECK(child.take(50) == "stderr 0");
  CHECK(child.take(50) == "");
  CHECK(child.take(60) == "stderr 10");
  // At the end nothing waits.
  CHECK(child.arrive("stdout", 70, true));
  auto held = child.hold.take(SteadyTime::max());
  REQUIRE(held.batch);
}

TEST_CASE("a child's batch waits from when it was parsed, however long that took") {
  Child child;
  CHECK(child.arrive("stdout", 0, true, 400));
  CHECK(child.take(449) == "");
  CHECK_FALSE(child.arrive("stderr", 10, false));  // read long ago, parsed only now
  CHECK(child.take(449) == "stdout 0");
}

TEST_CASE("a child whose other stream is silent is not waited for") {
  Child child;
  CHECK(child.arrive("stdout", 0, true));  // the other one may begin yet
  CHECK(child.take(100) == "stdout 0");
  CHECK(child.arrive("stdout", 1900, true));
  CHECK(child.take(2000) == "stdout 1900");
  CHECK_FALSE(child.arrive("stdout", 2100, true));
  CHECK_FALSE(child.arrive("stderr", 3000, false));
  CHECK(child.arrive("stdout", 3100, true));
}

TEST_CASE("a child's batches wait in bounded memory") {
  Child child;
  for (size_t i = 0; i <= ChildHold::kMostBatches; ++i) CHECK(child.arrive("stdout", 0, true));
  CHECK(child.take(0) == "stdout 0");
  CHECK(child.take(0) == "");
}
