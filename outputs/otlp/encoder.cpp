// SPDX-License-Identifier: Apache-2.0
#include "outputs/otlp/encoder.h"

#include <algorithm>
#include <charconv>
#include <cstring>

#include "core/canonical.h"
#include "core/json_text.h"
#include "core/source.h"
#include "outputs/otlp/scope.h"
#include "outputs/passed.h"
#include "outputs/protobuf.h"
#include "outputs/runs.h"

namespace waybill::outputs::otlp {

namespace {

namespace pb = protobuf;

constexpr uint8_t kResourceLogs = 0x0A;  // of ExportLogsServiceRequest
constexpr uint8_t kResource = 0x0A;      // of ResourceLogs
constexpr uint8_t kScopeLogs = 0x12;
constexpr uint8_t kScope = 0x0A;  // of ScopeLogs
constexpr uint8_t kLogRecords = 0x12;
constexpr uint8_t kScopeName = 0x0A;  // of InstrumentationScope
constexpr uint8_t kTime = 0x09;       // of LogRecord
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

}  // namespace

Backend::Backend(const Settings& settings, const http::Url& url) {
  endpoint_.urls = {url.text("/v1/logs")};
  endpoint_.headers = {"Content-Type: application/x-protobuf"};
  endpoint_.gzip = settings.compression == Compression::kGzip;
  endpoint_.product = "the OTLP receiver";
}

Result<void> Backend::prepare(const Identity& identity) {
  identity_ = &identity;
  Buffer encoded;
  Attributes attributes(encoded, scratch_, Attributes::kOfResource);
  for (const auto& [name, value] : identity.resource) {
    if (name != "service.name") attributes.add(name, Scalar::string(value));
  }
  resource_ = encoded.view();
  return {};
}

std::vector<http::Probe> Backend::probes() const {
  // An export of nothing.
  return {{endpoint_.urls.front(), true, ""}};
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
    Attributes attributes(encoded, scratch_, Attributes::kOfResource);
    attributes.add("service.name", service_of(record, *identity_));
    for_each_inside(record, resource, [&](const Member& member) {
      if (member.key.bytes() != "service.name") attributes.add(record, member);
    });
    write_scope(head_, Scope::Kind::kOwn, encoded.view(), plain(record.logger));
    return payload.group(head_);
  }
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
    write_scope(recent.head, Scope::Kind::kConfigured, plain(service), {});
    recent.head += plain(logger);
    recent.group = payload.group(recent.head);
  } else if (recent.group >= payload.group_count ||
             payload.groups[recent.group].head != recent.head) {
    recent.group = payload.group(recent.head);
  }
  return recent.group;
}

// ---- records ----

