// SPDX-License-Identifier: Apache-2.0
// What a collector is sent: POST /v1/logs, an ExportLogsServiceRequest (opentelemetry-proto,
// collector/logs/v1/logs_service.proto and logs/v1/logs.proto):
//
//   ExportLogsServiceRequest { repeated ResourceLogs resource_logs = 1; }
//   ResourceLogs  { Resource resource = 1; repeated ScopeLogs scope_logs = 2; }
//   ScopeLogs     { InstrumentationScope scope = 1; repeated LogRecord log_records = 2; }
//
// A payload's group is a resource and a scope; its records are `log_records` fields. The head is
// in a form of our own (scope.h); compose() writes resource and scope once per request.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>

#include "core/json_walker.h"
#include "outputs/http/backend.h"
#include "outputs/otlp/attributes.h"
#include "outputs/otlp/scope.h"
#include "outputs/otlp/settings.h"

namespace waybill::outputs::otlp {

class Backend final : public http::Backend {
 public:
  Backend(const Settings& settings, const http::Url& url);

  Result<void> prepare(const Identity& identity) override;
  const http::Endpoint& endpoint() const override { return endpoint_; }
  std::vector<http::Probe> probes() const override;

  void append(const Batch& batch, const Record& record, delivery::Payload& payload) override;
  void compose(const delivery::Payload& payload, std::span<const uint32_t> picks,
               delivery::Body& body) const override;
  std::string preview(const delivery::Payload& payload) const override;

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
  // All of a LogRecord but its attributes.
  void append_fixed_part(Buffer& out, const Record& record);
  void append_attributes(Buffer& out, const Batch& batch, const Record& record);
  void append_passed(Attributes& attributes, OwnKeys& own, const Batch& batch,
                     const Record& record);
  void append_schema_errors(Attributes& attributes, OwnKeys& own, const Record& record);
  std::string_view another_key(const Batch& batch, const Record& record, Attributes& attributes,
                               const OwnKeys& own, std::string_view key);
  // The characters; valid until the next call.
  std::string_view plain(Text text);
  size_t resource_size(const Scope& scope) const;
  char* write_resource(char* to, const Scope& scope) const;

  http::Endpoint endpoint_;

  // Made by prepare().
  const Identity* identity_ = nullptr;
  std::string resource_;  // attributes of the configured resource but service.name, encoded

  // The pipeline thread's.
  std::array<Recent, kRecentScopes> recent_;
  std::string head_;       // a group's head
  std::string other_key_;  // of a clash
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
