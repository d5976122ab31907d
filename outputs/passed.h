// SPDX-License-Identifier: Apache-2.0
// What outputs need of a record that was one already when it came (Record::passed), and of every
// record's place of origin.
#pragma once

#include <optional>
#include <string_view>

#include "core/canonical.h"

namespace waybill::outputs {

// The token of `json`, a part of Record::passed that is an object; null for anything else.
inline const Token* passed_object(const Batch& batch, const Record& record, std::string_view json) {
  if (json.empty() || json.front() != '{' || record.token_count == 0) return nullptr;
  const Token* root = batch.tokens_of(record);
  for (uint32_t i = 1; i < record.token_count; ++i) {
    const Token& token = root[i];
    if (token.type == JsonType::kObject && record.json + token.value == json.data()) return &token;
  }
  return nullptr;
}

// The resource that the record brought with it; null when the configured one holds.
inline const Token* own_resource(const Batch& batch, const Record& record) {
  if (record.passed == nullptr) return nullptr;
  return passed_object(batch, record, record.passed->resource);
}

// A scalar as text: the inside of a string, a number's digits, "true". Absent for null.
inline Text scalar_text(const Member& member) {
  if (member.type == JsonType::kString) return member.text;
  if (member.type == JsonType::kNull) return {};
  return Text(member.json, TextForm::kRaw);
}

// Where a line came from, as far as outputs show it.
struct Origin {
  Text path, stream;
  Text offset;                  // digits, of a record that passes through
  std::optional<uint64_t> own;  // else the offset itself, of a file
};

inline Origin origin_of(const Batch& batch, const Record& record) {
  Origin origin;
  if (record.passed == nullptr) {
    const Source& source = batch.source_of(record);
    if (!source.path.empty()) {
      origin.path = Text(source.path, TextForm::kRaw);
      origin.own = record.offset;
    }
    std::string_view stream = stream_of(record, source);
    if (!stream.empty()) origin.stream = Text(stream, TextForm::kRaw);
    return origin;
  }
  const Token* token = passed_object(batch, record, record.passed->source);
  if (token == nullptr) return origin;
  for_each_inside(record, token, [&](const Member& member) {
    std::string_view key = member.key.bytes();
    if (key == "path" && member.type == JsonType::kString) origin.path = member.text;
    if (key == "stream" && member.type == JsonType::kString) origin.stream = member.text;
    if (key == "offset" && member.type == JsonType::kNumber) origin.offset = scalar_text(member);
  });
  if (!origin.path) origin.offset = {};
  return origin;
}

// `caller` taken apart: "http/server.go:42" is a file and a line, anything else a function.
struct Caller {
  Text file, line, function;
};

inline Caller split_caller(Text caller) {
  std::string_view bytes = caller.bytes();
  size_t colon = bytes.rfind(':');
  // Up to 9 digits: what every backend's integers hold.
  bool numbered = colon != std::string_view::npos && colon > 0 && colon + 1 < bytes.size() &&
                  bytes.size() - colon <= 10 &&
                  bytes.find_first_not_of("0123456789", colon + 1) == std::string_view::npos;
  if (!numbered) return {{}, {}, caller};
  // A digit ends no escape but that of \uXXXX, and the colon stands before it: both parts are valid
  // in the form of the whole.
  return {Text(bytes.substr(0, colon), caller.form),
          Text(bytes.substr(colon + 1), TextForm::kClean),
          {}};
}

}  // namespace waybill::outputs
