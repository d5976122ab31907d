// SPDX-License-Identifier: Apache-2.0
#include "metrics/amount.h"

#include <doctest/doctest.h>

using namespace waybill;
using namespace waybill::metrics;

namespace {

using Kind = FieldValue::Kind;

std::optional<double> amount(std::string_view text, Unit unit, Kind kind = Kind::kText) {
  FieldValue value;
  value.kind = kind;
  value.text = text;
  return amount_of(value, unit);
}

}  // namespace

TEST_CASE("amount: bare numbers are in the unit that was said, times come out in seconds") {
  CHECK(amount("250", Unit::kMilliseconds, Kind::kNumber).value() == doctest::Approx(0.25));
  CHECK(amount("250", Unit::kMicroseconds).value() == doctest::Approx(0.00025));
  CHECK(amount("5e8", Unit::kNanoseconds, Kind::kNumber).value() == doctest::Approx(0.5));
  CHECK(amount("35", Unit::kMilliseconds).value() == 0.035);
  CHECK(amount("35ms", Unit::kNone).value() == 0.035);
  CHECK(amount("1.5", Unit::kSeconds).value() == 1.5);
  CHECK(amount("4096", Unit::kBytes).value() == 4096);
  CHECK(amount("-7", Unit::kNone).value() == -7);
}

TEST_CASE("amount: a unit in the text beats the one that was said") {
  CHECK(amount("38ms", Unit::kSeconds).value() == doctest::Approx(0.038));
  CHECK(amount("38 ms", Unit::kNone).value() == doctest::Approx(0.038));
  CHECK(amount("1h2m3.5s", Unit::kMilliseconds).value() == doctest::Approx(3723.5));
  CHECK(amount("7\xC2\xB5s", Unit::kNone).value() == doctest::Approx(7e-6));
  CHECK(amount("2min", Unit::kNone).value() == 120);
  CHECK(amount("-2s", Unit::kNone).value() == -2);
}

TEST_CASE("amount: what is no number is none") {
  for (std::string_view bad : {"", "-", "ms", "12 parsecs", "1s2", "1s-2s", "1,5", "0x10", "nan",
                               "inf", "1e999", "12ms!"}) {
    CAPTURE(bad);
    CHECK_FALSE(amount(bad, Unit::kSeconds).has_value());
  }
  CHECK_FALSE(amount("12ms", Unit::kBytes).has_value());
  CHECK_FALSE(amount("1", Unit::kNone, Kind::kBool).has_value());
  CHECK_FALSE(amount("1", Unit::kNone, Kind::kMissing).has_value());
}

TEST_CASE("amount: names say units") {
  CHECK(unit_of_name("took_ms") == Unit::kMilliseconds);
  CHECK(unit_of_name("durationMs") == Unit::kMilliseconds);
  CHECK(unit_of_name("http_seconds") == Unit::kSeconds);
  CHECK(unit_of_name("body_bytes") == Unit::kBytes);
  CHECK(unit_of_name("latency_ns") == Unit::kNanoseconds);
  CHECK(unit_of_name("took") == Unit::kNone);
  CHECK(unit_of_name("_ms") == Unit::kNone);
}
