// SPDX-License-Identifier: Apache-2.0
// Trace context: which trace and span a record belongs to, by what its line says.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "core/batch.h"
#include "lineage/headers.h"

namespace waybill::lineage {

// What a line says of its trace, and where.
struct Findings {
  Carrier carrier = Carrier::kNone;  // of the trace id; kNone: the line names none
  std::string_view name;  // of that carrier, as the line has it; empty: none stands there
  uint32_t refused = 0;   // a bit per carrier whose value is none; it stays where it was
  bool has_refused(Carrier one) const { return (refused >> static_cast<unsigned>(one) & 1) != 0; }
};

// Fills the record's trace_id, span_id, trace_flags, parent_span_id, tracestate and trace_origin:
// from the fields that the parser pointed out (Record::trace_fields), else from headers anywhere in
// its fields, else from its message. Fills request_id and correlation_id from such headers and from
// the message, and tenant_id from baggage, where the line has them nowhere else. `baggage`: members
// of the baggage that become fields of the context, as baggage.NAME.
//
// A field of the line itself that is taken whole is cut; one that is no id stays where it was, and
// so do headers inside of others' objects and lists.
Findings resolve_trace(Batch& batch, Record& record, std::span<const std::string> baggage = {});

}  // namespace waybill::lineage
