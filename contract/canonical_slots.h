// SPDX-License-Identifier: Apache-2.0
// The keys that a record has in its canonical form, as a schema sees them: each has a number, so
// that a program knows its rule for it without looking the name up.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace waybill::contract {

// In the order in which a record is shown (docs/ARCHITECTURE.md, "The record").
enum class Slot : uint8_t {
  kTimestamp,
  kLevel,
  kServiceName,
  kTraceId,
  kSpanId,
  kTraceFlags,
  kParentSpanId,
  kTracestate,
  kRequestId,
  kCorrelationId,
  kTenantId,
  kMessage,
  kLogger,
  kThread,
  kCaller,
  kError,
  kContext,
  kNone,  // any other key
};
constexpr size_t kSlots = static_cast<size_t>(Slot::kNone);

constexpr std::array<std::string_view, kSlots> kSlotNames = {
    "timestamp",      "level",      "service_name", "trace_id",       "span_id",   "trace_flags",
    "parent_span_id", "tracestate", "request_id",   "correlation_id", "tenant_id", "message",
    "logger",         "thread",     "caller",       "error",          "context"};

constexpr uint32_t slot_bit(Slot slot) { return 1u << static_cast<unsigned>(slot); }
constexpr std::string_view slot_name(Slot slot) { return kSlotNames[static_cast<size_t>(slot)]; }

}  // namespace waybill::contract
