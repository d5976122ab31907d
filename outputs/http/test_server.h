// SPDX-License-Identifier: Apache-2.0
// TestServer: a small HTTP server with bad manners, for unit tests alone.
#pragma once

#include <atomic>
#include <functional>
#include <list>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "delivery/state_dir.h"

namespace waybill::outputs::http::test {

struct Received {
  std::string head;  // request line and header lines
  std::string body;
  bool has(const std::string& line) const { return head.find(line + "\r\n") != std::string::npos; }
};

struct Answer {
  enum class Manner : uint8_t {
    kPlain,
    kHang,   // takes the request and says nothing more
    kDrip,   // a byte now and then, for ever
    kReset,  // ends the connection with RST
    kClose,  // ends it without a word
    kRaw,    // sends `body` as it is, and closes
  };
  int status = 200;
  std::string body;
  std::string headers;  // lines, each with \r\n
  Manner manner = Manner::kPlain;
};

// Listens on 127.0.0.1 and a free port. A thread per connection, all joined by the destructor.
class TestServer {
 public:
  using Handler = std::function<Answer(const Received&, size_t number)>;  // number: 0, 1, …
  explicit TestServer(Handler handler);
  TestServer(TestServer&&) = delete;
  ~TestServer();

  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  int port() const { return port_; }
  std::vector<Received> received() const;
  size_t requests() const { return received().size(); }
  size_t connections() const { return connections_; }

 private:
  void accept_all();
  void serve(int fd);
  bool read_request(int fd, std::string& buffer, Received& request) const;
  bool readable(int fd, int milliseconds) const;  // false when the server ends

  Handler handler_;
  int port_ = 0;
  delivery::Fd listener_, stop_read_, stop_write_;
  mutable std::mutex mutex_;
  std::vector<Received> received_;
  std::atomic<size_t> connections_{0};
  std::list<std::thread> threads_;
  std::thread acceptor_;
};

// A port of 127.0.0.1 on which nobody listens.
int closed_port();

}  // namespace waybill::outputs::http::test
