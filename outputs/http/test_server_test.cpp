// SPDX-License-Identifier: Apache-2.0
// The bodies of test_server.h: in the test binary, as its name says.
#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "outputs/http/test_server.h"

namespace waybill::outputs::http::test {

namespace {

int listen_somewhere(int fd) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  REQUIRE(bind(fd, reinterpret_cast<sockaddr*>(&address), size) == 0);
  REQUIRE(getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  return ntohs(address.sin_port);
}

bool send_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    ssize_t size = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (size <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(size));
  }
  return true;
}

}  // namespace

int closed_port() {
  delivery::Fd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  return listen_somewhere(fd.get());  // bound, never listening, and then closed
}

TestServer::TestServer(Handler handler) : handler_(std::move(handler)) {
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  stop_read_ = delivery::Fd(ends[0]);
  stop_write_ = delivery::Fd(ends[1]);
  listener_ = delivery::Fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  port_ = listen_somewhere(listener_.get());
  REQUIRE(listen(listener_.get(), 16) == 0);
  acceptor_ = std::thread([this] { accept_all(); });
}

TestServer::~TestServer() {
  stop_write_ = delivery::Fd();  // its end is readable for every thread
  acceptor_.join();
  for (std::thread& thread : threads_) thread.join();
}

std::vector<Received> TestServer::received() const {
  std::lock_guard lock(mutex_);
  return received_;
}

void TestServer::accept_all() {
  while (readable(listener_.get(), -1)) {
    int fd = accept(listener_.get(), nullptr, nullptr);
    if (fd < 0) continue;
    ++connections_;
    threads_.emplace_back([this, fd] {
      serve(fd);
      close(fd);
    });
  }
}

bool TestServer::readable(int fd, int milliseconds) const {
  pollfd fds[2] = {{fd, POLLIN, 0}, {stop_read_.get(), POLLIN, 0}};
  poll(fds, 2, milliseconds);  // a negative descriptor is left out
  return fds[1].revents == 0;
}

bool TestServer::read_request(int fd, std::string& buffer, Received& request) const {
  size_t end = std::string::npos;
  size_t length = 0;
  while (true) {
    if (end == std::string::npos) {
      end = buffer.find("\r\n\r\n");
      if (end != std::string::npos) {
        size_t at = buffer.find("Content-Length: ");
        if (at < end) length = std::strtoul(buffer.c_str() + at + 16, nullptr, 10);
      }
    }
    if (end != std::string::npos && buffer.size() >= end + 4 + length) break;
    if (!readable(fd, -1)) return false;
    char bytes[65536];
    ssize_t size = recv(fd, bytes, sizeof bytes, 0);
    if (size <= 0) return false;
    buffer.append(bytes, static_cast<size_t>(size));
    if (buffer[0] == '\x16') {  // a TLS handshake: answered as most servers do
      send_all(fd, "HTTP/1.1 400 Bad Request\r\n\r\n");
      return false;
    }
  }
  request.head = buffer.substr(0, end + 2);
  request.body = buffer.substr(end + 4, length);
  buffer.erase(0, end + 4 + length);
  return true;
}

void TestServer::serve(int fd) {
  std::string buffer;
  Received request;
  while (read_request(fd, buffer, request)) {
    size_t number = 0;
    {
      std::lock_guard lock(mutex_);
      number = received_.size();
      received_.push_back(request);
    }
    Answer answer = handler_(request, number);
    std::string head = "HTTP/1.1 " + std::to_string(answer.status) + " Said\r\n" + answer.headers;
    switch (answer.manner) {
      case Answer::Manner::kPlain:
        head += "Content-Length: " + std::to_string(answer.body.size()) + "\r\n\r\n";
        if (!send_all(fd, head + answer.body)) return;
        break;
      case Answer::Manner::kHang:
        while (readable(-1, 1000)) {
        }
        return;
      case Answer::Manner::kDrip:
        if (!send_all(fd, head + "Content-Length: 1000000\r\n\r\n")) return;
        while (readable(-1, 20) && send_all(fd, "x")) {
        }
        return;
      case Answer::Manner::kReset: {
        linger now{1, 0};
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
        return;
      }
      case Answer::Manner::kClose: return;
      case Answer::Manner::kRaw: send_all(fd, answer.body); return;
    }
  }
}

}  // namespace waybill::outputs::http::test
