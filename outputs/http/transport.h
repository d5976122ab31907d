// SPDX-License-Identifier: Apache-2.0
// Transport: one connection to a server, one request at a time, that can be cut at any moment.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/result.h"
#include "outputs/http/backend.h"
#include "outputs/http/curl_api.h"
#include "outputs/http/file_watch.h"
#include "outputs/http/grpc.h"
#include "outputs/http/http_settings.h"

namespace waybill::outputs::http {

struct Request {
  std::string url;  // as Url::text() writes it
  bool post = true;
  std::string_view body;    // must stay put until send() returns
  std::string header = {};  // one more line, or instead of one of the Endpoint's; empty: none
  std::string method = {};  // instead of POST, as PUT; empty: POST, or GET
};

// What became of a request.
struct Reply {
  enum class Kind : uint8_t {
    kAnswered,       // `response` is whole
    kFailed,         // no answer, or not a whole one: may be sent again
    kTooLarge,       // of these, the ones larger than kMaxReply: for fewer records they are shorter
    kTimedOut,       // of these, the ones that took all the time they had
    kMisconfigured,  // no answer will come until somebody changes something: TLS, a redirect
    kCut,            // by the caller's `until` or by interrupt()
  };
  Kind kind = Kind::kFailed;
  Response response;    // its views are valid until the next send()
  std::string problem;  // for people, unless answered: "cannot reach http://…: …"
  double seconds = 0;   // what it took
};

// When a request is given up for other reasons than its own time-out. Asked again after each
// interrupt() and whenever something happens on the connection.
class Patience {
 public:
  virtual ~Patience() = default;
  // Nothing more is wanted at and after this moment. `idle_since`: when the last byte went over
  // the wire, either way.
  virtual SteadyTime until(SteadyTime idle_since) const = 0;
};

// Belongs to one thread, but for interrupt(). Speaks HTTP/1.1 or, over TLS, HTTP/2, or gRPC; keeps
// connections, follows no redirect, decompresses nothing but gRPC's answers. Reads credentials and
// certificates out of their files, and again when these change: a connection with another
// certificate is a new one.
class Transport {
 public:
  // `headers` and `product` are those of the Endpoint. Fails for a file that cannot be used, for
  // want of memory, or when libcurl cannot do what we ask of it.
  static Result<std::unique_ptr<Transport>> make(const CurlApi& curl, const Settings& settings,
                                                 std::vector<std::string> headers,
                                                 std::string product, Wire wire = Wire::kHttp);
  ~Transport();
  Transport(Transport&&) = delete;

  // Reads the files of credentials and certificates again if they have changed, which is looked at
  // once a second at most, or if the backend has `refused` what they held. What is wrong with them,
  // if anything is: then what was read before stays.
  std::optional<std::string> refresh(bool refused);
  Reply send(const Request& request, const Patience& patience);
  // Any thread: makes send() ask its Patience again.
  void interrupt();

 private:
  Transport(const CurlApi& curl, const Settings& settings, std::vector<std::string> headers,
            std::string product, Wire wire);
  Result<void> set_options();
  Result<void> read_secrets();
  Result<void> set_tls(const TlsFiles& files);
  Result<void> set_credentials(Credentials credentials);
  bool build_headers(const std::string& more);
  bool direct(const std::string& url);
  CURLcode transfer(const Patience& patience, bool& cut);
  SteadyTime answer_due();
  bool connected() const;
  bool wait_for_peer(Duration wait) const;
  Duration connect_timeout() const;
  Reply answered();
  bool answered_early(CURLcode code) const;
  Reply failed(CURLcode code, const std::string& url) const;
  static size_t on_body(char* bytes, size_t size, size_t count, void* self);
  static size_t on_header(char* bytes, size_t size, size_t count, void* self);
  static int on_progress(void* self, curl_off_t, curl_off_t down, curl_off_t, curl_off_t up);

  const CurlApi& curl_;
  const Settings settings_;
  const std::vector<std::string> headers_;
  const std::string product_;
  const Wire wire_;
  Credentials credentials_;
  FileWatch watch_;
  SteadyTime looked_{};
  std::string more_header_;
  std::string url_;  // that the route of easy_ is set for
  CURL* easy_ = nullptr;
  CURLM* multi_ = nullptr;
  curl_slist* list_ = nullptr;     // of headers
  curl_slist* connect_ = nullptr;  // where to connect to
  std::optional<int64_t> date_;
  std::string body_;
  std::string content_type_;
  grpc::Status grpc_status_;
  grpc::Answer grpc_answer_;
  bool too_large_ = false;
  SteadyTime idle_since_{};
  curl_off_t moved_ = 0;
  curl_off_t sent_ = 0;  // bytes of the body,
  curl_off_t size_ = 0;  // of so many
  bool begun_ = false;   // connected, with TLS and all: the request may go
  bool answering_ = false;
  bool silent_ = false;  // the answer did not begin in time
  char error_[CURL_ERROR_SIZE] = {};
};

// The words for a transfer that failed, and whether it is worth trying again soon (else somebody
// has to change something).
struct FailureWords {
  std::string problem;
  bool misconfigured = false;
};
enum class Connection { kNone, kNew, kKept };  // kKept: it carried an answer before
struct Failure {
  CURLcode code = CURLE_OK;
  int os_error = 0;          // errno of the socket, or 0
  std::string_view details;  // libcurl's own message; may be empty
  std::string_view url;
  std::string_view product;
  Connection connection = Connection::kNone;
  Duration timeout{};
  Wire wire = Wire::kHttp;
};
FailureWords explain(const Failure& failure);

}  // namespace waybill::outputs::http
