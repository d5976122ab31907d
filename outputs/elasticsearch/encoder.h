// SPDX-License-Identifier: Apache-2.0
// What Elasticsearch is sent: POST /<target>/_bulk, NDJSON, two lines for a record.
//
//   {"create":{"_id":"0123456789abcdef0123456789abcdef"}}
//   {"@timestamp":"2026-01-02T03:04:05.000Z","log.level":"INFO","message":"…",…}
//
// The id is the record's own and `create` never overwrites, so a repeated request stores nothing
// twice: 409 means that it was stored before. A payload has one group, without a head. What the
// index has refused for its type is mended when it is sent (conflicts.h).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "outputs/elasticsearch/conflicts.h"
#include "outputs/elasticsearch/settings.h"
#include "outputs/http/backend.h"
#include "outputs/pattern.h"

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

  Result<http::Finding> judge_probe(const http::Probe& probe,
                                    const http::Response& response) const override;
  http::Verdict judge(const http::Response& response, const http::Sent& sent) const override;
  std::optional<uint64_t> moved_fields() const override;

 private:
  void append_ecs(Buffer& out, const Batch& batch, const Record& record);

  const Mapping mapping_;
  const std::string target_;  // a data stream, or an index; * for each part of a time in its name
  const bool is_stream_;
  const std::string pipeline_;  // an ingest pipeline; empty: none
  const TypeConflicts type_conflicts_;
  Pattern index_;                // where each record has its own by its time; else it is in the URL
  mutable Conflicts conflicts_;  // judge() learns what compose() mends
  http::Endpoint endpoint_;
  std::vector<http::Probe> probes_;

  // Made by prepare().
  const Identity* identity_ = nullptr;
  std::string service_name_;  // `,"service.name":"…"`
  std::string resource_;      // `,"service.version":"…",…`

  // The pipeline thread's: the same of the source that the last record with its own came from.
  std::string source_resource_;
  uint64_t source_number_ = 0;  // Identity::number
};

}  // namespace waybill::outputs::elasticsearch
