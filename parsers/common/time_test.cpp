// SPDX-License-Identifier: Apache-2.0
#include "parsers/common/time.h"

#include <doctest/doctest.h>

#include <string>

#include "core/canonical.h"

using namespace waybill;
using namespace waybill::parsers;

namespace {

constexpr int64_t kNow = 1'767'323'045'000'000'000;  // 2026-01-02T03:04:05Z, a Friday

std::string written(const std::optional<Time>& time) {
  if (!time) return "none";
  char text[40];
  return std::string(text, write_rfc3339(time->ns, time->digits, text));
}

std::string text(std::string_view text, std::string_view zone_name = "UTC", int64_t now = kNow) {
  auto zone = TimeZone::find(zone_name);
  REQUIRE(zone.has_value());
  return written(time_of_text(text, *zone, now));
}

std::string number(std::string_view digits) { return written(time_of_number(digits)); }

// How many bytes of the text are its time; 0: none.
size_t taken(std::string_view text) {
  TimeZone utc;
  auto time = time_at_start(text, utc, kNow);
  return time ? time->size : 0;
}

}  // namespace

TEST_CASE("time: RFC 3339 and its relatives") {
  CHECK(text("2026-01-02T03:04:05Z") == "2026-01-02T03:04:05.000Z");
  CHECK(text("2026-01-02t03:04:05z") == "2026-01-02T03:04:05.000Z");
  CHECK(text("2026-01-02 03:04:05") == "2026-01-02T03:04:05.000Z");
  CHECK(text("2026-01-02_03:04:05") == "2026-01-02T03:04:05.000Z");
  CHECK(text("2026/01/02 03:04:05.5") == "2026-01-02T03:04:05.500Z");
  CHECK(text("2026-01-02T03:04:05,678") == "2026-01-02T03:04:05.678Z");
  CHECK(text("2026-01-02T03:04:05.123456789Z") == "2026-01-02T03:04:05.123456789Z");
  CHECK(text("2026-01-02T03:04:05.1234567891234Z") == "2026-01-02T03:04:05.123456789Z");
  CHECK(text("2026-01-02T03:04:05.1200Z") == "2026-01-02T03:04:05.1200Z");
  for (std::string_view zone : {"+01:00", " +01:00", "+0100", " +0100", "+01"}) {
    CAPTURE(zone);
    CHECK(text("2026-01-02T03:04:05" + std::string(zone)) == "2026-01-02T02:04:05.000Z");
  }
  CHECK(text("2026-01-02T03:04:05-09:30") == "2026-01-02T12:34:05.000Z");
  CHECK(text("2026-01-02  3:04:05") == "2026-01-02T03:04:05.000Z");  // MariaDB
  CHECK(text("02.01.2026 03:04:05") == "2026-01-02T03:04:05.000Z");
  CHECK(text("25.12.2025 03:04:05") == "2025-12-25T03:04:05.000Z");
  CHECK(text("12.25.2025 03:04:05") == "2025-12-25T03:04:05.000Z");
  CHECK(text("2026-01-02 03:04:05 UTC") == "2026-01-02T03:04:05.000Z");
  CHECK(text("2026-01-02 03:04:05 GMT") == "2026-01-02T03:04:05.000Z");
  CHECK(text("2026-12-31T23:59:60Z") == "2027-01-01T00:00:00.000Z");  // a leap second
  CHECK(text("  2026-01-02T03:04:05Z\t") == "2026-01-02T03:04:05.000Z");
  CHECK(text("2024-02-29T00:00:00Z") == "2024-02-29T00:00:00.000Z");
  CHECK(text("2000-02-29T00:00:00Z") == "2000-02-29T00:00:00.000Z");
}

