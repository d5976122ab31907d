// SPDX-License-Identifier: Apache-2.0
#include "parsers/common/names.h"

#include <doctest/doctest.h>

#include <cstring>
#include <string>

using namespace waybill::parsers;

namespace {

const Name* find(std::string_view key) {
  char padded[128] = {};
  REQUIRE(key.size() + 8 <= sizeof padded);
  // What stands behind the key must not matter.
  std::memset(padded, 'x', sizeof padded);
  std::memcpy(padded, key.data(), key.size());
  return find_name({padded, key.size()});
}

}  // namespace

TEST_CASE("names: every name of contracts is found, with its slot") {
  struct Case {
    const char* names;
    Slot slot;
  };
  const Case cases[] = {
      {"ts time timestamp @timestamp @t Timestamp asctime timeMillis T", Slot::kTime},
      {"level severity log.level lvl @l LogLevel levelname L PRIORITY", Slot::kLevel},
      {"msg message @message @m @mt Message short_message event MESSAGE M", Slot::kMessage},
      {"trace_id traceId traceID TraceId trace.id traceid trace otelTraceID otel.trace_id "
       "dd.trace_id @tr logging.googleapis.com/trace trace-id X-B3-TraceId b3.traceid "
       "mdc.trace_id contextMap.trace_id labels.trace_id trace_context.trace_id",
       Slot::kTraceId},
      {"span_id spanId SpanId span.id otelSpanID dd.span_id @sp logging.googleapis.com/spanId",
       Slot::kSpanId},
      {"trace_flags traceFlags trace_sampled otelTraceSampled logging.googleapis.com/trace_sampled",
       Slot::kTraceFlags},
      {"service_name service.name serviceName otelServiceName dd.service", Slot::kService},
  };
  for (const Case& each : cases) {
    std::string names = each.names;
    uint8_t lowest = 255;
    for (size_t at = 0; at < names.size();) {
      size_t end = std::min(names.find(' ', at), names.size());
      std::string key = names.substr(at, end - at);
      CAPTURE(key);
      const Name* name = find(key);
      REQUIRE(name != nullptr);
      CHECK(name->name == key);
      CHECK(name->slot == each.slot);
      if (at == 0) lowest = name->rank;
      CHECK(name->rank >= lowest);  // the first of each row goes before the others
      at = end + 1;
    }
  }
}

TEST_CASE("names: nothing else is") {
  for (std::string_view key : {"", "a", "Level ", "levels", "LEVEL", "msgs", "trace_id_2", "log.",
                               ".level", "error.", "trac", "timestamps"}) {
    CAPTURE(key);
    CHECK(find(key) == nullptr);
  }
}
