// SPDX-License-Identifier: Apache-2.0
// Propagation: the values of the headers in which trace context travels, read by the rules of those
// who defined them. Nothing in here looks for them; every function takes one header's whole value.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "core/arena.h"

namespace waybill::lineage {

// Hex digits in lower case, never all zero where they are there.
using TraceDigits = std::array<char, 32>;
using SpanDigits = std::array<char, 16>;

inline std::string_view view(const TraceDigits& digits) { return {digits.data(), digits.size()}; }
inline std::string_view view(const SpanDigits& digits) { return {digits.data(), digits.size()}; }

// What a carrier says. Owns all of it.
struct TraceContext {
  std::optional<TraceDigits> trace_id;  // nothing: a sampling decision alone
  std::optional<SpanDigits> span_id, parent_span_id;
  int16_t flags = -1;  // 0..255; -1: it does not say
};

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

// gRPC's grpc-trace-bin in base64 (with or without padding, of either alphabet): version 0, then
// fields of a number and a fixed size: 0 the trace id, 1 the span id, 2 the flags (OpenCensus,
// "BinaryEncoding"). Fields of other numbers, and all behind them, are not read.
std::optional<TraceContext> parse_grpc_trace(std::string_view text);

// The traceparent whose base64 `text` is, in `arena`; nothing when it is anything else.
std::optional<std::string_view> unwrapped_traceparent(std::string_view text, Arena& arena);

// Whether a W3C tracestate is sound (Trace Context Level 2, "tracestate Header Field Values"): 1 to
// 32 members key=value, commas and blanks between them, empty ones among them allowed. Of these
// rules follows that no sound one has more than some 17,000 bytes; more is refused unread.
bool is_tracestate(std::string_view text);
// How much of `text`, from its beginning on, is members of a tracestate: for text in which nothing
// says where it ends.
size_t tracestate_prefix(std::string_view text);

// The value of a member of a W3C baggage, percent-decoded and without its properties; into `arena`
// where it has to be decoded. Nothing when there is no such member, or it is empty or no text.
std::optional<std::string_view> baggage_member(std::string_view baggage, std::string_view name,
                                               Arena& arena);

// B3 in one header: "0", "1" or "d" alone, or {32|16}-{16}[-{0|1|d}[-{16}]]. The state may be left
// out before a parent, as Brave reads it.
std::optional<TraceContext> parse_b3(std::string_view text);

// B3 in several headers; what is not there has no data.
struct B3Headers {
  std::string_view trace_id, span_id, parent_span_id, sampled, flags;
};
// The headers of a request: lower-case digits, trace and span both. Nothing when they break B3's
// rules, or say nothing but a decision.
std::optional<TraceContext> parse_b3_headers(const B3Headers& headers);

// Jaeger's uber-trace-id, {trace}:{span}:{parent}:{flags}, perhaps with %3A for its colons.
std::optional<TraceContext> parse_jaeger(std::string_view text);

// AWS X-Ray's X-Amzn-Trace-Id: Root=1-{8}-{24};Parent={16};Sampled={0|1|?}, in any order.
std::optional<TraceContext> parse_xray(std::string_view text);

// Google Cloud's X-Cloud-Trace-Context: {32}[/{span in decimal}][;o={0|1}].
std::optional<TraceContext> parse_google(std::string_view text);

// Datadog's headers; what is not there has no data. The ids are decimal; `tags` may hold the upper
// half of the trace id (_dd.p.tid).
struct DatadogHeaders {
  std::string_view trace_id, parent_id, priority, tags;
};
std::optional<TraceContext> parse_datadog(const DatadogHeaders& headers);

// A trace id of a log field in canonical form: 32 lower-case hex digits. Takes 32 or 16 hex digits
// in any case (16 are padded on the left), a UUID with its dashes, and the last segment of
// "projects/…/traces/<id>" (Google Cloud); hex digits with 0x before them, too (OpenTelemetry's
// console exporters). With `decimal`: an unsigned 64-bit number (Datadog). Nothing for anything
// else, or all zeros.
std::optional<TraceDigits> normalise_trace_id(std::string_view text, bool decimal);

// The same for spans: 16 hex digits in any case, with 0x or without, or a decimal number.
std::optional<SpanDigits> normalise_span_id(std::string_view text, bool decimal);

// "01", "1", "true": as trace flags. -1 for anything else.
int16_t parse_flags(std::string_view text);

// What programs write where they have no id ("0", "-", "null", "None", zeros alone, …): refusing it
// is nothing to speak of.
bool says_no_id(std::string_view text);

}  // namespace waybill::lineage