TEST_CASE("time: impossible ones are none") {
  for (std::string_view bad : {"2026-00-02T03:04:05Z",
                               "2026-13-02T03:04:05Z",
                               "2026-01-00T03:04:05Z",
                               "2026-01-32T03:04:05Z",
                               "2026-04-31T03:04:05Z",
                               "2026-02-29T03:04:05Z",
                               "2100-02-29T03:04:05Z",
                               "2026-01-02T24:00:00Z",
                               "2026-01-02T03:60:05Z",
                               "2026-01-02T03:04:61Z",
                               "2026-01-02",
                               "2026-01-02T",
                               "2026-01-02T03:04",
                               "2026-01-02T03:04:5Z",
                               "2026-1-2T03:04:05Z",
                               "0001-01-01T00:00:00Z",
                               "9999-12-31T23:59:59Z",
                               "2026-01/02 03:04:05",
                               "2026-01-02X03:04:05",
                               "2026-01-02T03:04:05Zx",
                               "2026-01-02T03:04:05+24:00",
                               "2026-01-02T03:04:05+01:99",
                               "2026-01-02T03:04:05.",
                               "2026-01-02T03:04:05+1",
                               "32/Jan/2026:03:04:05 +0100",
                               "02/Jam/2026:03:04:05 +0100",
                               "Feb 30 03:04:05",
                               "Jam  2 03:04:05",
                               "Jan 2 3:04:05",
                               "",
                               " ",
                               "x",
                               "now",
                               "24:00:00",
                               "12:60:00",
                               "1:02:03"}) {
    CAPTURE(bad);
    CHECK(text(bad) == "none");
  }
}

TEST_CASE("time: the forms that programs have") {
  const struct {
    std::string_view written, meant;
  } cases[] = {
      {"Fri Jan 02 03:04:05 2026", "2026-01-02T03:04:05.000Z"},
      {"Fri Jan  2 03:04:05.678901 2026", "2026-01-02T03:04:05.678901Z"},
      {"Fri Jan 2 03:04:05 PDT 2026", "2026-01-02T10:04:05.000Z"},
      {"Fri, 02 Jan 2026 03:04:05 GMT", "2026-01-02T03:04:05.000Z"},
      {"Jan 2, 2026 3:04:05 PM", "2026-01-02T15:04:05.000Z"},
      {"January 2, 2026 12:04:05 AM", "2026-01-02T00:04:05.000Z"},
      {"Mar 7 2008 19:06:53", "2008-03-07T19:06:53.000Z"},
      {"AUG 10 22:18:24 2009", "2009-08-10T22:18:24.000Z"},
      {"02-Jan-2026 03:04:05.678", "2026-01-02T03:04:05.678Z"},
      {"2 Jan 2026 03:04:05.678", "2026-01-02T03:04:05.678Z"},
      {"29 Dec 03:04:05", "2025-12-29T03:04:05.000Z"},
      {"02/Jan/2026 03:04:05", "2026-01-02T03:04:05.000Z"},
      {"01-02 03:04:05.678", "2026-01-02T03:04:05.678Z"},
      {"12.31 03:04:05", "2025-12-31T03:04:05.000Z"},
      {"20260102 03:04:05.678901", "2026-01-02T03:04:05.678901Z"},
      {"20260102-03:04:05:678", "2026-01-02T03:04:05.678Z"},
      {"20260102T030405Z", "2026-01-02T03:04:05.000Z"},
      {"2026-01-02-03.04.05.678901", "2026-01-02T03:04:05.678901Z"},
      {"2026/01/02 - 03:04:05", "2026-01-02T03:04:05.000Z"},
      {"2026-01-02 03:04:05:317 +0100", "2026-01-02T02:04:05.317Z"},
      {"2026-01-02\t03:04:05", "2026-01-02T03:04:05.000Z"},
      {"2026-01-02 03:04:05 CET", "2026-01-02T02:04:05.000Z"},
      {"3:04AM", "2026-01-02T03:04:00.000Z"},
      // Numbers: near now, else month first, unless that is no date.
      {"01/02/2026 03:04:05", "2026-01-02T03:04:05.000Z"},
      {"02/01/2026 03:04:05", "2026-01-02T03:04:05.000Z"},
      {"07/11/2022-10:29:32.251216", "2022-07-11T10:29:32.251216Z"},
      {"25/01/2022 16:19:40", "2022-01-25T16:19:40.000Z"},
      {"17/06/09 20:10:40", "2017-06-09T20:10:40.000Z"},
      {"01/25/22 16:19:40", "2022-01-25T16:19:40.000Z"},
      {"10-12-1724T23:59:60", "1724-10-13T00:00:00.000Z"},
  };
  for (const auto& each : cases) {
    CAPTURE(each.written);
    CHECK(text(each.written) == each.meant);
  }
  for (std::string_view none :
       {"Fri Jan 32 03:04:05 2026", "Jam 2 03:04:05", "January2 03:04:05", "32/01/2022 16:19:40",
        "13:04PM", "3:04", "13-01 03:04:05", "2026-01-02 03:04:05 CST", "20261302T030405Z",
        "2026-01-02 13:04:05 PM", "Fri", "01/02/2026"}) {
    CAPTURE(none);
    CHECK(text(none) == "none");
  }
}

