// SPDX-License-Identifier: Apache-2.0
#include "outputs/http/transport.h"

#include <fmt/format.h>
#include <sys/select.h>

#include <algorithm>
#include <chrono>

#include "outputs/http/http_date.h"

namespace waybill::outputs::http {

namespace {

using std::chrono::milliseconds;

long to_ms(Duration duration) {
  return static_cast<long>(std::chrono::duration_cast<milliseconds>(duration).count());
}

}  // namespace

Transport::Transport(const CurlApi& curl, const Settings& settings,
                     std::vector<std::string> headers, std::string product, Wire wire)
    : curl_(curl),
      settings_(settings),
      headers_(std::move(headers)),
      product_(std::move(product)),
      wire_(wire),
      watch_([&] {
        std::vector<std::string> files = files_of(settings.auth);
        for (std::string& file : files_of(settings.tls)) files.push_back(std::move(file));
        return files;
      }()) {}

Transport::~Transport() {
  if (easy_ != nullptr) curl_.easy_cleanup(easy_);
  if (multi_ != nullptr) curl_.multi_cleanup(multi_);
  curl_.slist_free_all(list_);
  curl_.slist_free_all(connect_);
}

Result<std::unique_ptr<Transport>> Transport::make(const CurlApi& curl, const Settings& settings,
                                                   std::vector<std::string> headers,
                                                   std::string product, Wire wire) {
  std::unique_ptr<Transport> made(
      new Transport(curl, settings, std::move(headers), std::move(product), wire));
  made->easy_ = curl.easy_init();
  made->multi_ = curl.multi_init();
  if (made->easy_ == nullptr || made->multi_ == nullptr) {
    return Error{Action::kFatal, "libcurl cannot make a connection handle: out of memory or files"};
  }
  if (Result<void> set = made->set_options(); !set) return std::move(set).error();
  if (Result<void> read = made->read_secrets(); !read) return std::move(read).error();
  made->looked_ = steady_now();
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
  // Only where TLS negotiates it.
  set(CURLOPT_HTTP_VERSION,
      settings_.http2 ? long{CURL_HTTP_VERSION_2TLS} : long{CURL_HTTP_VERSION_1_1});
  set(CURLOPT_HTTP_CONTENT_DECODING, 0L);
  set(CURLOPT_USERAGENT, "waybill/" WAYBILL_VERSION);
  set(CURLOPT_TIMEOUT_MS, to_ms(settings_.timeout));
  set(CURLOPT_CONNECTTIMEOUT_MS, to_ms(connect_timeout()));
  set(CURLOPT_TCP_KEEPALIVE, 1L);
  set(CURLOPT_ERRORBUFFER, &error_[0]);
  set(CURLOPT_WRITEFUNCTION, &Transport::on_body);
  set(CURLOPT_WRITEDATA, static_cast<void*>(this));
  set(CURLOPT_HEADERFUNCTION, &Transport::on_header);
  set(CURLOPT_HEADERDATA, static_cast<void*>(this));
  set(CURLOPT_NOPROGRESS, 0L);
  set(CURLOPT_XFERINFOFUNCTION, &Transport::on_progress);
  set(CURLOPT_XFERINFODATA, static_cast<void*>(this));
  // What a proxy makes of HTTP/2 in the clear is anybody's guess.
  if (wire_ == Wire::kGrpc) set(CURLOPT_HTTPPROXYTUNNEL, 1L);
  if (settings_.proxy != "environment") {
    // An empty proxy switches off those of the environment.
    set(CURLOPT_PROXY, settings_.proxy.c_str());
    set(CURLOPT_NOPROXY, fmt::format("{}", fmt::join(settings_.no_proxy, ",")).c_str());
  }
  set(CURLOPT_NETRC, long{CURL_NETRC_IGNORED});
  const TlsSettings& tls = settings_.tls;
  set(CURLOPT_SSLVERSION, tls.min_version == TlsSettings::Version::k13
                              ? long{CURL_SSLVERSION_TLSv1_3}
                              : long{CURL_SSLVERSION_TLSv1_2});
  set(CURLOPT_SSL_VERIFYPEER, tls.insecure_skip_verify ? 0L : 1L);
  set(CURLOPT_SSL_VERIFYHOST, tls.insecure_skip_verify ? 0L : 2L);
  // It waits a second for an answer to "Expect: 100-continue", where it says so: see
  // build_headers().
  set(CURLOPT_EXPECT_100_TIMEOUT_MS, 1L);
  if (bad == CURLE_OK) return {};
  return Error{Action::kFatal, fmt::format("the installed libcurl cannot do what we need: {}",
                                           curl_.easy_strerror(bad))};
}

// ---- secrets ----

Result<void> Transport::read_secrets() {
  Result<Credentials> credentials = read_credentials(settings_.auth);
  if (!credentials) return std::move(credentials).error();
  Result<TlsFiles> files = read_files(settings_.tls);
  if (!files) return std::move(files).error();
  if (Result<void> set = set_tls(*files); !set) return set;
  return set_credentials(*std::move(credentials));
}

std::optional<std::string> Transport::refresh(bool refused) {
  constexpr std::chrono::seconds kEvery{1};
  SteadyTime now = steady_now();
  if (watch_.empty() || (!refused && now - looked_ < kEvery)) return std::nullopt;
  looked_ = now;
  if (!watch_.changed() && !refused) return std::nullopt;
  if (Result<void> read = read_secrets(); !read) return read.error().what;
  return std::nullopt;
}

// As bytes, not by path: a connection belongs to the certificate that it was made with, and one
// that has been replaced is never met again.
Result<void> Transport::set_tls(const TlsFiles& files) {
  CURLcode bad = CURLE_OK;
  auto set = [&](CURLoption option, const std::string& bytes) {
    if (bytes.empty()) return;
    curl_blob blob{const_cast<char*>(bytes.data()), bytes.size(), CURL_BLOB_COPY};
    CURLcode code = curl_.easy_setopt(easy_, option, &blob);
    if (code != CURLE_OK) bad = code;
  };
  set(CURLOPT_SSLCERT_BLOB, files.certificate);
  set(CURLOPT_SSLKEY_BLOB, files.key);
  if (!files.authorities.empty()) {
    set(CURLOPT_CAINFO_BLOB, files.authorities);
    // Instead of the system's.
    CURLcode code = curl_.easy_setopt(easy_, CURLOPT_CAPATH, static_cast<const char*>(nullptr));
    if (code != CURLE_OK) bad = code;
  }
  if (bad == CURLE_OK) return {};
  return Error{Action::kFatal, fmt::format("libcurl does not take the files of `tls`: {}",
                                           curl_.easy_strerror(bad))};
}

Result<void> Transport::set_credentials(Credentials credentials) {
  credentials_ = std::move(credentials);
  const Credentials& aws = credentials_;
  bool fine = build_headers(more_header_);
  if (!aws.aws_scope.empty()) {
    fine = fine && curl_.easy_setopt(easy_, CURLOPT_AWS_SIGV4, aws.aws_scope.c_str()) == CURLE_OK &&
           curl_.easy_setopt(easy_, CURLOPT_USERNAME, aws.aws_id.c_str()) == CURLE_OK &&
           curl_.easy_setopt(easy_, CURLOPT_PASSWORD, aws.aws_secret.c_str()) == CURLE_OK;
  }
  if (fine) return {};
  return Error{Action::kFatal,
               "libcurl does not take the credentials: out of memory, or built "
               "without Signature Version 4"};
}

// ---- requests ----

bool Transport::build_headers(const std::string& more) {
  curl_.slist_free_all(list_);
  list_ = nullptr;
  more_header_ = more;
  auto add = [&](const std::string& line) {
    curl_slist* longer = curl_.slist_append(list_, line.c_str());
    if (longer != nullptr) list_ = longer;
    return longer != nullptr;
  };
  bool fine = true;
  // No round trip before the body: without a value, libcurl leaves the header out. But it would
  // sign it all the same.
  if (credentials_.aws_scope.empty()) fine = add("Expect:");
  const std::string_view own = std::string_view(more).substr(0, more.find(':'));
  for (const std::string& line : headers_) {
    bool again = !more.empty() && std::string_view(line).substr(0, line.find(':')) == own;
    if (!again) fine = add(line) && fine;
  }
  for (const auto& [name, value] : settings_.headers) {
    // "Name;" is libcurl's way to send a header that is empty.
    fine = add(value.empty() ? name + ";" : name + ": " + value) && fine;
  }
  if (!more.empty()) fine = add(more) && fine;
  if (!credentials_.header.empty()) fine = add(credentials_.header) && fine;
  if (!credentials_.aws_token.empty()) {
    fine = add("X-Amz-Security-Token: " + credentials_.aws_token) && fine;
  }
  return fine && curl_.easy_setopt(easy_, CURLOPT_HTTPHEADER, list_) == CURLE_OK;
}

// Sets where `url` leads to.
bool Transport::direct(const std::string& url) {
  if (url == url_) return true;
  Route route = route_of(url, settings_.tls.server_name);
  curl_.slist_free_all(connect_);
  connect_ = nullptr;
  if (!route.connect_to.empty()) connect_ = curl_.slist_append(nullptr, route.connect_to.c_str());
  const char* socket = route.socket.empty() ? nullptr : route.socket.c_str();
  bool fine = curl_.easy_setopt(easy_, CURLOPT_URL, route.url.c_str()) == CURLE_OK &&
              curl_.easy_setopt(easy_, CURLOPT_UNIX_SOCKET_PATH, socket) == CURLE_OK &&
              curl_.easy_setopt(easy_, CURLOPT_CONNECT_TO, connect_) == CURLE_OK;
  if (wire_ == Wire::kGrpc) {
    bool tls = route.url.starts_with("https://");
    long version = tls ? long{CURL_HTTP_VERSION_2TLS} : long{CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE};
    // libcurl 7.88 fails on a connection with HTTP/2 in the clear that it has used before (error
    // 16), so there each request has one of its own.
    fine = curl_.easy_setopt(easy_, CURLOPT_HTTP_VERSION, version) == CURLE_OK &&
           curl_.easy_setopt(easy_, CURLOPT_FORBID_REUSE, tls ? 0L : 1L) == CURLE_OK && fine;
  }
  url_ = fine ? url : "";
  return fine;
}

Reply Transport::send(const Request& request, const Patience& patience) {
  body_.clear();
  if (body_.capacity() > 64 * 1024) body_.shrink_to_fit();  // the next answer will be short again
  too_large_ = false;
  error_[0] = '\0';
  moved_ = 0;
  sent_ = 0;
  begun_ = answering_ = false;
  size_ = static_cast<curl_off_t>(request.post ? request.body.size() : 0);
  silent_ = false;
  date_.reset();
  grpc_status_.clear();
  bool ready = direct(request.url);
  if (request.header != more_header_) ready = build_headers(request.header) && ready;
  if (request.post) {
    curl_.easy_setopt(easy_, CURLOPT_POST, 1L);
    // Never null: that would make libcurl read the body from standard input.
    curl_.easy_setopt(easy_, CURLOPT_POSTFIELDS, request.body.empty() ? "" : request.body.data());
    curl_.easy_setopt(easy_, CURLOPT_POSTFIELDSIZE_LARGE,
                      static_cast<curl_off_t>(request.body.size()));
  } else {
    curl_.easy_setopt(easy_, CURLOPT_POSTFIELDS, static_cast<const char*>(nullptr));
    curl_.easy_setopt(easy_, CURLOPT_HTTPGET, 1L);
  }
  curl_.easy_setopt(easy_, CURLOPT_CUSTOMREQUEST,
                    request.method.empty() ? nullptr : request.method.c_str());
  SteadyTime begin = steady_now();
  idle_since_ = begin;
  bool cut = false;
  CURLcode code = ready ? transfer(patience, cut) : CURLE_OUT_OF_MEMORY;
  Reply reply;
  if (cut) {
    reply.kind = Reply::Kind::kCut;
    reply.problem = fmt::format("no answer from {} before the end", request.url);
  } else if (code == CURLE_OK || answered_early(code)) {
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
  int ready = 0;  // sockets that could have gone on
  int idle = 0;   // rounds in a row in which none did; the first may be that of the handshake
  CURLMcode code = CURLM_OK;
  while (running != 0 && code == CURLM_OK) {
    curl_off_t before = moved_;
    code = curl_.multi_perform(multi_, &running);
    if (running == 0 || code != CURLM_OK) break;
    SteadyTime due = answer_due();
    SteadyTime until = patience.until(idle_since_);
    SteadyTime now = steady_now();
    cut = now >= until;
    silent_ = now >= due;
    if (cut || silent_) break;
    // It wakes up earlier for its own timers.
    Duration wait = std::min<Duration>(std::min(until, due) - now, std::chrono::minutes(1));
    bool stalled = ready > 0 && moved_ == before && begun_ && sent_ < size_;
    idle = stalled ? idle + 1 : 0;
    if (idle > 1 && wait_for_peer(wait)) continue;
    code = curl_.multi_poll(multi_, nullptr, 0, static_cast<int>(to_ms(wait)) + 1, &ready);
  }
  CURLcode result = code == CURLM_OK ? CURLE_OK : CURLE_OUT_OF_MEMORY;
  int left = 0;
  while (CURLMsg* message = curl_.multi_info_read(multi_, &left)) {
    if (message->msg == CURLMSG_DONE) result = message->data.result;
  }
  curl_.multi_remove_handle(multi_, easy_);  // closes the connection of a transfer that is not done
  return silent_ ? CURLE_OPERATION_TIMEDOUT : result;
}

// A body stands still where HTTP/2's window is used up, although the socket would take more, which
// is what libcurl 7.88 goes on to wait for: it would spin until the peer has made room. A peer that
// does says so. False when its socket has too high a number to be asked about (select(2)).
bool Transport::wait_for_peer(Duration wait) const {
  // Nobody can wake us meanwhile.
  constexpr std::chrono::microseconds kMost{20'000};
  auto longest = std::chrono::duration_cast<std::chrono::microseconds>(wait);
  timeval limit{0, static_cast<suseconds_t>(std::min(longest, kMost).count())};
  fd_set heard, room, failed;
  FD_ZERO(&heard);
  FD_ZERO(&room);
  FD_ZERO(&failed);
  int last = -1;
  curl_.multi_fdset(multi_, &heard, &room, &failed, &last);
  if (last < 0) return false;
  ::select(last + 1, &heard, nullptr, nullptr, &limit);
  return true;
}

// When we give up on an answer that has not begun: not while the request is on its way, but for one
// that stands still.
SteadyTime Transport::answer_due() {
  if (!begun_ && connected()) {
    begun_ = true;
    if (moved_ == 0) idle_since_ = steady_now();
  }
  if (!begun_ || answering_) return SteadyTime::max();
  return idle_since_ + settings_.response_timeout;
}

bool Transport::connected() const {
  curl_off_t ready = 0;
  curl_.easy_getinfo(easy_, CURLINFO_PRETRANSFER_TIME_T, &ready);
  return ready != 0;
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

size_t Transport::on_header(char* bytes, size_t size, size_t count, void* self) {
  std::string_view line(bytes, size * count);
  constexpr std::string_view kDate = "date:";
  bool date = line.size() > kDate.size();
  for (size_t i = 0; date && i < kDate.size(); ++i) {
    date = static_cast<char>(line[i] | 0x20) == kDate[i] || line[i] == kDate[i];
  }
  auto& transport = *static_cast<Transport*>(self);
  // libcurl's STARTTRANSFER may be when a body of ours begins. What a proxy says of a tunnel comes
  // before that, and a status of 1xx is no answer yet.
  const size_t status = line.starts_with("HTTP/") ? line.find(' ') : line.npos;
  if (status < line.size() - 1 && line[status + 1] != '1' && transport.connected()) {
    transport.answering_ = true;
  }
  if (date) transport.date_ = read_http_date(line.substr(kDate.size()));
  if (transport.wire_ == Wire::kGrpc) transport.grpc_status_.take(line);
  return size * count;
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
