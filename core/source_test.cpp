// SPDX-License-Identifier: Apache-2.0
// Source, ids, results: the small things of core/.
#include "core/source.h"

#include <doctest/doctest.h>

#include <cerrno>
#include <memory>
#include <set>
#include <string>

#include "core/result.h"

using namespace waybill;

TEST_CASE("source: numbers and random ids differ, hex is lower case") {
  CHECK(next_source_number() != next_source_number());
  std::set<Id128> ids;
  for (int i = 0; i < 100; ++i) ids.insert(random_id());
  CHECK(ids.size() == 100);
  Id128 id{};
  id[0] = 0xAB;
  id[15] = 0x0F;
  CHECK(hex(id) == "ab00000000000000000000000000000f");
  CHECK(trace_origin_name(TraceOrigin::kNone).empty());
  CHECK(trace_origin_name(TraceOrigin::kInherited) == "inherited");
}

TEST_CASE("result: a value or an error") {
  Result<std::unique_ptr<int>> good = std::make_unique<int>(5);
  CHECK(good.has_value());
  CHECK(**good == 5);
  std::unique_ptr<int> moved = std::move(good).value();
  CHECK(*moved == 5);
  Result<int> bad = Error{Action::kRetry, "it: failed"};
  CHECK_FALSE(bad);
  CHECK(std::move(bad).error().within("layer").what == "layer: it: failed");
  Result<void> fine;
  CHECK(fine.has_value());
  Result<void> wrong = errno_error("/x", ENOENT, Action::kFixConfig);
  REQUIRE_FALSE(wrong.has_value());
  CHECK(wrong.error().what == "/x: No such file or directory");
  CHECK(wrong.error().action == Action::kFixConfig);
}
