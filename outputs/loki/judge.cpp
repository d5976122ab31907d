// SPDX-License-Identifier: Apache-2.0
// What Loki's replies mean (grafana/loki: pkg/distributor/{http,distributor,validator}.go,
// pkg/ingester/stream.go, pkg/validation/validate.go, pkg/util/errors.go).
#include "outputs/loki/encoder.h"
#include "outputs/loki/refusal.h"

namespace waybill::outputs::loki {

namespace {

using http::Outcome;
using http::Verdict;

// From so many refusals on, a request of more than so many bytes is halved: one that exceeds the
// tenant's burst is refused for ever, and a merely busy tenant is not helped by tiny requests.
constexpr uint32_t kPatientAttempts = 3;
constexpr size_t kLargeRequest = 64 * 1024;

bool has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

size_t bytes_of(const http::Sent& sent) {
  size_t bytes = 0;
  for (uint32_t pick : sent.picks) bytes += sent.payload.slices[pick].size;
  return bytes;
}

Verdict of(Outcome outcome, std::string_view reason) {
  Verdict verdict;
  verdict.outcome = outcome;
  verdict.reason = reason;
  return verdict;
}

// Somebody has to change something: the tenant, the scheme.
bool is_about_settings(std::string_view text) {
  return has(text, "multiple org IDs") || has(text, "tenant ID") || has(text, "no org id") ||
         has(text, "HTTP request to an HTTPS server") ||
         has(text, "request was sent to HTTPS port");
}

// `block_ingestion_status_code` may be anything; the default, 260, looks like a success.
Verdict blocked(std::string_view reason) {
  Verdict verdict = of(Outcome::kRejected, reason);
  if (reason.empty()) verdict.reason = "ingestion is blocked: the entries were discarded";
  verdict.drop = DropReason::kBlocked;
  return verdict;
}

Verdict judge_bad_request(const http::Response& response, const http::Sent& sent) {
  if (has(response.body, "ingestion blocked for user")) return blocked(response.body);
  if (is_about_settings(response.body)) return of(Outcome::kMisconfigured, response.body);
  Refusal refusal(sent);
  if (!refusal.read(response.body)) {
    // Undecodable, unparsable labels, or somebody between us and Loki: nothing was stored.
    return of(Outcome::kBisect, response.body);
  }
  Verdict verdict = of(Outcome::kPartial, response.body);
  verdict.items = refusal.items();
  verdict.unnamed = refusal.unnamed();
  return verdict;
}

}  // namespace

Verdict Backend::judge(const http::Response& response, const http::Sent& sent) const {
  switch (response.status) {
    case 200:
    case 204: return {};
    case 400: return judge_bad_request(response, sent);
    case 429: {
      bool burst = sent.attempt >= kPatientAttempts && sent.picks.size() > 1 &&
                   bytes_of(sent) > kLargeRequest;
      return of(burst ? Outcome::kSplit : Outcome::kRetry, response.body);
    }
    // Of the distributor, a 500 may be about one entry of the request (a name of structured
    // metadata that it cannot make a label of), and is nothing that a smaller one would not have,
    // too.
    case 500: {
      Verdict verdict = of(Outcome::kDoubtful, response.body);
      verdict.patience = kPatientAttempts;
      return verdict;
    }
    default: break;
  }
  if (response.status > 200 && response.status < 300) return blocked(response.body);
  return http::judge_status(response);
}

Result<http::Finding> Backend::judge_probe(const http::Probe& probe,
                                           const http::Response& response) const {
  // No streams: 422, or 400 in older ones. Too busy is there, too.
  bool there = response.status == 204 || response.status == 422 || response.status == 429 ||
               (response.status == 400 && !is_about_settings(response.body));
  if (there) {
    const std::string& tenant = tenant_ ? settings_.default_tenant : settings_.tenant;
    return http::Finding{.words =
                             "takes our pushes" + (tenant.empty() ? "" : " for tenant " + tenant)};
  }
  if (has(response.body, "no org id")) {
    return Error{Action::kFixConfig, "HTTP 401: no org id: it has tenants: name ours as `tenant`"};
  }
  return http::Backend::judge_probe(probe, response);
}

}  // namespace waybill::outputs::loki
