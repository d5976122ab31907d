// SPDX-License-Identifier: Apache-2.0
// Levels that are numbers whose meaning depends on who writes them.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/batch.h"
#include "core/level.h"

namespace waybill::parsers {

// What the number under `name` ("level", "severity" …) means, by the other keys of the line:
//
//   short_message, or version and host (GELF 1.1): a syslog severity; likewise beside a facility
//   keys of Google Cloud Logging: 100 (debug) to 800 (emergency)
//   level_name, or channel and datetime (Monolog): 100 (debug) to 600 (emergency)
//   Category, EventId (.NET): 0 (trace) to 5 (critical)
//   reqId, remoteAddr and app (Nextcloud): 0 (debug) to 4 (fatal)
//
// Nothing where none of them stands beside it: small numbers mean opposite things to syslog,
// zerolog, .NET and slog.
std::optional<Severity> severity_by_neighbours(const Batch& batch, const Record& record,
                                               std::string_view name, int64_t number);

// The level of a JSON line that has none under any name of a level, by a plain word for one:
//
//   status (Datadog), where it is no number and no outcome: "error", "warn", "info" …
//   tags, the first of them that is one, beside type and pid (Kibana 7)
std::optional<Severity> severity_without_name(const Batch& batch, const Record& record);

// Logback's and Log4j 1's integers: 5000 trace, 10000 debug, 20000 info, 30000 warn, 40000 error.
std::optional<Severity> severity_of_logback(int64_t number);

// OpenTelemetry's SeverityNumber, 1 to 24.
std::optional<Severity> severity_of_opentelemetry(int64_t number);

}  // namespace waybill::parsers
