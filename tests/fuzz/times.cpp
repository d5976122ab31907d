// SPDX-License-Identifier: Apache-2.0
// Times in text and numbers: any bytes are read or refused, and what was read, written out and
// read again, is the same moment.
#include "parsers/common/time.h"

#include "core/canonical.h"
#include "core/check.h"
#include "tests/fuzz/target.h"

namespace waybill::fuzz {

namespace {

using namespace waybill::parsers;

constexpr int64_t kNow = 1'767'323'045'000'000'000;  // 2026-01-02T03:04:05Z

TimeZone zone_of(const char* name) {
  auto zone = TimeZone::find(name);
  return zone ? *zone : TimeZone();
}

void check(const std::optional<Time>& time, size_t size) {
  if (!time) return;
  FUZZ_CHECK(time->digits >= 3 && time->digits <= 9);
  FUZZ_CHECK(time->size > 0 && time->size <= size);
  char text[40];
  char* end = write_rfc3339(time->ns, time->digits, text);
  FUZZ_CHECK(end - text == 21 + time->digits);
  TimeZone utc;
  auto again = time_of_text({text, static_cast<size_t>(end - text)}, utc, kNow);
  // The zone may have moved the first or last day of the years that are taken.
  constexpr int64_t kYear1680 = -9'151'488'000, kYear2261 = 9'183'110'400, kDay = 86'400;
  int64_t second = time->ns / 1'000'000'000;
  if (second < kYear1680 + kDay || second > kYear2261 - kDay) return;
  FUZZ_CHECK(again.has_value());
  FUZZ_CHECK(again->ns == time->ns && again->digits == time->digits);
}

}  // namespace

void times(std::string_view input) {
  static TimeZone utc;
  static TimeZone berlin = zone_of("Europe/Berlin");
  for (TimeZone* zone : {&utc, &berlin}) {
    check(time_at_start(input, *zone, kNow), input.size());
    auto whole = time_of_text(input, *zone, kNow);
    check(whole, input.size());
  }
  check(time_of_number(input), input.size());
}

}  // namespace waybill::fuzz
