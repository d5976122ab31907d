// SPDX-License-Identifier: Apache-2.0
#include "outputs/elasticsearch/encoder.h"

#include <algorithm>
#include <charconv>
#include <cstring>

#include "core/canonical.h"
#include "core/json_text.h"
#include "core/percent.h"
#include "core/source.h"
#include "outputs/elasticsearch/ecs.h"
#include "outputs/elasticsearch/probe.h"
#include "outputs/passed.h"
#include "outputs/runs.h"

namespace waybill::outputs::elasticsearch {

namespace {

constexpr std::string_view kActionHead = "{\"create\":{\"_id\":\"";
constexpr std::string_view kActionTail = "\"}}\n";
constexpr size_t kIdDigits = 32;

// Every key but the first, with the comma before it and the colon behind: a constant.
void append_string(Buffer& out, std::string_view key, Text value) {
  if (!value) return;
  if (value.form == TextForm::kRaw) {
    out.append(key);
    out.push_back('"');
    append_escaped(out, value.bytes());
    out.push_back('"');
    return;
  }
  char* to = out.reserve(key.size() + value.size + 2);
  std::memcpy(to, key.data(), key.size());
  to += key.size();
  *to++ = '"';
  if (value.size > 0) std::memcpy(to, value.data, value.size);
  to[value.size] = '"';
  out.advance(key.size() + value.size + 2);
}

void append_json(Buffer& out, std::string_view key, std::string_view json) {
  if (json.empty()) return;
  out.append(key);
  out.append(json);
}

// `index`: "" where the URL names it. Names of indices need no escapes.
void append_action(Buffer& out, const Record& record, std::string_view index) {
  if (!index.empty()) {
    out.append("{\"create\":{\"_index\":\"");
    out.append(index);
    out.append("\",\"_id\":\"");
    char id[kIdDigits];
    write_hex(record.id, id);
    out.append(id, sizeof id);
    out.append(kActionTail);
    return;
  }
  constexpr size_t size = kActionHead.size() + kIdDigits + kActionTail.size();
  char* to = out.reserve(size);
  std::memcpy(to, kActionHead.data(), kActionHead.size());
  write_hex(record.id, to + kActionHead.size());
  std::memcpy(to + kActionHead.size() + kIdDigits, kActionTail.data(), kActionTail.size());
  out.advance(size);
}

void append_timestamp(Buffer& out, const Record& record) {
  constexpr std::string_view head = "{\"@timestamp\":\"";
  char* begin = out.reserve(head.size() + 32);
  std::memcpy(begin, head.data(), head.size());
  char* end = write_rfc3339(record.time_ns, record.time_digits, begin + head.size());
  *end++ = '"';
  out.advance(static_cast<size_t>(end - begin));
}

// What a document has besides trace.id and span.id; few records have any of it.
void append_more_trace(Buffer& out, const Record& record) {
  if (record.trace_flags >= 0) {
    constexpr char digits[] = "0123456789abcdef";
    char flags[2] = {digits[record.trace_flags >> 4 & 15], digits[record.trace_flags & 15]};
    append_string(out, ",\"labels.trace_flags\":", Text(flags, 2, TextForm::kClean));
  }
  append_string(out, ",\"labels.parent_span_id\":", record.parent_span_id);
  append_string(out, ",\"labels.tracestate\":", record.tracestate);
  if (record.trace_origin != TraceOrigin::kNone) {
    append_string(out, ",\"labels.trace_origin\":",
                  Text(trace_origin_name(record.trace_origin), TextForm::kClean));
  }
}

void append_caller(Buffer& out, const Record& record) {
  if (!record.caller) return;
  Caller caller = split_caller(record.caller);
  append_string(out, ",\"log.origin.file.name\":", caller.file);
  if (caller.line) {
    // A number without leading zeroes, as JSON wants it.
    std::string_view digits = caller.line.bytes();
    digits.remove_prefix(std::min(digits.find_first_not_of('0'), digits.size() - 1));
    append_json(out, ",\"log.origin.file.line\":", digits);
  }
  append_string(out, ",\"log.origin.function\":", caller.function);
}

void append_error(Buffer& out, const ErrorInfo& error) {
  append_string(out, ",\"error.type\":", error.type);
  append_string(out, ",\"error.code\":", error.code);
  append_string(out, ",\"error.message\":", error.message);
  append_string(out, ",\"error.stack_trace\":", error.stack);
  append_string(out, ",\"labels.error_kind\":", error.kind);
}

void append_origin(Buffer& out, const Batch& batch, const Record& record) {
  Origin origin = origin_of(batch, record);
  append_string(out, ",\"log.file.path\":", origin.path);
  if (origin.own) {
    constexpr std::string_view key = ",\"log.offset\":";
    char* to = out.reserve(key.size() + 20);
    std::memcpy(to, key.data(), key.size());
    char* end = std::to_chars(to + key.size(), to + key.size() + 20, *origin.own).ptr;
    out.advance(static_cast<size_t>(end - to));
  } else {
    append_json(out, ",\"log.offset\":", origin.offset.bytes());
  }
}

void append_fields(Buffer& out, const Fields& fields) {
  for (const auto& [name, value] : fields) {
    out.push_back(',');
    append_json_string(out, name);
    out.push_back(':');
    append_json_string(out, value);
  }
}

// The resource that the record brought with it: not the usual way, so not the fast one.
void append_own_resource(Buffer& out, const Record& record, const Token* resource) {
  Fields attributes;
  Buffer text;
  auto copy = [&](Text value) {
    text.clear();
    append_characters(text, value);
    return std::string(text.view());
  };
  for_each_inside(record, resource, [&](const Member& member) {
    attributes.emplace_back(copy(member.key), copy(scalar_text(member)));
  });
  append_fields(out, ecs_resource(attributes));
}

}  // namespace

Backend::Backend(const Settings& settings, const std::vector<http::Url>& urls)
    : mapping_(settings.mapping),
      target_(index_wildcard(settings)),
      is_stream_(!settings.data_stream.empty()),
      pipeline_(settings.pipeline),
      type_conflicts_(settings.type_conflicts) {
  if (settings.data_stream.empty()) (void)index_.parse(settings.index, false, nullptr);
  std::string target = settings.data_stream;
  if (target.empty() && index_.constant()) target = index_.example();
  // Escaped as AWS signs it.
  std::string path = (target.empty() ? "" : "/" + percent_encoded(target)) +
                     "/_bulk?filter_path=errors%2Citems.%2A.status%2Citems.%2A.error%2C"
                     "items.%2A.failure_store";
  if (!pipeline_.empty()) path += "&pipeline=" + percent_encoded(pipeline_);
  for (const http::Url& url : urls) endpoint_.urls.push_back(url.text(path));
  endpoint_.headers = {"Content-Type: application/x-ndjson"};
  if (settings.compression == Compression::kGzip) endpoint_.coding = http::Coding::kGzip;
  endpoint_.product = "Elasticsearch";
  probes_ = probes_of(urls, endpoint_.urls, target_, pipeline_);
}

Result<void> Backend::prepare(const Identity& identity) {
  identity_ = &identity;
  Buffer text;
  append_fields(text, {{"service.name", identity.service_name}});
  service_name_ = text.view();
  text.clear();
  append_fields(text, ecs_resource(identity.resource));
  resource_ = text.view();
  return {};
}

std::vector<http::Probe> Backend::probes() const { return probes_; }

std::optional<uint64_t> Backend::moved_fields() const {
  if (type_conflicts_ == TypeConflicts::kReject) return std::nullopt;
  return conflicts_.moved();
}

void Backend::append(const Batch& batch, const Record& record, delivery::Payload& payload) {
  uint32_t group = payload.group({});
  Buffer& out = payload.buffer(group);
  auto begin = static_cast<uint32_t>(out.size());
  // The usual record fits into this, so that nothing below has to grow the buffer.
  out.reserve(record.line.size() + resource_.size() + 512);
  append_action(out, record,
                index_.constant() ? std::string_view() : index_.of(batch, record, *identity_));
  append_timestamp(out, record);
  if (mapping_ == Mapping::kEcs) {
    append_ecs(out, batch, record);
    out.push_back('}');
  } else {
    size_t brace = out.size();
    append_canonical(out, batch, record, *identity_, part::kAll);
    out.data()[brace] = ',';
  }
  out.push_back('\n');
  payload.added(group, begin);
}

void Backend::append_ecs(Buffer& out, const Batch& batch, const Record& record) {
  if (record.level != Level::kNone) {
    append_string(out, ",\"log.level\":", Text(level_name(record.level), TextForm::kClean));
  }
  append_string(out, ",\"message\":", record.message);
  if (record.service_name.empty()) {
    out.append(service_name_);
  } else {
    append_string(out, ",\"service.name\":", record.service_name);
  }
  append_string(out, ",\"trace.id\":", record.trace_id);
  append_string(out, ",\"span.id\":", record.span_id);
  append_more_trace(out, record);
  append_string(out, ",\"http.request.id\":", record.request_id);
  append_string(out, ",\"labels.correlation_id\":", record.correlation_id);
  append_string(out, ",\"organization.id\":", record.tenant_id);
  append_string(out, ",\"log.logger\":", record.logger);
  append_string(out, ",\"process.thread.name\":", record.thread);
  append_caller(out, record);
  if (record.error != nullptr) append_error(out, *record.error);
  if (has_context(batch, record)) {
    out.append(",\"context\":");
    append_context(out, batch, record);
  }
  append_origin(out, batch, record);
  append_json(out, ",\"waybill.sample_rate\":", sample_rate_of(record));
  append_json(out, ",\"waybill.schema_errors\":", record.schema_errors);
  const Token* resource = own_resource(batch, record);
  if (resource != nullptr) return append_own_resource(out, record, resource);
  const Identity& identity = batch.identity_of(record, *identity_);
  if (identity.number == 0) {
    out.append(resource_);
    return;
  }
  if (identity.number != source_number_) {
    Buffer text;
    append_fields(text, ecs_resource(identity.resource));
    source_resource_ = text.view();
    source_number_ = identity.number;
  }
  out.append(source_resource_);
}

void Backend::compose(const delivery::Payload& payload, std::span<const uint32_t> picks,
                      delivery::Body& body) const {
  body.clear();
  if (conflicts_.any()) {
    for (uint32_t pick : picks) {
      std::string_view lines = payload.encoded(payload.slices[pick]);
      const size_t document = lines.find('\n') + 1;
      body.bytes.append(lines.substr(0, document));
      conflicts_.mend(lines.substr(document), body.bytes);
    }
  } else {
    for (const Run& run : runs_of(payload, picks)) body.bytes.append(run.bytes(payload));
  }
  body.plain_size = body.bytes.size();
}

}  // namespace waybill::outputs::elasticsearch