TEST_CASE("time: Common Log Format") {
  CHECK(text("02/Jan/2026:04:04:05 +0100") == "2026-01-02T03:04:05.000Z");
  CHECK(text("02/Jan/2026:03:04:05") == "2026-01-02T03:04:05.000Z");
  CHECK(text("29/Feb/2024:00:00:00 -0000") == "2024-02-29T00:00:00.000Z");
}

TEST_CASE("time: RFC 3164 has no year") {
  CHECK(text("Jan  2 03:04:05") == "2026-01-02T03:04:05.000Z");
  CHECK(text("Jan 2 03:04:05") == "2026-01-02T03:04:05.000Z");
  CHECK(text("Jan 12 03:04:05.25") == "2025-01-12T03:04:05.250Z");
  CHECK(text("Dec 31 23:59:59") == "2025-12-31T23:59:59.000Z");
  // A clock that is ahead of ours by less than a day is in this year.
  CHECK(text("Jan  3 03:04:05") == "2026-01-03T03:04:05.000Z");
  CHECK(text("Jan  4 03:04:05") == "2025-01-04T03:04:05.000Z");
  // Seen from New Year's Eve.
  constexpr int64_t eve = 1'767'225'590'000'000'000;  // 2025-12-31T23:59:50Z
  CHECK(text("Jan  1 00:00:05", "UTC", eve) == "2026-01-01T00:00:05.000Z");
  CHECK(text("Feb 29 12:00:00") == "2024-02-29T12:00:00.000Z");
}

TEST_CASE("time: a clock alone is of the day that is nearest") {
  CHECK(text("03:04:05") == "2026-01-02T03:04:05.000Z");
  CHECK(text("03:04:04.123") == "2026-01-02T03:04:04.123Z");
  CHECK(text("23:00:00") == "2026-01-01T23:00:00.000Z");
  CHECK(text("15:00:00") == "2026-01-02T15:00:00.000Z");
  constexpr int64_t late = 1'767'398'390'000'000'000;  // 2026-01-02T23:59:50Z
  CHECK(text("00:00:05", "UTC", late) == "2026-01-03T00:00:05.000Z");
}

