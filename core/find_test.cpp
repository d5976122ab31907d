// SPDX-License-Identifier: Apache-2.0
#include "core/find.h"

#include <doctest/doctest.h>

#include <string>

using waybill::find_short;

TEST_CASE("find: what string_view finds, in every place of texts of every size") {
  for (std::string_view needle : {"ab", "abc", "aab", "race", "--"}) {
    for (size_t size = 0; size < 70; ++size) {
      for (size_t place = 0; place <= size; ++place) {
        std::string text(size, needle[0]);
        text.replace(place, needle.size(), needle);
        text.resize(size);
        for (size_t from : {size_t{0}, place, place + 1}) {
          CAPTURE(text);
          CAPTURE(from);
          REQUIRE(find_short(text, needle, from) == std::string_view(text).find(needle, from));
        }
      }
    }
  }
}
