// SPDX-License-Identifier: Apache-2.0
// Levels: the five canonical ones, and OpenTelemetry's finer severity numbers behind them.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace waybill {

// In rank order, so that `level >= kError` reads as it should. kNone: the line has no level.
enum class Level : uint8_t { kNone, kDebug, kInfo, kWarn, kError, kFatal };

constexpr int kLevelCount = 6;

// "DEBUG" … "FATAL"; "" for kNone.
std::string_view level_name(Level level);

// What a word or number of a log line means.
struct Severity {
  Level level = Level::kNone;
  uint8_t number = 0;  // OpenTelemetry SeverityNumber 1..24; 0 = unspecified
};

// The level that a word stands for, in any case, with blanks around it: the words of syslog, zap,
// log4j, java.util.logging, .NET, Python, winston, GCP (OpenTelemetry logs data model, appendix B),
// slog's "INFO+2", and single letters (I, W, E …). Nothing for any other word. "crit" and "alert"
// are syslog's (below emergency), "critical" Python's and .NET's (their worst).
std::optional<Severity> severity_of_word(std::string_view word);

// Syslog severities 0 (emergency) to 7 (debug), RFC 5424 section 6.2.1.
std::optional<Severity> severity_of_syslog(int64_t number);

// 10 trace … 60 fatal, as pino, bunyan and Python (10 debug … 50 critical) have them. In between,
// the lower one.
std::optional<Severity> severity_of_decades(int64_t number);

}  // namespace waybill
