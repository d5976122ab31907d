// SPDX-License-Identifier: Apache-2.0
#include "outputs/console/tree.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <ctime>

#include "lineage/lineage.h"
#include "lineage/propagation.h"

namespace waybill::outputs::console {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kTrace = "4bf92f3577b34da6a3ce929d0e0e4736";
constexpr std::string_view kOther = "8e61bd8674b6331b16e6678d39feef00";
constexpr int64_t kSecond = 1'000'000'000;

struct Line {
  std::string_view trace, message, request = "";
  int64_t second = 0;
  TraceOrigin origin = TraceOrigin::kField;
};

class Fixture {
 public:
  Fixture() {
    setenv("TZ", "UTC", 1);
    setenv("COLUMNS", "60", 1);
    tzset();
  }
  ~Fixture() {
    while (tree.take(true)) continue;
  }
  void put(const std::vector<Line>& lines) {
    auto payload = std::make_unique<delivery::Payload>(budget);
    Batch batch(budget);
    batch.sources.push_back(std::make_shared<Source>());
    auto text = [](std::string_view bytes) {
      return bytes.empty() ? Text() : Text(bytes, TextForm::kRaw);
    };
    for (const Line& line : lines) {
      Record record;
      record.time_ns = record.read_ns = 1'700'000'000 * kSecond + line.second * kSecond;
      record.trace_id = text(line.trace);
      record.trace_origin = line.origin;
      record.request_id = text(line.request);
      record.message = text(line.message);
      record.level = Level::kInfo;
      uint32_t group = payload->group({});
      auto begin = static_cast<uint32_t>(payload->buffer(group).size());
      encoder.append(payload->buffer(group), batch, record, identity);
      payload->added(group, begin);
    }
    payload->recharge();
    tree.put(std::move(payload), now);
  }
  // What is due, settled: "" when nothing is.
  std::string next(bool hurry = false) {
    writer::Piece piece;
    if (!tree.next(now, hurry, piece)) return {};
    records = piece.parts.size();
    for (const writer::Part& part : piece.parts) {
      CHECK(part.end == piece.bytes.size());
      part.payload->settle(part.slice);
    }
    return std::string(piece.bytes);
  }
  static bool holds(const std::string& text, std::string_view words) {
    return text.find(words) != std::string::npos;
  }

  ByteBudget budget{64 << 20};
  Identity identity;
  TreeLines encoder{false};
  Tree tree{1s, false};
  SteadyTime now = SteadyTime(100s);
  size_t records = 0;
};

TEST_CASE_FIXTURE(Fixture, "tree: a trace is drawn as a whole once it is quiet") {
  put({{kTrace, "one"}, {kOther, "else"}});
  now += 600ms;
  put({{kTrace, "two", "", 1}});
  CHECK(next().empty());
  CHECK(tree.due() == now + 400ms);
  now += 400ms;
  std::string other = next();
  CHECK(holds(other, "trace 8e61bd86"));
  CHECK(!holds(other, "one"));
  CHECK(next().empty());
  CHECK(!tree.take(false));  // of the first payload a line is not drawn
  now += 600ms;
  std::string picture = next();
  CHECK(picture.rfind("\ntrace 4bf92f35", 0) == 0);
  CHECK(holds(picture, "2 lines"));
  CHECK(holds(picture, "INFO  one\n"));
  CHECK(holds(picture, "INFO  two\n"));
  CHECK(records == 2);
  CHECK(tree.take(false));
  CHECK(tree.take(false));
  CHECK(!tree.take(true));
  CHECK(tree.bytes() == 0);
  CHECK(tree.due() == SteadyTime::max());
}

TEST_CASE_FIXTURE(Fixture,
                  "tree: lines of no request are shown at once, and so are those of a run") {
  std::string run(lineage::view(lineage::run_trace_id()));
  put({{"", "started"}, {kTrace, "one"}, {run, "of the run", "", 0, TraceOrigin::kGenerated}});
  CHECK(tree.due() == SteadyTime::min());
  std::string shown = next();
  CHECK(holds(shown, "INFO  started\n"));
  CHECK(holds(shown, "INFO  of the run"));
  CHECK(!holds(shown, "one"));
  CHECK(records == 2);
  put({{run, "asked", "r-1", 0, TraceOrigin::kGenerated}});
  CHECK(next().empty());
  now += 2s;
  CHECK(holds(next(), "trace 4bf92f35"));
  CHECK(holds(next(), "request r-1"));
}

TEST_CASE_FIXTURE(Fixture, "tree: a backlog's traces are over by the times of its lines") {
  put({{kTrace, "old", "", 0}, {kOther, "new", "", 30}});
  CHECK(next().empty());
  put({{kOther, "newer", "", 31}});
  CHECK(holds(next(), "old"));
  CHECK(next().empty());
}

TEST_CASE_FIXTURE(Fixture, "tree: times of any size are no harm") {
  constexpr int64_t kFar = 9'000'000'000;
  put({{kTrace, "past", "", -kFar}, {kOther, "future", "", 7'000'000'000}});
  CHECK(holds(next(), "past"));
}

TEST_CASE_FIXTURE(Fixture,
                  "tree: in a hurry, and when it takes too long, the oldest is drawn first") {
  put({{kTrace, "one"}});
  put({{kOther, "else"}, {kTrace, "two"}});
  CHECK(holds(next(true), "one"));
  CHECK(records == 2);
  CHECK(tree.take(false));
  CHECK(holds(next(true), "else"));
  CHECK(next(true).empty());
  CHECK(tree.take(false));
  put({{kTrace, "three"}});
  SteadyTime began = now;
  for (; now < began + Tree::kLongest; now += 500ms) {
    put({{kTrace, "more"}});
    CHECK(next().empty());
  }
  CHECK(tree.due() == now);
  CHECK(holds(next(), "three"));
}

TEST_CASE_FIXTURE(Fixture, "tree: what is held is bounded in lines") {
  std::vector<Line> many(Tree::kMostLines + 1, Line{kTrace, "again"});
  put(many);
  CHECK(holds(next(), std::to_string(many.size()) + " lines"));
}

}  // namespace
}  // namespace waybill::outputs::console
