// SPDX-License-Identifier: Apache-2.0
#include "lineage/headers.h"

#include <algorithm>
#include <cstring>

#include "core/canonical.h"
#include "core/json_text.h"
#include "lineage/hex.h"

namespace waybill::lineage {

namespace {

constexpr size_t kLongestName = 48;

struct HeaderName {
  std::string_view name;  // in lower case, without what stands between words
  Header header;
};
constexpr std::array kHeaderNames = {
    HeaderName{"b3", Header::kB3},
    HeaderName{"baggage", Header::kBaggage},
    HeaderName{"grpctracebin", Header::kGrpcTrace},
    HeaderName{"traceparent", Header::kTraceparent},
    HeaderName{"tracestate", Header::kTracestate},
    HeaderName{"ubertraceid", Header::kJaeger},
    HeaderName{"xamzntraceid", Header::kXray},
    HeaderName{"xb3flags", Header::kB3Flags},
    HeaderName{"xb3parentspanid", Header::kB3ParentSpanId},
    HeaderName{"xb3sampled", Header::kB3Sampled},
    HeaderName{"xb3spanid", Header::kB3SpanId},
    HeaderName{"xb3traceid", Header::kB3TraceId},
    HeaderName{"xcloudtracecontext", Header::kGoogle},
    HeaderName{"xcorrelationid", Header::kCorrelationId},
    HeaderName{"xdatadogparentid", Header::kDatadogParentId},
    HeaderName{"xdatadogsamplingpriority", Header::kDatadogPriority},
    HeaderName{"xdatadogtags", Header::kDatadogTags},
    HeaderName{"xdatadogtraceid", Header::kDatadogTraceId},
    HeaderName{"xrequestid", Header::kRequestId},
    HeaderName{"xtraceid", Header::kTraceId},
};

// What frameworks put before the name: CGI and nginx, OpenTelemetry's attributes, gRPC gateways.
constexpr std::array<std::string_view, 5> kPrefixes = {
    "http", "httprequestheader", "rpcgrpcrequestmetadata", "rpcrequestmetadata", "grpcmetadata"};

// By first letter, how long names are: bit i for i letters.
constexpr std::array<uint64_t, 256> kLengths = [] {
  std::array<uint64_t, 256> lengths{};
  for (const HeaderName& one : kHeaderNames) {
    lengths[static_cast<unsigned char>(one.name[0])] |= uint64_t{1} << one.name.size();
  }
  return lengths;
}();

std::optional<Header> header_of_letters(std::string_view letters) {
  static_assert(kLongestName < 64);
  const bool fits = !letters.empty() && letters.size() <= kLongestName &&
                    (kLengths[static_cast<unsigned char>(letters[0])] >> letters.size() & 1) != 0;
  if (!fits) return std::nullopt;
  auto found = std::lower_bound(
      kHeaderNames.begin(), kHeaderNames.end(), letters,
      [](const HeaderName& one, std::string_view name) { return one.name < name; });
  if (found == kHeaderNames.end() || found->name != letters) return std::nullopt;
  return found->header;
}

// Which first letters a name or a prefix may have: most keys of a line end here.
constexpr std::array<bool, 256> kFirstLetters = [] {
  std::array<bool, 256> table{};
  for (char c : {'b', 't', 'u', 'x', 'h', 'r', 'g', 'B', 'T', 'U', 'X', 'H', 'R', 'G'}) {
    table[static_cast<unsigned char>(c)] = true;
  }
  return table;
}();

uint32_t bit(Carrier carrier) { return 1u << static_cast<unsigned>(carrier); }

// One carrier after the other, until one names a trace.
class Reader {
 public:
  explicit Reader(const HeaderSet& headers) : headers_(headers) {}

  Reading read() {
    read_traceparent();
    read_whole(Header::kGrpcTrace, Carrier::kTraceparent, parse_grpc_trace);
    read_whole(Header::kB3, Carrier::kB3, parse_b3);
    read_b3_headers();
    read_whole(Header::kJaeger, Carrier::kJaeger, parse_jaeger);
    read_whole(Header::kXray, Carrier::kXray, parse_xray);
    read_whole(Header::kGoogle, Carrier::kGoogle, read_google);
    read_datadog();
    read_trace_id();
    return reading_;
  }