void Backend::append(const Batch& batch, const Record& record, delivery::Payload& payload) {
  uint32_t group = group_of(batch, record, payload);
  Buffer& out = payload.buffer(group);
  auto begin = static_cast<uint32_t>(out.size());
  out.reserve(2 * record.line.size() + 512);  // the usual record fits
  pb::Nested nested(out, kLogRecords, record.line.size());
  append_fixed_part(out, record);
  append_attributes(out, batch, record);
  nested.close();
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

void Backend::append_attributes(Buffer& out, const Batch& batch, const Record& record) {
  Attributes attributes(out, scratch_, Attributes::kOfLogRecord);
  OwnKeys own;
  auto text = [&](OwnKey key, Text value) {
    if (value) attributes.add(own.take(key), value);
  };
  char uid[32];
  write_hex(record.id, uid);
  attributes.add(own.take(OwnKey::kUid), Scalar::string({uid, 32}));
  Origin origin = origin_of(batch, record);
  text(OwnKey::kPath, origin.path);
  text(OwnKey::kStream, origin.stream);
  text(OwnKey::kRequestId, record.request_id);
  text(OwnKey::kCorrelationId, record.correlation_id);
  text(OwnKey::kTenantId, record.tenant_id);
  text(OwnKey::kParentSpanId, record.parent_span_id);
  text(OwnKey::kTracestate, record.tracestate);
  if (record.trace_origin != TraceOrigin::kNone) {
    text(OwnKey::kTraceOrigin, Text(trace_origin_name(record.trace_origin), TextForm::kClean));
  }
  text(OwnKey::kThread, record.thread);
  if (record.caller) {
    Caller caller = split_caller(record.caller);
    text(OwnKey::kFile, caller.file);
    if (caller.line) {
      int64_t line = 0;
      std::from_chars(caller.line.data, caller.line.data + caller.line.size, line);
      attributes.add(own.take(OwnKey::kLine), Scalar::integer(line));
    }
    text(OwnKey::kFunction, caller.function);
  }
  if (record.error != nullptr) {
    const ErrorInfo& error = *record.error;
    text(OwnKey::kExceptionType, error.type);
    text(OwnKey::kExceptionMessage, error.message);
    text(OwnKey::kExceptionStack, error.stack);
    text(OwnKey::kErrorType, error.type ? error.type : error.code ? error.code : error.kind);
    text(OwnKey::kErrorCode, error.code);
    text(OwnKey::kErrorKind, error.kind);
  }
  append_passed(attributes, own, batch, record);
  if (!record.schema_errors.empty()) append_schema_errors(attributes, own, record);
  for_each_context_member(batch, record, [&](const Member& member) {
    // severity_text says it already.
    if (member.token == nullptr && member.text.data == record.level_text.data &&
        record.level_text) {
      return;
    }
    std::string_view key = attributes.key_of(member);
    if (own.has(key)) {
      attributes.add(record, member, another_key(batch, record, attributes, own, key));
    } else {
      attributes.add(record, member, key);
    }
  });
}

// What a record that passes through brings besides: a rate.
void Backend::append_passed(Attributes& attributes, OwnKeys& own, const Batch& batch,
                            const Record& record) {
  if (record.passed == nullptr) return;
  auto json = [&](OwnKey key, std::string_view value) {
    if (value.empty()) return;
    const Token* root = batch.tokens_of(record);
    for (uint32_t i = 1; i < record.token_count; ++i) {
      if (record.json + root[i].value != value.data()) continue;
      return attributes.add(record, detail::member_of(record, root[i]), own.take(key));
    }
  };
  json(OwnKey::kSampleRate, record.passed->sample_rate);
}

// A JSON array, with a structure of its own; few records have it.
void Backend::append_schema_errors(Attributes& attributes, OwnKeys& own, const Record& record) {
  if (!schema_errors_) schema_errors_ = std::make_unique<SchemaErrors>();
  SchemaErrors& errors = *schema_errors_;
  errors.text = "{\"all\":";
  errors.text += record.schema_errors;
  errors.text += '}';
  size_t size = errors.text.size();
  errors.text.append(kPadding, ' ');
  errors.tokens.clear();
  uint32_t duplicates = 0;
  std::string_view object(errors.text.data(), size);
  if (errors.walker.walk(object, errors.tokens, duplicates) != WalkOutcome::kObject) return;
  Record holder;
  holder.json = errors.text.data();
  attributes.add(holder, detail::member_of(holder, errors.tokens[1]),
                 own.take(OwnKey::kSchemaErrors));
}

// A key of the context that is also one of ours: "request_id_2", or whatever is free.
std::string_view Backend::another_key(const Batch& batch, const Record& record,
                                      Attributes& attributes, const OwnKeys& own,
                                      std::string_view key) {
  std::string base(key);
  for (int i = 2;; ++i) {
    other_key_ = base + '_' + std::to_string(i);
    bool taken = own.has(other_key_);
    for_each_context_member(batch, record, [&](const Member& member) {
      taken |= attributes.key_of(member) == other_key_;
    });
    if (!taken) return other_key_;
  }
}

// ---- requests ----

void Backend::compose(const delivery::Payload& payload, std::span<const uint32_t> picks,
                      delivery::Body& body) const {
  body.clear();
  std::vector<Run> runs = runs_of(payload, picks);
  struct ScopeLogs {
    Scope scope;
    size_t first = 0, last = 0;  // of the runs
    size_t size = 0;             // of the message
    bool written = false;
  };
  std::vector<ScopeLogs> all;
  for (size_t i = 0; i < runs.size(); ++i) {
    if (i == 0 || runs[i].group != runs[i - 1].group) {
      ScopeLogs& made = all.emplace_back();
      made.scope = read_scope(payload.groups[runs[i].group].head);
      made.first = i;
      if (!made.scope.name.empty()) {
        made.size = pb::field_size(pb::field_size(made.scope.name.size()));
      }
    }
    all.back().last = i + 1;
    all.back().size += runs[i].end - runs[i].begin;
  }
  Buffer& out = body.bytes;
  for (size_t i = 0; i < all.size(); ++i) {
    if (all[i].written) continue;
    // All scopes of a resource go into one ResourceLogs.
    size_t scopes = 0;
    for (size_t k = i; k < all.size(); ++k) {
      if (all[k].scope.same_resource(all[i].scope)) scopes += pb::field_size(all[k].size);
    }
    size_t resource = resource_size(all[i].scope);
    char* begin = out.reserve(pb::field_size(pb::field_size(resource) + scopes));
    char* to = pb::write_head(begin, kResourceLogs, pb::field_size(resource) + scopes);
    to = write_resource(pb::write_head(to, kResource, resource), all[i].scope);
    for (size_t k = i; k < all.size(); ++k) {
      ScopeLogs& logs = all[k];
      if (!logs.scope.same_resource(all[i].scope)) continue;
      logs.written = true;
      to = pb::write_head(to, kScopeLogs, logs.size);
      if (!logs.scope.name.empty()) {
        to = pb::write_head(to, kScope, pb::field_size(logs.scope.name.size()));
        to = pb::write_field(to, kScopeName, logs.scope.name);
      }
      for (size_t r = logs.first; r < logs.last; ++r)
        to = pb::write_raw(to, runs[r].bytes(payload));
    }
    out.advance(static_cast<size_t>(to - begin));
  }
  body.plain_size = out.size();
}

namespace {

constexpr std::string_view kServiceName = "service.name";

size_t service_size(std::string_view name) {
  return pb::field_size(kServiceName.size()) + pb::field_size(Scalar::string(name).size());
}

}  // namespace

size_t Backend::resource_size(const Scope& scope) const {
  if (scope.kind == Scope::Kind::kOwn) return scope.resource.size();
  return pb::field_size(service_size(scope.resource)) + resource_.size();
}

char* Backend::write_resource(char* to, const Scope& scope) const {
  if (scope.kind == Scope::Kind::kOwn) return pb::write_raw(to, scope.resource);
  Scalar name = Scalar::string(scope.resource);
  to = pb::write_head(to, Attributes::kOfResource, service_size(scope.resource));
  to = pb::write_field(to, 0x0A, kServiceName);
  to = name.write(pb::write_head(to, 0x12, name.size()));
  return pb::write_raw(to, resource_);
}

}  // namespace waybill::outputs::otlp
