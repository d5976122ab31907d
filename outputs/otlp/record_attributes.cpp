// SPDX-License-Identifier: Apache-2.0
// The attributes of a LogRecord, in protobuf or in JSON.
#include <charconv>

#include "core/canonical.h"
#include "outputs/otlp/encoder.h"
#include "outputs/otlp/json_attributes.h"
#include "outputs/passed.h"

namespace waybill::outputs::otlp {

template <typename A>
void Backend::append_attributes(A attributes, const Batch& batch, const Record& record) {
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

// The rate: ours, or what a record that passes through brings.
template <typename A>
void Backend::append_passed(A& attributes, OwnKeys& own, const Batch& batch, const Record& record) {
  if (!record.sample_rate.empty()) {
    Member rate;
    rate.type = JsonType::kNumber;
    rate.json = record.sample_rate;
    return attributes.add(record, rate, own.take(OwnKey::kSampleRate));
  }
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
template <typename A>
void Backend::append_schema_errors(A& attributes, OwnKeys& own, const Record& record) {
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
template <typename A>
std::string_view Backend::another_key(const Batch& batch, const Record& record, A& attributes,
                                      const OwnKeys& own, std::string_view key) {
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

template void Backend::append_attributes(Attributes, const Batch&, const Record&);
template void Backend::append_attributes(JsonAttributes, const Batch&, const Record&);

}  // namespace waybill::outputs::otlp
