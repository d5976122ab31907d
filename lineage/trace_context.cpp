// SPDX-License-Identifier: Apache-2.0
#include "lineage/trace_context.h"

#include <cstring>

#include "config/utf8.h"
#include "core/canonical.h"
#include "core/cut.h"
#include "core/json_text.h"

namespace waybill::lineage {

namespace {

// One field that the parser pointed out.
struct Pointed {
  bool there = false;
  uint32_t index = 0;
  std::string_view key;
  std::string_view value;  // its characters, or its JSON text
};

Text keep(Arena& arena, std::string_view bytes) {
  return Text(arena.copy(bytes), TextForm::kClean);
}

uint32_t bit(Carrier carrier) { return 1u << static_cast<unsigned>(carrier); }

// Whether B3's rules hold for it, not those of a field.
bool is_b3_header(std::string_view key) {
  return key.size() > 5 && (key[0] | 0x20) == 'x' && (key[2] | 0x20) == 'b' && key[3] == '3';
}

// B3's "d" says more than that the trace is sampled.
bool says_debug(std::string_view b3) { return b3.find("-d-") != b3.npos || b3.ends_with("-d"); }

// A JSON line that has objects or lists in it.
bool has_containers(const Batch& batch, const Record& record) {
  if (record.token_count == 0) return false;
  const Token* root = batch.tokens_of(record);
  for (const Token* child = root + 1; child < root + root->span; child += child->span) {
    if (child->span > 1) return true;
  }
  return false;
}

HeaderSet& empty_headers() {
  thread_local HeaderSet headers;
  headers.clear();
  return headers;
}

class Resolver {
 public:
  Resolver(Batch& batch, Record& record, std::span<const std::string> baggage)
      : batch_(batch), record_(record), baggage_(baggage) {}

  Findings resolve() {
    const TraceFields& fields = record_.trace_fields;
    if ((fields.trace_id | fields.traceparent) != 0) take_pointed();
    bool found = static_cast<bool>(record_.trace_id);
    if (found) record_.trace_origin = is_text() ? TraceOrigin::kText : TraceOrigin::kField;
    if (record_.passed != nullptr) return findings_;
    bool json = record_.token_count > 0;
    if (!json) look_in_text();
    if (!has_trace() || lacks_tracestate() ||
        (!record_.request_id && has_containers(batch_, record_))) {
      look_in_fields();
    }
    if (json && !has_trace()) look_in_text();
    if (fields.baggage != 0) take_baggage(read(fields.baggage).value);
    return findings_;
  }

 private:
  bool is_text() const { return record_.format == "text"; }
  bool has_trace() const { return static_cast<bool>(record_.trace_id); }

  // It may stand there under a spelling that parsers do not know.
  bool lacks_tracestate() const {
    return findings_.carrier == Carrier::kTraceparent && !record_.tracestate &&
           record_.trace_fields.tracestate == 0;
  }

  Pointed read(uint32_t index_plus_one) {
    if (index_plus_one == 0) return {};
    uint32_t index = index_plus_one - 1;
    Member member = record_.token_count > 0
                        ? detail::member_of(record_, batch_.tokens[record_.first_token + index])
                        : detail::member_of(batch_.fields[record_.first_field + index]);
    std::string_view value =
        member.type == JsonType::kString ? characters(member.text, batch_.arena) : member.json;
    return {true, index, member.key.bytes(), value};
  }

  void refuse(Carrier carrier, std::string_view value) {
    if (!says_no_id(value)) findings_.refused |= bit(carrier);
  }

  // ---- fields that the parser has pointed out ----

  // Datadog writes decimal numbers, flat as "dd.trace_id" or inside an object "dd".
  bool is_decimal(const Pointed& field) const {
    if (field.value.size() > 20) return false;
    if (field.key.starts_with("dd.")) return true;
    if (record_.token_count == 0) return false;
    const Token* root = batch_.tokens_of(record_);
    const Token* token = root + field.index;
    if (token->depth != 2) return false;
    const Token* parent = root + 1;
    while (parent + parent->span <= token) parent += parent->span;
    return std::string_view(record_.json + parent->key, parent->key_size) == "dd";
  }

  // An id in canonical form is used where it stands.
  template <typename Digits>
  Text place(const Pointed& field, const Digits& digits) {
    std::string_view canonical = view(digits);
    return field.value == canonical ? Text(field.value, TextForm::kClean)
                                    : keep(batch_.arena, canonical);
  }

