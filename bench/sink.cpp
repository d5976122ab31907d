// SPDX-License-Identifier: Apache-2.0
// waybill_sink: an HTTP/1.1 server that takes what Loki, Elasticsearch and OTLP collectors take,
// and keeps nothing. Prints its port (of 127.0.0.1) and runs until its standard input ends. With
// `--request-ms N` a request takes so long, one after the other.
//
//   POST …/loki/api/v1/push   204
//   POST …/_bulk              200, one item with status 201 for every two lines of the body
//   POST …/v1/logs            200, empty
//   POST …/Export             gRPC over HTTP/2 in the clear: success
//   GET /stats                requests, body bytes and bulk records so far, as JSON
//   GET anything else         200, as Elasticsearch introduces itself
//
// Cheap, so that it takes little of the machine that it helps to measure: bodies are discarded
// inside the kernel (recv with MSG_TRUNC), but those of _bulk, whose lines have to be counted.
#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "bench/grpc_streams.h"

namespace {

using waybill::bench::GrpcStreams;

struct Stats {
  uint64_t requests = 0;
  uint64_t bytes = 0;    // of bodies, as they came
  uint64_t records = 0;  // of _bulk
};

enum class Kind { kLoki, kBulk, kOtlp, kStats, kOther };

[[noreturn]] void give_up(const char* what) {
  std::perror(what);
  std::exit(1);
}

// The value of a header in `head`, or "".
std::string_view header(std::string_view head, std::string_view name) {
  size_t at = head.find("\r\n");
  while (at != head.npos && at + 2 < head.size()) {
    std::string_view line = head.substr(at + 2, head.find("\r\n", at + 2) - at - 2);
    if (line.size() > name.size() && line[name.size()] == ':' &&
        strncasecmp(line.data(), name.data(), name.size()) == 0) {
      line.remove_prefix(name.size() + 1);
      line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
      return line;
    }
    at = head.find("\r\n", at + 2);
  }
  return {};
}

Kind kind_of(std::string_view request_line) {
  if (request_line.starts_with("GET /stats")) return Kind::kStats;
  if (!request_line.starts_with("POST ")) return Kind::kOther;
  if (request_line.find("/loki/api/v1/push") != request_line.npos) return Kind::kLoki;
  if (request_line.find("/_bulk") != request_line.npos) return Kind::kBulk;
  if (request_line.find("/v1/logs") != request_line.npos) return Kind::kOtlp;
  return Kind::kOther;
}

class Connection {
 public:
  Connection(int fd, Stats& stats, std::chrono::milliseconds pause)
      : fd_(fd), stats_(stats), pause_(pause) {}
  Connection(Connection&&) = delete;
  ~Connection() { ::close(fd_); }

  // Reads what there is. False when the connection is over.
  bool read() {
    while (true) {
      ssize_t got = grpc_ ? read_frames() : body_left_ > 0 ? read_body() : read_head();
      if (got == 0) return false;
      if (got < 0) return errno == EAGAIN || errno == EINTR;
      if (failed_) return false;
    }
  }

 private:
  ssize_t read_head() {
    std::array<char, 16 * 1024> block;
    ssize_t got = ::recv(fd_, block.data(), block.size(), 0);
    if (got <= 0) return got;
    held_.append(block.data(), static_cast<size_t>(got));
    take_heads();
    return got;
  }

  // Whole heads, and whatever of their bodies came along.
  void take_heads() {
    if (held_.starts_with(GrpcStreams::kPreface)) {
      grpc_.emplace();
      send(GrpcStreams::greeting());
      frames(std::string_view(held_).substr(GrpcStreams::kPreface.size()));
      return held_.clear();
    }
    if (GrpcStreams::kPreface.starts_with(held_)) return;
    size_t end;
    while (body_left_ == 0 && !failed_ && (end = held_.find("\r\n\r\n")) != held_.npos) {
      begin_request(std::string_view(held_).substr(0, end + 2));
      held_.erase(0, end + 4);
      size_t along = std::min<size_t>(held_.size(), body_left_);
      body(held_.data(), along);
      held_.erase(0, along);
      if (body_left_ == 0) answer();
    }
    if (held_.size() > 64 * 1024) failed_ = true;
  }

  void begin_request(std::string_view head) {
    kind_ = kind_of(head.substr(0, head.find("\r\n")));
    newlines_ = 0;
    body_left_ = 0;
    std::string_view length = header(head, "content-length");
    std::from_chars(length.data(), length.data() + length.size(), body_left_);
    body_size_ = body_left_;
    bool unreadable = !header(head, "transfer-encoding").empty() ||
                      (kind_ == Kind::kBulk && !header(head, "content-encoding").empty());
    if (unreadable) {
      send("HTTP/1.1 415 Unsupported Media Type\r\nContent-Length: 0\r\n\r\n");
      failed_ = true;
    }
    if (!header(head, "expect").empty()) send("HTTP/1.1 100 Continue\r\n\r\n");
  }

  ssize_t read_frames() {
    ssize_t got = ::recv(fd_, block_.data(), block_.size(), 0);
    if (got > 0) frames({block_.data(), static_cast<size_t>(got)});
    return got;
  }

  void frames(std::string_view bytes) {
    uint64_t before = grpc_->bytes();
    reply_.clear();
    unsigned calls = grpc_->take(bytes, reply_);
    if (calls != 0) std::this_thread::sleep_for(calls * pause_);
    stats_.requests += calls;
    stats_.bytes += grpc_->bytes() - before;
    send(reply_);
  }

