// SPDX-License-Identifier: Apache-2.0
// The admin server: GET over HTTP/1.1, on a Unix socket and, when configured, on TCP.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/result.h"

namespace waybill::daemon::admin {

struct Page {
  unsigned status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
};

struct Request {
  std::string_view path;    // "/metrics", without a query
  std::string_view accept;  // the header of that name; empty without
};

// Answers a request; nothing: 404. Called on the main thread; must not block.
using Pages = std::function<std::optional<Page>(const Request& request)>;

// Main thread only. Requests are small and read with a limit and a time-out; a client that does
// not follow is cut off.
class Server {
 public:
  Server(boost::asio::io_context& io, Pages pages);
  ~Server();
  Server(Server&&) = delete;

  // Listens on `path`, mode 0600. A socket that nobody listens on any more is replaced.
  Result<void> listen_unix(const std::string& path);
  // Listens on "HOST:PORT"; port 0 takes a free one.
  Result<void> listen_tcp(const std::string& address);
  // "HOST:PORT" as bound; empty without TCP.
  std::string tcp_address() const;
  // Closes both and removes the socket file.
  void stop();

 private:
  template <typename Protocol>
  void accept(boost::asio::basic_socket_acceptor<Protocol>& acceptor);

  boost::asio::io_context& io_;
  Pages pages_;
  bool stopped_ = false;
  std::optional<boost::asio::local::stream_protocol::acceptor> unix_;
  std::optional<boost::asio::ip::tcp::acceptor> tcp_;
  std::string unix_path_;
};

}  // namespace waybill::daemon::admin
