// SPDX-License-Identifier: Apache-2.0
#include "parsers/multiline/look.h"

#include <doctest/doctest.h>

#include <string_view>

using namespace waybill::parsers::multiline;

TEST_CASE("look: where a record begins") {
  const std::string_view timed[] = {
      "2026-01-02T03:04:05Z x",
      "2026/01/02 03:04:05 x",
      "02/Jan/2026:03:04:05 +0000 x",
      "02-Jan-2026 03:04:05.678 INFO x",
      "01/25/2026 16:19:40 x",
      "03:04:05.678 [main] x",
      "03-17 16:13:38.811  1702  2395 D x",
      "081109 203615 148 INFO x",
      "1767323045.678 x",
      "1767323045678 x",
      "Jan  2 03:04:05 host x",
      "Thu Jan  2 03:04:05 2026 x",
      "Thu, 02 Jan 2026 03:04:05 GMT x",
      "I0102 03:04:05.678901    7 x.go:1] x",
      "[2026-01-02 03:04:05,678] x",
      "[ 2026-01-02 03:04:05 ] x",
      "[2026-01-02, 03:04:05 UTC] {x.py:71} ERROR - x",
      "  2026-01-02 03:04:05 right-aligned",
      "\x1b[32m2026-01-02T03:04:05Z\x1b[0m x",
      "2 Jan 03:04:05 ntpd[71]: x",
      "1/2/2026, 3:04:05 AM x",
      "02-Jan-26 03:04:05 ERROR x",
      "01/02-03:04:05.678901  [**] x",
      "[W 2026-01-02 03:04:05.678 ServerApp] x",
      "[E 260102 03:04:05 web:1] x",
      "[GIN] 2026/01/02 - 03:04:05 | 200 | x",
      "[71] 2026/01/02 03:04:05.678901 [WRN] x",
      "[Nest] 12345  - 10/10/2023, 1:55:37 PM   ERROR [ExceptionsHandler] x",
      "[Nest] 71  - \x1b[39m01/02/2026, 3:04:05 AM \x1b[31m  ERROR\x1b[39m x",
      "1.7673230451234567e+09\tERROR\tsetup\tx",
      "[1767323045] SERVICE ALERT: x",
      "71:M 02 Jan 2026 03:04:05.678 # x",
      "71:signal-handler (1767323045) Received SIGINT scheduling shutdown...",
      "I, [2026-01-02T03:04:05.678901 #71]  INFO -- : x",
  };
  for (std::string_view line : timed) {
    CAPTURE(line);
    CHECK(look_at(line) == Look::kTimed);
  }
  const std::string_view fresh[] = {
      "ERROR: x",
      "WARN  [main] x",
      "[INFO] x",
      "<34>x",
      "[    0.000000] Linux",
      "[error] x",
      "[GIN-debug] GET    /cart",
      "W/Cart( 1234): x",
      "fail: Shop.Cart[13]",
      "END RequestId: 8f5e8c2e",
  };
  for (std::string_view line : fresh) {
    CAPTURE(line);
    CHECK(look_at(line) == Look::kFresh);
  }
  for (std::string_view line : {"level=info x=1", "ts=1 x", "type=SYSCALL x", "10.0.0.1 - - [x"}) {
    CAPTURE(line);
    CHECK(look_at(line) == Look::kWhole);
  }
}

TEST_CASE("look: what may go on with the line before") {
  const std::string_view plain[] = {
      "hello",
      "Caused by: x",
      "Traceback (most recent call last):",
      "goroutine 1 [running]:",
      "{x} y",
      "[0] first",
      "#0 main",
      "Information is power",
      "INFOrmal",
      "FAIL test_a",
      "FAIL\tshop.example/cart 0.1s",
      "SUCCESS test_a",
      "12 monkeys",
      "12:M 02 monkeys",
      "[1767323045678] x",
      "[main] 12 monkeys",
      "[main] 12 - monkeys",
      "1.5e+09 is much",
      "W/o a tag (12): x",
      "fail: to say [13]",
      "END of it: x",
      "Marching on",
      "Mayor: x",
      "}",
      "[signal SIGSEGV]",
      "1.2.3 is out",
      "\x1b[31mred\x1b[0m",
  };
  for (std::string_view line : plain) {
    CAPTURE(line);
    CHECK(look_at(line) == Look::kPlain);
  }
  CHECK(look_at("\tat a.b.C") == Look::kIndented);
  CHECK(look_at("   \t ") == Look::kBlank);
  CHECK(look_at("") == Look::kBlank);
  CHECK(look_at(R"({"a":1})") == Look::kWhole);
  CHECK(look_at(R"({"a":1}  )") == Look::kWhole);
  CHECK(look_at(R"( {"a":1})") == Look::kWhole);
  CHECK(look_at("{") == Look::kJsonBegin);
  CHECK(look_at(R"({ "a": [)") == Look::kJsonBegin);
}

TEST_CASE("look: a clock, or the seconds since 1970, anywhere in the line") {
  for (std::string_view line : {"03:04", "x [02/Jan/2026:03:04:05 +0000]", "at 1:03:04",
                                "- 1767323045 x", "1767323045", "123 456789012 1234567890"}) {
    CAPTURE(line);
    CHECK(may_have_time(line));
  }
  for (std::string_view line : {"", ":", "12:", ":12", "3:04", "x:04:y", "12: 34", "12:3",
                                "123456789 123456789 12345678", "12-456-890-234"}) {
    CAPTURE(line);
    CHECK_FALSE(may_have_time(line));
  }
}

TEST_CASE("look: headers that speak of trouble") {
  const std::string_view trouble[] = {"2026-01-02 03:04:05 ERROR x",
                                      "2026-01-02 03:04:05 [error] x",
                                      "2026-01-02T03:04:05.678901Z [error    ] x",
                                      "2026-01-02T03:04:05.678901Z [warning  ] x",
                                      "E0102 03:04:05.1 7 x.go:1] x",
                                      "time=1 level=warning msg=x",
                                      "03:04:05 |Fatal| x",
                                      "2026-01-02 error: x",
                                      "[2026-01-02T03:04:05][WARN ][x]"};
  for (std::string_view line : trouble) {
    CAPTURE(line);
    CHECK(speaks_of_trouble(line));
  }
  const std::string_view peace[] = {
      "2026-01-02 03:04:05 INFO x", "I0102 03:04:05.1 7 x.go:1] x", "",
      "2026-01-02 03:04:05 INFO this sentence is so long that it speaks of an error only "
      "at its end"};
  for (std::string_view line : peace) {
    CAPTURE(line);
    CHECK_FALSE(speaks_of_trouble(line));
  }
}
