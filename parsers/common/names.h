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
  kInside,     // no place itself: an object with names inside, as "log" of "log.level"; or a sign
  kOfDialect,  // a name in the lines of some programs alone: row `rank` of dialect_names()
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
  kMongo,           // D1 to D5 are debug
  kFileAndLine,     // a file's name with ":7" behind it, and nothing else
};

// By which names a line gives away who wrote it (dialects.h): a bit each.
namespace sign {
constexpr uint32_t kPython = 1 << 0;
constexpr uint32_t kLoguru = 1 << 1;
constexpr uint32_t kMonolog = 1 << 2;
constexpr uint32_t kMongo = 1 << 3;
constexpr uint32_t kOpenTelemetry = 1 << 4;
constexpr uint32_t kElasticsearch = 1 << 5;
constexpr uint32_t kEnvoy = 1 << 6;
constexpr uint32_t kKong = 1 << 7;
constexpr uint32_t kFalco = 1 << 8;
constexpr uint32_t kOkta = 1 << 9;
constexpr uint32_t kMysql = 1 << 10;
constexpr uint32_t kKatip = 1 << 11;
constexpr uint32_t kRust = 1 << 12;
constexpr uint32_t kLogrus = 1 << 13;
constexpr uint32_t kSemanticLogger = 1 << 14;  // Ruby
constexpr uint32_t kBunyan = 1 << 15;  // pino, too: a level in tens, or a process and a host
constexpr uint32_t kLogback = 1 << 16;
constexpr uint32_t kLiberty = 1 << 17;
constexpr uint32_t kLog4js = 1 << 18;
constexpr uint32_t kTslog = 1 << 19;
constexpr uint32_t kApisix = 1 << 20;
constexpr uint32_t kKubernetesEvent = 1 << 21;
constexpr uint32_t kPythonCaller = 1 << 22;
constexpr uint32_t kClickHouse = 1 << 23;
constexpr uint32_t kNxlog = 1 << 24;  // of Windows' events
}  // namespace sign

struct Name {
  std::string_view name;  // flat key, or path through objects with dots between
  Slot slot;
  uint8_t rank;  // of several names for one slot, the lowest that the line has fills it
  Reading reading = Reading::kUsual;
  uint32_t signs = 0;
};

// Of Slot::kErrorStack: from this rank on the names hold an exception as text, which may be a trace
// or no more than a message.
constexpr uint8_t kExceptionText = 9;

// Of Slot::kLevel: from this rank on the names may be a setting that prose tells of
// ("started with log_level=debug").
constexpr uint8_t kLevelOrSetting = 22;

// All of them.
std::span<const Name> all_names();
// The name `key`, or null. `key` has 8 readable bytes behind its beginning.
const Name* find_name(std::string_view key);

}  // namespace waybill::parsers
