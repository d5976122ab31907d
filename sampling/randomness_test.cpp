// SPDX-License-Identifier: Apache-2.0
#include "sampling/randomness.h"

#include <doctest/doctest.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>

#include "core/source.h"

namespace waybill::sampling {

namespace {

using From = Randomness::From;

Record traced(std::string_view id, std::string_view tracestate = {}) {
  Record record;
  record.trace_id = Text(id, TextForm::kClean);
  record.trace_origin = TraceOrigin::kField;
  if (!tracestate.empty()) record.tracestate = Text(tracestate, TextForm::kClean);
  return record;
}

}  // namespace

TEST_CASE("randomness: the threshold of a probability") {
  CHECK(threshold_of(1) == 0);
  CHECK(threshold_of(0) == kSpace);
  CHECK(threshold_of(0.5) == 0x80000000000000u);
  CHECK(threshold_of(0.25) == 0xc0000000000000u);
  // The example of OpenTelemetry's specification for 10 %: e6666666666666 after rounding.
  CHECK((threshold_of(0.1) >> 4) == 0xe666666666666u);
  CHECK(threshold_of(1e-30) == kSpace - 1);
  CHECK(rate_of(0) == 1);
  CHECK(rate_of(threshold_of(0.25)) == 4);
  CHECK(rate_of(threshold_of(0.1)) == doctest::Approx(10).epsilon(1e-12));
}

TEST_CASE("randomness: what a tracestate says") {
  CHECK(*otel_state("ot=th:c").threshold == 0xc0000000000000u);
  CHECK(*otel_state("ot=th:0").threshold == 0);
  CHECK(*otel_state("a=b, ot=rv:9b8233f7e3a151;th:8 ,c=d").threshold == 0x80000000000000u);
  CHECK(*otel_state("a=b,ot=rv:9b8233f7e3a151").randomness == 0x9b8233f7e3a151u);
  for (std::string_view text : {"", "ot=", "ot=th:", "ot=th:xyz", "ot=th:123456789012345",
                                "ot=rv:9b82", "ot=rv:9B8233F7E3A151", "xot=th:c", "ot=t:c"}) {
    CAPTURE(text);
    CHECK_FALSE(otel_state(text).threshold);
    CHECK_FALSE(otel_state(text).randomness);
  }
}

TEST_CASE("randomness: by tracestate, trace id, request id, the record's own id") {
  Record record = traced("4bf92f3577b34da6a3ce929d0e0e4736", "ot=rv:9b8233f7e3a151;th:8");
  CHECK(randomness_of(record).value == 0x9b8233f7e3a151u);
  CHECK(randomness_of(record).from == From::kTraceState);
  record = traced("4bf92f3577b34da6a3ce929d0e0e4736", "ot=th:8");
  CHECK(randomness_of(record).value == 0xce929d0e0e4736u);
  CHECK(randomness_of(record).from == From::kTraceId);
  // Flags change nothing: not every sidecar sees them.
  record.trace_flags = 3;
  CHECK(randomness_of(record).value == 0xce929d0e0e4736u);

  // An id that was counted says nothing by its digits.
  record = traced("00000000000000000000000000000007");
  CHECK(randomness_of(record).from == From::kTraceHash);
  uint64_t of_seven = randomness_of(record).value;
  CHECK(of_seven < kSpace);
  CHECK(randomness_of(traced("00000000000000000000000000000008")).value != of_seven);
  CHECK(randomness_of(traced("00000000000000000000000000000007")).value == of_seven);

  // A trace that was made up for a whole run takes no part.
  record = traced("4bf92f3577b34da6a3ce929d0e0e4736");
  record.trace_origin = TraceOrigin::kGenerated;
  record.request_id = Text(std::string_view("r-1"), TextForm::kClean);
  CHECK(randomness_of(record).from == From::kRequest);
  uint64_t of_request = randomness_of(record).value;
  record.id = random_id();
  CHECK(randomness_of(record).value == of_request);
  record.request_id = {};
  CHECK(randomness_of(record).from == From::kRecord);
}

TEST_CASE("randomness: as many are kept as the probability says, of whatever ids") {
  std::mt19937_64 draw(7);
  for (double probability : {0.01, 0.1, 0.5, 0.9}) {
    CAPTURE(probability);
    const uint64_t threshold = threshold_of(probability);
    constexpr int kAll = 20000;
    int drawn = 0, counted = 0;
    for (int i = 0; i < kAll; ++i) {
      char id[33];
      std::snprintf(id, sizeof id, "%016llx%016llx", static_cast<unsigned long long>(draw()),
                    static_cast<unsigned long long>(draw()));
      drawn += randomness_of(traced({id, 32})).value >= threshold ? 1 : 0;
      std::snprintf(id, sizeof id, "%032x", i + 1);
      counted += randomness_of(traced({id, 32})).value >= threshold ? 1 : 0;
    }
    double most = 5 * std::sqrt(kAll * probability * (1 - probability));
    CHECK(std::abs(drawn - kAll * probability) < most);
    CHECK(std::abs(counted - kAll * probability) < most);
  }
}

}  // namespace waybill::sampling
