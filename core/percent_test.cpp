// SPDX-License-Identifier: Apache-2.0
#include "core/percent.h"

#include <doctest/doctest.h>

using namespace waybill;

TEST_CASE("percent: escapes are decoded in either case of their digits") {
  CHECK(percent_decoded("a%20b%2Fc%2f") == "a b/c/");
  CHECK(percent_decoded("%25%00").value() == std::string("%\0", 2));
  CHECK(percent_decoded("").value().empty());
}

TEST_CASE("percent: a sign without two digits is an error, or stands for itself") {
  for (const char* text : {"%", "%2", "%zz", "a%2", "%2g", "100%"}) {
    CAPTURE(text);
    CHECK_FALSE(percent_decoded(text));
    CHECK(percent_decoded_loosely(text) == text);
  }
  CHECK(percent_decoded_loosely("%%41%4") == "%A%4");
}

TEST_CASE("percent: what is encoded comes back, whatever the bytes") {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  CHECK(percent_decoded(percent_encoded(all)) == all);
  CHECK(percent_encoded("a-b._~/é") == "a-b._~%2F%C3%A9");
  CHECK(percent_encoded("/a b", "/") == "/a%20b");
}
