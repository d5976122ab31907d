// SPDX-License-Identifier: Apache-2.0
#include "sampling/held_record.h"

#include <cstring>
#include <span>
#include <type_traits>

namespace waybill::sampling {

namespace {

// Block: Head, ErrorInfo (of those that have one), tokens, fields, bytes. Views of the record, of
// its error and of its fields point into the bytes.
struct Head {
  Record record;
  uint32_t tokens, fields;
};
static_assert(std::is_trivially_copyable_v<Record> && std::is_trivially_copyable_v<Token> &&
              std::is_trivially_copyable_v<Field> && std::is_trivially_copyable_v<ErrorInfo>);
static_assert(alignof(Head) <= kHeldAlign && alignof(Field) <= kHeldAlign);

constexpr Text Record::*kTexts[] = {
    &Record::level_text,     &Record::service_name, &Record::trace_id,   &Record::span_id,
    &Record::parent_span_id, &Record::tracestate,   &Record::request_id, &Record::correlation_id,
    &Record::tenant_id,      &Record::message,      &Record::logger,     &Record::thread,
    &Record::caller};
// Names of patterns may go with their config, so the format is copied like the rest.
constexpr std::string_view Record::*kViews[] = {&Record::sample_rate, &Record::schema_errors,
                                                &Record::schema_repairs, &Record::format,
                                                &Record::stream};
constexpr Text ErrorInfo::*kErrorTexts[] = {&ErrorInfo::kind, &ErrorInfo::type, &ErrorInfo::code,
                                            &ErrorInfo::message, &ErrorInfo::stack};

constexpr size_t aligned(size_t size) { return (size + kHeldAlign - 1) & ~(kHeldAlign - 1); }

// All that the tokens speak of.
std::string_view json_of(const Batch& batch, const Record& record) {
  if (record.json == nullptr || record.token_count == 0) return {};
  const Token& root = *batch.tokens_of(record);
  return {record.json, size_t{root.value} + root.value_size};
}

bool within(const char* at, size_t size, std::string_view bytes) {
  auto from = reinterpret_cast<uintptr_t>(bytes.data());
  auto place = reinterpret_cast<uintptr_t>(at);
  return place >= from && place + size <= from + bytes.size();
}

// Most texts are views into the line, or into the JSON: they move along with it.
struct Moved {
  std::string_view line, json;
  const char* new_line = nullptr;
  const char* new_json = nullptr;  // within the new line where the old one was within the old

  bool covers(const char* at, size_t size) const {
    return size == 0 || within(at, size, line) || within(at, size, json);
  }
  const char* place_of(const char* at, size_t size) const {
    if (within(at, size, line)) return new_line + (at - line.data());
    if (within(at, size, json)) return new_json + (at - json.data());
    return nullptr;
  }
};

// Calls visit(const char*& data, size_t size) for each text that is there.
template <typename Visit>
void each_text(Record& record, ErrorInfo* error, std::span<Field> fields, Visit&& visit) {
  auto text = [&](Text& one) {
    if (one) visit(one.data, one.size);
  };
  for (auto member : kTexts) text(record.*member);
  for (auto member : kViews) {
    std::string_view& view = record.*member;
    if (view.empty()) continue;
    const char* data = view.data();
    visit(data, view.size());
    view = {data, view.size()};
  }
  if (error != nullptr) {
    for (auto member : kErrorTexts) text(error->*member);
  }
  for (Field& field : fields) {
    text(field.key);
    text(field.value);
  }
}

size_t fixed_size(const Record& record) {
  return sizeof(Head) + (record.error != nullptr ? sizeof(ErrorInfo) : 0) +
         record.token_count * sizeof(Token) + record.field_count * sizeof(Field);
}

}  // namespace

size_t held_size(const Batch& batch, const Record& record) {
  Moved moved{record.line, json_of(batch, record)};
  size_t size = fixed_size(record) + moved.line.size();
  if (!within(moved.json.data(), moved.json.size(), moved.line)) size += moved.json.size();
  auto text = [&](const char* at, size_t bytes) {
    if (!moved.covers(at, bytes)) size += bytes;
  };
  for (auto member : kTexts) text((record.*member).data, (record.*member).size);
  for (auto member : kViews) text((record.*member).data(), (record.*member).size());
  if (record.error != nullptr) {
    for (auto member : kErrorTexts)
      text((record.error->*member).data, (record.error->*member).size);
  }
  for (const Field& field : batch.fields_of(record)) {
    text(field.key.data, field.key.size);
    text(field.value.data, field.value.size);
  }
  return aligned(size);
}

void write_held(const Batch& batch, const Record& record, char* to) {
  char* const block = to;
  auto put = [&](const void* bytes, size_t size) {
    char* place = to;
    if (size > 0) std::memcpy(place, bytes, size);
    to += size;
    return place;
  };
  Head head{record, record.token_count, record.field_count};
  to += sizeof(Head);
  ErrorInfo error;
  char* const error_place = to;
  if (record.error != nullptr) {
    error = *record.error;
    to += sizeof(ErrorInfo);
  }
  std::span<const Field> old = batch.fields_of(record);
  auto* fields = reinterpret_cast<Field*>(put(old.data(), old.size_bytes()));
  put(batch.tokens.data() + record.first_token, record.token_count * sizeof(Token));

  Moved moved{record.line, json_of(batch, record)};
  moved.new_line = put(moved.line.data(), moved.line.size());
  bool inside = within(moved.json.data(), moved.json.size(), moved.line);
  moved.new_json = moved.json.empty() ? nullptr
                   : inside           ? moved.new_line + (moved.json.data() - moved.line.data())
                                      : put(moved.json.data(), moved.json.size());
  head.record.line = {moved.new_line, moved.line.size()};
  head.record.json = moved.new_json;
  each_text(head.record, record.error != nullptr ? &error : nullptr, {fields, old.size()},
            [&](const char*& at, size_t size) {
              const char* place = moved.place_of(at, size);
              at = place != nullptr ? place : put(at, size);
            });
  if (record.error != nullptr) {
    head.record.error = reinterpret_cast<const ErrorInfo*>(error_place);
    std::memcpy(error_place, &error, sizeof error);
  }
  std::memcpy(block, &head, sizeof head);
}

void read_held(const char* from, Batch& batch, uint32_t source) {
  Head head;
  std::memcpy(&head, from, sizeof head);
  from += sizeof(Head) + (head.record.error != nullptr ? sizeof(ErrorInfo) : 0);
  Record& record = head.record;
  record.source = source;
  record.first_field = static_cast<uint32_t>(batch.fields.size());
  record.first_token = static_cast<uint32_t>(batch.tokens.size());
  batch.fields.resize(batch.fields.size() + head.fields);
  batch.tokens.resize(batch.tokens.size() + head.tokens);
  if (head.fields > 0) {
    std::memcpy(batch.fields.data() + record.first_field, from, head.fields * sizeof(Field));
    from += head.fields * sizeof(Field);
  }
  if (head.tokens > 0) {
    std::memcpy(batch.tokens.data() + record.first_token, from, head.tokens * sizeof(Token));
  }
  batch.records.push_back(record);
}

}  // namespace waybill::sampling
