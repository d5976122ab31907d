// SPDX-License-Identifier: Apache-2.0
#include "inputs/udp/udp_input.h"

#include <netdb.h>
#include <netinet/in.h>
#include <spdlog/spdlog.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <optional>
#include <vector>

#include "config/address.h"

namespace waybill::inputs::udp {

Result<void> UdpInput::start(const Context& context, std::function<void()> on_end) {
  Result<void> opened = open();
  if (!opened) return std::move(opened.error()).within("input " + name);
  spdlog::info("input {} listens on {}", name, bound_);
  on_end_ = std::move(on_end);
  once_ = context.once;

  Source model;
  model.input = name;
  model.format = settings_.format;
  model.network = true;
  model.trust_service = settings_.trust_service;
  receiver_ = std::make_unique<DatagramReceiver>(context, socket_.get(), DatagramReceiver::kUdp,
                                                 std::move(model));
  receiver_->start();
  if (once_) drain();
  return {};
}

Result<void> UdpInput::open() {
  std::optional<config::Address> where = config::parse_address(settings_.listen);
  if (!where) {
    return Error{Action::kFixConfig, "'" + settings_.listen +
                                         "' is no address and port: write it like "
                                         "127.0.0.1:5514, [::1]:5514 or :5514"};
  }
  const std::string port = std::to_string(where->port);
  addrinfo hints{};
  hints.ai_socktype = SOCK_DGRAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  // Every address: the IPv6 wildcard takes IPv4, too, unless there is no IPv6.
  std::vector<std::string> hosts{where->host};
  if (where->host.empty() || where->host == "*") hosts = {"::", "0.0.0.0"};
  int failed = 0;
  for (const std::string& host : hosts) {
    addrinfo* found = nullptr;
    int resolved = getaddrinfo(host.c_str(), port.c_str(), &hints, &found);
    if (resolved != 0) {
      return Error{Action::kFixConfig, settings_.listen + ": " + gai_strerror(resolved)};
    }
    std::unique_ptr<addrinfo, void (*)(addrinfo*)> all(found, freeaddrinfo);
    for (addrinfo* at = found; at != nullptr && !socket_; at = at->ai_next) {
      Fd fd(socket(at->ai_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
      int off = 0;
      if (fd && at->ai_family == AF_INET6) {
        setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
      }
      if (fd && bind(fd.get(), at->ai_addr, at->ai_addrlen) == 0) {
        socket_ = std::move(fd);
      } else {
        failed = errno;
      }
    }
    if (socket_) break;
  }
  if (!socket_) {
    std::string hint = failed == EADDRINUSE ? ": is another program listening there?"
                       : failed == EACCES   ? ": ports below 1024 need CAP_NET_BIND_SERVICE"
                                            : "";
    return Error{Action::kFixConfig,
                 "cannot listen on " + settings_.listen + ": " + std::strerror(failed) + hint};
  }
  set_receive_buffer();
  int on = 1;
  setsockopt(socket_.get(), SOL_SOCKET, SO_RXQ_OVFL, &on, sizeof on);
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&address), &size);
  bound_ = address_text(address, size);
  return {};
}

void UdpInput::set_receive_buffer() {
  int bytes = static_cast<int>(std::min<size_t>(settings_.receive_buffer, INT_MAX / 2));
  if (setsockopt(socket_.get(), SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes) == 0) return;
  setsockopt(socket_.get(), SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
  int granted = 0;
  socklen_t size = sizeof granted;
  getsockopt(socket_.get(), SOL_SOCKET, SO_RCVBUF, &granted, &size);
  // The kernel doubles what is asked for, for its own overhead (socket(7)).
  if (granted / 2 < bytes) {
    spdlog::info(
        "input {}: the kernel grants a receive buffer of {} bytes instead of {}; raise "
        "net.core.rmem_max if datagrams are dropped",
        name, granted / 2, bytes);
  }
}

void UdpInput::on_room() {
  if (receiver_) receiver_->resume();
}

void UdpInput::drain() {
  if (receiver_) receiver_->drain(on_end_);
}

void UdpInput::stop() {
  if (receiver_) receiver_->stop();
  receiver_.reset();
  socket_.reset();
  bound_.clear();
}

}  // namespace waybill::inputs::udp