TEST_CASE("time: zones and clocks that are set") {
  CHECK(text("2026-01-02 03:04:05", "Europe/Berlin") == "2026-01-02T02:04:05.000Z");
  CHECK(text("2026-07-02 03:04:05", "Europe/Berlin") == "2026-07-02T01:04:05.000Z");
  // A zone of its own beats the default.
  CHECK(text("2026-07-02 03:04:05Z", "Europe/Berlin") == "2026-07-02T03:04:05.000Z");
  // Forward on 2026-03-29 at 02:00: 02:30 never is, and counts as if nothing had been set.
  CHECK(text("2026-03-29 01:59:59", "Europe/Berlin") == "2026-03-29T00:59:59.000Z");
  CHECK(text("2026-03-29 02:30:00", "Europe/Berlin") == "2026-03-29T01:30:00.000Z");
  CHECK(text("2026-03-29 03:00:00", "Europe/Berlin") == "2026-03-29T01:00:00.000Z");
  // Back on 2026-10-25 at 03:00: 02:30 is twice, and counts as the first.
  CHECK(text("2026-10-25 02:30:00", "Europe/Berlin") == "2026-10-25T00:30:00.000Z");
  CHECK(text("2026-10-25 03:00:00", "Europe/Berlin") == "2026-10-25T02:00:00.000Z");
  // By a half hour, and by 45 minutes.
  CHECK(text("2026-01-02 03:04:05", "Australia/Lord_Howe") == "2026-01-01T16:04:05.000Z");
  CHECK(text("2026-01-02 03:04:05", "Asia/Kathmandu") == "2026-01-01T21:19:05.000Z");
  CHECK_FALSE(TimeZone::find("Nowhere/Land").has_value());
  CHECK(TimeZone::find("local").has_value());
  // The clock alone is of the zone's day, not of UTC's.
  CHECK(text("04:04:05", "Europe/Berlin") == "2026-01-02T03:04:05.000Z");
}

TEST_CASE("time: numbers, by magnitude, without losing a digit") {
  CHECK(number("1767323045") == "2026-01-02T03:04:05.000Z");
  CHECK(number("1767323045.678") == "2026-01-02T03:04:05.678Z");
  CHECK(number("1767323045.678901234") == "2026-01-02T03:04:05.678901234Z");
  CHECK(number("1767323045.6789012345678") == "2026-01-02T03:04:05.678901234Z");
  CHECK(number("1767323045678") == "2026-01-02T03:04:05.678Z");
  CHECK(number("1767323045678.5") == "2026-01-02T03:04:05.6785Z");
  CHECK(number("1767323045678901") == "2026-01-02T03:04:05.678901Z");
  CHECK(number("1767323045678901234") == "2026-01-02T03:04:05.678901234Z");
  CHECK(number("1.767323045678e9") == "2026-01-02T03:04:05.678Z");
  CHECK(number("1.767323045678E+12") == "2026-01-02T03:04:05.678Z");
  CHECK(number("1767323045678e-3") == "2026-01-02T03:04:05.678Z");
  CHECK(number("0001767323045") == "2026-01-02T03:04:05.000Z");
  CHECK(number("0.1767323045e10") == "2026-01-02T03:04:05.000Z");
  CHECK(number("0.01767323045e11") == "2026-01-02T03:04:05.000Z");
  CHECK(number("0.001767323045e12") == "2026-01-02T03:04:05.000Z");
  CHECK(number("315532800") == "1980-01-01T00:00:00.000Z");
  for (std::string_view bad : {"",
                               "0",
                               "1",
                               "-1767323045",
                               "12345678",
                               "315532799",
                               "7258118400",
                               "1e400",
                               "1e2147483647",
                               "1e-2147483648",
                               "1e99999999999",
                               "1767323045x",
                               "1767323045e",
                               "1767323045e+",
                               "1767323045e+-1",
                               ".",
                               "e9",
                               "99999999999999999999",
                               "1767323045.6.7",
                               "0x69573f65"}) {
    CAPTURE(bad);
    CHECK(number(bad) == "none");
  }
}

TEST_CASE("time: how much of a line is its time") {
  CHECK(taken("2026-01-02T03:04:05Z hello") == 20);
  CHECK(taken("2026-01-02 03:04:05,678 hello") == 23);
  CHECK(taken("2026-01-02 03:04:05 - hello") == 19);
  CHECK(taken("2026-01-02 03:04:05 Zoo") == 19);
  CHECK(taken("2026-01-02 03:04:05 +0100 x") == 25);
  CHECK(taken("1767323045.678 x") == 14);
  CHECK(taken("1767323045x y") == 0);
  CHECK(taken("12345 x and more") == 0);
  CHECK(taken("03:04:05:06 x") == 0);
  CHECK(taken("Jan  2 03:04:05 box") == 15);
}
