// SPDX-License-Identifier: Apache-2.0
// What a receiver's replies mean (opentelemetry-proto, docs/specification.md, "OTLP/HTTP
// Response"): what may be sent again is a short list, and 500 is not on it. Its halves are other
// requests. Where not one of them is taken, the backend fails and not a record, and losing all
// would be worse than the rule: lone records are sent again, until others are taken.
#include <protozero/exception.hpp>
#include <protozero/pbf_reader.hpp>

#include <algorithm>
#include <optional>
#include <string>

#include "outputs/otlp/encoder.h"

namespace waybill::outputs::otlp {

namespace {

using http::Outcome;
using http::Verdict;

struct PartialSuccess {
  int64_t rejected = 0;
  std::string message;
};

// ExportLogsServiceResponse { ExportLogsPartialSuccess partial_success = 1; }
// ExportLogsPartialSuccess { int64 rejected_log_records = 1; string error_message = 2; }
std::optional<PartialSuccess> partial_success(std::string_view body) {
  std::optional<PartialSuccess> found;
  try {
    protozero::pbf_reader reply(body.data(), body.size());
    while (reply.next(1, protozero::pbf_wire_type::length_delimited)) {
      PartialSuccess partial;
      protozero::pbf_reader fields = reply.get_message();
      while (fields.next()) {
        switch (fields.tag_and_type()) {
          case protozero::tag_and_type(1, protozero::pbf_wire_type::varint):
            partial.rejected = fields.get_int64();
            break;
          case protozero::tag_and_type(2, protozero::pbf_wire_type::length_delimited):
            partial.message = fields.get_string();
            break;
          default: fields.skip();
        }
      }
      found = std::move(partial);
    }
  } catch (const protozero::exception&) {
    // Not the message that the specification asks for; the status counts.
    return std::nullopt;
  }
  return found;
}

// google.rpc.Status { int32 code = 1; string message = 2; repeated Any details = 3; }
std::string status_message(const http::Response& response) {
  if (response.content_type == "application/json" || response.content_type == "text/plain" ||
      response.content_type == "text/html") {
    return {};
  }
  try {
    std::string message;
    protozero::pbf_reader status(response.body.data(), response.body.size());
    while (status.next()) {
      if (status.tag_and_type() ==
          protozero::tag_and_type(2, protozero::pbf_wire_type::length_delimited)) {
        message = status.get_string();
      } else {
        status.skip();
      }
    }
    return message;
  } catch (const protozero::exception&) {
    return {};
  }
}

bool has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

Outcome outcome_of(const http::Response& response) {
  switch (response.status) {
    case 401:
    case 403:
    case 404:
    case 405:
    case 407: return Outcome::kMisconfigured;
    case 413: return Outcome::kSplit;
    case 429:
    case 502:
    case 503:
    case 504: return Outcome::kRetry;
    default: break;
  }
  bool scheme =
      has(response.body, "HTTP request to an HTTPS") || has(response.body, "sent to HTTPS port");
  if (scheme) return Outcome::kMisconfigured;
  // This request must not be sent again, but others of its records may be good.
  return response.status < 500 ? Outcome::kBisect : Outcome::kDoubtful;
}

Verdict judge_success(const http::Response& response) {
  Verdict verdict;
  std::optional<PartialSuccess> partial = partial_success(response.body);
  if (!partial) return verdict;
  verdict.reason = std::move(partial->message);
  if (partial->rejected <= 0) return verdict;  // a warning
  verdict.outcome = Outcome::kPartial;
  verdict.unnamed = static_cast<uint32_t>(std::min<int64_t>(partial->rejected, UINT32_MAX));
  return verdict;
}

}  // namespace

Verdict Backend::judge(const http::Response& response, const http::Sent&) const {
  if (response.status >= 200 && response.status < 300) return judge_success(response);
  Verdict verdict = http::judge_status(response);
  verdict.outcome = outcome_of(response);
  verdict.patience = 1;
  verdict.refusals = 1;
  if (std::string message = status_message(response); !message.empty()) {
    verdict.reason = std::move(message);
  }
  return verdict;
}

}  // namespace waybill::outputs::otlp
