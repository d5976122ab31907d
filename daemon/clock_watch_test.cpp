// SPDX-License-Identifier: Apache-2.0
#include "daemon/clock_watch.h"

#include <doctest/doctest.h>

#include "core/test_support.h"

using namespace waybill;
using waybill::daemon::ClockWatch;
using waybill::daemon::zone_with_offset;

namespace {

constexpr int64_t kSecond = 1'000'000'000;
constexpr int64_t kHour = 3600 * kSecond;
constexpr int64_t kNow = 1'767'323'045 * kSecond;  // 2026-01-02T03:04:05Z

// A source whose records are `ahead` of the time at which they are read.
struct Clocked {
  explicit Clocked(Source source = waybill::testing::Lines::plain_source())
      : lines(std::move(source)) {}

  Record& put(int64_t ahead, int64_t read_ns = kNow) {
    Record& record = lines.put("x", read_ns);
    record.read_ns = read_ns;
    record.time_ns = read_ns + ahead;
    record.time_said = record.time_zoneless = true;
    return record;
  }
  int64_t skew(int64_t ahead) {
    put(ahead);
    watch.mark(lines.batch());
    return lines.record().marks.clock_skew;
  }
  std::optional<std::string> advice(int64_t ahead, int64_t read_ns) {
    put(ahead, read_ns);
    return watch.advise(lines.batch());
  }

  waybill::testing::Lines lines;
  ClockWatch watch{parsers::TimeZone()};
};

Source source_of(std::string_view path, std::string_view stream, bool network) {
  Source source = waybill::testing::Lines::plain_source();
  source.path = path;
  source.stream = stream;
  source.network = network;
  return source;
}

}  // namespace

TEST_CASE("clock watch: far ahead is marked everywhere, far behind where lines are fresh") {
  Clocked file(source_of("/var/log/a.log", "", false));
  CHECK(file.skew(599 * kSecond) == 0);
  CHECK(file.skew(601 * kSecond) == 601);
  CHECK(file.skew(-400 * 24 * kHour) == 0);
  Clocked socket(source_of("", "", true));
  CHECK(socket.skew(-23 * kHour) == 0);
  CHECK(socket.skew(-25 * kHour) == -25 * 3600);
  Clocked child(source_of("", "stderr", false));
  CHECK(child.skew(-25 * kHour) == -25 * 3600);
  // Times that the line did not say are ours.
  socket.put(2 * kHour).time_said = false;
  CHECK(socket.watch.mark(socket.lines.batch()) == 0);
}

TEST_CASE("clock watch: times in another zone are told once, with the zone") {
  Clocked pipe;
  std::optional<std::string> said;
  for (int i = 0; i < 4; ++i) {
    CHECK_FALSE(said.has_value());
    said = pipe.advice(-2 * kHour - kSecond, kNow + i * kSecond);
  }
  REQUIRE(said.has_value());
  CHECK(said->find("2h behind the clock: parse.time.default_zone: Etc/GMT+2 would") != said->npos);
  CHECK_FALSE(pipe.advice(-2 * kHour, kNow + 9 * kSecond).has_value());
}

TEST_CASE("clock watch: old lines, whole zones and other clocks are none of it") {
  Clocked pipe;
  // Read at one moment: a file of old lines.
  for (int i = 0; i < 9; ++i) CHECK_FALSE(pipe.advice(-2 * kHour, kNow).has_value());
  Clocked right;
  for (int i = 0; i < 9; ++i) CHECK_FALSE(right.advice(-kSecond, kNow + i * kSecond).has_value());
  Clocked wrong;
  for (int i = 0; i < 9; ++i)
    CHECK_FALSE(wrong.advice(7 * 60 * kSecond, kNow + i * kSecond).has_value());
  Clocked zoned;
  for (int i = 0; i < 9; ++i) {
    zoned.put(2 * kHour, kNow + i * kSecond).time_zoneless = false;
    CHECK_FALSE(zoned.watch.advise(zoned.lines.batch()).has_value());
  }
}

TEST_CASE("clock watch: zones by their offset") {
  int64_t now = kNow / kSecond;
  CHECK(zone_with_offset(0, now).value_or("") == "UTC");
  CHECK(zone_with_offset(2 * 3600, now).value_or("") != "");
  CHECK(zone_with_offset(19800, now).value_or("") != "");
  CHECK_FALSE(zone_with_offset(900, now).has_value());
  for (int quarter = -48; quarter <= 56; ++quarter) {
    auto name = zone_with_offset(quarter * 900, now);
    if (!name) continue;
    auto zone = parsers::TimeZone::find(*name);
    REQUIRE(zone.has_value());
    CHECK(zone->to_local(now) - now == quarter * 900);
  }
}
