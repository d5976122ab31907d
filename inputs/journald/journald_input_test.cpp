// SPDX-License-Identifier: Apache-2.0
// What needs no journal; tests/e2e/test_journald_input.py has real ones.
#include "inputs/journald/journald_input.h"

#include <doctest/doctest.h>

#include "inputs/test_support.h"

using namespace waybill::inputs;
using namespace waybill::inputs::journald;

TEST_CASE("journald: without libsystemd the start says what to install") {
  auto api = load_journal_api("libsystemd-of-another-world.so");
  REQUIRE_FALSE(api.has_value());
  CHECK(api.error().what.starts_with("journald is read with libsystemd, which cannot be loaded ("));
  CHECK(api.error().what.ends_with("): install it, as with `apt-get install libsystemd0`"));
}

TEST_CASE("journald: a library without what we need says what it lacks") {
  auto api = load_journal_api("libm.so.6");
  REQUIRE_FALSE(api.has_value());
  CHECK(api.error().what.ends_with(": libsystemd 209 or newer is needed"));
}

TEST_CASE("journald: a folder that is not there ends the start") {
  testing::Bench bench;
  JournaldInput input(JournaldSettings{"/nonexistent/journal", {}, StartAt::kEnd});
  auto started = input.start(bench.context(), bench.on_end());
  REQUIRE_FALSE(started.has_value());
  CHECK(started.error().what == "cannot open /nonexistent/journal: No such file or directory");
}
