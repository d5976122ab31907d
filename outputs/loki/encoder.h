// SPDX-License-Identifier: Apache-2.0
// What Loki is sent: POST /loki/api/v1/push, a snappy block of logproto.PushRequest
// (grafana/loki, pkg/push/push.proto).
//
//   PushRequest   { repeated StreamAdapter streams = 1; }
//   StreamAdapter { string labels = 1; repeated EntryAdapter entries = 2; }
//   EntryAdapter  { google.protobuf.Timestamp timestamp = 1; string line = 2;
//                   repeated LabelPairAdapter structuredMetadata = 3; }
//   LabelPairAdapter { string name = 1; string value = 2; }
//   Timestamp     { int64 seconds = 1; int32 nanos = 2; }
//
// A payload's group is a stream: its head is the label text, behind the tenant where records have
// different ones (wire.h); its records are `entries` fields.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "outputs/http/backend.h"
#include "outputs/loki/labels.h"
#include "outputs/loki/settings.h"
#include "outputs/loki/times.h"

namespace waybill::outputs::loki {

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

  Result<http::Finding> judge_probe(const http::Probe& probe,
                                    const http::Response& response) const override;
  http::Verdict judge(const http::Response& response, const http::Sent& sent) const override;
  std::string_view request_key(const delivery::Group& group) const override;
  std::string request_header(std::string_view key) const override;
  std::vector<http::Item> refuse(const delivery::Payload& payload, WallNanos now) const override;

 private:
  // A stream that was written to lately: most lines find theirs here.
  struct Stream {
    bool known = false;
    Level level = Level::kNone;
    TextForm form = TextForm::kRaw;
    std::string service;  // as it stood in the record, escapes included
    uint32_t demotions = 0;
    std::string head;
    uint64_t hash = 0;   // of the head
    uint32_t group = 0;  // in the payload that was written to last
  };
  static constexpr size_t kRecentStreams = 32;

  Stream& stream_of(const Batch& batch, const Record& record, delivery::Payload& payload);
  void write_head(const Batch& batch, const Record& record, const Token* resource);
  // Of a source that has an identity of its own, or the configured one (sources.cpp).
  std::string_view metadata_of(const Identity& who);
  // Whether metadata or a label that the record itself may bring is called that.
  static bool is_own_name(std::string_view name);
  static void append_time(Buffer& out, int64_t time_ns);
  void append_line(Buffer& out, const Batch& batch, const Record& record, uint32_t parts);
  void cut_line(Buffer& out, size_t begin) const;
  void append_metadata(Buffer& out, const Record& record);
  void append_own_resource(Buffer& out, const Record& record, const Token* resource);
  // One structuredMetadata field; none for an absent or empty value.
  void append_pair(Buffer& out, std::string_view name, Text value);
  // The characters; valid until the next call.
  std::string_view plain(Text text);

  const Settings settings_;
  http::Endpoint endpoint_;
  std::optional<Template> tenant_;  // where it is a matter of the record

  // Made by prepare().
  const Identity* identity_ = nullptr;
  std::string resource_metadata_;  // structuredMetadata fields, encoded
  // The pipeline thread's: the same of the source that the last record with its own came from.
  std::string source_metadata_;
  uint64_t source_number_ = 0;  // Identity::number
  uint32_t line_parts_ = 0;     // of the canonical form, for `line: record`

  // The pipeline thread's.
  Labels labels_;
  std::array<Stream, kRecentStreams + 1> recent_;  // the last: of a record with labels of its own
  DistinctTimes times_;
  std::string head_;  // scratch: a stream's label text
  std::string tenant_text_, tenant_scratch_;
  Buffer scratch_;  // a decoded text
};

}  // namespace waybill::outputs::loki
