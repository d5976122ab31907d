// SPDX-License-Identifier: Apache-2.0
// What a receiver's replies mean (opentelemetry-proto, docs/specification.md, "OTLP/HTTP Response"
// and "OTLP/gRPC Response"): what may be sent again is a short list, and 500 is not on it. Its
// halves are other requests. Where not one of them is taken, the backend fails and not a record,
// and losing all would be worse than the rule: lone records are sent again, until others are taken.
#include <algorithm>
#include <optional>
#include <string>

#include "outputs/http/grpc.h"
#include "outputs/otlp/encoder.h"
#include "outputs/otlp/reply.h"

namespace waybill::outputs::otlp {

namespace {

using http::Outcome;
using http::Verdict;
namespace grpc = http::grpc;

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

// The words of grpc-go, grpc-java and C++, and tonic for a message that is larger than they take.
// The code is not the same for all of them.
bool too_large(const http::Response& response) {
  return has(response.body, "larger than max") || has(response.body, "exceeds maximum size") ||
         has(response.body, "message length too large");
}

Outcome outcome_of_grpc(const http::Response& response) {
  if (too_large(response)) return Outcome::kSplit;
  switch (response.grpc) {
    case grpc::kCancelled:
    case grpc::kDeadlineExceeded:
    case grpc::kAborted:
    case grpc::kOutOfRange:
    case grpc::kUnavailable:
    case grpc::kDataLoss: return Outcome::kRetry;
    case grpc::kResourceExhausted:
      // Without a RetryInfo it is not said that trying again will ever help.
      return response.retry_after ? Outcome::kRetry : Outcome::kDoubtful;
    case grpc::kUnauthenticated:
    case grpc::kPermissionDenied:
    case grpc::kUnimplemented: return Outcome::kMisconfigured;
    case grpc::kInvalidArgument:
    case grpc::kNotFound:
    case grpc::kAlreadyExists:
    case grpc::kFailedPrecondition: return Outcome::kBisect;
    default: return Outcome::kDoubtful;
  }
}

// An answer without a status of gRPC: of a proxy, or of another server altogether. It says nothing
// about records.
Outcome outcome_of_stranger(const http::Response& response) {
  if (!response.said.empty()) return Outcome::kMisconfigured;
  Outcome outcome = outcome_of(response);
  return outcome == Outcome::kBisect ? Outcome::kMisconfigured : outcome;
}

// Ended in the middle of the upload. Most likely the message is too large, and the words for that
// were lost; if not, it will be taken next time.
Verdict judge_early(const http::Sent& sent) {
  Verdict verdict;
  size_t bytes = 0;
  for (uint32_t pick : sent.picks) bytes += sent.payload.slices[pick].size;
  const bool large = sent.picks.size() > 1 && bytes > grpc::kUsualLimit;
  verdict.outcome = large ? Outcome::kSplit : Outcome::kDoubtful;
  verdict.reason = "is it larger than the receiver takes?";
  verdict.drop = DropReason::kTooLarge;
  verdict.patience = 2;
  return verdict;
}

Verdict judge_success(const http::Response& response) {
  Verdict verdict;
  std::optional<PartialSuccess> partial = partial_success(response);
  if (!partial) return verdict;
  verdict.reason = std::move(partial->message);
  if (partial->rejected <= 0) return verdict;  // a warning
  verdict.outcome = Outcome::kPartial;
  verdict.unnamed = static_cast<uint32_t>(std::min<int64_t>(partial->rejected, UINT32_MAX));
  return verdict;
}

}  // namespace

Verdict Backend::judge(const http::Response& response, const http::Sent& sent) const {
  if (response.early) return judge_early(sent);
  if (response.status >= 200 && response.status < 300) return judge_success(response);
  Verdict verdict = http::judge_status(response);
  if (!grpc_) {
    verdict.outcome = outcome_of(response);
  } else if (response.grpc >= 0) {
    verdict.outcome = outcome_of_grpc(response);
  } else {
    verdict.outcome = outcome_of_stranger(response);
  }
  verdict.patience = 1;
  verdict.refusals = 1;
  if (std::string message = status_message(response); !message.empty()) {
    verdict.reason = std::move(message);
  }
  return verdict;
}

}  // namespace waybill::outputs::otlp