 private:
  bool done() const { return reading_.carrier != Carrier::kNone; }

  std::string_view text(Header header) const {
    return headers_.has(header) ? headers_[header].text : std::string_view();
  }

  void take(const std::optional<TraceContext>& context, Header header, Carrier carrier) {
    if (!context) {
      if (!says_no_id(headers_[header].text)) reading_.refused |= bit(carrier);
      return;
    }
    if (!context->trace_id) return;  // a sampling decision alone
    reading_.context = *context;
    reading_.carrier = carrier;
    reading_.header = header;
  }

  template <typename Parse>
  void read_whole(Header header, Carrier carrier, Parse parse) {
    if (!done() && headers_.has(header)) take(parse(headers_[header].text), header, carrier);
  }

  void read_traceparent() {
    if (!headers_.has(Header::kTraceparent)) return;
    auto parsed =
        headers_.conflicts() ? std::nullopt : parse_traceparent(text(Header::kTraceparent));
    std::optional<TraceContext> context;
    if (parsed) {
      context.emplace();
      std::memcpy(context->trace_id.emplace().data(), parsed->trace_id.data(), 32);
      std::memcpy(context->span_id.emplace().data(), parsed->span_id.data(), 16);
      context->flags = parsed->flags;
    }
    take(context, Header::kTraceparent, Carrier::kTraceparent);
  }

  // Alone the trace id is a field as others are; with the rest of them B3's rules hold.
  void read_b3_headers() {
    if (done() || !headers_.has(Header::kB3TraceId)) return;
    bool alone = !headers_.has(Header::kB3SpanId) && !headers_.has(Header::kB3ParentSpanId) &&
                 !headers_.has(Header::kB3Sampled) && !headers_.has(Header::kB3Flags);
    if (alone) return take(of_id(headers_[Header::kB3TraceId]), Header::kB3TraceId, Carrier::kB3);
    take(parse_b3_headers({text(Header::kB3TraceId), text(Header::kB3SpanId),
                           text(Header::kB3ParentSpanId), text(Header::kB3Sampled),
                           text(Header::kB3Flags)}),
         Header::kB3TraceId, Carrier::kB3);
  }

  // The header, or a log's "projects/…/traces/<id>".
  static std::optional<TraceContext> read_google(std::string_view value) {
    if (!value.starts_with("projects/")) return parse_google(value);
    auto id = normalise_trace_id(value, false);
    if (!id) return std::nullopt;
    TraceContext context;
    context.trace_id = id;
    return context;
  }

  void read_datadog() {
    if (done() || !headers_.has(Header::kDatadogTraceId)) return;
    take(parse_datadog({text(Header::kDatadogTraceId), text(Header::kDatadogParentId),
                        text(Header::kDatadogPriority), text(Header::kDatadogTags)}),
         Header::kDatadogTraceId, Carrier::kDatadog);
  }

  static std::optional<TraceContext> of_id(const HeaderSet::Value& value) {
    auto id = normalise_trace_id(value.text, value.decimal && value.text.size() <= 20);
    if (!id) return std::nullopt;
    TraceContext context;
    context.trace_id = id;
    return context;
  }

  void read_trace_id() {
    if (done() || !headers_.has(Header::kTraceId)) return;
    take(of_id(headers_[Header::kTraceId]), Header::kTraceId, Carrier::kTraceId);
    if (!done()) return;
    if (headers_.has(Header::kSpanId)) {
      const HeaderSet::Value& span = headers_[Header::kSpanId];
      reading_.context.span_id = normalise_span_id(span.text, span.decimal);
      if (!reading_.context.span_id && !says_no_id(span.text)) {
        reading_.refused |= bit(Carrier::kSpanId);
      }
    }
    if (headers_.has(Header::kFlags)) {
      reading_.context.flags = parse_flags(headers_[Header::kFlags].text);
      if (reading_.context.flags < 0) reading_.refused |= bit(Carrier::kFlags);
    }
  }