  ssize_t read_body() {
    size_t wanted = std::min<uint64_t>(block_.size(), body_left_);
    bool discard = kind_ != Kind::kBulk;
    // tcp(7): with MSG_TRUNC the received bytes are discarded.
    ssize_t got =
        ::recv(fd_, block_.data(), discard ? std::min<uint64_t>(body_left_, 8 << 20) : wanted,
               discard ? MSG_TRUNC : 0);
    if (got <= 0) return got;
    body(block_.data(), static_cast<size_t>(got));
    if (body_left_ == 0) answer();
    return got;
  }

  void body(const char* bytes, size_t size) {
    if (kind_ == Kind::kBulk)
      newlines_ += static_cast<uint64_t>(std::count(bytes, bytes + size, '\n'));
    body_left_ -= size;
  }

  void answer() {
    if (kind_ == Kind::kStats) {
      return send_body(fmt::format("{{\"requests\":{},\"bytes\":{},\"records\":{}}}",
                                   stats_.requests, stats_.bytes, stats_.records));
    }
    if (kind_ == Kind::kOther) {
      return send_body(R"({"name":"sink","cluster_name":"sink","version":{"number":"8.15.0",)"
                       R"("build_flavor":"default"},"tagline":"You Know, for Search"})");
    }
    std::this_thread::sleep_for(pause_);
    ++stats_.requests;
    stats_.bytes += body_size_;
    if (kind_ == Kind::kLoki) return send("HTTP/1.1 204 No Content\r\n\r\n");
    if (kind_ == Kind::kOtlp) {
      return send(
          "HTTP/1.1 200 OK\r\nContent-Type: application/x-protobuf\r\n"
          "Content-Length: 0\r\n\r\n");
    }
    uint64_t items = newlines_ / 2;
    stats_.records += items;
    reply_.assign(R"({"errors":false,"items":[)");
    for (uint64_t i = 0; i < items; ++i) {
      reply_.append(i == 0 ? R"({"create":{"status":201}})" : R"(,{"create":{"status":201}})");
    }
    reply_.append("]}");
    send_body(reply_);
  }

  void send_body(std::string_view body) {
    send(
        fmt::format("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                    "Content-Length: {}\r\n\r\n",
                    body.size()));
    send(body);
  }

  // Replies are small and the client reads them: waiting for room keeps this simple.
  void send(std::string_view bytes) {
    while (!bytes.empty()) {
      ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent < 0 && errno == EAGAIN) {
        ::epoll_event event{};
        event.events = EPOLLOUT;
        int wait = ::epoll_create1(EPOLL_CLOEXEC);
        ::epoll_ctl(wait, EPOLL_CTL_ADD, fd_, &event);
        ::epoll_wait(wait, &event, 1, 10'000);
        ::close(wait);
        continue;
      }
      if (sent < 0) {
        failed_ = true;
        return;
      }
      bytes.remove_prefix(static_cast<size_t>(sent));
    }
  }

  static inline std::array<char, 256 * 1024> block_;  // what is being read

  int fd_;
  Stats& stats_;
  std::optional<GrpcStreams> grpc_;  // the client speaks that
  std::chrono::milliseconds pause_;
  std::string held_;  // of heads, and of a body behind one
  std::string reply_;
  Kind kind_ = Kind::kOther;
  uint64_t body_left_ = 0, body_size_ = 0, newlines_ = 0;
  bool failed_ = false;
};

int listen_on_loopback() {
  int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) give_up("socket");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (::bind(fd, generic, size) != 0 || ::listen(fd, 128) != 0 ||
      ::getsockname(fd, generic, &size) != 0) {
    give_up("waybill_sink: 127.0.0.1");
  }
  fmt::print("{}\n", ntohs(address.sin_port));
  std::fflush(stdout);
  return fd;
}

}  // namespace

int main(int argc, char** argv) {
  bool slow = argc == 3 && std::string_view(argv[1]) == "--request-ms";
  if (argc != 1 && !slow) {
    fmt::print(stderr, "usage: waybill_sink [--request-ms N]\n");
    return 2;
  }
  const std::chrono::milliseconds pause(slow ? std::atoi(argv[2]) : 0);
  int listener = listen_on_loopback();
  int poll = ::epoll_create1(EPOLL_CLOEXEC);
  auto watch = [&](int fd) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = fd;
    if (::epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event) != 0) give_up("epoll_ctl");
  };
  watch(listener);
  watch(STDIN_FILENO);
  Stats stats;
  std::map<int, std::unique_ptr<Connection>> connections;
  std::array<epoll_event, 64> events;
  while (true) {
    int ready = ::epoll_wait(poll, events.data(), static_cast<int>(events.size()), -1);
    if (ready < 0 && errno != EINTR) give_up("epoll_wait");
    for (int i = 0; i < ready; ++i) {
      int fd = events[static_cast<size_t>(i)].data.fd;
      if (fd == STDIN_FILENO) {
        char ignored[64];
        if (::read(fd, ignored, sizeof ignored) <= 0) return 0;
      } else if (fd == listener) {
        int made = ::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (made < 0) continue;
        int one = 1;
        ::setsockopt(made, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        watch(made);
        connections[made] = std::make_unique<Connection>(made, stats, pause);
      } else if (!connections.at(fd)->read()) {
        connections.erase(fd);
      }
    }
  }
}