  void take_pointed() {
    const TraceFields& fields = record_.trace_fields;
    Pointed own = read(fields.trace_id);
    std::optional<TraceDigits> id;
    if (own.there && !is_b3_header(own.key)) {
      id = normalise_trace_id(own.value, is_decimal(own));
      // `trace` is the name of many things.
      if (!id && own.key != "trace") refuse(Carrier::kTraceId, own.value);
    }
    if (id) {
      record_.trace_id = place(own, *id);
      findings_.carrier = Carrier::kTraceId;
      findings_.name = own.key;
    }
    // Of two equal keys the parser has seen one: headers say what becomes of both.
    if (record_.marks.duplicate_keys == 0) take_traceparent(read(fields.traceparent));
    if (!has_trace()) return;
    if (id) cut_field(batch_, record_, own.index);
    take_beside();
  }

  // The line's own trace id beats the header; that of another trace stays.
  void take_traceparent(const Pointed& field) {
    if (!field.there) return;
    auto parsed = parse_traceparent(field.value);
    if (!parsed) return refuse(Carrier::kTraceparent, field.value);
    if (has_trace() && record_.trace_id.bytes() != parsed->trace_id) return;
    if (!has_trace()) {
      record_.trace_id = Text(parsed->trace_id, TextForm::kClean);
      findings_.carrier = Carrier::kTraceparent;
      findings_.name = field.key;
    }
    record_.span_id = Text(parsed->span_id, TextForm::kClean);
    record_.trace_flags = parsed->flags;
    cut_field(batch_, record_, field.index);
  }

  // What stands beside a trace id. The span that wrote the line stands in its own field; a
  // traceparent names the caller's.
  void take_beside() {
    const TraceFields& fields = record_.trace_fields;
    if (Text span = take_span(read(fields.span_id))) record_.span_id = span;
    record_.parent_span_id = take_span(read(fields.parent_span_id));
    if (Pointed flags = read(fields.flags); flags.there) {
      int16_t value = parse_flags(flags.value);
      if (value >= 0) {
        record_.trace_flags = value;
        cut_field(batch_, record_, flags.index);
      } else {
        refuse(Carrier::kFlags, flags.value);
      }
    }
    if (Pointed state = read(fields.tracestate); state.there) {
      take_tracestate(state.value, state.index + 1);
    }
  }

  Text take_span(const Pointed& field) {
    if (!field.there) return {};
    auto id = normalise_span_id(field.value, is_decimal(field));
    if (!id) {
      refuse(Carrier::kSpanId, field.value);
      return {};
    }
    Text span = place(field, *id);
    cut_field(batch_, record_, field.index);
    return span;
  }

  void take_tracestate(std::string_view value, uint32_t place_plus_one) {
    if (value.empty()) return;
    if (!is_tracestate(value)) return refuse(Carrier::kTracestate, value);
    record_.tracestate = raw_text(value);
    if (place_plus_one != 0) cut_field(batch_, record_, place_plus_one - 1);
  }

  // ---- headers in fields and in text ----

  void look_in_fields() {
    HeaderSet& headers = empty_headers();
    collect_from_fields(batch_, record_, headers);
    if (headers.empty()) return;
    if (lacks_tracestate() && headers.has(Header::kTracestate)) {
      take_tracestate(headers[Header::kTracestate].text, headers[Header::kTracestate].place);
    }
    bool found = !has_trace() && take_trace(headers);
    if (found) record_.trace_origin = is_text() ? TraceOrigin::kText : TraceOrigin::kField;
    take_ids(headers);
    if (found) cut_taken(headers);
    if (headers.has(Header::kBaggage) && record_.trace_fields.baggage == 0) {
      take_baggage(headers[Header::kBaggage].text);
    }
  }

  void look_in_text() {
    if (record_.message.empty() || (has_trace() && record_.request_id && !wants_text())) return;
    // The letters of its escapes ("\n") are none of a name.
    HeaderSet& headers = empty_headers();
    collect_from_text(characters(record_.message, batch_.arena), headers, batch_.arena);
    if (!has_trace() && !headers.empty() && take_trace(headers)) {
      record_.trace_origin = TraceOrigin::kText;
    }
    if (!has_trace() && !headers.conflicts()) take_bare();
    if (headers.empty()) return;
    take_ids(headers);
    // A pair of a text ends at a comma, and so holds the first member alone.
    if (headers.has(Header::kTracestate) && record_.trace_fields.tracestate != 0 &&
        headers[Header::kTracestate].text.size() > record_.tracestate.size && has_trace()) {
      take_tracestate(headers[Header::kTracestate].text, 0);
    }
    if (headers.has(Header::kBaggage)) {
      record_.trace_fields.baggage = 0;
      take_baggage(headers[Header::kBaggage].text);
    }
  }

  // Whether the message may hold more of what a pair has the beginning of.
  bool wants_text() const {
    return (record_.trace_fields.tracestate | record_.trace_fields.baggage) != 0;
  }

