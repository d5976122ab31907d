// SPDX-License-Identifier: Apache-2.0
// Transport: what came of a request.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "delivery/backoff.h"
#include "outputs/http/transport.h"
#include "outputs/printable.h"

namespace waybill::outputs::http {

namespace {

// "Application/JSON; charset=utf-8" → "application/json".
std::string media_type(const char* text) {
  std::string type = text == nullptr ? "" : text;
  type.resize(std::min(type.find(';'), type.size()));
  while (!type.empty() && type.back() == ' ') type.pop_back();
  std::transform(type.begin(), type.end(), type.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
  return type;
}

}  // namespace

Duration Transport::connect_timeout() const {
  return std::min<Duration>(std::chrono::seconds(5), settings_.timeout);
}

Reply Transport::answered() {
  Reply reply;
  long status = 0;
  curl_off_t retry_after = 0;
  char* type = nullptr;
  curl_.easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status);
  curl_.easy_getinfo(easy_, CURLINFO_CONTENT_TYPE, &type);
  curl_.easy_getinfo(easy_, CURLINFO_RETRY_AFTER, &retry_after);  // seconds, from either form
  content_type_ = media_type(type);
  if (status >= 300 && status < 400) {
    char* location = nullptr;
    curl_.easy_getinfo(easy_, CURLINFO_REDIRECT_URL, &location);
    reply.kind = Reply::Kind::kMisconfigured;
    reply.problem = fmt::format(
        "HTTP {}: it redirects to {}, and redirects are not followed: put "
        "the right URL into the config",
        status, location == nullptr ? "nowhere" : printable(location));
    return reply;
  }
  if (wire_ == Wire::kGrpc && status != 0) {
    long version = 0;
    curl_.easy_getinfo(easy_, CURLINFO_HTTP_VERSION, &version);
    if (version < CURL_HTTP_VERSION_2_0) {
      reply.kind = Reply::Kind::kMisconfigured;
      reply.problem = fmt::format(
          "HTTP {}: {} speaks HTTP/1.1 alone, and gRPC needs HTTP/2: is the port right, and is "
          "there a proxy in between?",
          status, url_);
      return reply;
    }
  }
  reply.kind = Reply::Kind::kAnswered;
  reply.response.status = static_cast<int>(status);
  reply.response.body = body_;
  reply.response.content_type = content_type_;
  reply.response.date = date_;
  if (retry_after > 0) {
    std::chrono::seconds asked(std::min<curl_off_t>(retry_after, 24 * 3600));
    reply.response.retry_after = std::min<Duration>(asked, delivery::Backoff::kRetryAfterCap);
  }
  if (wire_ != Wire::kGrpc) return reply;
  if (status == 0) {
    reply.response.early = true;
    reply.response.said = "nothing, and ends the stream before it has the whole request";
    reply.response.status = 500;
  } else {
    grpc::read_answer(grpc_status_, reply.response, grpc_answer_);
  }
  return reply;
}

// A gRPC server that will not have a message says so, and ends the stream, as soon as it knows the
// size. To libcurl that is an error of the upload, and the answer itself may be lost.
bool Transport::answered_early(CURLcode code) const {
  if (wire_ != Wire::kGrpc || code != CURLE_HTTP2_STREAM) return false;
  if (!grpc_status_.code.empty()) return true;
  curl_off_t sent = 0;
  long status = 0;
  curl_.easy_getinfo(easy_, CURLINFO_SIZE_UPLOAD_T, &sent);
  curl_.easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status);
  return status == 0 && sent < size_;
}

Reply Transport::failed(CURLcode code, const std::string& url) const {
  Reply reply;
  if (too_large_) {
    reply.kind = Reply::Kind::kTooLarge;
    reply.problem = fmt::format("the answer of {} is larger than {} MiB: is it the right server?",
                                url, kMaxReply / 1024 / 1024);
    return reply;
  }
  long os_error = 0;
  curl_off_t connected = 0;
  curl_off_t ready = 0;
  curl_.easy_getinfo(easy_, CURLINFO_OS_ERRNO, &os_error);
  curl_.easy_getinfo(easy_, CURLINFO_CONNECT_TIME_T, &connected);
  curl_.easy_getinfo(easy_, CURLINFO_PRETRANSFER_TIME_T, &ready);  // behind the TLS handshake
  std::string_view details = error_[0] != '\0' ? &error_[0] : curl_.easy_strerror(code);
  Duration waited = ready > 0 ? settings_.timeout : connect_timeout();
  // A connection that was kept took no time to connect, and was ready at once.
  Connection connection = connected > 0 ? Connection::kNew
                          : ready > 0   ? Connection::kKept
                                        : Connection::kNone;
  FailureWords words = explain({code, static_cast<int>(os_error), details, url, product_,
                                connection, silent_ ? settings_.response_timeout : waited, wire_});
  reply.problem = std::move(words.problem);
  if (code == CURLE_OPERATION_TIMEDOUT) reply.kind = Reply::Kind::kTimedOut;
  if (words.misconfigured) reply.kind = Reply::Kind::kMisconfigured;
  return reply;
}

}  // namespace waybill::outputs::http
