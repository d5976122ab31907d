// SPDX-License-Identifier: Apache-2.0
// What a collector is sent: an ExportLogsServiceRequest (opentelemetry-proto,
// collector/logs/v1/logs_service.proto and logs/v1/logs.proto), in protobuf or JSON to /v1/logs, or
// over gRPC:
//
//   ExportLogsServiceRequest { repeated ResourceLogs resource_logs = 1; }
//   ResourceLogs  { Resource resource = 1; repeated ScopeLogs scope_logs = 2; }
//   ScopeLogs     { InstrumentationScope scope = 1; repeated LogRecord log_records = 2; }
//
// A payload's group is a resource and a scope; its records are `log_records` fields, or JSON
// objects with a comma behind each. The head is in a form of our own (scope.h); compose() writes
// resource and scope once per request.
#pragma once

#include <array>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/json_walker.h"
#include "outputs/http/backend.h"
#include "outputs/otlp/attributes.h"
#include "outputs/otlp/scope.h"
#include "outputs/otlp/settings.h"

namespace waybill::outputs::otlp {

// What stands for a form as a request's key: the header that says so.
constexpr const char* kProtobufType = "Content-Type: application/x-protobuf";
constexpr const char* kJsonType = "Content-Type: application/json";

class Backend final : public http::Backend {
 public:
  Backend(const Settings& settings, const std::vector<http::Url>& urls);

  Result<void> prepare(const Identity& identity) override;
  const http::Endpoint& endpoint() const override { return endpoint_; }
  std::vector<http::Probe> probes() const override;

  void append(const Batch& batch, const Record& record, delivery::Payload& payload) override;
  void compose(const delivery::Payload& payload, std::span<const uint32_t> picks,
               delivery::Body& body) const override;
  std::string preview(const delivery::Payload& payload) const override;
  std::string_view request_key(const delivery::Group& group) const override;
  std::string request_header(std::string_view key) const override;

  http::Verdict judge(const http::Response& response, const http::Sent& sent) const override;

 private:
  // A group that was written to lately: most lines find theirs here.
  struct Recent {
    bool known = false;
    TextForm service_form = TextForm::kRaw, logger_form = TextForm::kRaw;
    std::string service, logger;  // as they stood in the record, escapes included
    std::string head;
    uint32_t group = 0;  // in the payload that was written to last
  };
  static constexpr size_t kRecentScopes = 32;

  uint32_t group_of(const Batch& batch, const Record& record, delivery::Payload& payload);
  uint32_t group_of_source(const Identity& identity, const Record& record,
                           delivery::Payload& payload);
  template <typename Fill>
  void write_attributes(Buffer& out, Fill fill);
  // All of a LogRecord but its attributes.
  void append_fixed_part(Buffer& out, const Record& record);
  void append_json_record(Buffer& out, const Batch& batch, const Record& record);
  // A: Attributes or JsonAttributes.
  template <typename A>
  void append_attributes(A attributes, const Batch& batch, const Record& record);
  template <typename A>
  void append_passed(A& attributes, OwnKeys& own, const Batch& batch, const Record& record);
  template <typename A>
  void append_schema_errors(A& attributes, OwnKeys& own, const Record& record);
  template <typename A>
  std::string_view another_key(const Batch& batch, const Record& record, A& attributes,
                               const OwnKeys& own, std::string_view key);
  // The characters; valid until the next call.
  std::string_view plain(Text text);

  // Of a request: the records of a group, as pieces of their bytes.
  using Pieces = std::vector<std::string_view>;
  struct ScopeLogs {
    Scope scope;
    size_t first = 0, last = 0;  // of the pieces
    size_t size = 0;             // of the message; of the records alone before it is composed
    bool written = false;
  };
  static void to_protobuf(Pieces& pieces, std::vector<ScopeLogs>& all,
                          std::deque<std::string>& converted);
  void compose_protobuf(const Pieces& pieces, std::vector<ScopeLogs>& all, Buffer& out) const;
  void compose_json(const Pieces& pieces, std::vector<ScopeLogs>& all, Buffer& out) const;
  size_t resource_size(const Scope& scope) const;
  char* write_resource(char* to, const Scope& scope) const;
  void append_json_resource(Buffer& out, const Scope& scope) const;

  const Form form_;
  const bool grpc_;
  http::Endpoint endpoint_;

  // Made by prepare().
  const Identity* identity_ = nullptr;
  // Attributes of the configured resource but service.name, encoded.
  std::string resource_, json_resource_;

  // The pipeline thread's.
  std::array<Recent, kRecentScopes> recent_;
  std::string
      source_resource_;         // as resource_, of the source that the last record with its own had
  uint64_t source_number_ = 0;  // Identity::number
  std::string head_;            // a group's head
  std::string other_key_;       // of a clash
  Attributes::Scratch scratch_;
  // What is needed to take `schema_errors` apart; made for the first record that has them.
  struct SchemaErrors {
    JsonWalker walker;
    std::string text;
    std::vector<Token> tokens;
  };
  std::unique_ptr<SchemaErrors> schema_errors_;
};

}  // namespace waybill::outputs::otlp