  bool take_trace(const HeaderSet& headers) {
    Reading reading = read_headers(headers);
    findings_.refused |= reading.refused;
    if (reading.carrier == Carrier::kNone) return false;
    const TraceContext& context = reading.context;
    record_.trace_id = keep(batch_.arena, view(*context.trace_id));
    if (context.span_id) record_.span_id = keep(batch_.arena, view(*context.span_id));
    if (context.parent_span_id) {
      record_.parent_span_id = keep(batch_.arena, view(*context.parent_span_id));
    }
    record_.trace_flags = context.flags;
    findings_.carrier = reading.carrier;
    findings_.name = headers[reading.header].name;
    taken_ = reading.header;
    // It belongs to a traceparent, and does not count without.
    if (reading.carrier == Carrier::kTraceparent && headers.has(Header::kTracestate)) {
      const HeaderSet::Value& state = headers[Header::kTracestate];
      take_tracestate(state.text, state.place);
    }
    return true;
  }

  void take_bare() {
    auto parsed = find_bare_traceparent(record_.message.bytes());
    if (!parsed) return;
    record_.trace_id = keep(batch_.arena, parsed->trace_id);
    record_.span_id = keep(batch_.arena, parsed->span_id);
    record_.trace_flags = parsed->flags;
    record_.trace_origin = TraceOrigin::kText;
    findings_.carrier = Carrier::kTraceparent;
  }

  void take_ids(const HeaderSet& headers) {
    if (!record_.request_id && headers.has(Header::kRequestId)) {
      take_id(record_.request_id, headers[Header::kRequestId]);
    }
    if (!record_.correlation_id && headers.has(Header::kCorrelationId)) {
      take_id(record_.correlation_id, headers[Header::kCorrelationId]);
    }
  }

  void take_id(Text& id, const HeaderSet::Value& value) {
    if (value.text.empty()) return;
    id = raw_text(value.text);
    if (value.place != 0) cut_field(batch_, record_, value.place - 1);
  }

  // Fields of the line itself that say no more than what was taken from them.
  void cut_taken(const HeaderSet& headers) {
    auto cut = [&](Header header) {
      if (headers.has(header) && headers[header].place != 0) {
        cut_field(batch_, record_, headers[header].place - 1);
      }
    };
    if (taken_ == Header::kTraceparent || taken_ == Header::kTraceId) cut(taken_);
    bool debug = headers.has(Header::kB3Flags);
    if (taken_ == Header::kB3 && !says_debug(headers[Header::kB3].text)) {
      cut(taken_);
    }
    if (taken_ != Header::kB3TraceId) return;
    cut(Header::kB3TraceId);
    cut(Header::kB3SpanId);
    cut(Header::kB3ParentSpanId);
    if (!debug) cut(Header::kB3Sampled);
  }

  // ---- baggage ----

  std::optional<std::string_view> member(std::string_view baggage, std::string_view name) {
    auto value = baggage_member(baggage, name, batch_.arena);
    if (value && config::find_bad_utf8(*value) == std::string_view::npos) return value;
    if (value) findings_.refused |= bit(Carrier::kBaggage);
    return std::nullopt;
  }

  void take_baggage(std::string_view baggage) {
    if (!record_.tenant_id) {
      auto tenant = member(baggage, "tenant_id");
      if (tenant && !tenant->empty()) record_.tenant_id = raw_text(*tenant);
    }
    for (const std::string& name : baggage_) {
      if (auto value = member(baggage, name)) add_field(name, *value);
    }
  }

  // Behind the record's fields, which have to stand in one piece.
  void add_field(std::string_view name, std::string_view value) {
    std::vector<Field>& fields = batch_.fields;
    constexpr std::string_view prefix = "baggage.";
    char* key = batch_.arena.allocate(prefix.size() + name.size());
    std::memcpy(key, prefix.data(), prefix.size());
    std::memcpy(key + prefix.size(), name.data(), name.size());
    if (record_.first_field + record_.field_count != fields.size()) {
      auto first = static_cast<uint32_t>(fields.size());
      for (uint32_t i = 0; i < record_.field_count; ++i) {
        fields.push_back(Field(fields[record_.first_field + i]));
      }
      record_.first_field = first;
    }
    Field field;
    field.key = raw_text({key, prefix.size() + name.size()});
    field.value = raw_text(value);
    fields.push_back(field);
    ++record_.field_count;
  }

  Batch& batch_;
  Record& record_;
  std::span<const std::string> baggage_;
  Findings findings_;
  Header taken_ = Header::kCount;
};

}  // namespace

Findings resolve_trace(Batch& batch, Record& record, std::span<const std::string> baggage) {
  TraceOrigin said = record.trace_origin;  // of a record that passes through
  Findings findings = Resolver(batch, record, baggage).resolve();
  if (record.passed != nullptr) record.trace_origin = said;
  return findings;
}

}  // namespace waybill::lineage
