// SPDX-License-Identifier: Apache-2.0
#include "outputs/http/backend.h"

namespace waybill::outputs::http {

namespace {

constexpr size_t kReasonBytes = 400;

// The beginning of a body that is meant for people. An HTML page is not.
std::string words_of(const Response& response) {
  std::string_view body = response.body;
  constexpr std::string_view kBlanks = " \t\r\n";
  size_t begin = body.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos || response.content_type == "text/html" ||
      body[begin] == '<') {
    return {};
  }
  if (response.content_type == "application/x-protobuf") return {};
  body = body.substr(begin, body.find_last_not_of(kBlanks) - begin + 1);
  return std::string(body.substr(0, kReasonBytes));
}

Outcome outcome_of(int status) {
  if (status >= 200 && status < 300) return Outcome::kDelivered;
  switch (status) {
    case 401:
    case 403:
    case 404:
    case 405:
    case 407: return Outcome::kMisconfigured;
    case 408:
    case 425:
    case 429: return Outcome::kRetry;
    case 413: return Outcome::kSplit;
    default: break;
  }
  return status >= 400 && status < 500 ? Outcome::kBisect : Outcome::kRetry;
}

}  // namespace

Verdict judge_status(const Response& response) {
  Verdict verdict;
  verdict.outcome = outcome_of(response.status);
  if (verdict.outcome != Outcome::kDelivered) verdict.reason = words_of(response);
  return verdict;
}

std::string refusal_words(const Response& response, const Verdict& verdict) {
  std::string what = response.said.empty() ? "HTTP " + std::to_string(response.status)
                                           : std::string(response.said);
  if (!verdict.reason.empty()) what += ": " + verdict.reason;
  if (response.status == 401 || response.status == 403) what += "; are the credentials right?";
  if (response.status == 404 || response.status == 405) what += "; is the URL right?";
  return what;
}

Result<Finding> Backend::judge_probe(const Probe&, const Response& response) const {
  Verdict verdict = judge_status(response);
  if (verdict.outcome == Outcome::kDelivered) return Finding{.words = "answers, and takes us"};
  bool later = verdict.outcome == Outcome::kRetry;
  return Error{later ? Action::kRetry : Action::kFixConfig, refusal_words(response, verdict)};
}

std::string Backend::preview(const delivery::Payload& payload) const {
  delivery::Body body;
  const uint32_t only = 0;
  compose(payload, {&only, 1}, body);
  std::string_view text = body.bytes.view();
  while (!text.empty() && text.back() == '\n') text.remove_suffix(1);
  return std::string(text);
}

}  // namespace waybill::outputs::http
