// SPDX-License-Identifier: Apache-2.0
// What Elasticsearch is sent: POST /<target>/_bulk, NDJSON, two lines for a record.
//
//   {"create":{"_id":"0123456789abcdef0123456789abcdef"}}
//   {"@timestamp":"2026-01-02T03:04:05.000Z","log.level":"INFO","message":"…",…}
//
// The id is the record's own and `create` never overwrites, so a repeated request stores nothing
// twice: 409 means that it was stored before. A payload has one group, without a head.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "outputs/elasticsearch/settings.h"
#include "outputs/http/backend.h"

namespace waybill::outputs::elasticsearch {

class Backend final : public http::Backend {
 public:
  Backend(const Settings& settings, const std::vector<http::Url>& urls);

  Result<void> prepare(const Identity& identity) override;
  const http::Endpoint& endpoint() const override { return endpoint_; }
  std::vector<http::Probe> probes() const override;

  void append(const Batch& batch, const Record& record, delivery::Payload& payload) override;
  void compose(const delivery::Payload& payload, std::span<const uint32_t> picks,
               delivery::Body& body) const override;

  Result<void> judge_probe(const http::Response& response) const override;
  http::Verdict judge(const http::Response& response, const http::Sent& sent) const override;

 private:
  void append_ecs(Buffer& out, const Batch& batch, const Record& record);

  const Mapping mapping_;
  http::Endpoint endpoint_;

  // Made by prepare().
  const Identity* identity_ = nullptr;
  std::string service_name_;  // `,"service.name":"…"`
  std::string resource_;      // `,"service.version":"…",…`
};

}  // namespace waybill::outputs::elasticsearch
