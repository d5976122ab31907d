// SPDX-License-Identifier: Apache-2.0
#include "daemon/metadata/client.h"

#include <fmt/format.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>

namespace waybill::daemon::metadata {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;

namespace {

constexpr size_t kLargestBody = 64 * 1024;

// "http://host:port/path" taken apart.
struct Url {
  std::string host, port = "80", path = "/";
};

Result<Url> parse(std::string_view text) {
  constexpr std::string_view kHttp = "http://";
  if (!text.starts_with(kHttp)) {
    return Error{Action::kFixConfig, fmt::format("{} does not begin with http://", text)};
  }
  text.remove_prefix(kHttp.size());
  Url url;
  size_t slash = text.find('/');
  std::string_view authority = text.substr(0, slash);
  if (slash != text.npos) url.path = text.substr(slash);
  size_t colon = authority.rfind(':');
  bool v6 = authority.starts_with('[');
  if (colon != authority.npos && (!v6 || colon > authority.find(']'))) {
    url.port = authority.substr(colon + 1);
    authority = authority.substr(0, colon);
  }
  if (v6 && authority.ends_with(']')) authority = authority.substr(1, authority.size() - 2);
  url.host = authority;
  return url;
}

}  // namespace

Result<std::string> fetch(const lineage::MetadataRequest& asked, Duration limit) {
  Result<Url> url = parse(asked.url);
  if (!url) return std::move(url).error();
  asio::io_context io;
  beast::tcp_stream stream(io);
  beast::flat_buffer buffer;
  http::request<http::empty_body> request(http::string_to_verb(asked.method), url->path, 11);
  request.set(http::field::host, url->host);
  for (const auto& [name, value] : asked.headers) request.set(name, value);
  request.prepare_payload();
  http::response_parser<http::string_body> parser;
  parser.body_limit(kLargestBody);
  // What is left of the time when it is over.
  beast::error_code failure = asio::error::timed_out;
  asio::ip::tcp::resolver resolver(io);
  stream.expires_after(limit);
  resolver.async_resolve(url->host, url->port, [&](beast::error_code e, auto endpoints) {
    failure = e;
    if (e) return;
    stream.async_connect(endpoints, [&](beast::error_code e2, const auto&) {
      failure = e2;
      if (e2) return;
      http::async_write(stream, request, [&](beast::error_code e3, size_t) {
        failure = e3;
        if (e3) return;
        http::async_read(stream, buffer, parser,
                         [&](beast::error_code e4, size_t) { failure = e4; });
      });
    });
  });
  io.run_for(limit);
  std::string what = fmt::format("{} {}", asked.method, asked.url);
  if (!io.stopped()) failure = beast::error::timeout;
  if (failure) return Error{Action::kRetry, fmt::format("{}: {}", what, failure.message())};
  unsigned status = parser.get().result_int();
  if (status != 200) return Error{Action::kRetry, fmt::format("{}: status {}", what, status)};
  return std::move(parser.get().body());
}

}  // namespace waybill::daemon::metadata
