// SPDX-License-Identifier: Apache-2.0
#include "parsers/common/dialects.h"

#include <array>

namespace waybill::parsers {

namespace {

// Their ranks are behind those of all names in names.inc.
constexpr std::array kDialectNames = {
    DialectName{{"name", Slot::kLogger, 100},
                sign::kBunyan | sign::kPython | sign::kSemanticLogger},
    DialectName{{"channel", Slot::kLogger, 101}, sign::kMonolog},
    DialectName{{"component", Slot::kLogger, 102}, sign::kElasticsearch},
    DialectName{{"subsystem", Slot::kLogger, 103}, sign::kMysql},
    DialectName{{"record.name", Slot::kLogger, 104}, sign::kLoguru},
    DialectName{{"module", Slot::kLogger, 105}, sign::kLiberty},
    DialectName{{"categoryName", Slot::kLogger, 106}, sign::kLog4js},

    DialectName{{"created", Slot::kTime, 100}, sign::kPython},
    DialectName{{"start_time", Slot::kTime, 101}, sign::kEnvoy | sign::kApisix},
    DialectName{{"started_at", Slot::kTime, 102}, sign::kKong},
    DialectName{{"published", Slot::kTime, 103}, sign::kOkta},
    DialectName{{"at", Slot::kTime, 104}, sign::kKatip},
    DialectName{{"startTime", Slot::kTime, 105}, sign::kLog4js},
    DialectName{{"lastTimestamp", Slot::kTime, 106}, sign::kKubernetesEvent},
    DialectName{{"date_time", Slot::kTime, 107}, sign::kClickHouse},
    DialectName{{"EventTime", Slot::kTime, 108}, sign::kNxlog},

    DialectName{{"nanoseconds", Slot::kTimeNanos, 100}, sign::kLogback},

    DialectName{{"priority", Slot::kLevel, 100}, sign::kFalco},
    DialectName{{"label", Slot::kLevel, 101}, sign::kMysql},
    DialectName{{"type", Slot::kLevel, 102}, sign::kKubernetesEvent},

    DialectName{{"body", Slot::kMessage, 100}, sign::kOpenTelemetry},
    DialectName{{"output", Slot::kMessage, 101}, sign::kFalco},
    DialectName{{"0", Slot::kMessage, 102}, sign::kTslog},

    DialectName{{"ctx", Slot::kThread, 100}, sign::kMongo},
    DialectName{{"record.thread.name", Slot::kThread, 101}, sign::kLoguru},

    DialectName{{"file", Slot::kCaller, 100, Reading::kFileAndLine}, sign::kLogrus},
    DialectName{{"pathname", Slot::kCallerFile, 100}, sign::kPython | sign::kPythonCaller},
    DialectName{{"filename", Slot::kCallerFile, 101},
                sign::kPython | sign::kPythonCaller | sign::kRust},
    DialectName{{"lineno", Slot::kCallerLine, 100}, sign::kPython | sign::kPythonCaller},
    DialectName{{"source_file", Slot::kCallerFile, 103}, sign::kMysql | sign::kClickHouse},
    DialectName{{"source_line", Slot::kCallerLine, 103}, sign::kMysql | sign::kClickHouse},
    DialectName{{"line_number", Slot::kCallerLine, 101}, sign::kRust},
    DialectName{{"record.file.name", Slot::kCallerFile, 102}, sign::kLoguru},
    DialectName{{"record.line", Slot::kCallerLine, 102}, sign::kLoguru},

    DialectName{{"record.exception.type", Slot::kErrorType, 100}, sign::kLoguru},
    DialectName{{"record.exception.value", Slot::kErrorMessage, 100}, sign::kLoguru},
};

}  // namespace

std::span<const DialectName> dialect_names() { return kDialectNames; }

}  // namespace waybill::parsers
