// SPDX-License-Identifier: Apache-2.0
#include "contract/decimal.h"

#include <doctest/doctest.h>

#include <string>

namespace {

using waybill::contract::compare;
using waybill::contract::Decimal;
using waybill::contract::Divisor;

int order(const char* a, const char* b) {
  auto found = compare(Decimal(a), Decimal(b));
  return found < 0 ? -1 : found > 0 ? 1 : 0;
}

}  // namespace

TEST_CASE("decimal: numbers are compared by what they mean") {
  for (const char* one : {"1", "1.0", "1.000", "10e-1", "0.1e1", "0.01E+2", "100e-2"}) {
    CAPTURE(one);
    CHECK(order(one, "1") == 0);
    CHECK(Decimal(one).hash() == Decimal("1").hash());
    CHECK(Decimal(one).is_integer());
    CHECK(Decimal(one).small() == 1);
  }
  CHECK(order("-0", "0") == 0);
  CHECK(order("0.0e99", "0") == 0);
  CHECK(Decimal("-0.0").hash() == Decimal("0").hash());
  CHECK(order("9007199254740993", "9007199254740992") > 0);
  CHECK(order("0.1", "0.10000000000000000000000000000000001") < 0);
  CHECK(order("-2", "-1") < 0);
  CHECK(order("-1", "1") < 0);
  CHECK(order("1e400", "9e399") > 0);
  CHECK(order("-1e400", "-9e399") < 0);
  CHECK(order("123", "1230e-1") == 0);
  CHECK(order("99", "100") < 0);
}

TEST_CASE("decimal: exponents beyond any machine's") {
  CHECK(order("1e99999999999999999999", "1e9") > 0);
  CHECK(order("1e-99999999999999999999", "1e-9") < 0);
  CHECK(order("1e-99999999999999999999", "0") > 0);
  CHECK(Decimal("1e99999999999999999999").is_integer());
  CHECK(!Decimal("1e-99999999999999999999").is_integer());
  CHECK(!Decimal("1e99").small().has_value());
}

TEST_CASE("decimal: integers") {
  CHECK(Decimal("1.5e1").is_integer());
  CHECK(!Decimal("1.55e1").is_integer());
  CHECK(Decimal("999999999999999999").small() == 999999999999999999);
  CHECK(!Decimal("1000000000000000000").small().has_value());
  CHECK(Decimal("-12e3").small() == -12000);
}

TEST_CASE("decimal: multiples are exact") {
  auto divides = [](const char* divisor, const char* number) {
    return Divisor(Decimal(divisor)).divides(Decimal(number));
  };
  CHECK(divides("0.01", "19.99"));
  CHECK(divides("0.0001", "0.0075"));
  CHECK(!divides("0.01", "19.999"));
  CHECK(divides("1.5", "4.5"));
  CHECK(!divides("1.5", "35"));
  CHECK(divides("2", "-10"));
  CHECK(divides("2", "0"));
  CHECK(divides("1e-8", "12391239123"));
  CHECK(divides("10", "1e300"));
  CHECK(!divides("7", "1e300"));
  CHECK(divides("0.5", "1e308"));
  CHECK(!divides("100", "10"));
  CHECK(divides("3", "111111111111111111111111111111111111111111111111111111111111"));
  CHECK(!divides("3", "111111111111111111111111111111111111111111111111111111111112"));
  // 37 digits, twice.
  std::string big = "1000000000000000000000000000000000007";
  CHECK(divides(big.c_str(), "2000000000000000000000000000000000014"));
  CHECK(divides(big.c_str(), (big + "00000").c_str()));
  CHECK(!divides(big.c_str(), "2000000000000000000000000000000000015"));
}