  const HeaderSet& headers_;
  Reading reading_;
};

std::string_view joined(std::string_view first, std::string_view second, Arena& arena) {
  char* both = arena.allocate(first.size() + 1 + second.size());
  std::memcpy(both, first.data(), first.size());
  both[first.size()] = ',';
  std::memcpy(both + first.size() + 1, second.data(), second.size());
  return {both, first.size() + 1 + second.size()};
}

}  // namespace

std::string_view carrier_name(Carrier carrier) {
  constexpr std::array<std::string_view, static_cast<size_t>(Carrier::kCount)> names = {
      "none", "traceparent", "tracestate", "baggage",  "b3",      "uber-trace-id",
      "xray", "google",      "datadog",    "trace_id", "span_id", "trace_flags"};
  return names[static_cast<size_t>(carrier)];
}

std::optional<Header> header_of(std::string_view name) {
  if (name.size() < 2 || name.size() > kLongestName) return std::nullopt;
  if (!kFirstLetters[static_cast<unsigned char>(name[0])]) return std::nullopt;
  char buffer[kLongestName];
  size_t size = 0;
  for (char c : name) {
    if (c == '_' || c == '-' || c == '.') continue;
    buffer[size++] = c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
  }
  std::string_view letters{buffer, size};
  if (auto header = header_of_letters(letters)) return header;
  for (std::string_view prefix : kPrefixes) {
    if (!letters.starts_with(prefix)) continue;
    if (auto header = header_of_letters(letters.substr(prefix.size()))) return header;
  }
  return std::nullopt;
}

void HeaderSet::offer(Header header, const Value& offered, Arena& arena) {
  Value value = offered;
  if (header == Header::kTraceparent) {
    if (auto plain = unwrapped_traceparent(value.text, arena)) {
      value.text = *plain;
      value.place = 0;
    }
  }
  Value& place = values_[index(header)];
  if (!has(header)) {
    place = value;
    present_ |= 1u << index(header);
    return;
  }
  if (value.group != place.group || value.text == place.text) return;
  if (header == Header::kTracestate) {
    place.text = joined(place.text, value.text, arena);
    place.place = 0;
    return;
  }
  if (header == Header::kTraceparent) {
    auto first = parse_traceparent(place.text);
    auto second = parse_traceparent(value.text);
    conflict_ = conflict_ || (first && second && first->trace_id != second->trace_id);
    if (!first && second) place = value;
    return;
  }
  // In prose what is called a trace id often is none: the first that is one counts.
  if (header == Header::kTraceId && !normalise_trace_id(place.text, place.decimal)) place = value;
}

Reading read_headers(const HeaderSet& headers) { return Reader(headers).read(); }

namespace {

// Offers the members of JSON and the pairs of text that are headers.
class Collector {
 public:
  Collector(Batch& batch, const Record& record, HeaderSet& headers)
      : batch_(batch), record_(record), headers_(headers) {}

  void collect() {
    if (record_.token_count > 0) {
      const Token* root = batch_.tokens_of(record_);
      visit(root, root, root + root->span, 1);
    }
    for (uint32_t i = 0; i < record_.field_count; ++i) {
      const Field& field = batch_.fields[record_.first_field + i];
      if (field.cut) continue;
      auto header = header_of(field.key.bytes());
      if (!header) continue;
      uint32_t place = record_.token_count == 0 ? i + 1 : 0;
      headers_.offer(*header, {field.key.bytes(), characters(field.value, batch_.arena), 0, place},
                     batch_.arena);
    }
  }

 private:
  std::string_view text_of(const Token& token) {
    Member member = detail::member_of(record_, token);
    return member.type == JsonType::kString ? characters(member.text, batch_.arena) : member.json;
  }
  std::string_view key_of(const Token& token) const {
    return {record_.json + token.key, token.key_size};
  }

