// SPDX-License-Identifier: Apache-2.0
#include "daemon/admin/server.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

#include "config/address.h"

namespace waybill::daemon::admin {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;

namespace {

constexpr auto kTimeout = std::chrono::seconds(10);
constexpr auto kAcceptPause = std::chrono::milliseconds(100);
constexpr size_t kLargestRequest = 8 * 1024;

// One connection: reads a request, answers, and again until the client has enough.
template <typename Protocol>
class Session : public std::enable_shared_from_this<Session<Protocol>> {
 public:
  Session(typename Protocol::socket socket, const Pages& pages)
      : stream_(std::move(socket)), buffer_(kLargestRequest), pages_(pages) {}

  void read() {
    request_ = {};
    stream_.expires_after(kTimeout);
    http::async_read(stream_, buffer_, request_,
                     [self = this->shared_from_this()](beast::error_code error, size_t) {
                       if (!error) self->answer();
                     });
  }

 private:
  void answer() {
    response_ = {};
    response_.version(request_.version());
    response_.keep_alive(request_.keep_alive());
    response_.set(http::field::server, "waybill/" WAYBILL_VERSION);
    std::string_view target(request_.target().data(), request_.target().size());
    std::optional<Page> page;
    if (request_.method() != http::verb::get && request_.method() != http::verb::head) {
      page = Page{405, "text/plain; charset=utf-8", "only GET is answered here\n"};
    } else {
      beast::string_view accept = request_[http::field::accept];
      page = pages_({target.substr(0, target.find('?')), {accept.data(), accept.size()}});
    }
    if (!page) {
      page = Page{404, "text/plain; charset=utf-8",
                  "no such page (there are /metrics, /ledger, /outputs, /healthz and /readyz)\n"};
    }
    response_.result(page->status);
    response_.set(http::field::content_type, page->content_type);
    response_.body() = std::move(page->body);
    response_.prepare_payload();
    if (request_.method() == http::verb::head) response_.body().clear();
    stream_.expires_after(kTimeout);
    http::async_write(stream_, response_,
                      [self = this->shared_from_this()](beast::error_code error, size_t) {
                        if (!error && self->response_.keep_alive()) self->read();
                      });
  }

  beast::basic_stream<Protocol> stream_;
  beast::flat_buffer buffer_;
  const Pages& pages_;
  http::request<http::empty_body> request_;
  http::response<http::string_body> response_;
};

// Whether anybody listens on the socket at `path`.
bool somebody_listens(asio::io_context& io, const std::string& path) {
  asio::local::stream_protocol::socket probe(io);
  boost::system::error_code error;
  probe.connect(asio::local::stream_protocol::endpoint(path), error);
  return !error;
}

}  // namespace

Server::Server(asio::io_context& io, Pages pages) : io_(io), pages_(std::move(pages)) {}

Server::~Server() { stop(); }

Result<void> Server::listen_unix(const std::string& path) {
  if (path.size() >= sizeof(sockaddr_un::sun_path)) {
    return Error{Action::kFixConfig,
                 fmt::format("admin socket {}: the path is longer than {} bytes; choose a shorter "
                             "state_dir",
                             path, sizeof(sockaddr_un::sun_path) - 1)};
  }
  struct stat status {};
  if (lstat(path.c_str(), &status) == 0) {
    if (!S_ISSOCK(status.st_mode)) {
      return Error{Action::kFixConfig,
                   fmt::format("admin socket {}: there is something else of that name", path)};
    }
    if (somebody_listens(io_, path)) {
      return Error{Action::kFixConfig,
                   fmt::format("admin socket {}: another process listens there", path)};
    }
    unlink(path.c_str());
  }
  boost::system::error_code error;
  unix_.emplace(io_);
  unix_->open(asio::local::stream_protocol(), error);
  // Nobody else may even connect between bind() and a chmod().
  mode_t before = umask(0177);
  if (!error) unix_->bind(asio::local::stream_protocol::endpoint(path), error);
  umask(before);
  if (!error) unix_->listen(asio::socket_base::max_listen_connections, error);
  if (error) {
    unix_.reset();
    return Error{Action::kFixConfig, fmt::format("admin socket {}: {}", path, error.message())};
  }
  unix_path_ = path;
  accept(*unix_);
  return {};
}

Result<void> Server::listen_tcp(const std::string& address) {
  auto parsed = config::parse_address(address);
  if (!parsed) {
    return Error{Action::kFixConfig,
                 fmt::format("admin.listen: '{}' is not of the form HOST:PORT", address)};
  }
  boost::system::error_code error;
  asio::ip::tcp::resolver resolver(io_);
  auto found = resolver.resolve(parsed->host, std::to_string(parsed->port),
                                asio::ip::resolver_base::passive, error);
  if (!error) {
    asio::ip::tcp::endpoint endpoint = found.begin()->endpoint();
    tcp_.emplace(io_);
    tcp_->open(endpoint.protocol(), error);
    if (!error) tcp_->set_option(asio::socket_base::reuse_address(true), error);
    if (!error) tcp_->bind(endpoint, error);
    if (!error) tcp_->listen(asio::socket_base::max_listen_connections, error);
  }
  if (error) {
    tcp_.reset();
    return Error{Action::kFixConfig,
                 fmt::format("admin.listen: cannot listen on {}: {}", address, error.message())};
  }
  accept(*tcp_);
  return {};
}

std::string Server::tcp_address() const {
  if (!tcp_) return {};
  boost::system::error_code error;
  auto endpoint = tcp_->local_endpoint(error);
  if (error) return {};
  bool v6 = endpoint.address().is_v6();
  return fmt::format("{}{}{}:{}", v6 ? "[" : "", endpoint.address().to_string(), v6 ? "]" : "",
                     endpoint.port());
}

void Server::stop() {
  stopped_ = true;
  boost::system::error_code ignored;
  if (unix_) {
    unix_->close(ignored);
    unlink(unix_path_.c_str());
    unix_.reset();
  }
  if (tcp_) {
    tcp_->close(ignored);
    tcp_.reset();
  }
}

template <typename Protocol>
void Server::accept(asio::basic_socket_acceptor<Protocol>& acceptor) {
  acceptor.async_accept(
      [this, &acceptor](const boost::system::error_code& error, typename Protocol::socket socket) {
        if (error == asio::error::operation_aborted) return;
        if (!error) {
          std::make_shared<Session<Protocol>>(std::move(socket), pages_)->read();
          return accept(acceptor);
        }
        // Out of descriptors, mostly: the connection waits, and asking again at once would spin.
        auto pause = std::make_shared<asio::steady_timer>(io_, kAcceptPause);
        pause->async_wait([this, &acceptor, pause](const boost::system::error_code&) {
          if (!stopped_) accept(acceptor);
        });
      });
}

}  // namespace waybill::daemon::admin
