// SPDX-License-Identifier: Apache-2.0
// The key names under which log libraries write what a record has a place for.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace waybill::parsers {

// A place of the record that a key of the line may fill.
enum class Slot : uint8_t {
  kTime,
  kDate,       // a day beside a kTime that has only the hour, or a whole time
  kTimeZone,   // of these two
  kTimeNanos,  // the part below a second, beside kTime (log4j2's instant, GCP's timestampNanos)
  kLevel,
  kMessage,
  kLogger,
  kLoggerOfNumericLevel,  // `name`: bunyan's and pino's logger, anybody else's own field
  kThread,
  kCaller,
  kCallerFile,
  kCallerLine,
  kService,
  kTraceparent,
  kTraceId,
  kSpanId,
  kParentSpanId,
  kTraceFlags,
  kTracestate,
  kBaggage,
  kRequestId,
  kCorrelationId,
  kTenantId,
  kErrorKind,
  kErrorType,
  kErrorCode,
  kErrorMessage,
  kErrorStack,
  kOwnContext,  // a line's own `context` object
  kRecordId,    // the keys of a line that is a Waybill record already
  kRecordSource,
  kRecordSourceInput,
  kRecordResource,
  kRecordRate,
  kRecordSchemaErrors,
  kRecordTraceOrigin,
  kInside,  // no place itself: an object with names inside, as "log" of "log.level"
  kCount,
};
constexpr size_t kSlotCount = static_cast<size_t>(Slot::kCount);

// How a value is read where the name decides it.
enum class Reading : uint8_t {
  kUsual,
  kSyslogSeverity,  // 0 emergency … 7 debug
  kDecimalId,       // Datadog: an unsigned 64-bit number in decimal
  kEpochMicros,     // journald
  kLogback,         // 5000 trace … 40000 error
  kOpenTelemetry,   // SeverityNumber 1 to 24
};

struct Name {
  std::string_view name;  // flat key, or path through objects with dots between
  Slot slot;
  uint8_t rank;  // of several names for one slot, the lowest that the line has fills it
  Reading reading = Reading::kUsual;
};

// Of Slot::kErrorStack: from this rank on the names hold an exception as text, which may be a trace
// or no more than a message.
constexpr uint8_t kExceptionText = 9;

// All of them.
std::span<const Name> all_names();
// The name `key`, or null. `key` has 8 readable bytes behind its beginning.
const Name* find_name(std::string_view key);

}  // namespace waybill::parsers
