// SPDX-License-Identifier: Apache-2.0
#include "daemon/canonical_names.h"

#include "core/canonical.h"
#include "core/clock.h"
#include "parsers/common/names.h"
#include "parsers/common/time.h"

namespace waybill::daemon {

namespace {

// Empty for a place that is no member of its own, and for parts of one.
std::string_view canonical_of(parsers::Slot slot) {
  using parsers::Slot;
  switch (slot) {
    case Slot::kTime: return "timestamp";
    case Slot::kLevel: return "level";
    case Slot::kMessage: return "message";
    case Slot::kLogger: return "logger";
    case Slot::kThread: return "thread";
    case Slot::kCaller: return "caller";
    case Slot::kService: return "service_name";
    case Slot::kTraceId: return "trace_id";
    case Slot::kSpanId: return "span_id";
    case Slot::kParentSpanId: return "parent_span_id";
    case Slot::kTraceFlags: return "trace_flags";
    case Slot::kTracestate: return "tracestate";
    case Slot::kRequestId: return "request_id";
    case Slot::kCorrelationId: return "correlation_id";
    case Slot::kTenantId: return "tenant_id";
    default: return {};
  }
}

// "t" or "s" that did not become a time or a level was never meant as one.
constexpr size_t kShortest = 2;
constexpr size_t kLongest = 31;

}  // namespace

const contract::CanonicalNames& canonical_names() {
  static const auto* names = [] {
    std::vector<contract::CanonicalNames::Name> all;
    for (const parsers::Name& name : parsers::all_names()) {
      std::string_view canonical = canonical_of(name.slot);
      size_t size = name.name.size();
      if (canonical.empty() || size < kShortest || size > kLongest) continue;
      all.push_back({name.name, canonical});
    }
    return new contract::CanonicalNames(all);
  }();
  return *names;
}

contract::TimeReader time_reader(const parsers::TimeZone& zone) {
  return [zone = zone](std::string_view text, JsonType type) mutable -> std::optional<std::string> {
    auto time = type == JsonType::kNumber ? parsers::time_of_number(text)
                                          : parsers::time_of_text(text, zone, wall_now());
    if (!time) return std::nullopt;
    char written[32];
    return std::string(written, write_rfc3339(time->ns, time->digits, written));
  };
}

}  // namespace waybill::daemon
