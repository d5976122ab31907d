// SPDX-License-Identifier: Apache-2.0
// The canonical JSON of a record (docs/ARCHITECTURE.md, "The record"), and its context.
//
// Everything is copied as it stands in the line where that is possible: of a JSON line, runs of
// members that nobody lifted go over in one piece.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/batch.h"
#include "core/buffer.h"
#include "core/identity.h"

namespace waybill {

// The keys of the canonical form, as a set: outputs leave out what they say elsewhere.
namespace part {
constexpr uint32_t kTimestamp = 1u << 0;
constexpr uint32_t kLevel = 1u << 1;
constexpr uint32_t kServiceName = 1u << 2;
constexpr uint32_t kTrace = 1u << 3;  // trace_id, span_id, trace_flags, parent, tracestate, origin
constexpr uint32_t kIds = 1u << 4;    // request_id, correlation_id, tenant_id
constexpr uint32_t kMessage = 1u << 5;
constexpr uint32_t kCode = 1u << 6;  // logger, thread, caller
constexpr uint32_t kError = 1u << 7;
constexpr uint32_t kContext = 1u << 8;
constexpr uint32_t kResource = 1u << 9;
constexpr uint32_t kSource = 1u << 10;
constexpr uint32_t kRate = 1u << 11;  // sample_rate
constexpr uint32_t kSchemaErrors = 1u << 12;
constexpr uint32_t kId = 1u << 13;
constexpr uint32_t kAll = (1u << 14) - 1;
}  // namespace part

// Appends the record as one JSON object, without a line end: the keys of `parts` in canonical
// order, absent and empty ones left out.
void append_canonical(Buffer& out, const Batch& batch, const Record& record,
                      const Identity& identity, uint32_t parts);

// RFC 3339, UTC, `digits` (3 to 9) fractional digits; 30 bytes at most. Returns the end.
char* write_rfc3339(int64_t time_ns, int digits, char* out);

// The record's service: the line's own, else the configured one.
inline Text service_of(const Record& record, const Identity& identity) {
  if (record.service_name) return record.service_name;
  return Text(identity.service_name, TextForm::kRaw);
}

// ---- context: every field of the line that is not lifted ----

// One member of a record's context.
struct Member {
  Text key;  // with `suffix` behind it, when that is not 0 (a clash: "a_2")
  int suffix = 0;
  JsonType type = JsonType::kNull;
  std::string_view json;         // as JSON, as it came; empty for a string out of text (see `text`)
  Text text;                     // a string's inside
  const Token* token = nullptr;  // of a JSON line: leads to what is inside an array or object
};

// Calls visit(const Member&) for each member of the context, in the order of the line; then for
// `level_text`, when the record has one.
template <typename Visit>
void for_each_context_member(const Batch& batch, const Record& record, Visit&& visit);

// Calls visit(const Member&) for each member or element (its key is absent then) inside
// `container`, leaving out what is cut.
template <typename Visit>
void for_each_inside(const Record& record, const Token* container, Visit&& visit);

// Whether there is any member; appends the context as a JSON object.
bool has_context(const Batch& batch, const Record& record);
void append_context(Buffer& out, const Batch& batch, const Record& record);

// Appends one value as JSON, without what is cut inside it.
void append_value(Buffer& out, const Record& record, const Member& member);
// Appends a key as JSON, with quotes and suffix.
void append_key(Buffer& out, const Member& member);

// Appends the record's `source` object: {"input":…,"path":…,"offset":…,"format":…, marks}.
void append_source(Buffer& out, const Batch& batch, const Record& record);

}  // namespace waybill

#include "core/canonical_inl.h"
