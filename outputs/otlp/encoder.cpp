// SPDX-License-Identifier: Apache-2.0
#include "outputs/otlp/encoder.h"

#include <algorithm>
#include <charconv>
#include <cstring>

#include "core/canonical.h"
#include "core/json_text.h"
#include "core/source.h"
#include "outputs/http/grpc.h"
#include "outputs/otlp/json_attributes.h"
#include "outputs/otlp/scope.h"
#include "outputs/passed.h"
#include "outputs/protobuf.h"

namespace waybill::outputs::otlp {

namespace {

namespace pb = protobuf;

constexpr uint8_t kLogRecords = 0x12;  // of ScopeLogs
constexpr uint8_t kTime = 0x09;        // of LogRecord
constexpr uint8_t kSeverityNumber = 0x10;
constexpr uint8_t kSeverityText = 0x1A;
constexpr uint8_t kBody = 0x2A;
constexpr uint8_t kFlags = 0x45;
constexpr uint8_t kTraceId = 0x4A;
constexpr uint8_t kSpanId = 0x52;
constexpr uint8_t kObservedTime = 0x59;
constexpr uint8_t kStringValue = 0x0A;  // of AnyValue

// SeverityNumber of a level whose source's own word says no more (logs data model).
uint8_t severity_of(const Record& record) {
  constexpr std::array<uint8_t, kLevelCount> lowest = {0, 5, 9, 13, 17, 21};
  return record.severity != 0 ? record.severity : lowest[static_cast<size_t>(record.level)];
}

constexpr std::array<uint8_t, 256> hex_values() {
  std::array<uint8_t, 256> values{};
  values.fill(0xFF);
  for (uint8_t i = 0; i < 16; ++i) values[static_cast<size_t>("0123456789abcdef"[i])] = i;
  return values;
}

// `size` bytes of lower-case hex, or false.
bool from_hex(Text text, char* out, size_t size) {
  static constexpr std::array<uint8_t, 256> values = hex_values();
  if (text.size != 2 * size) return false;
  unsigned seen = 0;
  for (size_t i = 0; i < size; ++i) {
    unsigned high = values[static_cast<unsigned char>(text.data[2 * i])];
    unsigned low = values[static_cast<unsigned char>(text.data[2 * i + 1])];
    seen |= high | low;
    out[i] = static_cast<char>(high << 4 | low);
  }
  return seen < 16;
}

void append_fixed64(Buffer& out, uint8_t tag, int64_t value) {
  if (value <= 0) return;  // absent: times before 1970 cannot be said
  char* to = out.reserve(9);
  *to++ = static_cast<char>(tag);
  pb::write_fixed(to, static_cast<uint64_t>(value));
  out.advance(9);
}

void append_field(Buffer& out, uint8_t tag, std::string_view bytes) {
  char* begin = out.reserve(1 + pb::kMaxVarint + bytes.size());
  out.advance(static_cast<size_t>(pb::write_field(begin, tag, bytes) - begin));
}

constexpr std::string_view kGrpcPath = "/opentelemetry.proto.collector.logs.v1.LogsService/Export";

const char* content_type(Protocol protocol) {
  switch (protocol) {
    case Protocol::kHttpProtobuf: return kProtobufType;
    case Protocol::kHttpJson: return kJsonType;
    case Protocol::kGrpc: return "Content-Type: application/grpc";
  }
  return "";
}

}  // namespace

Backend::Backend(const Settings& settings, const std::vector<http::Url>& urls)
    : form_(settings.protocol == Protocol::kHttpJson ? Form::kJson : Form::kProtobuf),
      grpc_(settings.protocol == Protocol::kGrpc) {
  for (http::Url url : urls) {
    if (!grpc_) {
      endpoint_.urls.push_back(url.text(settings.path));
      continue;
    }
    if (!url.port_said && url.scheme == "http") {
      url.port = kGrpcPort;
      url.port_said = true;
    }
    endpoint_.urls.push_back(url.text(kGrpcPath));
  }
  endpoint_.headers = {content_type(settings.protocol)};
  switch (settings.compression) {
    case Compression::kGzip: endpoint_.coding = http::Coding::kGzip; break;
    case Compression::kZstd: endpoint_.coding = http::Coding::kZstd; break;
    case Compression::kNone: break;
  }
  endpoint_.product = "the OTLP receiver";
  if (grpc_) endpoint_.wire = http::Wire::kGrpc;
}

// Writes KeyValues of a Resource.
template <typename Fill>
void Backend::write_attributes(Buffer& out, Fill fill) {
  if (form_ == Form::kJson) {
    JsonAttributes attributes(out, scratch_);
    fill(attributes);
  } else {
    Attributes attributes(out, scratch_, Attributes::kOfResource);
    fill(attributes);
  }
}

Result<void> Backend::prepare(const Identity& identity) {
  identity_ = &identity;
  Buffer encoded, json;
  Attributes attributes(encoded, scratch_, Attributes::kOfResource);
  JsonAttributes json_attributes(json, scratch_);
  for (const auto& [name, value] : identity.resource) {
    if (name == "service.name") continue;
    attributes.add(name, Scalar::string(value));
    json_attributes.add(name, Scalar::string(value));
  }
  resource_ = encoded.view();
  json_resource_ = json.view();
  return {};
}

std::vector<http::Probe> Backend::probes() const {
  // An export of nothing.
  const char* nothing = form_ == Form::kJson ? "{}" : "";
  std::vector<http::Probe> probes;
  for (const std::string& url : endpoint_.urls) probes.push_back({url, true, nothing});
  return probes;
}

// ---- groups ----

std::string_view Backend::plain(Text text) {
  if (text.form != TextForm::kJson) return text.bytes();
  scratch_.value.clear();
  append_characters(scratch_.value, text);
  return scratch_.value.view();
}

uint32_t Backend::group_of(const Batch& batch, const Record& record, delivery::Payload& payload) {
  if (const Token* resource = own_resource(batch, record)) {
    Buffer encoded;
    write_attributes(encoded, [&](auto& attributes) {
      attributes.add("service.name", service_of(record, *identity_));
      for_each_inside(record, resource, [&](const Member& member) {
        if (member.key.bytes() != "service.name") attributes.add(record, member);
      });
    });
    write_scope(head_, form_, Scope::Kind::kOwn, encoded.view(), plain(record.logger));
    return payload.group(head_);
  }
  const Identity& identity = batch.identity_of(record, *identity_);
  if (identity.number != 0) return group_of_source(identity, record, payload);
  Text service = service_of(record, *identity_);
  Text logger = record.logger;
  auto ends = [](Text text) -> size_t {
    if (text.empty()) return 0;
    return static_cast<unsigned char>(text.data[0]) * 5u + text.size * 7 +
           static_cast<unsigned char>(text.data[text.size - 1]);
  };
  Recent& recent = recent_[(ends(service) * 3 + ends(logger)) % kRecentScopes];
  bool same = recent.known && recent.service_form == service.form &&
              recent.logger_form == logger.form &&
              std::string_view(recent.service) == service.bytes() &&
              std::string_view(recent.logger) == logger.bytes();
  if (!same) {
    recent.known = true;
    recent.service_form = service.form;
    recent.logger_form = logger.form;
    recent.service = service.bytes();
    recent.logger = logger.bytes();
    write_scope(recent.head, form_, Scope::Kind::kConfigured, plain(service), {});
    recent.head += plain(logger);
    recent.group = payload.group(recent.head);
  } else if (recent.group >= payload.group_count ||
             payload.groups[recent.group].head != recent.head) {
    recent.group = payload.group(recent.head);
  }
  return recent.group;
}

// Of a source with a resource of its own, which mostly is that of the record before.
uint32_t Backend::group_of_source(const Identity& identity, const Record& record,
                                  delivery::Payload& payload) {
  if (identity.number != source_number_) {
    Buffer encoded;
    write_attributes(encoded, [&](auto& attributes) {
      for (const auto& [name, value] : identity.resource) {
        attributes.add(name, Scalar::string(value));
      }
    });
    source_resource_ = encoded.view();
    source_number_ = identity.number;
  }
  Buffer encoded;
  write_attributes(encoded, [&](auto& attributes) {
    attributes.add("service.name", service_of(record, identity));
  });
  encoded.append(source_resource_);
  write_scope(head_, form_, Scope::Kind::kOwn, encoded.view(), plain(record.logger));
  return payload.group(head_);
}

// ---- records ----

void Backend::append(const Batch& batch, const Record& record, delivery::Payload& payload) {
  uint32_t group = group_of(batch, record, payload);
  Buffer& out = payload.buffer(group);
  auto begin = static_cast<uint32_t>(out.size());
  out.reserve(2 * record.line.size() + 512);  // the usual record fits
  if (form_ == Form::kJson) {
    append_json_record(out, batch, record);
  } else {
    pb::Nested nested(out, kLogRecords, record.line.size());
    append_fixed_part(out, record);
    append_attributes(Attributes(out, scratch_, Attributes::kOfLogRecord), batch, record);
    nested.close();
  }
  payload.added(group, begin);
}

void Backend::append_fixed_part(Buffer& out, const Record& record) {
  // A time that the line does not say is not made up: it is the time at which we saw it.
  if (record.time_said) append_fixed64(out, kTime, record.time_ns);
  if (uint8_t severity = severity_of(record); severity != 0) {
    out.push_back(static_cast<char>(kSeverityNumber));
    out.push_back(static_cast<char>(severity));
  }
  if (record.level_text) {
    append_field(out, kSeverityText, plain(record.level_text));
  } else if (record.level != Level::kNone) {
    append_field(out, kSeverityText, level_name(record.level));
  }
  if (record.message) {
    std::string_view message = plain(record.message);
    size_t size = pb::field_size(message.size());
    char* head = out.reserve(2 * pb::kMaxVarint + size);
    char* end = pb::write_field(pb::write_head(head, kBody, size), kStringValue, message);
    out.advance(static_cast<size_t>(end - head));
  }
  if (record.trace_flags >= 0) {
    char* to = out.reserve(5);
    *to = static_cast<char>(kFlags);
    pb::write_fixed(to + 1, static_cast<uint32_t>(record.trace_flags & 0xFF));
    out.advance(5);
  }
  char id[16];
  if (from_hex(record.trace_id, id, 16)) append_field(out, kTraceId, {id, 16});
  if (from_hex(record.span_id, id, 8)) append_field(out, kSpanId, {id, 8});
  append_fixed64(out, kObservedTime, record.time_said ? record.read_ns : record.time_ns);
}

// A LogRecord of OTLP/JSON, and the comma behind it.
void Backend::append_json_record(Buffer& out, const Batch& batch, const Record& record) {
  auto digits = [&](auto value) {
    char* to = out.reserve(20);
    out.advance(static_cast<size_t>(std::to_chars(to, to + 20, value).ptr - to));
  };
  out.push_back('{');
  if (record.time_said && record.time_ns > 0) {
    out.append(R"("timeUnixNano":")");
    digits(record.time_ns);
    out.append("\",");
  }
  if (int64_t seen = record.time_said ? record.read_ns : record.time_ns; seen > 0) {
    out.append(R"("observedTimeUnixNano":")");
    digits(seen);
    out.append("\",");
  }
  if (int severity = severity_of(record); severity != 0) {
    out.append(R"("severityNumber":)");
    digits(severity);
    out.push_back(',');
  }
  Text level = record.level_text;
  if (!level && record.level != Level::kNone) {
    level = Text(level_name(record.level), TextForm::kClean);
  }
  if (level) {
    out.append(R"("severityText":")");
    append_sound(out, level);
    out.append("\",");
  }
  if (record.message) {
    out.append(R"("body":)");
    append_string_value(out, record.message);
    out.push_back(',');
  }
  out.append(R"("attributes":[)");
  append_attributes(JsonAttributes(out, scratch_), batch, record);
  drop_comma(out);
  out.push_back(']');
  if (record.trace_flags >= 0) {
    out.append(R"(,"flags":)");
    digits(record.trace_flags & 0xFF);
  }
  // Hex here, where all other bytes are base64.
  char id[16];
  auto hex = [&](std::string_view name, Text text, size_t size) {
    if (!from_hex(text, id, size)) return;
    out.append(name);
    out.append(text.bytes());
    out.push_back('"');
  };
  hex(R"(,"traceId":")", record.trace_id, 16);
  hex(R"(,"spanId":")", record.span_id, 8);
  out.append("},");
}

}  // namespace waybill::outputs::otlp