  void offer(Header header, std::string_view name, const Token& value, uint32_t group,
             uint32_t place) {
    if (value.type == JsonType::kObject || value.type == JsonType::kNull) return;
    if (value.type != JsonType::kArray) {
      return headers_.offer(header, {name, text_of(value), group, place}, batch_.arena);
    }
    // Go prints a header as the list of its values.
    for (const Token* one = &value + 1; one != &value + value.span; one += one->span) {
      if (one->type != JsonType::kString) continue;
      headers_.offer(header, {name, text_of(*one), group, 0}, batch_.arena);
    }
  }

  // ["traceparent", "00-…"]
  void offer_pair(const Token& array, uint32_t group) {
    if (array.span != 3 || array.type != JsonType::kArray) return;
    const Token* name = &array + 1;
    if (name->type != JsonType::kString || name[1].type != JsonType::kString) return;
    std::string_view text = text_of(*name);
    if (auto header = header_of(text)) offer(*header, text, name[1], group, 0);
  }

  // {"key": "traceparent", "value": "00-…"}
  void offer_key_value(const Token& object, uint32_t group) {
    if (object.type != JsonType::kObject || object.span < 3 || object.span > 8) return;
    const Token* name = nullptr;
    const Token* value = nullptr;
    for (const Token* child = &object + 1; child != &object + object.span; child += child->span) {
      std::string_view key = key_of(*child);
      if (key == "key" || key == "name" || key == "Key" || key == "Name") name = child;
      if (key == "value" || key == "Value") value = child;
    }
    if (name == nullptr || value == nullptr || name->type != JsonType::kString) return;
    std::string_view text = text_of(*name);
    if (auto header = header_of(text)) offer(*header, text, *value, group, 0);
  }

  // The members or elements of one container, whose index is their group.
  void visit(const Token* root, const Token* container, const Token* end, int depth) {
    constexpr int deepest = 8;
    auto group = static_cast<uint32_t>(container - root);
    bool list = container->type == JsonType::kArray;
    for (const Token* child = container + 1; child != end; child += child->span) {
      if (child->has(Token::kCut)) {
        offer_duplicate(*child, group);
        continue;
      }
      if (list) {
        offer_pair(*child, group);
        offer_key_value(*child, group);
      } else if (auto header = header_of(key_of(*child))) {
        uint32_t place = depth == 1 ? static_cast<uint32_t>(child - root) + 1 : 0;
        offer(*header, key_of(*child), *child, group, place);
        continue;
      }
      if (child->span > 1 && depth < deepest) visit(root, child, child + child->span, depth + 1);
      if (depth == 1 && child->type == JsonType::kString) offer_dump(*child, group);
    }
  }

  // Two equal keys are two headers, though the record keeps the last one alone.
  void offer_duplicate(const Token& token, uint32_t group) {
    if (!token.has(Token::kDuplicate)) return;
    if (header_of(key_of(token)) == Header::kTraceparent) {
      offer(Header::kTraceparent, key_of(token), token, group, 0);
    }
  }

  // {"headers": "GET / HTTP/1.1\r\ntraceparent: 00-…"}
  void offer_dump(const Token& token, uint32_t group) {
    std::string_view key = key_of(token);
    auto ends = [&](std::string_view word) { return key.ends_with(word); };
    if (!ends("eaders") && !ends("eader") && !ends("etadata")) return;
    HeaderSet inside;
    collect_from_text(text_of(token), inside, batch_.arena);
    for (size_t i = 0; i < static_cast<size_t>(Header::kCount); ++i) {
      auto header = static_cast<Header>(i);
      if (!inside.has(header)) continue;
      HeaderSet::Value value = inside[header];
      value.group = group + 1;
      headers_.offer(header, value, batch_.arena);
    }
  }

  Batch& batch_;
  const Record& record_;
  HeaderSet& headers_;
};

}  // namespace

void collect_from_fields(Batch& batch, const Record& record, HeaderSet& headers) {
  Collector(batch, record, headers).collect();
}

}  // namespace waybill::lineage
