// SPDX-License-Identifier: Apache-2.0
#include "outputs/http/transport.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "delivery/backoff.h"
#include "outputs/printable.h"

namespace waybill::outputs::http {

namespace {

using std::chrono::milliseconds;

Duration connect_timeout(const Settings& settings) {
  return std::min<Duration>(std::chrono::seconds(5), settings.timeout);
}

long to_ms(Duration duration) {
  return static_cast<long>(std::chrono::duration_cast<milliseconds>(duration).count());
}

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

Transport::Transport(const CurlApi& curl, const Settings& settings,
                     std::vector<std::string> headers, std::string product)
    : curl_(curl),
      settings_(settings),
      headers_(std::move(headers)),
      product_(std::move(product)) {}

Transport::~Transport() {
  if (easy_ != nullptr) curl_.easy_cleanup(easy_);
  if (multi_ != nullptr) curl_.multi_cleanup(multi_);
  curl_.slist_free_all(list_);
}

Result<std::unique_ptr<Transport>> Transport::make(const CurlApi& curl, const Settings& settings,
                                                   std::vector<std::string> headers,
                                                   std::string product) {
  std::unique_ptr<Transport> made(
      new Transport(curl, settings, std::move(headers), std::move(product)));
  made->easy_ = curl.easy_init();
  made->multi_ = curl.multi_init();
  if (made->easy_ == nullptr || made->multi_ == nullptr || !made->build_headers()) {
    return Error{Action::kFatal, "libcurl cannot make a connection handle: out of memory or files"};
  }
  if (Result<void> set = made->set_options(); !set) return std::move(set).error();
  return made;
}

Result<void> Transport::set_options() {
  CURLcode bad = CURLE_OK;
  auto set = [&](CURLoption option, auto value) {
    CURLcode code = curl_.easy_setopt(easy_, option, value);
    if (code != CURLE_OK) bad = code;
  };
  set(CURLOPT_NOSIGNAL, 1L);    // its DNS time-out by SIGALRM is not for programs with threads
  set(CURLOPT_QUICK_EXIT, 1L);  // a resolver that hangs must not hold up our end
  set(CURLOPT_FOLLOWLOCATION, 0L);
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_HTTP_VERSION, long{CURL_HTTP_VERSION_1_1});
  set(CURLOPT_HTTP_CONTENT_DECODING, 0L);
  set(CURLOPT_USERAGENT, "waybill/" WAYBILL_VERSION);
  set(CURLOPT_TIMEOUT_MS, to_ms(settings_.timeout));
  set(CURLOPT_CONNECTTIMEOUT_MS, to_ms(connect_timeout(settings_)));
  set(CURLOPT_TCP_KEEPALIVE, 1L);
  set(CURLOPT_ERRORBUFFER, &error_[0]);
  set(CURLOPT_WRITEFUNCTION, &Transport::on_body);
  set(CURLOPT_WRITEDATA, static_cast<void*>(this));
  set(CURLOPT_NOPROGRESS, 0L);
  set(CURLOPT_XFERINFOFUNCTION, &Transport::on_progress);
  set(CURLOPT_XFERINFODATA, static_cast<void*>(this));
  // An empty proxy switches off those of the environment.
  set(CURLOPT_PROXY, settings_.proxy.c_str());
  set(CURLOPT_NOPROXY, "");
  set(CURLOPT_NETRC, long{CURL_NETRC_IGNORED});
  set(CURLOPT_SSLVERSION, long{CURL_SSLVERSION_TLSv1_2});
  const TlsSettings& tls = settings_.tls;
  if (!tls.ca_file.empty()) {
    set(CURLOPT_CAINFO, tls.ca_file.c_str());
    set(CURLOPT_CAPATH, static_cast<const char*>(nullptr));  // instead of the system's
  }
  if (!tls.cert_file.empty()) set(CURLOPT_SSLCERT, tls.cert_file.c_str());
  if (!tls.key_file.empty()) set(CURLOPT_SSLKEY, tls.key_file.c_str());
  set(CURLOPT_SSL_VERIFYPEER, tls.insecure_skip_verify ? 0L : 1L);
  set(CURLOPT_SSL_VERIFYHOST, tls.insecure_skip_verify ? 0L : 2L);
  if (bad == CURLE_OK) return {};
  return Error{Action::kFatal, fmt::format("the installed libcurl cannot do what we need: {}",
                                           curl_.easy_strerror(bad))};
}

bool Transport::build_headers() {
  curl_.slist_free_all(list_);
  list_ = nullptr;
  auto add = [&](const std::string& line) {
    curl_slist* longer = curl_.slist_append(list_, line.c_str());
    if (longer != nullptr) list_ = longer;
    return longer != nullptr;
  };
  // No round trip before the body: without a value, libcurl leaves the header out.
  bool fine = add("Expect:");
  for (const std::string& line : headers_) fine = add(line) && fine;
  for (const auto& [name, value] : settings_.headers) {
    // "Name;" is libcurl's way to send a header that is empty.
    fine = add(value.empty() ? name + ";" : name + ": " + value) && fine;
  }
  if (!authorization_.empty()) fine = add(authorization_) && fine;
  return fine && curl_.easy_setopt(easy_, CURLOPT_HTTPHEADER, list_) == CURLE_OK;
}

void Transport::set_authorization(std::string line) {
  if (line == authorization_) return;
  authorization_ = std::move(line);
  (void)build_headers();
}

Reply Transport::send(const Request& request, const Patience& patience) {
  body_.clear();
  if (body_.capacity() > 64 * 1024) body_.shrink_to_fit();  // the next answer will be short again
  too_large_ = false;
  error_[0] = '\0';
  moved_ = 0;
  sent_ = 0;
  size_ = static_cast<curl_off_t>(request.post ? request.body.size() : 0);
  silent_ = false;
  curl_.easy_setopt(easy_, CURLOPT_URL, request.url.c_str());
  if (request.post) {
    curl_.easy_setopt(easy_, CURLOPT_POST, 1L);
    // Never null: that would make libcurl read the body from standard input.
    curl_.easy_setopt(easy_, CURLOPT_POSTFIELDS, request.body.empty() ? "" : request.body.data());
    curl_.easy_setopt(easy_, CURLOPT_POSTFIELDSIZE_LARGE,
                      static_cast<curl_off_t>(request.body.size()));
  } else {
    curl_.easy_setopt(easy_, CURLOPT_HTTPGET, 1L);
  }
  SteadyTime begin = steady_now();
  idle_since_ = begin;
  bool cut = false;
  CURLcode code = transfer(patience, cut);
  Reply reply;
  if (cut) {
    reply.kind = Reply::Kind::kCut;
    reply.problem = fmt::format("no answer from {} before the end", request.url);
  } else if (code == CURLE_OK) {
    reply = answered();
  } else {
    reply = failed(code, request.url);
  }
  reply.seconds = std::chrono::duration<double>(steady_now() - begin).count();
  return reply;
}

CURLcode Transport::transfer(const Patience& patience, bool& cut) {
  if (CURLMcode code = curl_.multi_add_handle(multi_, easy_); code != CURLM_OK) {
    return CURLE_OUT_OF_MEMORY;
  }
  int running = 1;
  CURLMcode code = CURLM_OK;
  while (running != 0 && code == CURLM_OK) {
    code = curl_.multi_perform(multi_, &running);
    if (running == 0 || code != CURLM_OK) break;
    SteadyTime until = patience.until(idle_since_);
    SteadyTime now = steady_now();
    SteadyTime due = answer_due();
    cut = now >= until;
    silent_ = now >= due;
    if (cut || silent_) break;
    // It wakes up earlier for its own timers.
    Duration wait = std::min<Duration>(std::min(until, due) - now, std::chrono::minutes(1));
    code = curl_.multi_poll(multi_, nullptr, 0, static_cast<int>(to_ms(wait)) + 1, nullptr);
  }
  CURLcode result = code == CURLM_OK ? CURLE_OK : CURLE_OUT_OF_MEMORY;
  int left = 0;
  while (CURLMsg* message = curl_.multi_info_read(multi_, &left)) {
    if (message->msg == CURLMSG_DONE) result = message->data.result;
  }
  curl_.multi_remove_handle(multi_, easy_);  // closes the connection of a transfer that is not done
  return silent_ ? CURLE_OPERATION_TIMEDOUT : result;
}

// When we give up on an answer that has not begun: not while the request is on its way.
SteadyTime Transport::answer_due() const {
  curl_off_t ready = 0;
  curl_off_t begun = 0;
  curl_.easy_getinfo(easy_, CURLINFO_PRETRANSFER_TIME_T, &ready);
  curl_.easy_getinfo(easy_, CURLINFO_STARTTRANSFER_TIME_T, &begun);
  if (ready == 0 || begun != 0 || sent_ < size_) return SteadyTime::max();
  return idle_since_ + settings_.response_timeout;
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
  reply.kind = Reply::Kind::kAnswered;
  reply.response.status = static_cast<int>(status);
  reply.response.body = body_;
  reply.response.content_type = content_type_;
  if (retry_after > 0) {
    std::chrono::seconds asked(std::min<curl_off_t>(retry_after, 24 * 3600));
    reply.response.retry_after = std::min<Duration>(asked, delivery::Backoff::kRetryAfterCap);
  }
  return reply;
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
  Duration waited = ready > 0 ? settings_.timeout : connect_timeout(settings_);
  // A connection that was kept took no time to connect, and was ready at once.
  Connection connection = connected > 0 ? Connection::kNew
                          : ready > 0   ? Connection::kKept
                                        : Connection::kNone;
  FailureWords words = explain({code, static_cast<int>(os_error), details, url, product_,
                                connection, silent_ ? settings_.response_timeout : waited});
  reply.problem = std::move(words.problem);
  if (code == CURLE_OPERATION_TIMEDOUT) reply.kind = Reply::Kind::kTimedOut;
  if (words.misconfigured) reply.kind = Reply::Kind::kMisconfigured;
  return reply;
}

void Transport::interrupt() { curl_.multi_wakeup(multi_); }

size_t Transport::on_body(char* bytes, size_t size, size_t count, void* self) {
  auto& transport = *static_cast<Transport*>(self);
  size_t more = size * count;
  if (transport.body_.size() + more > kMaxReply) {
    transport.too_large_ = true;
    return 0;  // ends the transfer
  }
  transport.body_.append(bytes, more);
  return more;
}

int Transport::on_progress(void* self, curl_off_t, curl_off_t down, curl_off_t, curl_off_t up) {
  auto& transport = *static_cast<Transport*>(self);
  transport.sent_ = up;
  if (down + up != transport.moved_) {
    transport.moved_ = down + up;
    transport.idle_since_ = steady_now();
  }
  return 0;
}

}  // namespace waybill::outputs::http
