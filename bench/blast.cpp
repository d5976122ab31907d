// SPDX-License-Identifier: Apache-2.0
// waybill_blast PORT RATE SECONDS: RATE datagrams of 200 bytes a second to 127.0.0.1:PORT, evenly,
// each a numbered line. Prints how many were sent.
#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <thread>

namespace {

constexpr size_t kDatagram = 200;
constexpr size_t kTogether = 64;  // sent with one system call

[[noreturn]] void give_up(const char* what) {
  std::perror(what);
  std::exit(1);
}

class Blaster {
 public:
  explicit Blaster(uint16_t port) : fd_(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd_ < 0 || ::connect(fd_, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0)
      give_up("waybill_blast: 127.0.0.1");
    for (size_t i = 0; i < kTogether; ++i) {
      vectors_[i] = {lines_[i].data(), kDatagram};
      messages_[i].msg_hdr.msg_iov = &vectors_[i];
      messages_[i].msg_hdr.msg_iovlen = 1;
    }
  }
  Blaster(Blaster&&) = delete;
  ~Blaster() { ::close(fd_); }

  uint64_t sent() const { return sent_; }

  // Numbers from sent() on, up to `end`.
  void send_until(uint64_t end) {
    while (sent_ < end) {
      size_t count = static_cast<size_t>(std::min<uint64_t>(kTogether, end - sent_));
      for (size_t i = 0; i < count; ++i) {
        auto done =
            fmt::format_to_n(lines_[i].data(), kDatagram, "INFO datagram number {} ", sent_ + i);
        std::fill(done.out, lines_[i].data() + kDatagram, 'x');
      }
      int got = ::sendmmsg(fd_, messages_.data(), static_cast<unsigned>(count), 0);
      if (got <= 0) give_up("waybill_blast: sendmmsg");
      sent_ += static_cast<uint64_t>(got);
    }
  }

 private:
  int fd_;
  uint64_t sent_ = 0;
  std::array<std::array<char, kDatagram>, kTogether> lines_{};
  std::array<iovec, kTogether> vectors_{};
  std::array<mmsghdr, kTogether> messages_{};
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    fmt::print(stderr, "usage: waybill_blast PORT RATE SECONDS\n");
    return 2;
  }
  Blaster blaster(static_cast<uint16_t>(std::atoi(argv[1])));
  const double rate = std::atof(argv[2]), seconds = std::atof(argv[3]);
  using Clock = std::chrono::steady_clock;
  const auto begin = Clock::now();
  const auto total = static_cast<uint64_t>(rate * seconds);
  while (blaster.sent() < total) {
    double passed = std::chrono::duration<double>(Clock::now() - begin).count();
    blaster.send_until(std::min(total, static_cast<uint64_t>(rate * passed)));
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  fmt::print("{}\n", blaster.sent());
}
