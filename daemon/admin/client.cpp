// SPDX-License-Identifier: Apache-2.0
#include "daemon/admin/client.h"

#include <fmt/format.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

namespace waybill::daemon::admin {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;

Result<Answer> ask(const std::string& socket, std::string_view path, Duration limit) {
  asio::io_context io;
  beast::basic_stream<asio::local::stream_protocol> stream(io);
  beast::flat_buffer buffer;
  http::request<http::empty_body> request(http::verb::get, {path.data(), path.size()}, 11);
  request.set(http::field::host, "waybill");
  http::response_parser<http::string_body> parser;
  parser.body_limit(64 * 1024 * 1024);
  beast::error_code failure = asio::error::timed_out;
  stream.expires_after(limit);
  // beast's time-outs work on asynchronous operations alone.
  stream.async_connect(asio::local::stream_protocol::endpoint(socket), [&](beast::error_code e) {
    failure = e;
    if (e) return;
    http::async_write(stream, request, [&](beast::error_code e2, size_t) {
      failure = e2;
      if (e2) return;
      http::async_read(stream, buffer, parser, [&](beast::error_code e3, size_t) { failure = e3; });
    });
  });
  io.run();
  if (failure) {
    return Error{Action::kFixConfig,
                 fmt::format("no daemon answers on {}: {}", socket, failure.message())};
  }
  return Answer{parser.get().result_int(), parser.get().body()};
}

}  // namespace waybill::daemon::admin
