// SPDX-License-Identifier: Apache-2.0
// Trace context: which trace and span a record belongs to, by what its line says.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/batch.h"

namespace waybill::lineage {

// A parsed W3C traceparent (Trace Context, "traceparent Header Field Values"). The ids view the
// text that was parsed: 32 and 16 lower-case hex digits, never all zero.
struct Traceparent {
  std::string_view trace_id;
  std::string_view span_id;
  uint8_t flags = 0;  // version 00: the byte as it came; a later version: the sampled bit alone
};

// Exactly one traceparent, blanks around it allowed. Versions 01 to fe may have more behind the
// flags, after a dash.
std::optional<Traceparent> parse_traceparent(std::string_view text);

// A trace id of a log field in canonical form: 32 lower-case hex digits. Takes 32 or 16 hex digits
// in any case (16 are padded on the left), a UUID with its dashes, and the last segment of
// "projects/…/traces/<id>" (Google Cloud). With `decimal`: an unsigned 64-bit number (Datadog).
// Nothing for anything else, or all zeros.
struct TraceId {
  char digits[32];
};
std::optional<TraceId> normalise_trace_id(std::string_view text, bool decimal);

// The same for spans: 16 hex digits in any case, or a decimal number.
struct SpanId {
  char digits[16];
};
std::optional<SpanId> normalise_span_id(std::string_view text, bool decimal);

// Fills the record's trace_id, span_id, trace_flags, parent_span_id, tracestate and trace_origin:
// from the fields that the parser pointed out (Record::trace_fields), else from a traceparent or a
// "trace_id=…" in its message. A field that is taken is cut; one that is no id stays where it was.
void resolve_trace(Batch& batch, Record& record);

}  // namespace waybill::lineage
