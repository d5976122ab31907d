// SPDX-License-Identifier: Apache-2.0
// Headers: those that carry trace context, found somewhere in a line under any spelling of their
// names, and what they say together.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "core/batch.h"
#include "lineage/propagation.h"

namespace waybill::lineage {

// Who names a trace. What is refused is counted by these (LineageCounts::refused, the label
// `carrier` of a metric).
enum class Carrier : uint8_t {
  kNone,
  kTraceparent,  // as text, or as gRPC's bytes
  kTracestate,
  kBaggage,
  kB3,       // in one header or in several
  kJaeger,   // uber-trace-id
  kXray,     // X-Amzn-Trace-Id
  kGoogle,   // X-Cloud-Trace-Context, logging.googleapis.com/trace
  kDatadog,  // x-datadog-…
  kTraceId,  // trace_id and its other names, X-Trace-ID
  kSpanId,
  kFlags,
  kCount,
};
std::string_view carrier_name(Carrier carrier);

enum class Header : uint8_t {
  kTraceparent,
  kTracestate,
  kBaggage,
  kGrpcTrace,  // grpc-trace-bin
  kB3,
  kB3TraceId,
  kB3SpanId,
  kB3ParentSpanId,
  kB3Sampled,
  kB3Flags,
  kJaeger,
  kXray,
  kGoogle,
  kDatadogTraceId,
  kDatadogParentId,
  kDatadogPriority,
  kDatadogTags,
  kTraceId,  // X-Trace-ID; in text any name of a trace id
  kSpanId,   // in text alone, as the next one
  kFlags,
  kRequestId,
  kCorrelationId,
  kCount,
};

// The header of a name, in any case, with any of "_-." between its words or none, with or without
// what frameworks put before it (HTTP_, http.request.header., …). Nothing for any other name.
std::optional<Header> header_of(std::string_view name);

// The headers of a line. Views what it is offered.
class HeaderSet {
 public:
  struct Value {
    std::string_view name;
    std::string_view text;
    uint32_t group = 0;    // headers of one request are of one group
    uint32_t place = 0;    // index of the token or field, plus 1, where it may be cut; 0: not
    bool decimal = false;  // of an id: Datadog's
  };

  // A traceparent may be base64, as Kafka's and other tools print bytes (in `arena` then).
  // The first value of a header counts; one of another group is another request's. Of the same
  // group: tracestates are joined (in `arena`), and two traceparents of different traces count
  // neither.
  void offer(Header header, const Value& offered, Arena& arena);
  bool has(Header header) const { return (present_ >> index(header) & 1) != 0; }
  // Of one that it has.
  const Value& operator[](Header header) const { return values_[index(header)]; }
  bool empty() const { return present_ == 0; }
  bool conflicts() const { return conflict_; }
  // Cheaper than a new one, which has all its values to set.
  void clear() {
    present_ = 0;
    conflict_ = false;
  }

 private:
  static constexpr size_t kSize = static_cast<size_t>(Header::kCount);
  static size_t index(Header header) { return static_cast<size_t>(header); }
  uint32_t present_ = 0;
  bool conflict_ = false;
  std::array<Value, kSize> values_;
};

// What headers say together: W3C's counts first, then B3, Jaeger, X-Ray, Google Cloud, Datadog and
// X-Trace-ID.
struct Reading {
  TraceContext context;
  Carrier carrier = Carrier::kNone;  // of the trace id; kNone: they name no trace
  Header header = Header::kCount;    // the same
  uint32_t refused = 0;              // a bit per carrier that is there and breaks its rules
};
Reading read_headers(const HeaderSet& headers);

// Offers what a line's fields hold: members of its JSON at any depth (dumps of headers as objects,
// as lists of pairs, as lists of {key, value}), or pairs of text.
void collect_from_fields(Batch& batch, const Record& record, HeaderSet& headers);

// Offers what stands in text: "name: value", name=value, and how languages print maps of those.
// `arena` as for HeaderSet::offer().
void collect_from_text(std::string_view text, HeaderSet& headers, Arena& arena);

// A traceparent that stands in text without a name; nothing when there is none.
std::optional<Traceparent> find_bare_traceparent(std::string_view text);

}  // namespace waybill::lineage
