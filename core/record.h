// SPDX-License-Identifier: Apache-2.0
// Record: one line understood. Views into its batch, nothing owned.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "core/level.h"
#include "core/text.h"

namespace waybill {

enum class JsonType : uint8_t { kNull, kFalse, kTrue, kNumber, kString, kArray, kObject };

// One value of a JSON line, in document order (json_walker.h makes them). A container is followed
// by what is inside it; `token + token->span` is behind all of it. Positions are offsets from
// Record::json.
struct Token {
  enum Flag : uint8_t {
    kHasKey = 1,        // a member of an object (else an array's element, or the root)
    kKeyEscaped = 2,    // the key holds a backslash
    kValueEscaped = 4,  // the string value holds a backslash
    kCut = 8,           // lifted or superseded: not written again with the rest of the line
    kHasCut = 16,       // a container with something cut inside
    kDuplicate = 32,    // a later member of the same object has the same key (always kCut, too)
  };

  uint32_t key;         // first byte of the key, behind its quote
  uint32_t key_size;    // without quotes
  uint32_t value;       // first byte of the value: the quote, the bracket, the first digit
  uint32_t value_size;  // with quotes and brackets
  uint32_t span;        // tokens of this value: itself and all inside it
  JsonType type;
  uint8_t flags;
  uint16_t depth;  // the root has 0

  bool has(Flag flag) const { return (flags & flag) != 0; }
};

// A pair that a text parser found; becomes a member of `context`.
struct Field {
  Text key;
  Text value;
  JsonType type = JsonType::kString;  // kNumber, kTrue, kFalse, kNull: written without quotes
  bool cut = false;                   // lifted: not a member of the context any more
};

enum class TraceOrigin : uint8_t { kNone, kField, kText, kInherited, kDerived, kGenerated };
std::string_view trace_origin_name(TraceOrigin origin);

// The parts of `error`; those that are absent have no data.
struct ErrorInfo {
  Text kind, type, code, message, stack;
};

// Counted irregularities of one line, shown under `source`.
struct Marks {
  uint64_t truncated_bytes = 0;  // how much of an over-long line was discarded
  int64_t clock_skew = 0;        // seconds that its clock is ahead of ours, when far off; else 0
  uint32_t duplicate_keys = 0;
  bool repaired = false;  // invalid UTF-8 or raw control characters were replaced
  uint32_t withheld = 0;  // texts that redaction could not make safe, and took out as a whole
};

// The fields of a line that may hold its trace context. Parsers find them by their names; lineage
// judges them, and cuts those that it takes (core/cut.h). Index of the token (from first_token) or
// of the field (from first_field), plus 1; 0: the line has none.
struct TraceFields {
  uint32_t traceparent = 0, trace_id = 0, span_id = 0, parent_span_id = 0, flags = 0,
           tracestate = 0, baggage = 0;
};

// 16 random or hashed bytes.
using Id128 = std::array<uint8_t, 16>;

// What stands in the record's own place of a line that is a Waybill record already: these parts
// pass unchanged, as JSON text (docs/ARCHITECTURE.md, "A record that passes through").
struct Passed {
  std::string_view resource, source, sample_rate;  // empty when absent
};

struct Record {
  // The line as read, without its line end; of an event, all of its lines. Altered by redaction
  // alone, which puts a copy here.
  std::string_view line;
  uint64_t offset = 0;       // of the line's first byte in its file or stream
  uint64_t last_offset = 0;  // the same of an event's last line
  uint32_t lines = 1;        // that it was made of
  uint32_t source = 0;       // index into Batch::sources
  Id128 id{};

  // What is left of the line for `context`: either tokens over `json` (a JSON line), or fields.
  const char* json = nullptr;  // the line, or its repaired copy
  uint32_t first_token = 0, token_count = 0;
  uint32_t own_context = 0;  // index (from first_token) of the line's own `context` object; 0: none
  uint32_t first_field = 0, field_count = 0;

  int64_t time_ns = 0;         // event time, ns since the epoch, UTC
  int64_t read_ns = 0;         // when we read it
  uint8_t time_digits = 9;     // fractional digits of the source, 3 to 9
  bool time_said = false;      // the line had a time; else time_ns is the read time
  bool time_zoneless = false;  // the time named no zone: `parse.time.default_zone` was taken

  Level level = Level::kNone;
  uint8_t severity = 0;     // OpenTelemetry SeverityNumber
  bool level_said = false;  // by the line; else inferred or by default
  TraceOrigin trace_origin = TraceOrigin::kNone;
  int16_t trace_flags = -1;  // 0..255; -1 = absent

  TraceFields trace_fields;
  Text level_text;  // the source's word, where it differs from `level` beyond case
  Text service_name;
  Text trace_id, span_id, parent_span_id, tracestate;  // ids: 32 and 16 lower-case hex
  Text request_id, correlation_id, tenant_id;
  Text message;
  Text logger, thread, caller;

  const ErrorInfo* error = nullptr;  // in the arena
  const Passed* passed = nullptr;    // in the arena
  std::string_view sample_rate;      // a JSON number: it stands for so many; empty: for itself
  // What its schema had to say: JSON arrays of {path, keyword, message, expected, got}, the last
  // two not always there; empty: nothing. Of a record that passes, `schema_errors` as it came.
  std::string_view schema_errors;   // what breaks the schema
  std::string_view schema_repairs;  // what did, and was mended
  std::string_view format;          // name of the parser that understood the line
  std::string_view stream;          // where the line itself says so (CRI, Docker); else empty
  Marks marks;
};

// How many records this one stands for, as JSON: ours, or what it came with; empty when 1.
inline std::string_view sample_rate_of(const Record& record) {
  if (!record.sample_rate.empty() || record.passed == nullptr) return record.sample_rate;
  return record.passed->sample_rate;
}

}  // namespace waybill
