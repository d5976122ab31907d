// SPDX-License-Identifier: Apache-2.0
// The head of a payload's group (a resource and a scope), and the attribute keys that a record
// itself may bring.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace waybill::outputs::otlp {

// How a group's records are encoded, and the resource in its head: a payload that comes back from
// the spool may hold what another run has encoded, under another `protocol`.
enum class Form : char { kProtobuf = 'p', kJson = 'j' };

// Views of a group's head.
struct Scope {
  enum class Kind : char {
    kConfigured = 'c',  // `resource` is a service's name; the rest is the configured resource
    kOwn = 'o',         // `resource` is a Resource, encoded: of records that pass through
  };
  Form form = Form::kProtobuf;
  Kind kind = Kind::kConfigured;
  std::string_view resource;
  std::string_view name;  // of the scope: the logger; may be empty

  bool same_resource(const Scope& other) const {
    return kind == other.kind && resource == other.resource;
  }
};

// kind (in capitals for JSON), size of the resource (4 bytes, of this machine's order: a head stays
// on this machine), resource, name.
inline void write_scope(std::string& head, Form form, Scope::Kind kind, std::string_view resource,
                        std::string_view name) {
  auto size = static_cast<uint32_t>(resource.size());
  char bytes[sizeof size];
  std::memcpy(bytes, &size, sizeof size);
  constexpr char kCapital = 'a' - 'A';
  char first = static_cast<char>(kind);
  head.assign(1, form == Form::kJson ? static_cast<char>(first - kCapital) : first);
  head.append(bytes, sizeof bytes);
  head.append(resource);
  head.append(name);
}

inline Scope read_scope(std::string_view head) {
  uint32_t size = 0;
  std::memcpy(&size, head.data() + 1, sizeof size);
  Scope scope;
  const char first = head.front();
  scope.form = first < 'a' ? Form::kJson : Form::kProtobuf;
  scope.kind = static_cast<Scope::Kind>(first | 0x20);
  scope.resource = head.substr(1 + sizeof size, size);
  scope.name = head.substr(1 + sizeof size + size);
  return scope;
}

// In the order of kOwnKeys.
enum class OwnKey : uint8_t {
  kUid,
  kPath,
  kStream,
  kRequestId,
  kCorrelationId,
  kTenantId,
  kParentSpanId,
  kTracestate,
  kTraceOrigin,
  kThread,
  kFile,
  kLine,
  kFunction,
  kExceptionType,
  kExceptionMessage,
  kExceptionStack,
  kErrorType,
  kErrorCode,
  kErrorKind,
  kSampleRate,
  kSchemaErrors,
};
constexpr std::array<std::string_view, 21> kOwnKeys = {
    "log.record.uid",     "log.file.path",  "log.iostream",      "request_id",
    "correlation_id",     "tenant_id",      "parent_span_id",    "tracestate",
    "trace_origin",       "thread.name",    "code.file.path",    "code.line.number",
    "code.function.name", "exception.type", "exception.message", "exception.stacktrace",
    "error.type",         "error.code",     "error.kind",        "sample_rate",
    "schema_errors"};

// Which of them a record has used: attribute keys are unique, and the record's own win.
class OwnKeys {
 public:
  std::string_view take(OwnKey key) {
    used_ |= 1u << static_cast<unsigned>(key);
    return kOwnKeys[static_cast<size_t>(key)];
  }
  bool has(std::string_view key) const {
    // Most keys of programs are shorter than all of ours.
    if (key.size() < kShortest || key.size() > kLongest) return false;
    for (uint32_t left = used_; left != 0; left &= left - 1) {
      if (kOwnKeys[static_cast<size_t>(std::countr_zero(left))] == key) return true;
    }
    return false;
  }

 private:
  static constexpr size_t kShortest = 9, kLongest = 20;
  uint32_t used_ = 0;
};

}  // namespace waybill::outputs::otlp
