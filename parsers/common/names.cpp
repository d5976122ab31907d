// SPDX-License-Identifier: Apache-2.0
#include "parsers/common/names.h"

#include <array>
#include <cstring>

#include "core/check.h"

namespace waybill::parsers {

namespace {

// Ranks follow docs/formats.md: zap, zerolog, logrus, slog, bunyan, pino, winston, log4j2, ECS,
// GCP, logback, Serilog, .NET, GELF, Rust, Python, journald.
constexpr std::array kNames = {
    Name{"ts", Slot::kTime, 0},
    Name{"time", Slot::kTime, 1},
    Name{"timestamp", Slot::kTime, 2},
    Name{"instant", Slot::kInside, 0},
    Name{"instant.epochSecond", Slot::kTime, 3},
    Name{"instant.nanoOfSecond", Slot::kTimeNanos, 0},
    Name{"timeMillis", Slot::kTime, 4},
    Name{"@timestamp", Slot::kTime, 5},
    Name{"timestampSeconds", Slot::kTime, 6},
    Name{"timestampNanos", Slot::kTimeNanos, 1},
    Name{"timestamp.seconds", Slot::kTime, 6},
    Name{"timestamp.nanos", Slot::kTimeNanos, 1},
    Name{"@t", Slot::kTime, 7},
    Name{"Timestamp", Slot::kTime, 8},
    Name{"asctime", Slot::kTime, 9},
    Name{"datetime", Slot::kTime, 10},
    Name{"T", Slot::kTime, 11},
    Name{"record.time.timestamp", Slot::kTime, 12},
    Name{"record.time", Slot::kInside, 0},
    Name{"eventTime", Slot::kTime, 14},
    Name{"event_time", Slot::kTime, 15},
    Name{"unixTime", Slot::kTime, 16},
    Name{"t", Slot::kTime, 17},        // Grafana
    Name{"t.$date", Slot::kTime, 18},  // MongoDB
    Name{"date", Slot::kDate, 0},
    Name{"Date", Slot::kDate, 1},
    Name{"tz", Slot::kTimeZone, 0},
    Name{"timezone", Slot::kTimeZone, 1},  // Sophos
    Name{"__REALTIME_TIMESTAMP", Slot::kTime, 13, Reading::kEpochMicros},

    Name{"level", Slot::kLevel, 0},
    Name{"severity", Slot::kLevel, 1},
    Name{"log.level", Slot::kLevel, 2},
    Name{"lvl", Slot::kLevel, 3},
    Name{"@l", Slot::kLevel, 4},
    Name{"LogLevel", Slot::kLevel, 5},
    Name{"levelname", Slot::kLevel, 6},
    Name{"record.level.name", Slot::kLevel, 7},
    Name{"record.level", Slot::kInside, 0},
    Name{"level_name", Slot::kLevel, 8},
    Name{"loglevel", Slot::kLevel, 9},
    Name{"Level", Slot::kLevel, 10},
    Name{"L", Slot::kLevel, 11},
    Name{"severityText", Slot::kLevel, 12},
    Name{"severity_text", Slot::kLevel, 13},
    Name{"SeverityText", Slot::kLevel, 20},
    Name{"s", Slot::kLevel, 15},  // MongoDB
    Name{"PRIORITY", Slot::kLevel, 14, Reading::kSyslogSeverity},
    Name{"severityNumber", Slot::kLevel, 16, Reading::kOpenTelemetry},
    Name{"severity_number", Slot::kLevel, 17, Reading::kOpenTelemetry},
    Name{"SeverityNumber", Slot::kLevel, 21, Reading::kOpenTelemetry},
    Name{"level_value", Slot::kLevel, 18, Reading::kLogback},
    Name{"levelno", Slot::kLevel, 19},

    Name{"msg", Slot::kMessage, 0},
    Name{"message", Slot::kMessage, 1},
    Name{"@message", Slot::kMessage, 2},
    Name{"@m", Slot::kMessage, 3},
    Name{"@mt", Slot::kMessage, 4},
    Name{"Message", Slot::kMessage, 5},
    Name{"short_message", Slot::kMessage, 6},
    Name{"fields.message", Slot::kMessage, 7},
    Name{"fields", Slot::kInside, 0},
    Name{"event", Slot::kMessage, 8},
    Name{"record.message", Slot::kMessage, 9},
    Name{"record", Slot::kInside, 0},
    Name{"MESSAGE", Slot::kMessage, 10},
    Name{"M", Slot::kMessage, 11},
    Name{"Body", Slot::kMessage, 12},

    Name{"logger", Slot::kLogger, 0},
    Name{"name", Slot::kLoggerOfNumericLevel, 0},
    Name{"loggerName", Slot::kLogger, 1},
    Name{"log.logger", Slot::kLogger, 2},
    Name{"logger_name", Slot::kLogger, 3},
    Name{"SourceContext", Slot::kLogger, 4},
    Name{"Category", Slot::kLogger, 5},
    Name{"_logger", Slot::kLogger, 6},
    Name{"target", Slot::kLogger, 7},
    Name{"N", Slot::kLogger, 8},
    Name{"SYSLOG_IDENTIFIER", Slot::kLogger, 9},

    Name{"thread", Slot::kThread, 0},
    Name{"process.thread.name", Slot::kThread, 1},
    Name{"process.thread", Slot::kInside, 0},
    Name{"process", Slot::kInside, 0},
    Name{"thread_name", Slot::kThread, 2},
    Name{"threadName", Slot::kThread, 3},
    Name{"goroutine", Slot::kThread, 4},
    Name{"goid", Slot::kThread, 5},
    Name{"caller", Slot::kCaller, 0},
    Name{"C", Slot::kCaller, 1},
    Name{"source.file", Slot::kCallerFile, 0},
    Name{"source.line", Slot::kCallerLine, 0},
    Name{"log.origin.file.name", Slot::kCallerFile, 1},
    Name{"log.origin.file.line", Slot::kCallerLine, 1},
    Name{"log.origin.file", Slot::kInside, 0},
    Name{"log.origin", Slot::kInside, 0},
    Name{"log", Slot::kInside, 0},

    Name{"service_name", Slot::kService, 0},
    Name{"service.name", Slot::kService, 1},
    Name{"service", Slot::kInside, 0},
    Name{"serviceName", Slot::kService, 2},
    Name{"otelServiceName", Slot::kService, 3},
    Name{"dd.service", Slot::kService, 4},
    Name{"dd", Slot::kInside, 0},

    Name{"traceparent", Slot::kTraceparent, 0},
    Name{"Traceparent", Slot::kTraceparent, 1},
    Name{"tracestate", Slot::kTracestate, 0},
    Name{"Tracestate", Slot::kTracestate, 1},
    Name{"baggage", Slot::kBaggage, 0},
    Name{"Baggage", Slot::kBaggage, 1},
    Name{"trace_id", Slot::kTraceId, 0},
    Name{"traceId", Slot::kTraceId, 1},
    Name{"traceID", Slot::kTraceId, 2},
    Name{"TraceId", Slot::kTraceId, 3},
    Name{"trace.id", Slot::kTraceId, 4},
    Name{"traceid", Slot::kTraceId, 5},
    Name{"trace", Slot::kTraceId, 6},
    Name{"otelTraceID", Slot::kTraceId, 7},
    Name{"otel.trace_id", Slot::kTraceId, 8},
    Name{"otel", Slot::kInside, 0},
    Name{"dd.trace_id", Slot::kTraceId, 9, Reading::kDecimalId},
    Name{"@tr", Slot::kTraceId, 10},
    Name{"logging.googleapis.com/trace", Slot::kTraceId, 11},
    Name{"trace-id", Slot::kTraceId, 12},
    Name{"X-B3-TraceId", Slot::kTraceId, 13},
    Name{"b3.traceid", Slot::kTraceId, 14},
    Name{"mdc.trace_id", Slot::kTraceId, 15},
    Name{"mdc", Slot::kInside, 0},
    Name{"contextMap.trace_id", Slot::kTraceId, 16},
    Name{"contextMap", Slot::kInside, 0},
    Name{"labels.trace_id", Slot::kTraceId, 17},
    Name{"labels", Slot::kInside, 0},
    Name{"trace_context.trace_id", Slot::kTraceId, 18},
    Name{"trace_context", Slot::kInside, 0},
    Name{"span_id", Slot::kSpanId, 0},
    Name{"spanId", Slot::kSpanId, 1},
    Name{"SpanId", Slot::kSpanId, 2},
    Name{"spanID", Slot::kSpanId, 3},
    Name{"span.id", Slot::kSpanId, 4},
    Name{"span", Slot::kInside, 0},
    Name{"otelSpanID", Slot::kSpanId, 5},
    Name{"otel.span_id", Slot::kSpanId, 6},
    Name{"dd.span_id", Slot::kSpanId, 7, Reading::kDecimalId},
    Name{"@sp", Slot::kSpanId, 8},
    Name{"logging.googleapis.com/spanId", Slot::kSpanId, 9},
    Name{"X-B3-SpanId", Slot::kSpanId, 10},
    Name{"mdc.span_id", Slot::kSpanId, 11},
    Name{"contextMap.span_id", Slot::kSpanId, 12},
    Name{"labels.span_id", Slot::kSpanId, 13},
    Name{"trace_context.span_id", Slot::kSpanId, 14},
    Name{"parent_span_id", Slot::kParentSpanId, 0},
    Name{"parentSpanId", Slot::kParentSpanId, 1},
    Name{"parent.id", Slot::kParentSpanId, 2},
    Name{"parent", Slot::kInside, 0},
    Name{"trace_flags", Slot::kTraceFlags, 0},
    Name{"traceFlags", Slot::kTraceFlags, 1},
    Name{"trace_sampled", Slot::kTraceFlags, 2},
    Name{"otelTraceSampled", Slot::kTraceFlags, 3},
    Name{"logging.googleapis.com/trace_sampled", Slot::kTraceFlags, 4},
    Name{"contextMap.trace_flags", Slot::kTraceFlags, 5},
    Name{"mdc.trace_flags", Slot::kTraceFlags, 6},

    Name{"request_id", Slot::kRequestId, 0},
    Name{"requestId", Slot::kRequestId, 1},
    Name{"requestID", Slot::kRequestId, 2},
    Name{"req_id", Slot::kRequestId, 3},
    Name{"reqId", Slot::kRequestId, 4},
    Name{"http.request.id", Slot::kRequestId, 5},
    Name{"http.request", Slot::kInside, 0},
    Name{"http", Slot::kInside, 0},
    Name{"RequestId", Slot::kRequestId, 6},
    Name{"x-request-id", Slot::kRequestId, 7},
    Name{"X-Request-ID", Slot::kRequestId, 8},
    Name{"X-Request-Id", Slot::kRequestId, 9},
    Name{"x_request_id", Slot::kRequestId, 10},
    Name{"contextMap.request_id", Slot::kRequestId, 11},
    Name{"mdc.request_id", Slot::kRequestId, 12},
    Name{"correlation_id", Slot::kCorrelationId, 0},
    Name{"correlationId", Slot::kCorrelationId, 1},
    Name{"correlationID", Slot::kCorrelationId, 2},
    Name{"CorrelationId", Slot::kCorrelationId, 3},
    Name{"x-correlation-id", Slot::kCorrelationId, 4},
    Name{"X-Correlation-ID", Slot::kCorrelationId, 5},
    Name{"tenant_id", Slot::kTenantId, 0},
    Name{"tenantId", Slot::kTenantId, 1},
    Name{"tenantID", Slot::kTenantId, 2},
    Name{"organization.id", Slot::kTenantId, 3},
    Name{"organization", Slot::kInside, 0},

    Name{"error", Slot::kErrorMessage, 0},
    Name{"error.kind", Slot::kErrorKind, 0},
    Name{"error.type", Slot::kErrorType, 0},
    Name{"error.name", Slot::kErrorType, 1},
    Name{"error.code", Slot::kErrorCode, 0},
    Name{"error.message", Slot::kErrorMessage, 1},
    Name{"error.msg", Slot::kErrorMessage, 2},
    Name{"error.stack_trace", Slot::kErrorStack, 0},
    Name{"error.stack", Slot::kErrorStack, 1},
    Name{"err", Slot::kErrorMessage, 3},
    Name{"err.type", Slot::kErrorType, 2},
    Name{"err.name", Slot::kErrorType, 3},
    Name{"err.code", Slot::kErrorCode, 1},
    Name{"err.message", Slot::kErrorMessage, 4},
    Name{"err.stack", Slot::kErrorStack, 2},
    Name{"thrown", Slot::kInside, 0},
    Name{"thrown.name", Slot::kErrorType, 4},
    Name{"thrown.message", Slot::kErrorMessage, 5},
    Name{"thrown.extendedStackTrace", Slot::kErrorStack, 3},
    Name{"exception", Slot::kErrorStack, kExceptionText},
    Name{"exception.type", Slot::kErrorType, 5},
    Name{"exception.exception_class", Slot::kErrorType, 6},  // log4j2's logstash layout
    Name{"exception.message", Slot::kErrorMessage, 6},
    Name{"exception.exception_message", Slot::kErrorMessage, 8},
    Name{"exception.stacktrace", Slot::kErrorStack, 4},
    Name{"context.exception", Slot::kInside, 0},  // Monolog
    Name{"context.exception.class", Slot::kErrorType, 7},
    Name{"context.exception.message", Slot::kErrorMessage, 9},
    Name{"fields.error", Slot::kErrorMessage, 7},
    Name{"stacktrace", Slot::kErrorStack, 5},
    Name{"stack_trace", Slot::kErrorStack, 6},
    Name{"stack", Slot::kErrorStack, 7},
    Name{"errorVerbose", Slot::kErrorStack, 8},
    Name{"exc_info", Slot::kErrorStack, 10},
    Name{"@x", Slot::kErrorStack, 11},
    Name{"Exception", Slot::kErrorStack, 12},
    Name{"S", Slot::kErrorStack, 13},

    Name{"context", Slot::kOwnContext, 0},
    Name{"id", Slot::kRecordId, 0},
    Name{"source", Slot::kRecordSource, 0},
    Name{"source.input", Slot::kRecordSourceInput, 0},
    Name{"resource", Slot::kRecordResource, 0},
    Name{"sample_rate", Slot::kRecordRate, 0},
    Name{"schema_errors", Slot::kRecordSchemaErrors, 0},
    Name{"trace_origin", Slot::kRecordTraceOrigin, 0},
};

constexpr size_t kBuckets = 2048;  // a power of two, about eight times as many as there are names
static_assert(kNames.size() * 4 < kBuckets && kNames.size() < 65535);

size_t bucket_of(std::string_view key) {
  uint64_t head;
  std::memcpy(&head, key.data(), 8);
  if (key.size() < 8) head &= (uint64_t{1} << (key.size() * 8)) - 1;
  auto last = static_cast<unsigned char>(key.back());
  uint64_t mixed = (head ^ uint64_t{last} << 48 ^ key.size() << 40) * 0x9E3779B97F4A7C15u;
  return static_cast<size_t>(mixed >> 53);
}

struct Table {
  std::array<uint16_t, kBuckets> buckets{};  // index into kNames + 1; 0: free

  Table() {
    for (size_t i = 0; i < kNames.size(); ++i) {
      char padded[64] = {};
      std::string_view name = kNames[i].name;
      WAYBILL_CHECK(name.size() + 8 <= sizeof padded, "a name is too long for its table");
      std::memcpy(padded, name.data(), name.size());
      size_t at = bucket_of({padded, name.size()});
      while (buckets[at] != 0) at = (at + 1) % kBuckets;
      buckets[at] = static_cast<uint16_t>(i + 1);
    }
  }
};

}  // namespace

std::span<const Name> all_names() { return kNames; }

const Name* find_name(std::string_view key) {
  static const Table table;
  if (key.empty()) return nullptr;
  for (size_t at = bucket_of(key); table.buckets[at] != 0; at = (at + 1) % kBuckets) {
    const Name& name = kNames[table.buckets[at] - 1u];
    if (name.name == key) return &name;
  }
  return nullptr;
}

}  // namespace waybill::parsers
